package refresh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// VisitReport says how far a visit came.
type VisitReport struct {
	Visit     inventory.Visit `json:"visit"`
	Swaps     int             `json:"swaps"` // on the visit, cancelled ones left out
	Verified  int             `json:"verified"`
	Declared  int             `json:"declared"` // of those: a half rests on a person's word
	Cancelled int             `json:"cancelled"`
	Open      []VisitLine     `json:"open"` // those that are not verified
}

// VisitLine is one swap that is not verified, and why.
type VisitLine struct {
	Swap     string              `json:"swap"`
	Position string              `json:"position"`
	State    inventory.SwapState `json:"state"`
	Because  []string            `json:"because"`
}

// ReportVisit counts the visit's swaps. Missing of a swapped one is as Verify
// last told it.
func ReportVisit(v inventory.Visit, swaps []inventory.Swap, now time.Time, zone *time.Location) VisitReport {
	r := VisitReport{Visit: v}
	for _, s := range swaps {
		switch {
		case s.Visit != v.Code:
			continue
		case s.State == inventory.SwapCancelled:
			r.Cancelled++
			continue
		}
		r.Swaps++
		if s.State == inventory.SwapVerified || s.State == inventory.SwapClosed {
			r.Verified++
			if s.Declared {
				r.Declared++
			}
			continue
		}
		r.Open = append(r.Open, VisitLine{Swap: s.ID, Position: s.Position, State: s.State, Because: because(s, v, Scene{Zone: zone}.day(now))})
	}
	slices.SortFunc(r.Open, func(a, b VisitLine) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Swap, b.Swap))
	})
	return r
}

func because(s inventory.Swap, v inventory.Visit, today inventory.Date) []string {
	again := ""
	if s.Next.Set() {
		again = ", to be tried again on " + string(s.Next)
	}
	switch s.State {
	case inventory.SwapSwapped:
		why := slices.Clone(s.Missing)
		if s.Reason != "" {
			why = append([]string{s.Reason}, why...)
		}
		if len(why) == 0 {
			why = []string{"its evidence has not been looked at yet"}
		}
		return why
	case inventory.SwapFailed:
		return []string{"not done: " + s.Reason + again}
	case inventory.SwapRolledBack:
		return []string{"rolled back: " + s.Reason + again}
	default:
		switch {
		case v.State == inventory.VisitCancelled:
			return []string{"the visit was cancelled: " + v.Reason}
		case v.Date > today:
			return []string{fmt.Sprintf("the visit is on %s", v.Date)}
		case v.Date == today:
			return []string{"not recorded yet"}
		default:
			return []string{fmt.Sprintf("nothing was recorded since the visit on %s", v.Date)}
		}
	}
}

// String is the report in words.
func (r VisitReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d verified", r.Verified, r.Swaps)
	if r.Declared > 0 {
		fmt.Fprintf(&b, " (%d of them declared)", r.Declared)
	}
	if len(r.Open) > 0 {
		b.WriteString("; these are not, because")
	}
	for _, l := range r.Open {
		fmt.Fprintf(&b, "\n  %s: %s", l.Position, strings.Join(l.Because, "; "))
	}
	return b.String()
}

// WorkList is what a crew takes along.
type WorkList struct {
	Visit   inventory.Visit `json:"visit"`
	Site    string          `json:"site"`
	Name    string          `json:"name"`
	Address string          `json:"address,omitempty"`
	Contact string          `json:"contact,omitempty"`
	Phone   string          `json:"phone,omitempty"`
	Hours   inventory.Hours `json:"hours,omitempty"`
	Access  string          `json:"access,omitempty"` // how technicians get in
	Notes   string          `json:"notes,omitempty"`
	Desks   []WorkDesk      `json:"desks"`
}

// WorkDesk is one desk of a work list.
type WorkDesk struct {
	Swap      string              `json:"swap"`
	Version   int                 `json:"version"` // to be named by who fills it in
	State     inventory.SwapState `json:"state"`
	Position  string              `json:"position"`
	Room      string              `json:"room,omitempty"`
	Desk      string              `json:"desk,omitempty"`
	Role      string              `json:"role,omitempty"`
	Class     string              `json:"class,omitempty"`
	Old       string              `json:"old,omitempty"`
	OldSerial string              `json:"old_serial,omitempty"`
	New       string              `json:"new,omitempty"`
	NewSerial string              `json:"new_serial,omitempty"`
	Keep      string              `json:"keep,omitempty"` // what must survive the swap
	Notes     string              `json:"notes,omitempty"`
}

// MakeWorkList lists what is left to do on a visit, room by room. Positions are
// by code, assets by tag.
func MakeWorkList(v inventory.Visit, site inventory.Site, swaps []inventory.Swap, positions map[string]inventory.Position, assets map[string]inventory.Asset) WorkList {
	l := WorkList{
		Visit: v, Site: site.Code, Name: site.Name, Address: strings.TrimSpace(site.Address + " " + site.Postcode),
		Contact: site.Contact, Phone: site.Phone, Hours: site.Hours, Access: site.Access, Notes: site.Notes,
	}
	for _, s := range swaps {
		if s.Visit != v.Code || s.State == inventory.SwapCancelled || done(s.State) {
			continue
		}
		p := positions[s.Position]
		l.Desks = append(l.Desks, WorkDesk{
			Swap: s.ID, Version: s.Version, State: s.State, Position: s.Position,
			Room: p.Room, Desk: p.Desk, Role: p.Role, Class: p.Class, Keep: p.Keep, Notes: p.Notes,
			Old: s.Old, OldSerial: assets[s.Old].Serial, New: s.New, NewSerial: assets[s.New].Serial,
		})
	}
	slices.SortFunc(l.Desks, func(a, b WorkDesk) int {
		return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.Desk, b.Desk), cmp.Compare(a.Position, b.Position), cmp.Compare(a.Swap, b.Swap))
	})
	return l
}
