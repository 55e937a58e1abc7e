package dashboards

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// accounts is Accounts without a ledger.
type accounts struct{ asked *LinkQuery }

func (a accounts) LinkReport(_ context.Context, q LinkQuery) (LinkReport, error) {
	*a.asked = q
	if q.From == "June" {
		return LinkReport{}, inventory.FieldErrors{{Field: "from", Why: `"June" is none of a month (2026-11)`}}
	}
	one := LinkRow{
		LinkTime: inventory.LinkTime{
			UpFor: 22 * time.Hour, DownFor: time.Hour, NotObservedFor: time.Hour, CarrierDownFor: time.Hour,
			Available: inventory.Known(0.95), AtWorst: inventory.Known(0.9), OfCarrier: inventory.Known(0.95),
		},
		Name: "NN-1", Site: "S001", Carrier: "northnet", Terms: "gold", Promise: "missed", Outages: 1,
		LossRatio: inventory.Known(0.001), P95Millis: inventory.Unknown[float64]("nothing"),
	}
	sum := one
	sum.Name, sum.Links = "northnet", 1
	return LinkReport{
		Period: inventory.Span{From: storyNow.Add(-24 * time.Hour), To: storyNow}, Zone: time.FixedZone("X", 3600), Links: []LinkRow{one}, Carriers: []LinkRow{sum},
		Unnamed: []string{"NN-9"},
		Outages: []LinkOutage{{
			Circuit: "NN-1", Site: "S001", Incident: "i00000001", From: storyNow.Add(-2 * time.Hour), To: storyNow.Add(-time.Hour), DownFor: time.Hour,
			Cause: inventory.CauseSiteLinkDown, Grade: inventory.GradeProven, Whose: "carrier", Reason: "<i>journals</i>", Ticket: "NN-77", FixMissed: true,
			Corrections: []string{"ann: the carrier's own times"},
		}},
	}, nil
}

func TestALinkReportShowsFourKindsOfTimeAndItsOutages(t *testing.T) {
	asked := &LinkQuery{}
	p := pagesOf(t, bigCounty(), func(o *Options) { o.Accounts = accounts{asked} })
	body := visit(t, p, "/links?from=2026-11&carrier=northnet", nil).Body.String()
	if asked.From != "2026-11" || asked.Carrier != "northnet" {
		t.Errorf("asked for %+v", asked)
	}
	for _, want := range []string{
		"22:00:00", "95.000 %", "90.000 %", `class="s down">missed`, "unknown", "&lt;i&gt;journals&lt;/i&gt;", "mended late", "NN-77", "NN-9",
		storyNow.Add(-2*time.Hour).In(time.FixedZone("X", 3600)).Format("2006-01-02 15:04:05") + " &#43;01:00", "the carrier&#39;s own times",
		`href="/api/v1/link-reports.csv?carrier=northnet&amp;from=2026-11"`, `aria-current="true"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestAPeriodThatCannotBeReadIsSaidOnThePage(t *testing.T) {
	p := pagesOf(t, bigCounty(), func(o *Options) { o.Accounts = accounts{&LinkQuery{}} })
	got := visit(t, p, "/links?from=June", nil)
	if got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "is none of a month") {
		t.Errorf("%d %s", got.Code, got.Body.String())
	}
	if got := visit(t, pagesOf(t, bigCounty(), nil), "/links", nil); got.Code != http.StatusNotFound {
		t.Errorf("without a ledger: %d", got.Code)
	}
}

func TestTheFourKindsOfTimeFillTheBar(t *testing.T) {
	parts := LinkRow{LinkTime: inventory.LinkTime{UpFor: 2 * time.Hour, DownFor: time.Hour, NotObservedFor: time.Hour}}.Parts()
	if len(parts) != 3 || parts[0].Width != 50 || parts[1].X != 50 || parts[2].X+parts[2].Width != 100 {
		t.Errorf("%+v", parts)
	}
	if (LinkRow{}).Parts() != nil {
		t.Error("a bar of nothing")
	}
}
