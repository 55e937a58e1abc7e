package dashboards

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

//go:embed templates/*.html static/*
var files embed.FS

// drawers holds a template for each page, ready for concurrent use.
type drawers struct {
	pages  map[string]*template.Template
	static map[string]asset // by name
}

// asset is one static file and the hash that names its version.
type asset struct {
	content []byte
	media   string
	hash    string
}

func parse() (drawers, error) {
	d := drawers{pages: map[string]*template.Template{}, static: map[string]asset{}}
	if err := d.readStatic(); err != nil {
		return d, err
	}
	base, err := template.New("base.html").Funcs(d.functions()).ParseFS(files, "templates/base.html")
	if err != nil {
		return d, err
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return d, err
	}
	for _, name := range names {
		if path.Base(name) == "base.html" {
			continue
		}
		page, err := base.Clone()
		if err != nil {
			return d, err
		}
		if page, err = page.ParseFS(files, name); err != nil {
			return d, err
		}
		d.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return d, nil
}

func (d drawers) readStatic() error {
	media := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		content, err := files.ReadFile("static/" + entry.Name())
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		d.static[entry.Name()] = asset{content: content, media: media[path.Ext(entry.Name())], hash: hex.EncodeToString(sum[:6])}
	}
	return nil
}

// functions are what templates may call.
func (d drawers) functions() template.FuncMap {
	return template.FuncMap{
		// static is a file's address with its version, so that it is cached for good.
		"static": func(name string) string { return "/static/" + name + "?v=" + d.static[name].hash },
		"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"age":    age,
		"count":  count,
		"rowsAt": func(now time.Time, rows []IncidentRow) incidentTable { return incidentTable{now, rows} },
		"findingsAt": func(now time.Time, title string, rows []inventory.Finding) findingTable {
			return findingTable{now, title, rows}
		},
		"lasted": tookFor,
		"share":  shareOf,
		"ms":     millisOf,
		"stamp":  stamp,
		"kept":   kept,
		"moment": func(now, t time.Time) Moment { return Moment{Now: now, At: t} },
	}
}

// Moment is an instant as seen from a page that was drawn at Now.
type Moment struct{ Now, At time.Time }

// draw writes the page. It is drawn whole first, so that a failure never leaves
// half a page.
func (d drawers) draw(w http.ResponseWriter, status int, name string, view any) error {
	page, ok := d.pages[name]
	if !ok {
		return fmt.Errorf("cannot draw page %q: there is no such template", name)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, view); err != nil {
		return fmt.Errorf("cannot draw page %q: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the reader may be gone
	return nil
}

// count is a number with its thousands apart.
func count(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// age is how long before now t was, in the unit that fits.
func age(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	switch d := now.Sub(t); {
	case d < time.Second:
		return "just now"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}
