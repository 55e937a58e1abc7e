package demo

import "fmt"

// An agent of the demo holds a TCP listener, a UDP socket, a journal file and
// its own end of one connection; the controller holds the other end.
const (
	filesPerAgent = 6
	filesBeside   = 600 // the controller's pools, the store, the web side
)

// fit shrinks the number of workstations to what the file limit allows, and
// says so.
func fit(workstations int, raise func(uint64) (uint64, error)) (int, string, error) {
	wanted := uint64(workstations*filesPerAgent + filesBeside)
	limit, err := raise(wanted)
	if err != nil {
		return 0, "", fmt.Errorf("cannot read the limit on open files: %w", err)
	}
	if limit >= wanted {
		return workstations, "", nil
	}
	fits := (int(limit) - filesBeside) / filesPerAgent
	if fits < 1 {
		return 0, "", fmt.Errorf("cannot run the demo with %d open files: it needs at least %d (ulimit -n)", limit, filesBeside+filesPerAgent)
	}
	return fits, fmt.Sprintf("only %d of %d workstations fit the limit of %d open files; raise it with: ulimit -n %d", fits, workstations, limit, wanted), nil
}
