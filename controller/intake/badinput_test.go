package intake_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/controller/identity"
	"muster/inventory"
	"muster/inventory/wire"
)

func zipped(tb testing.TB, b []byte) []byte {
	tb.Helper()
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	if _, err := zw.Write(b); err != nil {
		tb.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func TestBadReportsGetOneClearErrorAndChangeNothing(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	good, err := json.Marshal(m.report())
	if err != nil {
		t.Fatal(err)
	}
	bomb := zipped(t, bytes.Repeat([]byte(" "), 64<<20))
	edit := func(change func(map[string]any)) []byte {
		var r map[string]any
		if err := json.Unmarshal(good, &r); err != nil {
			t.Fatal(err)
		}
		change(r)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	set := func(key string, v any) []byte { return edit(func(r map[string]any) { r[key] = v }) }
	gz := map[string]string{"Content-Encoding": "gzip"}
	for name, tc := range map[string]struct {
		body   []byte
		header map[string]string
		status int
		kind   string
		words  []string
	}{
		"empty":                        {nil, nil, 400, wire.ProblemBody, []string{"cannot read report", "byte 0"}},
		"truncated":                    {good[:100], nil, 400, wire.ProblemBody, []string{"cannot read report", "byte 100 of 100"}},
		"two reports in one":           {append(good, good...), nil, 400, wire.ProblemBody, []string{"cannot read report"}},
		"truncated gzip":               {zipped(t, good)[:80], gz, 400, wire.ProblemBody, []string{"cut short"}},
		"gzip that is none":            {good, gz, 400, wire.ProblemBody, []string{"gzip header"}},
		"gzip with a wrong checksum":   {spoiled(zipped(t, good)), gz, 400, wire.ProblemBody, []string{"checksum"}},
		"zip bomb":                     {bomb, gz, 413, wire.ProblemBody, []string{"4194304 bytes when decompressed"}},
		"oversized":                    {make([]byte, wire.MaxBody+1), nil, 413, wire.ProblemBody, []string{"1048577 bytes", "1048576"}},
		"another encoding":             {good, map[string]string{"Content-Encoding": "br"}, 415, wire.ProblemBody, []string{`"br"`}},
		"nested too deep":              {[]byte(strings.Repeat("[", 1000)), nil, 400, wire.ProblemBody, []string{"deeper than 24", "byte 24"}},
		"a version to come":            {set("v", wire.Version+1), nil, 400, wire.ProblemVersion, []string{fmt.Sprintf("version %d", wire.Version+1), fmt.Sprintf("speaks %d to %d", wire.Oldest, wire.Version)}},
		"a version of another shape":   {[]byte(`{"v": 99, "run": {"id": 1}}`), nil, 400, wire.ProblemVersion, []string{"version 99"}},
		"no version":                   {edit(func(r map[string]any) { delete(r, "v") }), nil, 400, wire.ProblemVersion, []string{"version 0"}},
		"a field of another kind":      {set("seq", "seven"), nil, 400, wire.ProblemBody, []string{"seq", "want uint64, got string"}},
		"a number below zero":          {set("boot_clock_ns", -1), nil, 400, wire.ProblemBody, []string{m.id, "negative boot clock"}},
		"no number":                    {set("seq", 0), nil, 400, wire.ProblemBody, []string{"sequence number 0"}},
		"no run":                       {set("run", ""), nil, 400, wire.ProblemBody, []string{"run id"}},
		"a run that is a path":         {set("run", "../../etc"), nil, 400, wire.ProblemBody, []string{"run id", "../../etc"}},
		"a hash that is none":          {set("hashes", map[string]string{"os": "x y"}), nil, 400, wire.ProblemBody, []string{"hash"}},
		"another workstation's report": {set("workstation", "w0000abcd"), nil, 403, wire.ProblemCert, []string{"w0000abcd", m.id}},
		"no workstation":               {set("workstation", "'; DROP"), nil, 400, wire.ProblemBody, []string{"names no workstation"}},
		"a record of no kind": {
			set("journal", []map[string]any{{"n": 1, "run": "run-1", "boot": "boot-1", "kind": "party", "wall": "2026-11-23T09:00:00Z"}}),
			nil, 400, wire.ProblemBody,
			[]string{"journal record 0", "party"},
		},
		"a boot clock that is none": {good, map[string]string{wire.HeaderBootClock: "yesterday"}, 400, wire.ProblemBody, []string{wire.HeaderBootClock, "yesterday"}},
		"a process id that is none": {good, map[string]string{wire.HeaderProcess: "a b"}, 400, wire.ProblemBody, []string{wire.HeaderProcess}},
		"a boot id that is none":    {good, map[string]string{wire.HeaderBoot: "a b"}, 400, wire.ProblemBody, []string{wire.HeaderBoot}},
	} {
		t.Run(name, func(t *testing.T) {
			h := m.headers()
			maps.Copy(h, tc.header)
			m.rig.tb = t
			m.send(m.request(wire.ReportPath, tc.body, h)).refused(t, tc.status, tc.kind, tc.words...)
			if n := g.stored(); n != 0 {
				t.Errorf("%d reports are stored", n)
			}
		})
	}
	g.tb = t
	if reply := m.send(m.request(wire.ReportPath, good, m.headers())); reply.status != 200 {
		t.Errorf("after all that the good report gets %d %s", reply.status, reply.body)
	}
}

func spoiled(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-6] ^= 1
	return b
}

func TestBodyOfUnknownLengthIsBounded(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	req := m.request(wire.ReportPath, nil, m.headers())
	req.Body, req.ContentLength = io.NopCloser(io.LimitReader(blanks{}, 8<<20)), -1
	m.send(req).refused(t, 413, wire.ProblemBody, "1048576 bytes")
}

type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func TestBodyThatEndsEarlyIsRefused(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(g.authority.CAPEM())
	conn, err := tls.Dial("tcp", g.addr, &tls.Config{
		RootCAs: roots, ServerName: identity.ServerName, Certificates: []tls.Certificate{*m.cert}, NextProtos: []string{"http/1.1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{\"v\":", wire.ReportPath)
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var p wire.Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(p.Detail, "ends after 5 of 500 bytes") {
		t.Errorf("%d %+v", resp.StatusCode, p)
	}
}

func TestOnlyPostsToKnownPathsAreServed(t *testing.T) {
	m := newRig(t).enrolled("SER-0001")
	req := m.request(wire.ReportPath, nil, nil)
	req.Method = http.MethodGet
	a := m.send(req)
	a.refused(t, 405, "", "takes POST, not GET")
	if a.header.Get("Allow") != "POST" {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
	m.post("/agent/v1/report/../../admin", nil).refused(t, 404, "", "nothing at")
}

func TestCertificatesThatDoNotServeAreRefused(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	whole := m.cert

	m.cert = nil
	m.dial()
	m.postReport(m.report()).refused(t, 403, wire.ProblemCert, "needs the workstation's certificate", "enrol")

	foreign, err := identity.Open(identity.Options{Dir: filepath.Join(t.TempDir(), "ca"), Now: g.now})
	if err != nil {
		t.Fatal(err)
	}
	c, err := foreign.Issue(csrOf(t, m.key), m.id)
	if err != nil {
		t.Fatal(err)
	}
	m.take(c.DER)
	m.postReport(m.report()).refused(t, 403, wire.ProblemCert, "not of this controller")

	m.take(whole.Certificate)
	m.accept(m.report())
	g.ahead(30*24*time.Hour + time.Minute)
	m.postReport(m.report()).refused(t, 403, wire.ProblemCert, m.id, "expired", "renew")
	m.dial()
	m.postReport(m.report()).refused(t, 403, wire.ProblemCert, m.id, "expired", "renew")
	if n := g.stored(); n != 1 {
		t.Errorf("%d reports are stored, want the one", n)
	}
}

func TestRevokedWorkstationIsRefusedAtOnceAndForGood(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	m.accept(m.report())
	if err := g.store.RevokeWorkstation(t.Context(), m.id, "stolen", "sam", g.now()); err != nil {
		t.Fatal(err)
	}
	serials, err := g.store.RevokedSerials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g.intake.Revoke(serials...)
	m.postReport(m.report()).refused(t, 403, wire.ProblemCert, "revoked", m.id)
	m.post(wire.RenewPath, wire.Renewal{CSR: csrOf(t, m.key)}).refused(t, 403, wire.ProblemCert, "revoked", m.id)
	if g.stored() != 1 {
		t.Error("a revoked workstation's report was stored")
	}
}

func TestReportOfAnotherNameIsEvidenceOfACopy(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	r := m.report()
	m.accept(r)
	r.Agent = "1.0.1"
	m.postReport(r).refused(t, 409, wire.ProblemIdentity, m.id, "number 1", m.run)
	m.postReport(r).refused(t, 409, wire.ProblemIdentity)
	m.postReport(m.report()).refused(t, 409, wire.ProblemIdentity)
	if events := g.events(inventory.EventConflict); len(events) != 1 || !strings.Contains(events[0], m.id) {
		t.Errorf("events %v, want one of %s", events, m.id)
	}
	if g.stored() != 1 {
		t.Error("a conflicting report was stored")
	}
	g.ahead(3 * time.Hour)
	m.accept(m.report())
}

func TestClonedMachinesAreRefusedAndShown(t *testing.T) {
	for name, tc := range map[string]struct{ boot, process string }{
		"a machine that was copied":       {"boot-of-the-copy", "process-of-the-copy"},
		"a folder, within the same boot":  {"boot-1", "process-of-the-copy"},
		"a machine with agents of before": {"boot-of-the-copy", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			m := g.enrolled("SER-0001")
			twin := *m
			copied := &twin
			if copied.boot, copied.process = tc.boot, tc.process; tc.process != "" {
				m.process = "process-of-the-original"
			}
			copied.dial()
			copied.seq = 100
			pass := func(of *machine) answer {
				g.ahead(time.Minute)
				m.clock, copied.clock = m.clock+time.Minute, copied.clock+time.Minute
				r := of.report()
				of.clock -= time.Minute // report counts a minute of its own
				return of.postReport(r)
			}
			taken := 0
			for _, of := range []*machine{m, m, m, copied, copied, copied} {
				if a := pass(of); a.status != 200 {
					t.Fatalf("before anyone came back: %d %s", a.status, a.body)
				}
				taken++
			}
			pass(m).refused(t, 409, wire.ProblemIdentity, "two machines", m.id, m.boot)
			pass(copied).refused(t, 409, wire.ProblemIdentity, "two machines")
			events := g.events(inventory.EventConflict)
			if len(events) != 1 || !strings.Contains(events[0], m.boot) || !strings.Contains(events[0], copied.boot) || !strings.Contains(events[0], tc.process) {
				t.Errorf("events %v, want one that names both", events)
			}
			if g.stored() != taken {
				t.Errorf("%d reports are stored, want the %d before it was known", g.stored(), taken)
			}
		})
	}
}

func TestConflictIsStillKnownAfterAStartOfTheController(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	r := m.report()
	m.accept(r)
	r.Agent = "1.0.1"
	m.postReport(r).refused(t, 409, wire.ProblemIdentity)
	g.restart()
	m.dial()
	m.postReport(m.report()).refused(t, 409, wire.ProblemIdentity)
	g.ahead(3 * time.Hour)
	m.accept(m.report())
	if events := g.events(inventory.EventConflict); len(events) != 1 {
		t.Errorf("events %v, want one", events)
	}
}

func TestUnregisteredWorkstationIsToldToEnrol(t *testing.T) {
	g := newRig(t)
	m := g.machine()
	c, err := g.authority.Issue(csrOf(t, m.key), "w0000gone")
	if err != nil {
		t.Fatal(err)
	}
	m.id = "w0000gone"
	m.take(c.DER)
	m.postReport(m.report()).refused(t, 403, wire.ProblemCert, "w0000gone", "enrol anew")
	m.post(wire.RenewPath, wire.Renewal{CSR: csrOf(t, m.key)}).refused(t, 403, wire.ProblemCert, "w0000gone", "enrol anew")
}
