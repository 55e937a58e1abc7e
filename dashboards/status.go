package dashboards

import (
	"fmt"
	"strings"

	"muster/inventory"
)

// Tone is a status's shape and colour; the word beside it says the same, so that
// neither is ever alone.
type Tone string

// The tones.
const (
	ToneOK      Tone = "ok"      // ● as it should be
	ToneWarn    Tone = "warn"    // ▲ degraded
	ToneDown    Tone = "down"    // ■ down
	ToneUnknown Tone = "unknown" // ◌ not known, and never drawn as good
	ToneQuiet   Tone = "quiet"   // ◆ explained: off, asleep, away
)

// Status is a tone and its word.
type Status struct {
	Tone Tone   `json:"tone"`
	Word string `json:"word"`
}

// SiteStatus is the worst of a site's parts, and says which part.
func SiteStatus(s inventory.SiteStanding) Status {
	n := s.Workstations
	switch {
	case s.Incident != nil:
		return Status{IncidentStatus(s.Incident.State, s.Incident.Severity).Tone, causeWords(s.Incident.Cause)}
	case s.Link.State == inventory.ReachSilent:
		return Status{ToneDown, "no answer"}
	case n.Expected == 0:
		return Status{ToneUnknown, "none expected"}
	case n.Unknown == n.Expected:
		return Status{ToneUnknown, "not heard yet"}
	case n.Present == 0 && n.Silent > 0:
		return Status{ToneDown, "all silent"}
	case n.Silent > 0:
		return Status{ToneWarn, fmt.Sprintf("%d silent", n.Silent)}
	case s.Link.State == inventory.ReachMissing:
		return Status{ToneWarn, "answers missing"}
	case n.Absent > 0:
		return Status{ToneWarn, fmt.Sprintf("%d absent", n.Absent)}
	case n.Unknown > 0:
		return Status{ToneUnknown, fmt.Sprintf("%d unknown", n.Unknown)}
	case n.Present == n.Expected:
		return Status{ToneOK, "all present"}
	case n.Present == 0:
		return Status{ToneQuiet, "all off or away"}
	default:
		return Status{ToneOK, "present"}
	}
}

// severity orders sites worst first.
func severity(t Tone) int {
	switch t {
	case ToneDown:
		return 0
	case ToneWarn:
		return 1
	case ToneUnknown:
		return 2
	case ToneQuiet:
		return 3
	case ToneOK:
		return 4
	default:
		return 5
	}
}

// PresenceStatus is one workstation's.
func PresenceStatus(p inventory.Presence) Status {
	switch p {
	case inventory.Present:
		return Status{ToneOK, "present"}
	case inventory.Silent:
		return Status{ToneDown, "silent"}
	case inventory.Absent:
		return Status{ToneWarn, "absent"}
	case inventory.Stranger:
		return Status{ToneWarn, "stranger"}
	case inventory.Off, inventory.Asleep, inventory.Away:
		return Status{ToneQuiet, string(p)}
	case inventory.PresenceUnknown:
		return Status{ToneUnknown, "unknown"}
	default:
		return Status{ToneUnknown, "unknown"}
	}
}

// LinkStatus is what the sweep says of a site's link.
func LinkStatus(r inventory.Reach) Status {
	switch r.State {
	case inventory.ReachOK:
		return Status{ToneOK, "answers"}
	case inventory.ReachMissing:
		return Status{ToneWarn, "answers missing"}
	case inventory.ReachSilent:
		return Status{ToneDown, "no answer"}
	case inventory.ReachUnknown:
		return Status{ToneUnknown, "not measured"}
	default:
		return Status{ToneUnknown, "not measured"}
	}
}

// The rest is what is not present, in words; empty where everyone is.
func restOf(n inventory.SiteCounts) string {
	var parts []string
	for _, part := range []struct {
		n    int
		word string
	}{
		{n.Silent, "silent"}, {n.Absent, "absent"}, {n.Off, "off"}, {n.Asleep, "asleep"}, {n.Away, "away"}, {n.Unknown, "unknown"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	text := strings.Join(parts, ", ")
	if n.Stranger > 0 {
		text = strings.TrimPrefix(text+fmt.Sprintf(" + %d not in the register", n.Stranger), " + ")
	}
	return text
}

// Segment is one piece of a bar, in hundredths of its width. The style sheet
// draws the gap between neighbours.
type Segment struct {
	Class string  `json:"class"`
	X     float64 `json:"x"`
	Width float64 `json:"width"`
}

// barOf divides a bar by presence, in the order in which a person asks: who is
// there, who fell silent, who is excused, who is missing, who is not known.
func barOf(n inventory.SiteCounts) []Segment {
	if n.Expected == 0 {
		return nil
	}
	var bar []Segment
	x := 0.0
	for _, piece := range []struct {
		n     int
		class string
	}{
		{n.Present, "ok"}, {n.Silent, "down"}, {n.Off + n.Asleep + n.Away, "quiet"}, {n.Absent, "warn"}, {n.Unknown, "unknown"},
	} {
		if piece.n == 0 {
			continue
		}
		width := 100 * float64(piece.n) / float64(n.Expected)
		bar = append(bar, Segment{Class: piece.class, X: round(x), Width: round(width)})
		x += width
	}
	return bar
}

func round(x float64) float64 { return float64(int(x*10+0.5)) / 10 }

// linkText is the round trip and loss of a site's link, with their units.
func linkText(r inventory.Reach) string {
	rtt, known := r.RTTMillis.Get()
	if !known {
		return ""
	}
	text := fmt.Sprintf("%.1f ms", rtt)
	if loss, known := r.Loss.Get(); known && loss >= 0.0005 {
		text += fmt.Sprintf(", %.1f %% lost", 100*loss)
	}
	return text
}
