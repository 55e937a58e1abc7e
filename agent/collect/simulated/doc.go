// Package simulated makes up machines for the demo and for rehearsals: the
// desktops and laptops that a county has bought over a dozen years, with their
// processors, TPMs, junk serials and readings that fail.
//
// A Machine has the methods of collect.Collector and of probe.Prober. All of it
// follows from its seed and the clock: the same seed is the same machine, with
// its own name, serial, UUID and addresses. It keeps a few hundred bytes and
// makes its answers when asked; lists of software are shared between machines and
// must not be written to. What it probes is answered by a World, where it lives
// in one. Nothing here may be taken for a reading: whoever enrols a simulated
// machine says so.
package simulated
