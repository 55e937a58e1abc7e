package notify

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

var monday = time.Date(2026, 11, 23, 10, 5, 2, 0, time.UTC)

func cut() Facts {
	return Facts{
		Incident: inventory.Incident{
			ID: "i00000001", Cause: inventory.CauseSiteLinkDown, Grade: inventory.GradeProven, State: inventory.IncidentOpen,
			Severity: inventory.SeverityMajor, Scope: inventory.Scope{Site: "S003"}, People: 18, Hours: true, StartedAt: monday,
			OpenedAt: monday.Add(25 * time.Second), Ticket: "NN-4711",
			Verdicts: []inventory.Verdict{
				{Cause: inventory.CauseLinkOrPower, Reason: "Nothing of S003 answers."},
				{Cause: inventory.CauseSiteLinkDown, Reason: "12 of 12 journals ran through the cut with gateway and neighbours."},
			},
		},
		SiteName: "Mill Lane Day Centre", Zone: time.UTC, PageURL: "https://muster.example.org/incidents/i00000001",
		Links: []inventory.Link{{Circuit: "NN-001", Carrier: "northnet", FaultDesk: "0800 123", Contract: "C-77"}},
	}
}

func TestAMessageSaysWhatToDoInItsOrder(t *testing.T) {
	got := Compose(inventory.DeliverOpening, cut())
	want := Message{
		Title: "S003 Mill Lane Day Centre: link down, proven, since Mon 23 Nov 10:05 UTC, 18 people, open",
		Lines: []string{
			"12 of 12 journals ran through the cut with gateway and neighbours.",
			"Circuit NN-001, carrier northnet, fault desk 0800 123, contract C-77.",
			"Ticket NN-4711.",
			"https://muster.example.org/incidents/i00000001",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	update := Compose(inventory.DeliverUpdate, cut())
	if !strings.HasPrefix(update.Title, "UPDATE S003") || !strings.Contains(update.Body(), "Until now this was called link or power down") {
		t.Errorf("update: %s\n%s", update.Title, update.Body())
	}
}

func TestATitleFitsATelephoneAndKeepsWhatMatters(t *testing.T) {
	f := cut()
	f.SiteName = strings.Repeat("Saint Ætheldreda's ", 20)
	for _, kind := range []inventory.DeliveryKind{inventory.DeliverOpening, inventory.DeliverEscalation, inventory.DeliverEnd, inventory.DeliverUpdate} {
		for _, cause := range inventory.Causes() {
			f.Incident.Cause = cause
			got := title(kind, f)
			if n := utf8.RuneCountInString(got); n > MaxTitle {
				t.Errorf("%s %s: %d characters", kind, cause, n)
			}
			for _, part := range []string{"S003", Words(cause), "proven", "since Mon 23 Nov 10:05", "18 people", "open"} {
				if !strings.Contains(got, part) {
					t.Errorf("%s %s: %q lacks %q", kind, cause, got, part)
				}
			}
		}
	}
}

func TestATitleNamesWhateverTheScopeIs(t *testing.T) {
	for want, scope := range map[string]inventory.Scope{
		"northnet (9 sites):":    {Carrier: "northnet", Sites: make([]string, 9)},
		"exchange X1 (3 sites):": {Exchange: "X1", Sites: make([]string, 3)},
		"service records:":       {Service: "records"},
		"email at S003 Mill:":    {Service: "email", Site: "S003"},
		"Muster's controller:":   {Controller: true},
		"w00000001 at S003:":     {Workstation: "w00000001", Site: "S003"},
		"4 sites:":               {Sites: make([]string, 4)},
		"circuit NN-1:":          {Circuit: "NN-1"},
	} {
		f := cut()
		f.SiteName, f.Incident.Scope = "Mill", scope
		if got := title(inventory.DeliverOpening, f); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q first", got, want)
		}
	}
}
