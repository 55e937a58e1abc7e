package dashboards

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

func (p *Pages) maintenance(w http.ResponseWriter, r *http.Request, who reader) error {
	return p.drawMaintenance(w, r, who, http.StatusOK, WindowForm{Kind: "site", For: "2h"}, "")
}

func (p *Pages) drawMaintenance(w http.ResponseWriter, r *http.Request, who reader, status int, was WindowForm, wrong string) error {
	if who.Role == inventory.RoleSiteOwner {
		return &pageError{http.StatusForbidden, "This list is for the desks.", "What goes on at your sites stands on their pages."}
	}
	if err := knownQuery(r, "site", "all"); err != nil {
		return err
	}
	now := p.o.Now().UTC()
	view := MaintenancePage{
		Frame: p.frame(r, "Maintenance", "incidents"), Site: strings.ToUpper(r.URL.Query().Get("site")), All: r.URL.Query().Get("all") == "true",
		MayAct: p.mayAct(who), Was: was, Wrong: wrong,
	}
	if view.Site != "" && was.Key == "" {
		view.Was.Key = view.Site
	}
	since := now
	if view.All {
		since = time.Time{}
	}
	windows, err := p.o.Source.Windows(r.Context(), since)
	if err != nil {
		return err
	}
	for _, window := range windows {
		if view.Site == "" || window.All || window.Site == view.Site {
			view.Rows = append(view.Rows, windowRow(window, now))
		}
	}
	if view.All {
		slices.Reverse(view.Rows) // the newest first where there is a past
	}
	view.CSV, view.JSON = "/api/v1/maintenance.csv", "/api/v1/maintenance.json"
	return p.drawers.draw(w, status, "maintenance", view)
}

func windowRow(w inventory.Window, now time.Time) WindowRow {
	row := WindowRow{Window: w, Status: Status{ToneUnknown, "over"}, Until: w.To, Subject: "everything"}
	switch {
	case w.Covers(now):
		row.Status = Status{ToneQuiet, "in force"}
	case now.Before(w.From) && w.EndedAt.IsZero():
		row.Status = Status{ToneQuiet, "planned"}
	default:
		row.Status = Status{ToneOK, "over"}
	}
	if !w.EndedAt.IsZero() {
		row.Until = w.EndedAt
	}
	for _, one := range [][2]string{{"site ", w.Site}, {"circuit ", w.Circuit}, {"carrier ", w.Carrier}, {"exchange ", w.Exchange}, {"service ", w.Service}} {
		if one[1] != "" {
			row.Subject = one[0] + one[1]
		}
	}
	return row
}

// addWindow takes the form; one that is refused comes back as it was typed.
func (p *Pages) addWindow(w http.ResponseWriter, r *http.Request, who reader) error {
	form := WindowForm{
		Kind: r.PostForm.Get("kind"), Key: strings.TrimSpace(r.PostForm.Get("key")), For: strings.TrimSpace(r.PostForm.Get("for")),
		Reason: strings.TrimSpace(r.PostForm.Get("reason")),
	}
	window, err := form.window(p.o.Now().UTC(), signs(who))
	if err == nil && window.Site != "" {
		_, err = p.o.Source.Site(r.Context(), window.Site)
	}
	if err == nil {
		_, err = p.o.Desk.AddWindow(r.Context(), window)
	}
	var fields inventory.FieldErrors
	switch {
	case errors.As(err, &fields):
		return p.drawMaintenance(w, r, who, http.StatusUnprocessableEntity, form, err.Error())
	case errors.Is(err, inventory.ErrNotFound):
		return p.drawMaintenance(w, r, who, http.StatusUnprocessableEntity, form, fmt.Sprintf("There is no site %q.", form.Key))
	}
	return done(w, r, "/maintenance", err)
}

func (f WindowForm) window(now time.Time, author string) (inventory.Window, error) {
	w := inventory.Window{From: now, Reason: f.Reason, CreatedBy: author, CreatedAt: now}
	lasts, err := time.ParseDuration(f.For)
	if err != nil || lasts <= 0 {
		return w, inventory.FieldErrors{{Field: "for", Why: fmt.Sprintf("%q is not a duration such as 90m or 2h", f.For)}}
	}
	w.To = now.Add(lasts)
	switch f.Kind {
	case "site":
		w.Site = strings.ToUpper(f.Key)
	case "circuit":
		w.Circuit = f.Key
	case "carrier":
		w.Carrier = f.Key
	case "exchange":
		w.Exchange = f.Key
	case "service":
		w.Service = f.Key
	case "all":
		w.All = true
	}
	return w, w.Validate()
}

func (p *Pages) endWindow(w http.ResponseWriter, r *http.Request, who reader) error {
	_, err := p.o.Desk.EndWindow(r.Context(), r.PathValue("id"), signs(who))
	if errors.Is(err, inventory.ErrConflict) {
		return &pageError{http.StatusConflict, "This window is over already.", "The list shows when it ended."}
	}
	return done(w, r, "/maintenance", err)
}
