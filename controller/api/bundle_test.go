package api_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"muster/controller/api"
	"muster/controller/api/apitest"
	"muster/inventory"
	"muster/inventory/importer"
)

// bundled is an archive of files by name, in the order given.
func bundled(t *testing.T, files ...[2]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, file := range files {
		entry, err := w.Create(file[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(file[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSeveralFilesAreOneImportOrNone(t *testing.T) {
	s := apitest.Start(t, nil)
	post := func(body, query string) (reply, string) {
		return call(t, s, inventory.RoleIT, http.MethodPost, "/api/v1/imports?name=county.zip"+query, body,
			func(r *http.Request) { r.Header.Set("Content-Type", "application/octet-stream") })
	}
	answer, text := post(bundled(t,
		[2]string{"subnets.csv", "prefix,site\n10.1.0.0/24,S010\n"}, [2]string{"sites.csv", "code,name\nS010,Arundel Library\n"}), "")
	if done := decode[api.Imported](t, text); answer.StatusCode != http.StatusOK || done.Made != 2 || done.Batch == 0 || done.File != "county.zip" {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	many := make([][2]string, 17)
	for i := range many {
		many[i] = [2]string{fmt.Sprintf("%d/sites.csv", i), "code,name\n"}
	}
	sites := [2]string{"sites.csv", "code,name\nS011,Petworth Library\n"}
	for name, one := range map[string]struct{ body, query, want string }{
		"no archive":             {"code,name\n", "", "not a valid zip file"},
		"cut short":              {bundled(t, sites)[:60], "", "not a valid zip file"},
		"none":                   {bundled(t), "", "holds 0 files"},
		"too many":               {bundled(t, many...), "", "holds 17 files"},
		"two of one name":        {bundled(t, many[:2]...), "", `two files called \"sites.csv\"`},
		"a bomb":                 {bundled(t, sites, [2]string{"links.csv", strings.Repeat("a", importer.MaxFileBytes+1)}), "", "too large"},
		"one that says nothing":  {bundled(t, sites, [2]string{"list.csv", "a,b\n1,2\n"}), "", "cannot read list.csv"},
		"a header row for all":   {bundled(t, sites), "&header_row=2", "header row"},
		"a row of one is wrong":  {bundled(t, sites, [2]string{"subnets.csv", "prefix,site\nnone,S011\n"}), "", "subnets.csv, line 2"},
		"a path out of the room": {bundled(t, sites, [2]string{"../../etc/passwd", "a,b\n"}), "", "cannot read passwd"},
	} {
		if answer, text := post(one.body, one.query); answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, one.want) {
			t.Errorf("%s: %d %.300s, want 422 with %q", name, answer.StatusCode, text, one.want)
		}
	}
	if _, err := s.Store.Site(t.Context(), "S011"); err == nil {
		t.Error("a refused import made a site")
	}
}
