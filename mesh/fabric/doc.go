// Package fabric is an in-memory county: machines in groups (a group is a site,
// or the controllers' room), paths between groups with latency, jitter and loss,
// and switches that cut, heal, block and isolate. Each machine implements
// mesh.Network, so the real mesh runs on it without sockets.
//
// Everything waits on channels and timers only, so a fabric works inside a
// testing/synctest bubble, where hours pass in seconds. A connection whose path
// is cut stalls, as TCP does, and goes on when the path heals; nothing is reset.
//
// What crosses between two groups is counted with the headers of IP, UDP and TCP,
// acknowledgements and handshakes included, as an interface on the link would.
package fabric
