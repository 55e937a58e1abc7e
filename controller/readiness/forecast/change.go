package forecast

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"muster/inventory"
)

// Change is one thing decided otherwise in a what-if. Exactly the fields of its
// Kind are set.
type Change struct {
	Kind  ChangeKind        `json:"kind"`
	Wave  string            `json:"wave,omitempty"`
	Gate  string            `json:"gate,omitempty"`
	Count int               `json:"count,omitempty"`
	Date  inventory.Date    `json:"date,omitempty"`
	Span  inventory.DaySpan `json:"span,omitzero"`
}

// ChangeKind is what a change is about.
type ChangeKind string

// The kinds, with the text that names each.
const (
	ChangeCrews     ChangeKind = "crews"      // crews=6, crews=6 from 2027-01-04
	ChangeWaveDate  ChangeKind = "wave-date"  // wave W3 not before 2027-02-01
	ChangeWaveCrews ChangeKind = "wave-crews" // wave W3 crews=2
	ChangeWaveOut   ChangeKind = "wave-out"   // wave W3 out
	ChangeScope     ChangeKind = "scope"      // scope -120, wave W3 scope -20
	ChangeGate      ChangeKind = "gate"       // waive gate records-ready
	ChangeFreeze    ChangeKind = "freeze"     // freeze 2026-12-21/2027-01-02
	ChangeTarget    ChangeKind = "target"     // target 2027-03-31
)

// Forms lists how changes are written.
func Forms() []string {
	return []string{
		"crews=6", "crews=6 from 2027-01-04", "wave W3 not before 2027-02-01", "wave W3 crews=2", "wave W3 out",
		"scope -120", "wave W3 scope -20", "waive gate records-ready", "freeze 2026-12-21/2027-01-02", "target 2027-03-31",
	}
}

// Bounds of what is asked.
const (
	MaxChanges    = 50
	maxChangeText = 200 // bytes of one
	maxCrews      = 1000
	maxScope      = 1_000_000
)

var (
	crewsText     = regexp.MustCompile(`^crews ?= ?([0-9]{1,4})(?: from ([0-9-]{10}))?$`)
	waveDateText  = regexp.MustCompile(`^wave ([A-Z0-9][A-Z0-9_-]{0,15}) not before ([0-9-]{10})$`)
	waveCrewsText = regexp.MustCompile(`^wave ([A-Z0-9][A-Z0-9_-]{0,15}) crews ?= ?([0-9]{1,4})$`)
	waveOutText   = regexp.MustCompile(`^wave ([A-Z0-9][A-Z0-9_-]{0,15}) out$`)
	scopeText     = regexp.MustCompile(`^(?:wave ([A-Z0-9][A-Z0-9_-]{0,15}) )?scope ([+-][0-9]{1,7})$`)
	gateText      = regexp.MustCompile(`^waive gate ([a-z0-9][a-z0-9-]{0,63})$`)
	freezeText    = regexp.MustCompile(`^freeze ([0-9-]{10}(?:/[0-9-]{10})?(?: .*)?)$`)
	targetText    = regexp.MustCompile(`^target ([0-9-]{10})$`)
)

// ParseChange reads one change as people write it; see Forms.
func ParseChange(text string) (Change, error) {
	if len(text) > maxChangeText {
		return Change{}, fmt.Errorf("cannot read change: longer than %d bytes", maxChangeText)
	}
	c, err := readChange(strings.Join(strings.Fields(text), " "))
	if err != nil {
		return Change{}, fmt.Errorf("cannot read change %q: %w", text, err)
	}
	return c, nil
}

// ParseChanges reads several; every one that cannot be read is named.
func ParseChanges(texts []string) ([]Change, error) {
	if len(texts) > MaxChanges {
		return nil, fmt.Errorf("cannot read %d changes: the limit is %d", len(texts), MaxChanges)
	}
	var changes []Change
	var errs []error
	for _, text := range texts {
		c, err := ParseChange(text)
		changes, errs = append(changes, c), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return changes, nil
}

func readChange(text string) (Change, error) {
	if m := crewsText.FindStringSubmatch(text); m != nil {
		date, err := date(m[2], false)
		return Change{Kind: ChangeCrews, Count: number(m[1]), Date: date}, errors.Join(err, crewsBound(number(m[1])))
	}
	if m := waveDateText.FindStringSubmatch(text); m != nil {
		date, err := date(m[2], true)
		return Change{Kind: ChangeWaveDate, Wave: m[1], Date: date}, err
	}
	if m := waveCrewsText.FindStringSubmatch(text); m != nil {
		return Change{Kind: ChangeWaveCrews, Wave: m[1], Count: number(m[2])}, crewsBound(number(m[2]))
	}
	if m := waveOutText.FindStringSubmatch(text); m != nil {
		return Change{Kind: ChangeWaveOut, Wave: m[1]}, nil
	}
	if m := scopeText.FindStringSubmatch(text); m != nil {
		c := Change{Kind: ChangeScope, Wave: m[1], Count: number(m[2])}
		if c.Count > maxScope || c.Count < -maxScope {
			return c, fmt.Errorf("the limit is %d positions", maxScope)
		}
		return c, nil
	}
	if m := gateText.FindStringSubmatch(text); m != nil {
		return Change{Kind: ChangeGate, Gate: m[1]}, nil
	}
	if m := freezeText.FindStringSubmatch(text); m != nil {
		span, err := inventory.ParseDaySpan(m[1])
		return Change{Kind: ChangeFreeze, Span: span}, err
	}
	if m := targetText.FindStringSubmatch(text); m != nil {
		date, err := date(m[1], true)
		return Change{Kind: ChangeTarget, Date: date}, err
	}
	return Change{}, fmt.Errorf("want one of: %s", strings.Join(Forms(), "; "))
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the pattern holds at most seven digits
	return n
}

func crewsBound(n int) error {
	if n > maxCrews {
		return fmt.Errorf("the limit is %d crews", maxCrews)
	}
	return nil
}

func date(text string, needed bool) (inventory.Date, error) {
	if text == "" && !needed {
		return "", nil
	}
	return inventory.ParseDate(text)
}

// String is the change as ParseChange reads it.
func (c Change) String() string {
	switch c.Kind {
	case ChangeCrews:
		if c.Date.Set() {
			return fmt.Sprintf("crews=%d from %s", c.Count, c.Date)
		}
		return fmt.Sprintf("crews=%d", c.Count)
	case ChangeWaveDate:
		return fmt.Sprintf("wave %s not before %s", c.Wave, c.Date)
	case ChangeWaveCrews:
		return fmt.Sprintf("wave %s crews=%d", c.Wave, c.Count)
	case ChangeWaveOut:
		return fmt.Sprintf("wave %s out", c.Wave)
	case ChangeScope:
		if c.Wave != "" {
			return fmt.Sprintf("wave %s scope %+d", c.Wave, c.Count)
		}
		return fmt.Sprintf("scope %+d", c.Count)
	case ChangeGate:
		return "waive gate " + c.Gate
	case ChangeFreeze:
		return strings.TrimSpace(fmt.Sprintf("freeze %s/%s %s", c.Span.From, c.Span.To, c.Span.Why))
	case ChangeTarget:
		return "target " + string(c.Date)
	default:
		return string(c.Kind)
	}
}

// With is the plan with changes, in their order. The plan itself stays as it
// is. A wave or gate that it does not have is an error.
func (p Plan) With(changes ...Change) (Plan, error) {
	p = p.clone()
	for _, c := range changes {
		if err := p.change(c); err != nil {
			return Plan{}, fmt.Errorf("cannot apply %q: %w", c, err)
		}
	}
	return p, nil
}

func (p *Plan) change(c Change) error {
	var wave *WavePlan
	if c.Wave != "" {
		i := slices.IndexFunc(p.Waves, func(w WavePlan) bool { return w.Code == c.Wave })
		if i < 0 {
			return fmt.Errorf("there is no wave %s", c.Wave)
		}
		wave = &p.Waves[i]
	}
	if wave == nil && slices.Contains([]ChangeKind{ChangeWaveDate, ChangeWaveCrews, ChangeWaveOut}, c.Kind) {
		return errors.New("no wave is named")
	}
	switch c.Kind {
	case ChangeCrews:
		if c.Date.Set() {
			p.Later = append(p.Later, CrewsFrom{From: c.Date, Crews: c.Count})
			return nil
		}
		if c.Count < 1 {
			return errors.New("nobody would be at work: want at least one crew")
		}
		p.Crews, p.Later = c.Count, nil
	case ChangeWaveDate:
		wave.NotBefore = c.Date
	case ChangeWaveCrews:
		wave.Crews = c.Count
	case ChangeWaveOut:
		p.Left -= wave.Left
		wave.Left = 0
	case ChangeScope:
		return p.scope(wave, c.Count)
	case ChangeGate:
		i := slices.IndexFunc(p.Gates, func(g GatePlan) bool { return g.Code == c.Gate })
		if i < 0 {
			return fmt.Errorf("there is no gate %s", c.Gate)
		}
		p.Gates[i].Waived = true
	case ChangeFreeze:
		p.Freezes = append(p.Freezes, c.Span)
	case ChangeTarget:
		p.Target = c.Date
	default:
		return fmt.Errorf("%q is no kind of change", c.Kind)
	}
	return nil
}

// scope changes what is left of a wave, or of what is in none.
func (p *Plan) scope(wave *WavePlan, by int) error {
	left := p.Left
	if wave != nil {
		left = wave.Left
	}
	if left+by < 0 {
		return fmt.Errorf("only %d are left", left)
	}
	p.Left += by
	if wave != nil {
		wave.Left += by
		return nil
	}
	// What goes out of the programme as a whole goes out of its end.
	surplus := leftInWaves(*p) - p.Left
	for i := len(p.Waves) - 1; i >= 0 && surplus > 0; i-- {
		cut := min(surplus, p.Waves[i].Left)
		p.Waves[i].Left -= cut
		surplus -= cut
	}
	return nil
}
