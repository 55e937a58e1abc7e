//go:build linux

package fleettest_test

import (
	"os"
	"testing"
	"time"

	"muster/controller/store/pgtest"
)

// TestRestoredControllerHasItsAgentsBackWithoutEnrolling backs a running
// controller up, turns its site's key, loses the machine, restores into an empty
// folder, and turns the key again.
func TestRestoredControllerHasItsAgentsBackWithoutEnrolling(t *testing.T) {
	s := newStreet(t)
	s.comesBack(3, func() {
		if err := os.RemoveAll(s.data()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestControllerOnPostgreSQLServesAndComesBack does the same on the other store.
func TestControllerOnPostgreSQLServesAndComesBack(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	database := func() string {
		url, err := server.Database(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return "MUSTER_STORE=" + url
	}
	s := newStreet(t, database())
	s.comesBack(2, func() {
		s.env = []string{database()}
		if err := os.RemoveAll(s.data()); err != nil {
			t.Fatal(err)
		}
	})
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
