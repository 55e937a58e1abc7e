// Package app wires an agent: the machine is read, its readings are numbered and
// reported, its site's pool is joined. It is the only agent room that knows the
// others, and it is used twice: by bin/muster-agent for one real machine, and by
// the demo and the fleet tests for some thousands of simulated ones in a single
// process. So nothing here is global, and what can be shared between agents is
// handed in as Shared.
//
// New checks its options and touches nothing. Start takes the state folder and
// the port, and returns; enrolment, reports and the pool go on by themselves,
// for a controller that cannot be reached is no reason not to keep a journal.
// Stop undoes in reverse order whatever Start did. An App runs once.
package app
