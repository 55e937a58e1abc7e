package dashboards

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzSignInNeverLeadsAway(f *testing.F) {
	for _, to := range []string{"/", "/sites?q=a", "//evil.example", `/\evil.example`, "https://evil.example", "/\t/evil.example", "/a//b", ""} {
		f.Add(to)
	}
	base, err := url.Parse("https://muster.example/sign-in")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := ownPath(to)
		if !strings.HasPrefix(got, "/") {
			t.Fatalf("%q leads to %q", to, got)
		}
		if where, err := base.Parse(got); err == nil && where.Host != base.Host {
			t.Errorf("%q leads to %s", to, where)
		}
	})
}
