//go:build linux

package fleettest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/controller/store"
	"muster/inventory/wire"
)

// TestNothingAcknowledgedIsLostWhenProgramsAreKilled kills the controller under
// load and a real agent, on one street, with -9.
func TestNothingAcknowledgedIsLostWhenProgramsAreKilled(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	token := s.token(3)
	residents := []*resident{s.resident(0), s.resident(1)}
	for _, r := range residents {
		r.start(token)
	}
	guest := s.resident(2)
	if code, out := guest.do("enrol", "--token", token); code != 0 {
		t.Fatalf("cannot enrol: %s", out)
	}
	s.within(20*time.Second, "the residents have reported", func() bool {
		return residents[0].standing().LastSeq > 0 && residents[1].standing().LastSeq > 0
	})
	c := guest.card()
	p := s.poster(c)
	acknowledged := map[uint64]bool{}
	for round := range 3 {
		s.loadUntilKilled(p, c, acknowledged)
		t.Logf("killed after %d acknowledged reports, time %d", len(acknowledged), round+1)
		s.open()
	}
	// What an agent calls acknowledged came from its own mouth, before the kill.
	said := map[string]uint64{}
	for _, r := range residents {
		st := r.standing()
		said[st.Workstation+" "+st.Run] = st.LastSeq
	}
	killed := residents[0].standing()
	residents[0].agent.kill()
	heard := s.heardAt(killed.Workstation)
	residents[0].start("")
	s.within(60*time.Second, "the killed agent has reported anew", func() bool { return s.heardAt(killed.Workstation).After(heard) })
	residents[0].agent.terminate() // its last word is its status
	if now := residents[0].standing(); now.LastSeq <= killed.LastSeq {
		t.Errorf("after kill -9 the agent's newest report is %d, before it was %d", now.LastSeq, killed.LastSeq)
	}
	if now := residents[0].standing(); now.Run != killed.Run || now.Workstation != killed.Workstation {
		t.Errorf("after kill -9 the agent is %s with journal %s, it was %s with %s", now.Workstation, now.Run, killed.Workstation, killed.Run)
	}
	s.serve.terminate()

	stored := s.stored()
	for seq := range acknowledged {
		if n := stored[fmt.Sprintf("%s run-of-the-test %d", c.Workstation, seq)]; n != 1 {
			t.Errorf("report %d was acknowledged and is stored %d times", seq, n)
		}
	}
	for life, seq := range said {
		if n := stored[fmt.Sprintf("%s %d", life, seq)]; n != 1 {
			t.Errorf("agent %s calls %d acknowledged, it is stored %d times", life, seq, n)
		}
	}
}

// heardAt is when the controller last took a report of a workstation.
func (s *street) heardAt(id string) time.Time {
	s.t.Helper()
	for _, w := range s.workstations() {
		if w.ID == id {
			return w.LastReportAt
		}
	}
	return time.Time{}
}

// loadUntilKilled posts from several sides until the controller is killed, and
// notes what was acknowledged.
func (s *street) loadUntilKilled(p *poster, c card, acknowledged map[uint64]bool) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	var mu sync.Mutex // guards acknowledged
	first := uint64(len(acknowledged))*2 + 1_000*uint64(time.Now().Unix()%1_000_000)
	enough := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for side := range uint64(4) {
		wg.Go(func() {
			for n := uint64(0); ctx.Err() == nil; n++ {
				seq := first + 4*n + side
				status, text, err := p.post(ctx, wire.ReportPath, report(s.t, c.Workstation, "run-of-the-test", seq))
				switch {
				case err != nil:
					return
				case status == http.StatusOK:
					mu.Lock()
					acknowledged[seq] = true
					mu.Unlock()
				case status == http.StatusTooManyRequests:
					return // its allowance is spent
				default:
					s.t.Errorf("report %d: %d %s", seq, status, text)
					return
				}
				if n == 15 {
					once.Do(func() { close(enough) })
				}
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(10 * time.Second):
		s.t.Error("the load never came up")
	}
	s.serve.kill()
	cancel()
	wg.Wait()
}

// stored counts every report of the intake log by workstation, run and number.
// The controller must be down.
func (s *street) stored() map[string]int {
	s.t.Helper()
	db, err := store.OpenExisting(s.t.Context(), store.Options{URL: "sqlite:" + filepath.Join(s.data(), "muster.db")})
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	counts := map[string]int{}
	for after := int64(0); ; {
		page, err := db.ReportsAfter(s.t.Context(), after, 1000)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(page) == 0 {
			return counts
		}
		for _, r := range page {
			counts[fmt.Sprintf("%s %s %d", r.Workstation, r.Run, r.Seq)]++
			after = r.Position
		}
	}
}

// fullDisk mounts a small filesystem on dir, and takes it away at the end.
func fullDisk(t *testing.T, dir, size string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("cannot mount a small disk, which needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("cannot take the small disk away: %v", err)
		}
	})
}

// fill writes until the disk of dir is full; the returned function makes room.
func fill(t *testing.T, dir string) (room func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 64<<10); err == nil; {
		if _, err = f.Write(block); err != nil && len(block) > 512 {
			block, err = block[:len(block)/2], nil
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDiskIsSaidAndSurvived fills the controller's disk, then an agent's.
func TestFullDiskIsSaidAndSurvived(t *testing.T) {
	t.Parallel()
	controllerDisk := filepath.Join(t.TempDir(), "small")
	fullDisk(t, controllerDisk, "12m")
	s := newStreetIn(t, controllerDisk)
	living, guest := s.resident(0), s.resident(1)
	fullDisk(t, living.state, "2m")
	token := s.token(2)
	living.start(token)
	if code, out := guest.do("enrol", "--token", token); code != 0 {
		t.Fatalf("cannot enrol: %s", out)
	}
	s.within(20*time.Second, "the resident has reported", func() bool { return living.standing().LastSeq > 0 })
	c := guest.card()
	p := s.poster(c)
	seq, unsure := uint64(0), []byte(nil)
	post := func() (int, string) {
		seq++
		unsure = report(t, c.Workstation, "run-of-the-test", seq)
		status, text, err := p.post(t.Context(), wire.ReportPath, unsure)
		if err != nil {
			t.Fatal(err)
		}
		return status, text
	}
	room := fill(t, controllerDisk)
	status, text := 0, ""
	s.within(20*time.Second, "the controller says that its disk is full", func() bool {
		status, text = post()
		return status == http.StatusServiceUnavailable
	})
	t.Logf("%d %s", status, text)
	says(t, text, wire.ProblemBusy, "disk is full")
	code, ready := s.get("/readyz")
	t.Logf("/readyz: %d %s", code, ready)
	t.Logf("log: %s", tail(s.serve.said.String(), 3))
	if code != http.StatusServiceUnavailable && !strings.Contains(s.serve.said.String(), "full") {
		t.Error("neither /readyz nor the log says that the disk is full")
	}
	room()
	took := s.within(20*time.Second, "the controller takes the refused report after all", func() bool {
		status, _, err := p.post(t.Context(), wire.ReportPath, unsure)
		return err == nil && status == http.StatusOK
	})
	t.Logf("with room again it took reports after %.1f s", took.Seconds())
	if code, ready := s.get("/readyz"); code != http.StatusOK {
		t.Errorf("/readyz with room again: %d %s", code, ready)
	}
	agentDisk(t, s, living)
}

// agentDisk fills the disk under a running agent, kills it there and starts it
// anew: the journal is there already and needs no room.
func agentDisk(t *testing.T, s *street, living *resident) {
	t.Helper()
	before := living.standing()
	room := fill(t, living.state)
	living.agent.kill()
	heard := s.heardAt(before.Workstation)
	living.start("")
	s.within(60*time.Second, "it reports from a full disk", func() bool { return s.heardAt(before.Workstation).After(heard) })
	says(t, living.agent.said.String(), "no space left on device")
	room()
	living.agent.terminate() // its last word is its status
	if now := living.standing(); now.Workstation != before.Workstation || now.Run != before.Run || now.LastSeq <= before.LastSeq {
		t.Errorf("after the full disk: %+v, before: %+v", now, before)
	}
}
