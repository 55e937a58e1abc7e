//go:build linux

package fleettest_test

import (
	"net"
	"strings"
	"testing"
	"time"
)

// TestAgentThatCannotStartSaysWhyAndChangesNothing reads what a person sees.
// The controller's side of it is in controller/testdata.
func TestAgentThatCannotStartSaysWhyAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	living, other := s.resident(0), s.resident(1)
	living.start(s.token(1))
	s.within(20*time.Second, "the resident has reported", func() bool { return living.standing().LastSeq > 0 })
	s.write("typo.yaml", "listn: 0.0.0.0:7946\n")
	s.write("broken.yaml", "listen: [\n")
	fails := func(r *resident, words []string, args ...string) {
		t.Helper()
		code, out := r.do(args...)
		t.Log(strings.TrimSpace(out))
		if code != 1 {
			t.Errorf("exit %d, want 1", code)
		}
		says(t, out, append(words, "muster-agent: ")...)
	}
	fails(other, []string{"typo.yaml", `unknown key "listn"`, `hint: did you mean "listen"?`}, "run", "--config", s.path("typo.yaml"))
	fails(other, []string{"cannot read configuration", "broken.yaml", "line 1"}, "run", "--config", s.path("broken.yaml"))

	busy, err := net.Listen("tcp", other.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	fails(other, []string{other.addr.String(), "address already in use", "hint: another program has the port"}, "run")
	if err := busy.Close(); err != nil {
		t.Error(err)
	}
	fails(living, []string{"hint: stop the running agent first"}, "run")
	fails(living, []string{"hint: stop the running agent first"}, "prepare-image")
	if st := living.standing(); st.Problem != "" || len(s.workstations()) != 1 {
		t.Errorf("the running agent suffers: %+v", st)
	}
}
