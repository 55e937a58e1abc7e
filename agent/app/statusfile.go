package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

const (
	statusEvery   = time.Minute
	maxStatusFile = 64 << 10
)

// Status is how the agent stands now.
func (a *App) Status() Status {
	s := Status{
		At: time.Now().UTC(), Version: a.opts.Version, Name: a.opts.Machine.Name(), Port: a.opts.Addr.Port(),
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.journal != nil {
		s.Run = a.journal.Run()
	}
	if a.port != nil {
		s.Port = a.port.Addr().Port()
	}
	if a.seal.Enrolled() {
		s.Workstation, s.Review, s.CertificateUntil = a.seal.Workstation, a.seal.Review, a.seal.Until()
	}
	s.HomeSite, s.Site, s.SettingsVersion = a.settings.HomeSite, a.settings.Site, a.settings.Version
	st := a.standing
	s.Uplink, s.Via, s.LastAckAt, s.LastSeq = st.uplink, st.via, st.lastAckAt.UTC(), st.lastSeq
	s.Problem, s.Journal = st.problem, st.journalProblem
	if st.lastAckAt.IsZero() {
		s.LastAckAt = time.Time{}
	}
	if a.resident != nil {
		standing := a.resident.Standing()
		s.KeyVersion = standing.KeyVersion
		if addr := standing.Addr.Addr(); !addr.IsUnspecified() {
			s.Addr = addr
		}
		s.Peers, s.PeersKnown = standing.Heard, standing.Neighbours
	}
	return s
}

// notable is what a person would notice of a Status at once.
type notable struct {
	workstation, problem, uplink, site, journal string
	addr                                        netip.Addr
}

func (a *App) notable() notable {
	n := notable{addr: a.present()}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seal.Enrolled() {
		n.workstation = a.seal.Workstation
	}
	n.problem, n.uplink, n.site, n.journal = a.standing.problem, a.standing.uplink, a.settings.Site, a.standing.journalProblem
	return n
}

// writeStatus leaves a copy for `muster-agent status` when something that a
// person would notice changed, and every minute.
func (w *watcher) writeStatus(ctx context.Context, last bool) {
	if !w.app.opts.StatusFile {
		return
	}
	now, seen := time.Now(), w.app.notable()
	if seen == w.status && !last && now.Sub(w.statusAt) < statusEvery {
		return
	}
	w.status, w.statusAt = seen, now
	s := w.app.Status()
	path := w.app.path(statusFile)
	b, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = os.WriteFile(path+".new", b, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		w.app.log.DebugContext(ctx, "status not written", "error", err)
	}
}

// ErrNoStatus is returned where no agent has run yet.
var ErrNoStatus = errors.New("no agent has run here")

// ReadStatus reads the copy that a running agent leaves in its state folder.
func ReadStatus(dir string) (Status, error) {
	var s Status
	f, err := os.Open(filepath.Join(dir, statusFile))
	if errors.Is(err, os.ErrNotExist) {
		return s, fmt.Errorf("cannot read status in %s: %w", dir, ErrNoStatus)
	}
	if err != nil {
		return s, fmt.Errorf("cannot read status: %w", err)
	}
	defer f.Close() // opened for reading
	b, err := io.ReadAll(io.LimitReader(f, maxStatusFile))
	if err != nil {
		return s, fmt.Errorf("cannot read status: %w", err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("cannot read status %s: %w", f.Name(), err)
	}
	return s, nil
}
