package dashboards

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"muster/inventory"
)

// The lists for programs, and for a page's own refresh.

// liveSites is what changes on a page of sites.
type liveSites struct {
	Banner Banner               `json:"banner"`
	Tally  Tally                `json:"tally"`
	Rows   map[string]SiteCells `json:"rows"`
	Order  []string             `json:"order"` // how the rows would stand now
}

func (p *Pages) sitesJSON(w http.ResponseWriter, r *http.Request, who reader) error {
	asked, err := readSitesAsked(r)
	if err != nil {
		return err
	}
	all, err := p.o.Source.Sites(r.Context())
	if err != nil {
		return err
	}
	if r.URL.Query().Get("only") != "live" {
		return answerJSON(w, map[string]any{"items": append([]inventory.SiteStanding{}, asked.choose(all, who)...), "next": ""})
	}
	live := liveSites{Rows: map[string]SiteCells{}}
	var view SitesPage
	fillSites(&view, asked, all, who)
	live.Banner, live.Tally = view.Banner, view.Tally
	for _, row := range view.Rows {
		live.Rows[row.Code] = row.Cells
		live.Order = append(live.Order, row.Code)
	}
	return answerJSON(w, live)
}

func (p *Pages) sitesCSV(w http.ResponseWriter, r *http.Request, who reader) error {
	asked, err := readSitesAsked(r)
	if err != nil {
		return err
	}
	all, err := p.o.Source.Sites(r.Context())
	if err != nil {
		return err
	}
	out := csvAnswer(w, "sites.csv", "code", "name", "kind", "district", "postcode", "expected", "present", "silent", "off",
		"asleep", "away", "absent", "unknown", "stranger", "link", "rtt_ms", "loss_ratio")
	for _, s := range asked.choose(all, who) {
		n := s.Workstations
		line := []string{s.Code, s.Name, s.Kind, s.District, s.Postcode}
		for _, count := range []int{n.Expected, n.Present, n.Silent, n.Off, n.Asleep, n.Away, n.Absent, n.Unknown, n.Stranger} {
			line = append(line, strconv.Itoa(count))
		}
		writeLine(out, append(line, string(s.Link.State), number(s.Link.RTTMillis), number(s.Link.Loss)))
	}
	out.Flush()
	return nil
}

func csvAnswer(w http.ResponseWriter, name string, heads ...string) *csv.Writer {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	out := csv.NewWriter(w)
	writeLine(out, heads)
	return out
}

// writeLine writes one line; an error means that the reader has gone.
func writeLine(out *csv.Writer, cells []string) {
	for i := range cells {
		cells[i] = inventory.CSVCell(cells[i])
	}
	_ = out.Write(cells)
}

func number(f inventory.Fact[float64]) string {
	value, known := f.Get()
	if !known {
		return ""
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

func answerJSON(w http.ResponseWriter, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cannot write answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // the reader may be gone
	return nil
}
