package strictyaml_test

import (
	"strings"
	"testing"

	"muster/controller/strictyaml"
)

type menu struct {
	Name  string         `yaml:"name"`
	Meals []meal         `yaml:"meals"`
	Cost  map[string]int `yaml:"cost"`
	Chef  *meal          `yaml:"chef"`
}

type meal struct {
	Title string `yaml:"title"`
	Hot   bool   `yaml:"hot"`
}

func TestGoodFileIsRead(t *testing.T) {
	var m menu
	err := strictyaml.Decode("menu.yaml", []byte("name: lunch\nmeals:\n  - {title: soup, hot: true}\ncost: {soup: 3}\n"), &m)
	if err != nil || m.Name != "lunch" || len(m.Meals) != 1 || !m.Meals[0].Hot || m.Cost["soup"] != 3 {
		t.Errorf("read %+v, %v", m, err)
	}
}

func TestAnUnknownWordIsNamedWithItsLineAndTheKnownOnes(t *testing.T) {
	for text, want := range map[string]string{
		"name: lunch\nprice: 3\n":                         `menu.yaml:2: unknown word "price"; known here: chef, cost, meals, name`,
		"meals:\n  - title: soup\n    cold: true\n":       `menu.yaml:3: unknown word "cold"; known in meals: hot, title`,
		"chef:\n  title: ann\n  x: 1\n":                   `menu.yaml:3: unknown word "x"; known in chef: hot, title`,
		"name: a\nname: b\n":                              `menu.yaml:2: "name" is there twice, first in line 1`,
		"name: [a\n":                                      `menu.yaml: line 1: did not find expected ',' or ']'`,
		"meals: 3\n":                                      "menu.yaml: line 1: cannot unmarshal",
		"name: a\n---\nname: b\n":                         "menu.yaml: more than one document",
		"name: " + strings.Repeat("a", 1<<20):             "menu.yaml: 1048582 bytes, the limit is 1048576",
		"meals: &a [{title: x}]\nchef: {title: y, q: *a}": `menu.yaml:2: unknown word "q"; known in chef: hot, title`,
	} {
		if err := strictyaml.Decode("menu.yaml", []byte(text), new(menu)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("name: lunch\nmeals:\n  - {title: soup, hot: true}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nmeals: [*c,*c]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = strictyaml.Decode("fuzz.yaml", b, new(menu)) // must return, and not for ever
	})
}

func TestOneKeyIsReadAndTheOthersAreOnlyKnown(t *testing.T) {
	known := []string{"listen", "deep"}
	var names []string
	at, err := strictyaml.DecodeKey("f.yaml", []byte("listen: x\ndeep: {anything: [1, {at: all}]}\nnames: [a, b]\n"), "names", known, &names)
	if err != nil || len(names) != 2 || at.Line != 3 {
		t.Errorf("it reads %v at %+v, %v", names, at, err)
	}
	if at, err := strictyaml.DecodeKey("f.yaml", []byte("listen: x\n"), "names", known, &names); err != nil || at != nil {
		t.Errorf("a key that is not there is read at %+v, %v", at, err)
	}
	for text, want := range map[string]string{
		"lissen: x\n":                "f.yaml:1: unknown word \"lissen\"; known here: deep, listen, names",
		"names: [a]\nnames: [b]\n":   "f.yaml:2: \"names\" is there twice, first in line 1",
		"- a\n":                      "f.yaml:1: this is no list of keys and values",
		"names: {a: b}\n":            "f.yaml: line 1: cannot unmarshal !!map into []string",
		"names: [a]\n---\nnames: []": "f.yaml: more than one document",
	} {
		if _, err := strictyaml.DecodeKey("f.yaml", []byte(text), "names", known, &names); err == nil || err.Error() != want {
			t.Errorf("%q is refused as %v, want %s", text, err, want)
		}
	}
}
