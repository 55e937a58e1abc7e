// Package collect reads the machine that the agent runs on: hardware, firmware,
// operating system, installed software, client health, and where the machine
// stands on the network.
//
// It promises four things. What cannot be read is an unknown Fact with a reason,
// never an empty text or a zero. Every read is bounded in size, and whatever may
// hang (a dead disk, a COM call) is given up after a limit and not asked again
// before it has come back. Text is cleaned: no control characters, at most 200
// bytes. Nothing about a person is read: no user names, and paths that would
// hold one are left out.
//
// On Linux nothing is started as a child process except rpm, where it exists.
// gopsutil reads what is alike everywhere (memory, load, own cost); the rest is
// code for each system, because a library that answers "" for a serial that it
// may not read cannot say why (docs/decisions/0001-collect-without-ghw.md).
//
// The package leaves to others when to read, what has changed, and sending.
package collect
