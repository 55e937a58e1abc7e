package cli

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"muster/configs"
)

func TestFlatFilesAreReadAsTheyLook(t *testing.T) {
	got, err := flat("\ufeff# top\r\nlisten: 0.0.0.0:7946   # the port\r\n\nstate_dir: 'C:\\Muster Agent'\nkind: \"\"\nlog_level:\njoin_token: muster1.a#b\n")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"listen": "0.0.0.0:7946", "state_dir": `C:\Muster Agent`, "kind": "", "log_level": "", "join_token": "muster1.a#b"} {
		if e, ok := got[key]; !ok || e.text != want {
			t.Errorf("%s is %q, want %q", key, e.text, want)
		}
	}
}

func TestWhatIsMoreThanFlatIsRefusedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"listen: a\nlisten: b": "line 2: listen is there twice, first in line 1",
		"log_level: [a, b]":    "line 1: log_level: \"[a, b]\" is not a single value",
		"a:\n  b: c":           `line 2: "  b: c" is not a key and a value`,
		"---\na: b":            `line 1: "---" is not a key and a value`,
		"a:b":                  "a space is missing behind",
		"a: 'b":                "has no closing quote",
		"a: \"C:\\Muster\"":    "in single quotes",
		"a: 'it''s'":           "behind its closing quote",
		"a: b: c":              "is not a single value",
		"a: |":                 "is not a single value",
		"just words":           "is not a key and a value",
		"a: x\ty":              "holds a tab",
		"- a":                  "is not a key and a value",
		"a: &x y":              "is not a single value",
	} {
		if _, err := flat(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzFlatReadsWhatYAMLReads holds the reader against a whole YAML library: what
// it takes, that reads the same.
func FuzzFlatReadsWhatYAMLReads(f *testing.F) {
	f.Add(string(configs.AgentExample))
	f.Add("listen: 0.0.0.0:7946 # x\nstate_dir: 'a b'\nkind: \"\"\n")
	f.Add("a: b c\n  # d\ne: f#g")
	f.Add("a: null\nb: ~\nc: 0x10\nd: on")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := flat(text)
		if err != nil {
			return
		}
		var want map[string]yaml.Node
		if err := yaml.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("taken, and YAML says %v:\n%q", err, text)
		}
		if len(got) != len(want) {
			t.Fatalf("%d keys, YAML reads %d:\n%q", len(got), len(want), text)
		}
		for key, e := range got {
			node := want[key]
			if node.Kind != yaml.ScalarNode || node.Value != e.text {
				t.Fatalf("%s is %q, YAML reads %q:\n%q", key, e.text, node.Value, text)
			}
		}
	})
}
