package mesh

import (
	"crypto/rand"
	"math/big"
	"strings"

	"muster/inventory"
)

const (
	runAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	runLength   = 5
)

// NewRun makes the suffix of a member name. It is new at each start and whenever
// the address changes: Serf refuses a known name at a new address until the old
// one is dead and reclaimed, which takes minutes.
func NewRun() string {
	var b strings.Builder
	for range runLength {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(runAlphabet)))) // never fails (crypto/rand)
		b.WriteByte(runAlphabet[n.Int64()])
	}
	return b.String()
}

// MemberName is the name of a workstation in its pool: its id, a dot, the run.
// Every ping carries two names, so they are short.
func MemberName(workstation, run string) string { return workstation + "." + run }

// ParseMemberName takes a workstation's name apart. ok is false for every other
// name, such as a controller's.
func ParseMemberName(name string) (workstation, run string, ok bool) {
	workstation, run, found := strings.Cut(name, ".")
	if !found || !inventory.ValidWorkstationID(workstation) || !validRun(run) {
		return "", "", false
	}
	return workstation, run, true
}

func validRun(run string) bool {
	return len(run) > 0 && len(run) <= 16 && strings.Trim(run, runAlphabet) == ""
}

// validName bounds any member's name.
func validName(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
