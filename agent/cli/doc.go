// Package cli is the command `muster-agent`: run, enrol, inventory, status,
// prepare-image, service, version. Configuration comes from a flag, then from
// the environment (MUSTER_…), then from a file; an unknown key is an error.
//
// An error is one line, `muster-agent: cannot …: why`, and a hint where there is
// one. The exit code is 1 for a failure and 2 for wrong usage.
package cli
