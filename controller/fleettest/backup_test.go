//go:build linux

package fleettest_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"muster/controller/store/pgtest"
	"muster/inventory/wire"
)

// TestRestoredControllerHasItsAgentsBackWithoutEnrolling backs a running
// controller up, turns its site's key, loses the machine, restores into an empty
// folder, and turns the key again.
func TestRestoredControllerHasItsAgentsBackWithoutEnrolling(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	s.comesBack(3, func() {
		if err := os.RemoveAll(s.data()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestControllerOnPostgreSQLKeepsWhatItAcknowledged runs the other store: an
// agent enrols and reports, the controller is killed, and comes back from a
// backup in another database.
func TestControllerOnPostgreSQLKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	database := func() []string {
		url, err := server.Database(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return []string{"MUSTER_STORE=" + url, "MUSTER_PASSPHRASE=correct horse battery staple"}
	}
	s := newStreet(t, database()...)
	token := s.token(2)
	living, guest := s.resident(0), s.resident(1)
	living.start(token)
	if code, out := guest.do("enrol", "--token", token); code != 0 {
		t.Fatalf("cannot enrol: %s", out)
	}
	s.within(20*time.Second, "the resident has reported", func() bool { return living.standing().LastSeq > 0 })
	c := guest.card()
	p := s.poster(c)
	acknowledged := func(want string) {
		t.Helper()
		status, text, err := p.post(t.Context(), wire.ReportPath, acknowledgedOnce(t, c))
		if err != nil || status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%d %s %v, want %s", status, text, err, want)
		}
	}
	acknowledged(`"seq":1`)
	s.serve.kill()
	s.open()
	acknowledged(`"repeat":true`)
	before := s.population()
	s.operate("backup", s.path("muster.age"))
	s.serve.kill()
	s.env = database()
	if err := os.RemoveAll(s.data()); err != nil {
		t.Fatal(err)
	}
	s.operate("restore", s.path("muster.age"))
	s.open()
	acknowledged(`"repeat":true`)
	if after := s.population(); after != before {
		t.Errorf("the restore changed who is enrolled:\n%s\nwas\n%s", after, before)
	}
}

// acknowledgedOnce is the same report each time.
func acknowledgedOnce(t *testing.T, c card) []byte {
	t.Helper()
	b := report(t, c.Workstation, "run-of-the-test", 1)
	wall := regexp.MustCompile(`"wall":"[^"]*"`)
	return wall.ReplaceAll(b, []byte(`"wall":"2026-11-23T09:00:00Z"`))
}

// comesBack walks a controller with n agents through backup, loss and restore.
func (s *street) comesBack(n int, lose func()) {
	s.t.Helper()
	token := s.token(n)
	var residents []*resident
	for i := range n {
		residents = append(residents, s.resident(i))
		residents[i].start(token)
	}
	here := func() bool {
		var heard int
		for _, w := range s.workstations() {
			if !w.LastReportAt.IsZero() && w.Presence == "stranger" {
				heard++
			}
		}
		return heard == n
	}
	s.within(30*time.Second, "everyone is heard", here)
	before := s.population()
	s.env = append(s.env, "MUSTER_PASSPHRASE=correct horse battery staple")
	s.operate("backup", s.path("muster.age"))
	s.operate("mesh", "rotate", "S001") // the backup knows nothing of this key

	s.serve.kill()
	lose()
	s.env = append(s.env, "MUSTER_PASSPHRASE=correct horse battery staple")
	s.t.Log(s.operate("restore", s.path("muster.age")))
	lostAt := time.Now()
	s.open()
	took := s.within(90*time.Second, "everyone is heard again", func() bool {
		for _, w := range s.workstations() {
			if !w.LastReportAt.After(lostAt) {
				return false
			}
		}
		return here()
	})
	s.t.Logf("after the restore everyone was heard in %.1f s", took.Seconds())
	if after := s.population(); after != before {
		s.t.Errorf("the restore changed who is enrolled:\n%s\nwas\n%s", after, before)
	}
	s.t.Log(s.operate("mesh", "rotate", "S001"))
}
