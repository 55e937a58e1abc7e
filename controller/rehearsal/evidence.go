package rehearsal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// readEvidence reads an export's observations. Each is inventory.Evidence under
// its JSON names, in block or flow style.
func (p *parser) readEvidence(at *yaml.Node) {
	p.items(at, "evidence", maxEvidence, func(v *yaml.Node) {
		var plain any
		if aliased(v) {
			p.wrong(v, "evidence: an alias is not read here")
			return
		}
		if err := v.Decode(&plain); err != nil {
			p.wrong(v, "evidence: %s", err)
			return
		}
		asJSON, err := json.Marshal(plain)
		if err != nil {
			p.wrong(v, "evidence: %s", err)
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(asJSON))
		decoder.DisallowUnknownFields()
		var e inventory.Evidence
		if err := decoder.Decode(&e); err != nil {
			p.wrong(v, "evidence: %s", err)
			return
		}
		if e.At.IsZero() || e.Kind == "" {
			p.wrong(v, "evidence: an observation needs its kind and the time at which it was so")
		}
		p.out.Evidence = append(p.out.Evidence, e)
	})
}

// aliased looks for aliases, which would let a short file stand for a long one.
func aliased(at *yaml.Node) bool {
	if at.Kind == yaml.AliasNode {
		return true
	}
	return slices.ContainsFunc(at.Content, aliased)
}

// Export writes a rehearsal that replays evidence: estate, what must be
// concluded, and each observation on a line of its own. Parse reads it again.
func Export(into io.Writer, r Rehearsal) error {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("name: %s", quoted(r.Name))
	line("seed: %d", r.Seed)
	line("start: %s", r.Start.UTC().Format(time.RFC3339))
	line("for: %s", r.For.Round(time.Second))
	line("baseline: {days: %d}", r.Baseline.Days)
	line("estate:\n  references: %d", r.Estate.References)
	if len(r.Estate.Services) > 0 {
		line("  services: %s", quoted(r.Estate.Services))
	}
	line("  sites:")
	for _, s := range r.Estate.Sites {
		line("    - %s", s.words())
	}
	if len(r.Expect) > 0 {
		line("expect:")
	}
	for _, e := range r.Expect {
		line("  - %s", e.words())
	}
	if r.AllowOthers {
		line("allow_others: true")
	}
	line("evidence:")
	for _, e := range r.Evidence {
		line("  - %s", quoted(e))
	}
	if _, err := into.Write(b.Bytes()); err != nil {
		return fmt.Errorf("cannot write rehearsal %q: %w", r.Name, err)
	}
	return nil
}

// quoted is a value as JSON, which is YAML too.
func quoted(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		return `""` // nouns and texts always encode
	}
	return string(b)
}

func (s Site) words() string {
	plain := plainSite(0)
	var b bytes.Buffer
	fmt.Fprintf(&b, "{code: %s, workstations: %d", quoted(s.Code), s.Workstations)
	add := func(key, value, usual string) {
		if value != usual && value != "" {
			fmt.Fprintf(&b, ", %s: %s", key, quoted(value))
		}
	}
	add("carrier", s.Carrier, plain.Carrier)
	add("exchange", s.Exchange, "")
	add("router", string(s.Router), string(plain.Router))
	add("hours", string(s.Hours), string(plain.Hours))
	add("zone", s.Zone, plain.Zone)
	add("mesh", string(s.Mesh), "")
	if s.Staff > 0 {
		fmt.Fprintf(&b, ", staff: %d", s.Staff)
	}
	b.WriteByte('}')
	return b.String()
}

func (e Expectation) words() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{cause: %s", e.Cause)
	for _, one := range []struct{ key, value string }{
		{keySite, e.Subject.Site},
		{keyCarrier, e.Subject.Carrier},
		{keyExchange, e.Subject.Exchange},
		{keyService, e.Subject.Service},
		{keyWorkstation, e.Subject.Workstation},
		{"final_grade", string(e.FinalGrade)},
	} {
		if one.value != "" {
			fmt.Fprintf(&b, ", %s: %s", one.key, quoted(one.value))
		}
	}
	b.WriteByte('}')
	return b.String()
}
