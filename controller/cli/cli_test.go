package cli_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"muster/controller/api"
	"muster/controller/api/apitest"
	"muster/controller/cli"
	"muster/inventory"
)

// The scripts run the command as a program of its own, against an API in the
// test's process with a store on disk.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"muster": func() {
		os.Exit(cli.Run(context.Background(), cli.New(cli.Options{Version: "1.2.3"}), os.Stderr))
	}})
}

func TestCommandsSayWhatTheScriptsSay(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			s := apitest.Start(env.T().(testing.TB), nil)
			populate(env.T().(testing.TB), s)
			env.Setenv("MUSTER_SERVER", s.URL)
			env.Setenv("MUSTER_TOKEN", s.Secrets[inventory.RoleAdmin])
			env.Setenv("VIEWER", s.Secrets[inventory.RoleViewer])
			env.Setenv("NO_PROXY", "*")
			return nil
		},
	})
}

// populate declares a site with a desktop whose agent has reported.
func populate(t testing.TB, s *apitest.Server) {
	t.Helper()
	ctx := t.Context()
	batch := inventory.Batch{Source: "setup", Author: "setup", MadeAt: time.Now(), Changes: []inventory.Change{
		{Noun: inventory.NounSite, Key: "S001", After: []byte(`{"code":"S001","name":"Horsham Library","district":"Horsham"}`)},
		{Noun: inventory.NounLink, Key: "BT/1", After: []byte(`{"circuit":"BT/1","site":"S001","carrier":"BT","down_kbps":80000}`)},
		{Noun: inventory.NounAsset, Key: "A-1", After: []byte(`{"tag":"A-1","kind":"desktop","serial":"CX7733","site":"S001","state":"in-service"}`)},
	}}
	if _, err := s.Store.Apply(ctx, batch); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.PutPoolKey(ctx, "S001", inventory.PoolKey{Version: 1, Key: bytes.Repeat([]byte{7}, 32), CreatedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	s.Live.SetSite("S001", inventory.SiteCounts{Expected: 1, Present: 1},
		inventory.Reach{State: inventory.ReachOK, RTTMillis: inventory.Known(12.5), Loss: inventory.Known(0.0)},
		inventory.PoolMember{Name: "w00000001-ab12", Workstation: "w00000001", State: "alive", Uplink: "ok", Version: "1.2.3"})
	enrol(t, s)
	trouble(t, s)
	s.Live.SetPresence("w00000001", inventory.Present)
}

// trouble puts an incident of the site and one of its machine on the desk.
func trouble(t testing.TB, s *apitest.Server) {
	t.Helper()
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	link := inventory.Incident{
		ID: "i00000001", Cause: inventory.CauseLinkOrPower, Grade: inventory.GradeInferred, Confidence: 0.6, State: inventory.IncidentOpen,
		Severity: inventory.SeverityMajor, Scope: inventory.Scope{Site: "S001"}, People: 12, StartedAt: at, DetectedAt: at.Add(3 * time.Second),
		Verdicts: []inventory.Verdict{{At: at, Cause: inventory.CauseLinkOrPower, Grade: inventory.GradeInferred, Confidence: 0.6, Reason: "Every member and the router are silent."}},
		Evidence: []inventory.Finding{{At: at, For: true, Kind: inventory.EvidenceSweep, Site: "S001", Text: "12 of 12 pings unanswered"}},
	}
	silent := link
	silent.ID, silent.Cause, silent.State = "i00000002", inventory.CauseWorkstationSilent, inventory.IncidentPending
	silent.Scope.Workstation = "w00000001"
	if err := s.Desk.Put(t.Context(), link, silent); err != nil {
		t.Fatal(err)
	}
}

func enrol(t testing.TB, s *apitest.Server) {
	t.Helper()
	now := time.Now()
	token := inventory.Token{
		ID: "t00000001", Kind: inventory.TokenSite, Site: "S001", SecretHash: api.HashToken("x"), Uses: 1,
		CreatedAt: now, ExpiresAt: now.Add(time.Hour), CreatedBy: "setup",
	}
	if err := s.Store.AddToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	err := s.Store.Enrol(t.Context(), inventory.EnrolChange{
		TokenID: token.ID, Author: "setup", At: now,
		Workstation: inventory.Workstation{
			ID: "w00000001", Name: "HORLIB-01", AssetTag: "A-1", HomeSite: "S001", Site: "S001", Kind: inventory.AssetDesktop,
			AgentVersion: "1.2.3", EnrolledAt: now, Identity: inventory.Identity{Serial: "CX7733"},
		},
		Certificate: inventory.Certificate{Serial: "1", Workstation: "w00000001", KeyHash: api.HashToken("k"), IssuedAt: now, NotAfter: now.Add(time.Hour)},
	})
	if err != nil {
		t.Fatal(err)
	}
	commitHardware(t, s, now)
}

func commitHardware(t testing.TB, s *apitest.Server, now time.Time) {
	t.Helper()
	_, err := s.Store.CommitReports(t.Context(), []inventory.ReportRow{{
		Workstation: "w00000001", Run: "run1", Boot: "boot1", Seq: 1, ReceivedAt: now, ReadAt: now, Body: []byte(`{}`), AgentVersion: "1.2.3",
		Lists: []inventory.ListRow{{List: "hardware", Hash: "h1", Body: []byte(
			`{"maker":"Dell Inc.","model":"OptiPlex 7010","serial":{"unknown":"permission denied"},"memory_bytes":17179869184}`)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestConnectionIsTakenFromFlagThenEnvironmentThenFile(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Authorization")
		_, _ = w.Write([]byte(`{"items":[],"next":""}`))
	}))
	defer server.Close()
	dir := t.TempDir()
	if err := cli.WriteConnection(dir, cli.Connection{Server: server.URL, Token: "from the file"}); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.Stat(filepath.Join(dir, cli.ConnectionFile)); err != nil || kept.Mode().Perm() != 0o600 {
		t.Errorf("the file with the token is %v, %v", kept.Mode(), err)
	}
	for want, one := range map[string]struct {
		args []string
		env  map[string]string
	}{
		"from the file":        {args: []string{"--data", dir}},
		"from the environment": {args: []string{"--data", dir}, env: map[string]string{"MUSTER_TOKEN": "from the environment"}},
		"from the flag": {
			args: []string{"--data", dir, "--token", "from the flag"}, env: map[string]string{"MUSTER_TOKEN": "from the environment"},
		},
	} {
		root := cli.New(cli.Options{Client: apitest.Client(), Env: func(name string) string { return one.env[name] }})
		root.SetArgs(append([]string{"site", "list"}, one.args...))
		root.SetOut(&bytes.Buffer{})
		var said bytes.Buffer
		if code := cli.Run(t.Context(), root, &said); code != 0 || asked != "Bearer "+want {
			t.Errorf("%s: exit %d, asked with %q: %s", want, code, asked, said.String())
		}
	}
}

func TestEveryCommandHasAnExample(t *testing.T) {
	for _, path := range cli.Leaves(cli.New(cli.Options{})) {
		if path.Example == "" || path.Short == "" {
			t.Errorf("%s has no example or no line of help", path.Name)
		}
	}
}
