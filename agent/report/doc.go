// Package report keeps what an agent has seen and carries it to the controller.
//
// Journal is a ring file of fixed size in which a record of the machine's
// surroundings is written every ten seconds, always. It also numbers reports, so
// no (run, seq) is ever used twice. Reporter reads the machine through its
// Source, decides whether anything changed, writes reports, and sends each until
// it is acknowledged: with the same number and the same bytes, across restarts
// too. Client is the one long-lived HTTP/2 connection beneath it.
//
// The package leaves to others how the machine is read (Source), how a
// connection to the controller comes about, directly or through a neighbour
// (Dial), and what is done with the settings in a reply (OnReply).
package report
