package ledger_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/controller/sla"
	"muster/controller/sla/ledger"
	"muster/controller/store"
	"muster/inventory"
)

var (
	monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	day    = inventory.Span{From: monday, To: monday.Add(24 * time.Hour)}
)

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "muster.db"), BackupDir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return monday.Add(30 * time.Hour) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t *testing.T, s *store.Store, noun inventory.Noun, key string, value any) {
	t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Apply(t.Context(), inventory.Batch{Source: "test", Author: "test", MadeAt: monday, Changes: []inventory.Change{{Noun: noun, Key: key, After: body}}})
	if err != nil {
		t.Fatal(err)
	}
}

// county is a site with a link that was swept all day but for an hour at night.
func county(t *testing.T) (*ledger.Ledger, *store.Store) {
	t.Helper()
	s := openStore(t)
	put(t, s, inventory.NounSite, "S001", inventory.Site{Code: "S001", Name: "Mill"})
	put(t, s, inventory.NounLink, "NN-1", inventory.Link{Circuit: "NN-1", Site: "S001", Carrier: "northnet", SLA: "gold"})
	put(t, s, inventory.NounLink, "NN-2", inventory.Link{Circuit: "NN-2", Site: "S001", Carrier: "southnet", Role: inventory.LinkBackup})
	i := inventory.Incident{
		ID: "i00000001", Cause: inventory.CauseSiteLinkDown, Grade: inventory.GradeProven, State: inventory.IncidentResolved, Scope: inventory.Scope{Site: "S001"},
		StartedAt: monday.Add(9*time.Hour + 2*time.Second), DetectedAt: monday.Add(9*time.Hour + 5*time.Second), ResolvedAt: monday.Add(10 * time.Hour),
	}
	if err := s.KeepIncidents(t.Context(), []inventory.Incident{i}, nil); err != nil {
		t.Fatal(err)
	}
	terms, err := ledger.ParseTerms("terms.yaml", []byte("zone: Europe/London\nterms: [{name: gold, available_ratio: 0.99, fix_within_hours: 0.5}]"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.New(ledger.Options{
		Store: s, Terms: terms, Now: func() time.Time { return monday.Add(30 * time.Hour) },
		Minutes: func(_ context.Context, _ string, span inventory.Span) ([]sla.Minute, error) {
			var minutes []sla.Minute
			for at := span.From; at.Before(span.To); at = at.Add(time.Minute) {
				if hour := at.Hour(); hour == 3 { // the controller was away
					continue
				}
				m := sla.Minute{At: at, RTTMillis: 20}
				if at.Hour() == 9 && at.Minute() > 0 {
					m.LossRatio, m.RTTMillis = 1, 0
				}
				minutes = append(minutes, m)
			}
			return minutes, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, s
}

func TestAReportIsMadeOfWhatTheStoreHolds(t *testing.T) {
	l, _ := county(t)
	r, err := l.Report(t.Context(), ledger.Query{Period: day, Carrier: "northnet"})
	if err != nil || len(r.Accounts) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	a := r.Accounts[0]
	if a.DownFor != time.Hour-2*time.Second || a.CarrierDownFor != a.DownFor || a.NotObservedFor != time.Hour || a.UpFor != 22*time.Hour+2*time.Second {
		t.Errorf("up %s, down %s (carrier %s), not observed %s", a.UpFor, a.DownFor, a.CarrierDownFor, a.NotObservedFor)
	}
	if a.Promise != sla.KeptNo || a.Fixes != sla.KeptNo {
		t.Errorf("promise %s, fixes %s; an hour in a day breaks both", a.Promise, a.Fixes)
	}
	if !a.Outages[0].From.Equal(monday.Add(9*time.Hour + 2*time.Second)) {
		t.Errorf("the outage begins at %s", a.Outages[0].From)
	}
}

func TestWhatASpareLinkWouldHaveDoneNobodyObserved(t *testing.T) {
	l, _ := county(t)
	r, err := l.Report(t.Context(), ledger.Query{Period: day, Circuit: "NN-2"})
	if err != nil {
		t.Fatal(err)
	}
	if a := r.Accounts[0]; a.UpFor != 0 || a.NotObservedFor != 23*time.Hour+2*time.Second {
		t.Errorf("up %s, not observed %s", a.UpFor, a.NotObservedFor)
	}
}

func TestACorrectionIsKeptBesideTheOriginal(t *testing.T) {
	l, _ := county(t)
	key := sla.OutageKey{Incident: "i00000001"}
	_, err := l.Correct(t.Context(), sla.Correction{Outage: key, Attribution: sla.Ours, Reason: "our breaker", Author: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Report(t.Context(), ledger.Query{Period: day, Circuit: "NN-1"})
	if err != nil {
		t.Fatal(err)
	}
	o := r.Accounts[0].Outages[0]
	if o.Attribution != sla.Ours || o.Original == nil || o.Original.Attribution != sla.Carrier || o.Corrections[0].Author != "ann" || o.Corrections[0].Number == 0 {
		t.Errorf("corrected %+v", o)
	}
	for want, c := range map[string]sla.Correction{
		"needs a reason": {Outage: key, Void: true},
		"not found":      {Outage: sla.OutageKey{Incident: "i99999999"}, Void: true, Reason: "x"},
		"1 spells":       {Outage: sla.OutageKey{Incident: "i00000001", Spell: 4}, Void: true, Reason: "x"},
	} {
		if _, err := l.Correct(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestPeriodsAreReadInTheProgrammesZone(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-06|":              "2026-05-31T23:00:00Z 2026-06-30T23:00:00Z",
		"2026-06-01|2026-06-02": "2026-05-31T23:00:00Z 2026-06-02T23:00:00Z",
		"|":                     "2026-06-30T23:00:00Z 2026-07-15T12:00:00Z",
		"2026-06-01T10:00:00Z|2026-06-01T11:00:00Z": "2026-06-01T10:00:00Z 2026-06-01T11:00:00Z",
		"2026-06-02|2026-06-01":                     "is empty",
		"June|":                                     "is none of a month",
		"|2026-06":                                  "has no beginning",
	} {
		from, to, _ := strings.Cut(text, "|")
		p, err := ledger.ParsePeriod(from, to, london, now)
		got := p.From.Format(time.RFC3339) + " " + p.To.Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestBadTermsAreNamedWithTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"terms:\n  - {name: gold, availability: 1}":  `t.yaml:2: unknown word "availability"`,
		"terms: [{name: gold, available_ratio: 99}]": "outside 0 to 1",
		"terms: [{name: a}, {name: a}]":              "is there twice",
		"terms: [{name: a, service_hours: never}]":   "service_hours",
		"zone: Nowhere": "is not a time zone",
	} {
		if _, err := ledger.ParseTerms("t.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestTheExampleInConfigsCanBeUsed(t *testing.T) {
	b, err := os.ReadFile("../../../configs/sla.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if terms, err := ledger.ParseTerms("sla.yaml", b); err != nil || len(terms.Terms) != 3 {
		t.Errorf("%+v, %v", terms, err)
	}
}
