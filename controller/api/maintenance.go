package api

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"muster/inventory"
)

type windowList struct {
	Paging
	All  bool   `query:"all" doc:"also those that are over"`
	Site string `query:"site" maxLength:"16" doc:"that cover this site as a whole: its own, its links' and those of everything"`
}

// WindowView is a maintenance window and whether it is in force now.
type WindowView struct {
	inventory.Window
	State string `json:"state"` // planned, in-force or over
}

func (a *API) windowView(w inventory.Window) WindowView {
	now := a.clock()
	view := WindowView{Window: w, State: "over"}
	switch {
	case w.Covers(now):
		view.State = "in-force"
	case now.Before(w.From) && w.EndedAt.IsZero():
		view.State = "planned"
	}
	return view
}

func (a *API) listWindows(ctx context.Context, in *windowList) ([]WindowView, string, error) {
	since := a.clock()
	if in.All {
		since = time.Time{}
	}
	windows, err := a.Store.Windows(ctx, since)
	if err != nil {
		return nil, "", err
	}
	if in.Site != "" {
		if windows, err = a.windowsOf(ctx, in.Site, windows); err != nil {
			return nil, "", err
		}
	}
	views := make([]WindowView, len(windows))
	for i, w := range windows {
		views[i] = a.windowView(w)
	}
	items, next := pageOf(views, in.page(), windowOrder)
	return items, next, nil
}

// windowOrder is the first to begin first.
func windowOrder(v WindowView) string { return v.From.UTC().Format("20060102T150405") + "-" + v.ID }

// windowsOf keeps the windows that touch a site.
func (a *API) windowsOf(ctx context.Context, code string, windows []inventory.Window) ([]inventory.Window, error) {
	site, err := a.Store.Site(ctx, code)
	if err != nil {
		return nil, fmt.Errorf("cannot find site %q: %w", code, err)
	}
	links, _, err := a.Store.Links(ctx, inventory.LinkFilter{Site: code, Page: inventory.Page{Limit: inventory.MaxPage}})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(windows, func(w inventory.Window) bool { return !w.Touches(site, links, nil) }), nil
}

type windowAdd struct {
	Body struct {
		Site     string    `json:"site,omitempty" maxLength:"16"`
		Circuit  string    `json:"circuit,omitempty" maxLength:"100"`
		Carrier  string    `json:"carrier,omitempty" maxLength:"100"`
		Exchange string    `json:"exchange,omitempty" maxLength:"100"`
		Service  string    `json:"service,omitempty" maxLength:"100"`
		All      bool      `json:"all,omitempty" doc:"everything"`
		From     time.Time `json:"from,omitzero" doc:"now where it is not given"`
		To       time.Time `json:"to,omitzero"`
		For      string    `json:"for,omitempty" maxLength:"20" doc:"a duration such as 2h, in the place of to"`
		Theirs   bool      `json:"theirs,omitempty" doc:"the carrier's or supplier's, not ours"`
		Reason   string    `json:"reason" minLength:"1" maxLength:"400"`
	}
}

func (a *API) addWindow(ctx context.Context, in *windowAdd) (WindowView, error) {
	b := in.Body
	w := inventory.Window{
		Site: b.Site, Circuit: b.Circuit, Carrier: b.Carrier, Exchange: b.Exchange, Service: b.Service, All: b.All,
		From: b.From.UTC(), To: b.To.UTC(), Theirs: b.Theirs, Reason: b.Reason, CreatedBy: author(callerOf(ctx)), CreatedAt: a.clock(),
	}
	if b.From.IsZero() {
		w.From = a.clock()
	}
	if b.For != "" {
		lasts, err := time.ParseDuration(b.For)
		if err != nil || lasts <= 0 || !b.To.IsZero() {
			return WindowView{}, inventory.FieldErrors{{Field: "for", Why: fmt.Sprintf("%q is not a duration such as 2h, or to is given too", b.For)}}
		}
		w.To = w.From.Add(lasts)
	}
	if err := a.checkWindow(ctx, w); err != nil {
		return WindowView{}, err
	}
	kept, err := a.Desk.AddWindow(ctx, w)
	if err != nil {
		return WindowView{}, err
	}
	return a.windowView(kept), nil
}

// checkWindow refuses a window of a site or circuit that is not in the register: a
// typing error would leave people to be called in the middle of their work.
func (a *API) checkWindow(ctx context.Context, w inventory.Window) error {
	if err := w.Validate(); err != nil {
		return err
	}
	switch {
	case w.Site != "":
		if _, err := a.Store.Site(ctx, w.Site); err != nil {
			return fmt.Errorf("cannot find site %q: %w", w.Site, err)
		}
	case w.Circuit != "":
		if _, err := a.Store.Link(ctx, w.Circuit); err != nil {
			return fmt.Errorf("cannot find circuit %q: %w", w.Circuit, err)
		}
	case w.Carrier != "":
		links, _, err := a.Store.Links(ctx, inventory.LinkFilter{Carrier: w.Carrier, Page: inventory.Page{Limit: 1}})
		if err != nil {
			return err
		}
		if len(links) == 0 {
			return fmt.Errorf("no link is of carrier %q: %w", w.Carrier, inventory.ErrNotFound)
		}
	}
	return nil
}

// WindowKey names a maintenance window in an address.
type WindowKey struct {
	ID string `path:"id" maxLength:"32"`
}

func (a *API) endWindow(ctx context.Context, in *WindowKey) (WindowView, error) {
	w, err := a.Desk.EndWindow(ctx, in.ID, author(callerOf(ctx)))
	if err != nil {
		return WindowView{}, err
	}
	return a.windowView(w), nil
}

func windowColumns() []column[WindowView] {
	type w = WindowView
	return []column[w]{
		{"id", func(w w) string { return w.ID }},
		{"state", func(w w) string { return w.State }},
		{"site", func(w w) string { return w.Site }},
		{"circuit", func(w w) string { return w.Circuit }},
		{"carrier", func(w w) string { return w.Carrier }},
		{"exchange", func(w w) string { return w.Exchange }},
		{"service", func(w w) string { return w.Service }},
		{"all", func(w w) string { return strconv.FormatBool(w.All) }},
		{"from", func(w w) string { return instant(w.From) }},
		{"to", func(w w) string { return instant(w.To) }},
		{"ended_at", func(w w) string { return instant(w.EndedAt) }},
		{"theirs", func(w w) string { return strconv.FormatBool(w.Theirs) }},
		{"reason", func(w w) string { return w.Reason }},
		{"created_by", func(w w) string { return w.CreatedBy }},
	}
}
