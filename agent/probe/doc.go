// Package probe asks, from this machine, whether something can be reached and how
// well: an echo, a TCP connection, an HTTP service, a name, the packet size and
// the routers of a path. One call of Prober.Probe is one probe, or one window of
// pings, and its result says what failed in classes that verdicts can be drawn
// from (inventory.ProbeError).
//
// What it promises: a probe ends within its timeout and with bounded memory,
// whatever the other side sends; a failure is a result, never an error; no body,
// no cookie and no address book of the machine leaves with a result. It needs no
// rights where the system has a way without: ICMP goes by the system's
// unprivileged sockets (Windows: its ICMP API), else by raw ones, else a TCP
// connection stands in, and the result says so.
//
// When and what to probe is for the caller to say.
package probe
