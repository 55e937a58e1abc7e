//go:build linux

package fleettest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// TestBadInputGetsOneClearErrorAndChangesNothing walks the bad inputs that cross
// programs, on one street: a resident lives there, another only enrols.
func TestBadInputGetsOneClearErrorAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	spent := s.token(2)
	living, guest := s.resident(0), s.resident(1)
	living.start(spent)
	if code, out := guest.do("enrol", "--token", spent); code != 0 {
		t.Fatalf("a good token is refused: %s", out)
	}
	s.within(20*time.Second, "the resident has reported", func() bool { return living.standing().LastSeq > 0 })
	before := s.population()

	t.Run("token", func(t *testing.T) { badTokens(t, s, spent) })
	t.Run("certificate", func(t *testing.T) { badCertificates(t, s, living, guest) })
	t.Run("report", func(t *testing.T) { badReports(t, s, guest) })
	t.Run("import", func(t *testing.T) { badImport(t, s) })
	if after := s.population(); after != before {
		t.Errorf("bad input changed the register:\n%s\nwas\n%s", after, before)
	}
	t.Run("replay", func(t *testing.T) { replays(t, s, guest) })
	if living.standing().Problem != "" {
		t.Errorf("the resident suffers from its neighbour's faults: %s", living.standing().Problem)
	}
	t.Run("revoked", func(t *testing.T) { revokes(t, s, living) })
}

// population is who is enrolled, as a person lists it, without the times.
func (s *street) population() string {
	s.t.Helper()
	var b strings.Builder
	for _, w := range s.workstations() {
		fmt.Fprintf(&b, "%s %s %s %s\n", w.ID, w.Site, w.Review, w.AssetTag)
	}
	return b.String() + s.operate("site", "export")
}

func badTokens(t *testing.T, s *street, spent string) {
	stranger := s.resident(2)
	short := s.token(5, "--expires", "1s")
	parsed, err := wire.ParseJoinToken(short)
	if err != nil {
		t.Fatal(err)
	}
	s.within(10*time.Second, "the short token has expired", func() bool {
		return strings.Contains(s.operate("token", "list"), "expired")
	})
	for name, one := range map[string]struct {
		token string
		words []string
	}{
		"wrong secret": {changed(t, spent, func(j *wire.JoinToken) { j.Secret = rand.Text() }), []string{"join token", "hint: ask for a new token"}},
		"unknown":      {changed(t, spent, func(j *wire.JoinToken) { j.ID = "t00000000" }), []string{"join token"}},
		"expired":      {short, []string{parsed.ID, "expired"}},
		"spent":        {spent, []string{"2", "hint: ask for a new token"}},
		"another CA":   {changed(t, spent, func(j *wire.JoinToken) { j.CA = strings.Repeat("0", 64) }), []string{"cannot enrol"}},
		"cut short":    {spent[:len(spent)-9], []string{"copy it whole"}},
	} {
		code, out := stranger.do("enrol", "--token", one.token)
		t.Logf("%s: %s", name, strings.TrimSpace(out))
		if code != 1 {
			t.Errorf("%s: exit %d, want 1", name, code)
		}
		says(t, out, append(one.words, "muster-agent: ")...)
	}
}

// refused posts and wants a refusal with the given words.
func refused(t *testing.T, p *poster, body []byte, status int, words []string, headers ...string) {
	t.Helper()
	got, text, err := p.post(t.Context(), wire.ReportPath, body, headers...)
	if err != nil {
		t.Errorf("want %d, got a broken connection: %v", status, err)
		return
	}
	t.Logf("%d %s", got, text)
	if got != status {
		t.Errorf("answered %d, want %d", got, status)
	}
	says(t, text, words...)
}

func badCertificates(t *testing.T, s *street, living, guest *resident) {
	mine, theirs := guest.card(), living.card()
	refused(t, s.poster(mine), report(t, theirs.Workstation, "run-of-the-test", 1), http.StatusForbidden,
		[]string{wire.ProblemCert, theirs.Workstation, mine.Workstation})
	refused(t, s.poster(), report(t, mine.Workstation, "run-of-the-test", 1), http.StatusForbidden,
		[]string{wire.ProblemCert, "enrol first"})
}

func badReports(t *testing.T, s *street, guest *resident) {
	c := guest.card()
	p, good := s.poster(c), report(t, c.Workstation, "run-of-the-test", 1)
	squeeze := func(b []byte) []byte {
		var out bytes.Buffer
		zw := gzip.NewWriter(&out)
		_, _ = zw.Write(b) // a buffer does not fail
		_ = zw.Close()
		return out.Bytes()
	}
	squeezed := squeeze(good)
	noise := make([]byte, wire.MaxBody+1)
	_, _ = rand.Read(noise)
	gz := []string{"Content-Encoding", "gzip"}
	refused(t, p, good[:len(good)/2], http.StatusBadRequest, []string{wire.ProblemBody, "cannot read report: at byte"})
	refused(t, p, squeezed[:len(squeezed)/2], http.StatusBadRequest, []string{wire.ProblemBody, "cut short"}, gz...)
	refused(t, p, noise, http.StatusRequestEntityTooLarge, []string{wire.ProblemBody, fmt.Sprint(wire.MaxBody)})
	refused(t, p, squeeze(make([]byte, 100<<20)), http.StatusRequestEntityTooLarge,
		[]string{wire.ProblemBody, fmt.Sprint(wire.MaxReport), "decompressed"}, gz...)
	refused(t, p, bytes.Replace(good, []byte(`"v":1`), []byte(`"v":99`), 1), http.StatusBadRequest, []string{wire.ProblemVersion, "99"})
	refused(t, p, []byte("GET me out"), http.StatusBadRequest, []string{wire.ProblemBody})
	refused(t, p, good, http.StatusUnsupportedMediaType, []string{wire.ProblemBody, "br"}, "Content-Encoding", "br")
}

// replays shows that a repeat is harmless, and that another body under the same
// number is two machines.
func replays(t *testing.T, s *street, guest *resident) {
	c := guest.card()
	p, first := s.poster(c), report(t, c.Workstation, "run-of-the-test", 1)
	for n := range 2 {
		status, text, err := p.post(t.Context(), wire.ReportPath, first)
		if err != nil || status != http.StatusOK || strings.Contains(text, `"repeat":true`) != (n == 1) {
			t.Fatalf("time %d: %d %s %v", n+1, status, text, err)
		}
	}
	forged := bytes.Replace(first, []byte("curl"), []byte("wget"), 1)
	refused(t, p, forged, http.StatusConflict, []string{wire.ProblemIdentity, c.Workstation})
	says(t, s.operate("event", "list", "--kind", inventory.EventConflict), c.Workstation)
}

// badImport imports 2,500 sites of which row 1,999 is wrong.
func badImport(t *testing.T, s *street) {
	var csv strings.Builder
	csv.WriteString("code,name,mesh\n")
	for n := 2; n <= 2501; n++ { // as a person counts lines, the header being the first
		mesh := "pool"
		if n == 1999 {
			mesh = "maybe"
		}
		fmt.Fprintf(&csv, "X%04d,Site %d,%s\n", n, n, mesh)
	}
	s.write("many.csv", csv.String())
	code, out := s.try("site", "import", s.path("many.csv"), "--rejected", s.path("wrong.csv"))
	t.Logf("exit %d: %s", code, tail(out, 6))
	if code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	says(t, out, "1999", "mesh", "maybe", "nothing was applied", "hint: ")
	wrong, err := os.ReadFile(s.path("wrong.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("rejected: %s", wrong)
	says(t, string(wrong), "problem", "X1999", "maybe")
	if strings.Contains(string(wrong), "X1998") {
		t.Error("the rejected rows hold a good one")
	}
}

// revokes ends a living workstation's certificate.
func revokes(t *testing.T, s *street, living *resident) {
	id := living.standing().Workstation
	s.operate("workstation", "revoke", id, "--why", "stolen on 3 June")
	p := s.poster(living.card())
	s.within(10*time.Second, "its reports are refused", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		status, text, err := p.post(ctx, wire.ReportPath, report(t, id, "run-of-the-test", 1))
		return err == nil && status == http.StatusForbidden && strings.Contains(text, "revoked")
	})
	says(t, s.operate("workstation", "list"), "revoked")
	events := s.operate("event", "list")
	t.Log(tail(events, 8))
	says(t, events, "pool.key-made", id)
}
