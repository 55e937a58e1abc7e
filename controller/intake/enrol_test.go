package intake_test

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
)

func (g *rig) count() int {
	g.tb.Helper()
	all, err := g.store.AllWorkstations(g.tb.Context())
	if err != nil {
		g.tb.Fatal(err)
	}
	return len(all)
}

func (g *rig) workstation(id string) inventory.Workstation {
	g.tb.Helper()
	w, err := g.store.Workstation(g.tb.Context(), id)
	if err != nil {
		g.tb.Fatal(err)
	}
	return w
}

func TestEnrolmentOfARegisteredMachineTakesTheRegistersWord(t *testing.T) {
	g := newRig(t)
	g.declare(inventory.NounSite, "HALL", inventory.Site{Code: "HALL", Name: "County Hall"})
	g.declare(inventory.NounAsset, "A1", inventory.Asset{Tag: "A1", Serial: "SER-0001", Kind: inventory.AssetLaptop, Site: "HALL"})
	m := g.machine()
	e := m.enrol(g.siteToken(), inventory.Identity{Serial: "SER-0001"})
	if e.Review != "" || e.Settings.Version != "s1" || e.Wire != wire.Spoken() || len(e.Certificates) != 2 {
		t.Errorf("answer %+v", e)
	}
	w := g.workstation(e.Workstation)
	if w.AssetTag != "A1" || w.HomeSite != "HALL" || w.Kind != inventory.AssetLaptop || w.Name != "PC-7" {
		t.Errorf("workstation %+v", w)
	}
	m.accept(m.report())
}

func TestStrangerIsAcceptedAtTheTokensSite(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-9999")
	if w := g.workstation(m.id); w.AssetTag != "" || w.HomeSite != "MILL" || !w.Active() {
		t.Errorf("workstation %+v", w)
	}
	m.accept(m.report())
}

func TestImagedRoomBecomesAsManyWorkstations(t *testing.T) {
	g := newRig(t)
	ids := map[string]bool{}
	for _, serial := range []string{"SER-0001", "SER-0002", "SER-0003"} {
		ids[g.enrolled(serial).id] = true
	}
	if len(ids) != 3 || g.count() != 3 {
		t.Errorf("%d ids and %d workstations, want 3", len(ids), g.count())
	}
}

func TestReimagedMachineReplacesItsSilentInstall(t *testing.T) {
	g := newRig(t)
	g.declare(inventory.NounAsset, "A1", inventory.Asset{Tag: "A1", Serial: "SER-0001", Kind: inventory.AssetDesktop, Site: "MILL"})
	old := g.enrolled("SER-0001")
	old.accept(old.report())
	g.ahead(25 * time.Hour)
	next := g.enrolled("SER-0001")
	if was := g.workstation(old.id); was.ReplacedBy != next.id {
		t.Errorf("the old install is replaced by %q, want %s", was.ReplacedBy, next.id)
	}
	if now := g.workstation(next.id); now.AssetTag != "A1" || now.Review != "" {
		t.Errorf("the new install %+v", now)
	}
	next.accept(next.report())
	old.postReport(old.report()).refused(t, 403, wire.ProblemCert, "revoked", old.id)
	old.post(wire.RenewPath, wire.Renewal{CSR: csrOf(t, old.key)}).refused(t, 403, wire.ProblemCert, "revoked")
}

func TestMachineWhoseInstallIsLiveGoesToReview(t *testing.T) {
	g := newRig(t)
	g.declare(inventory.NounAsset, "A1", inventory.Asset{Tag: "A1", Serial: "SER-0001", Kind: inventory.AssetDesktop, Site: "MILL"})
	old := g.enrolled("SER-0001")
	old.accept(old.report())
	m := g.machine()
	if e := m.enrol(g.siteToken(), inventory.Identity{Serial: "SER-0001"}); !strings.Contains(e.Review, old.id) {
		t.Errorf("review %q does not name %s", e.Review, old.id)
	}
	if g.workstation(old.id).ReplacedBy != "" || g.workstation(m.id).Review == "" {
		t.Error("the live install was replaced, or the new one is not in review")
	}
	old.accept(old.report())
	m.accept(m.report())
}

func TestInstallThatReadAnotherKeyStillStandsForItsAsset(t *testing.T) {
	g := newRig(t)
	const mac = "3c:52:82:0a:1b:2c"
	g.declare(inventory.NounAsset, "A1", inventory.Asset{
		Tag: "A1", Serial: "SER-0001", MACs: []string{mac}, Kind: inventory.AssetDesktop, Site: "MILL",
	})
	old := g.enrolled("SER-0001")
	old.accept(old.report())
	m := g.machine()
	if e := m.enrol(g.siteToken(), inventory.Identity{MACs: []string{mac}}); !strings.Contains(e.Review, old.id) {
		t.Errorf("review %q does not name %s", e.Review, old.id)
	}
}

func TestDepotTokenEnrolsRegisteredSerialsOnly(t *testing.T) {
	g := newRig(t)
	g.declare(inventory.NounAsset, "A1", inventory.Asset{Tag: "A1", Serial: "SER-0001", Kind: inventory.AssetDesktop, Site: "MILL"})
	depot := g.token(inventory.TokenDepot, "", 5, g.now().Add(time.Hour))
	m := g.machine()
	m.post(wire.EnrolPath, m.enrolment(depot, inventory.Identity{Serial: "SER-9999"})).
		refused(t, 403, wire.ProblemToken, "SER-9999", "not in the register")
	if g.count() != 0 {
		t.Error("a refused machine was made")
	}
	m.enrol(depot, inventory.Identity{Serial: "SER-0001"})
	if w := g.workstation(m.id); w.HomeSite != "MILL" || w.AssetTag != "A1" {
		t.Errorf("workstation %+v", w)
	}
}

func TestLostAnswerCanBeAskedForAgain(t *testing.T) {
	g := newRig(t)
	token := g.token(inventory.TokenSite, "MILL", 1, g.now().Add(time.Hour))
	id := inventory.Identity{Serial: "SER-0001"}
	m := g.machine()
	first := m.enrol(token, id)
	m.cert = nil
	m.dial()
	again := m.enrol(token, id)
	if again.Workstation != first.Workstation || g.count() != 1 {
		t.Errorf("got %s, want %s; %d workstations", again.Workstation, first.Workstation, g.count())
	}
	m.accept(m.report())
	m.post(wire.EnrolPath, m.enrolment(token, id)).refused(t, 403, wire.ProblemToken, "spent")
	thief := g.machine()
	thief.post(wire.EnrolPath, thief.enrolment(token, id)).refused(t, 403, wire.ProblemToken, "spent")
}

func TestBadEnrolmentsGetOneClearErrorAndChangeNothing(t *testing.T) {
	g := newRig(t)
	good := g.siteToken()
	expired := g.token(inventory.TokenSite, "MILL", 1, g.now().Add(time.Minute))
	revoked := g.siteToken()
	if err := g.store.RevokeToken(t.Context(), revoked.ID, g.now()); err != nil {
		t.Fatal(err)
	}
	g.ahead(2 * time.Minute)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		token  wire.JoinToken
		change func(*wire.Enrolment)
		status int
		kind   string
		words  []string
	}{
		"wrong secret":     {wire.JoinToken{ID: good.ID, Secret: "guess"}, nil, 403, wire.ProblemToken, []string{"secret is wrong"}},
		"unknown token":    {wire.JoinToken{ID: "t00000000", Secret: good.Secret}, nil, 403, wire.ProblemToken, []string{"unknown"}},
		"expired token":    {expired, nil, 403, wire.ProblemToken, []string{expired.ID, "expired on"}},
		"revoked token":    {revoked, nil, 403, wire.ProblemToken, []string{revoked.ID, "revoked on"}},
		"no token":         {wire.JoinToken{}, nil, 400, wire.ProblemBody, []string{"no join token"}},
		"no wire version":  {good, func(e *wire.Enrolment) { e.Wire = wire.Range{Oldest: 7, Current: 9} }, 400, wire.ProblemVersion, []string{"1 to 1 here", "7 to 9 there"}},
		"RSA key":          {good, func(e *wire.Enrolment) { e.CSR = csrOf(t, weak) }, 400, wire.ProblemBody, []string{"want ECDSA"}},
		"P-224 key":        {good, func(e *wire.Enrolment) { e.CSR = csrOf(t, newKey(t, elliptic.P224())) }, 400, wire.ProblemBody, []string{"P-256 or better"}},
		"damaged request":  {good, func(e *wire.Enrolment) { e.CSR = e.CSR[:20] }, 400, wire.ProblemBody, []string{"certificate request"}},
		"no request":       {good, func(e *wire.Enrolment) { e.CSR = nil }, 400, wire.ProblemBody, []string{"0 bytes"}},
		"oversized":        {good, func(e *wire.Enrolment) { e.Name = strings.Repeat("x", wire.MaxEnrol) }, 413, wire.ProblemBody, []string{"65536"}},
		"long name":        {good, func(e *wire.Enrolment) { e.Name = strings.Repeat("x", 256) }, 400, wire.ProblemBody, []string{"name", "256 bytes"}},
		"control in name":  {good, func(e *wire.Enrolment) { e.Name = "PC\x1b[2J" }, 400, wire.ProblemBody, []string{"name", "control character at byte 2"}},
		"a router":         {good, func(e *wire.Enrolment) { e.Kind = inventory.AssetRouter }, 400, wire.ProblemBody, []string{`"router"`}},
		"too many cards":   {good, func(e *wire.Enrolment) { e.Identity.MACs = make([]string, 65) }, 400, wire.ProblemBody, []string{"65 network cards"}},
		"control in a MAC": {good, func(e *wire.Enrolment) { e.Identity.MACs = []string{"\x00"} }, 400, wire.ProblemBody, []string{"macs[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			g.tb = t
			m := g.machine()
			e := m.enrolment(tc.token, inventory.Identity{Serial: "SER-0001"})
			if tc.change != nil {
				tc.change(&e)
			}
			m.post(wire.EnrolPath, e).refused(t, tc.status, tc.kind, tc.words...)
		})
	}
	g.tb = t
	m := g.machine()
	m.send(m.request(wire.EnrolPath, []byte(`{"wire":`), nil)).refused(t, 400, wire.ProblemBody, "cannot read enrolment", "byte 8 of 8")
	if g.count() != 0 {
		t.Errorf("%d workstations were made", g.count())
	}
	kept, err := g.store.TokenByID(t.Context(), good.ID)
	if err != nil || kept.Used != 0 {
		t.Errorf("%d uses were spent, %v", kept.Used, err)
	}
}

func TestGuessingTokensIsSlowedDown(t *testing.T) {
	l := intake.DefaultLimits()
	l.FailureBurst, l.FailurePerSecond = 3, 0.1
	g := newRig(t, withLimits(l))
	token := g.siteToken()
	m := g.machine()
	guess := m.enrolment(wire.JoinToken{ID: token.ID, Secret: "guess"}, inventory.Identity{Serial: "SER-0001"})
	for range 3 {
		m.post(wire.EnrolPath, guess).refused(t, 403, wire.ProblemToken)
	}
	a := m.post(wire.EnrolPath, m.enrolment(token, inventory.Identity{Serial: "SER-0001"}))
	a.refused(t, 429, wire.ProblemRate, "127.0.0.1")
	if after := a.header.Get("Retry-After"); after != "10" {
		t.Errorf("Retry-After is %q, want 10", after)
	}
	g.ahead(11 * time.Second)
	m.enrol(token, inventory.Identity{Serial: "SER-0001"})
}

func TestEnrolmentsFromOneAddressAreLimited(t *testing.T) {
	l := intake.DefaultLimits()
	l.EnrolBurst, l.EnrolPerSecond = 2, 1
	g := newRig(t, withLimits(l))
	token := g.siteToken()
	for _, serial := range []string{"SER-0001", "SER-0002"} {
		g.machine().enrol(token, inventory.Identity{Serial: serial})
	}
	m := g.machine()
	m.post(wire.EnrolPath, m.enrolment(token, inventory.Identity{Serial: "SER-0003"})).refused(t, 429, wire.ProblemRate, "127.0.0.1")
}

func TestExpiredCertificateIsGoodForRenewalAlone(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("SER-0001")
	g.ahead(60 * 24 * time.Hour)
	m.dial()
	m.postReport(m.report()).refused(t, 403, wire.ProblemCert, "expired")
	m.post(wire.RenewPath, wire.Renewal{CSR: csrOf(t, newKey(t, elliptic.P256()))}).
		refused(t, 400, wire.ProblemBody, "another key", m.id)
	m.post(wire.RenewPath, wire.Renewal{}).refused(t, 400, wire.ProblemBody, "0 bytes")
	a := m.post(wire.RenewPath, wire.Renewal{CSR: csrOf(t, m.key)})
	if a.status != 200 {
		t.Fatalf("renewal: %d %s", a.status, a.body)
	}
	var r wire.Renewed
	if err := json.Unmarshal(a.body, &r); err != nil {
		t.Fatal(err)
	}
	m.take(r.Certificates)
	m.accept(m.report())
	if left := r.NotAfter.Sub(g.now()).Round(time.Hour); left != 30*24*time.Hour {
		t.Errorf("the new one lives for %v, want 30 days", left)
	}
	g.ahead(431 * 24 * time.Hour)
	m.dial()
	m.post(wire.RenewPath, wire.Renewal{CSR: csrOf(t, m.key)}).refused(t, 403, wire.ProblemCert, m.id, "401 days", "enrol anew")
	m.cert = nil
	m.dial()
	m.post(wire.RenewPath, wire.Renewal{CSR: csrOf(t, m.key)}).refused(t, 403, wire.ProblemCert, "no client certificate")
}
