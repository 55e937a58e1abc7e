package cli

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"

	"muster/agent/app"
	"muster/configs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"muster-agent": func() {
			os.Exit(Run(context.Background(), Options{
				Version: "1.2.3", Stdout: os.Stdout, Stderr: os.Stderr, Env: os.LookupEnv,
			}, os.Args[1:]))
		},
	})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("MUSTER_CONFIG", filepath.Join(env.WorkDir, "agent.yaml"))
			env.Setenv("MUSTER_STATE_DIR", filepath.Join(env.WorkDir, "state"))
			return os.WriteFile(filepath.Join(env.WorkDir, "agent.yaml"), nil, 0o600)
		},
	})
}

// configOf runs config with a file, variables and flags.
func configOf(t *testing.T, file string, env map[string]string, args ...string) (config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &desk{configFile: path, Options: Options{Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}}
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	flagsFor(flags, everyKey()...)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return d.config(flags)
}

func TestAFlagWeighsMoreThanTheEnvironmentAndThatMoreThanTheFile(t *testing.T) {
	file, env := "join_spread: 1s\nlog_level: debug\n", map[string]string{"MUSTER_JOIN_SPREAD": "2s"}
	for want, args := range map[time.Duration][]string{2 * time.Second: nil, 3 * time.Second: {"--join-spread", "3s"}} {
		c, err := configOf(t, file, env, args...)
		if err != nil || c.JoinSpread != want || c.LogLevel.String() != "DEBUG" {
			t.Errorf("with %v it is %+v, %v", args, c, err)
		}
	}
	if c, err := configOf(t, file, nil); err != nil || c.JoinSpread != time.Second {
		t.Errorf("from the file alone it is %+v, %v", c, err)
	}
}

func TestWrongValuesNameTheirOrigin(t *testing.T) {
	tests := map[string]struct {
		file string
		env  map[string]string
		args []string
		want string
	}{
		"flag":     {"", nil, []string{"--listen", "x"}, `--listen: "x" is not an address`},
		"variable": {"", map[string]string{"MUSTER_JOURNAL_SIZE": "1"}, nil, `MUSTER_JOURNAL_SIZE: "1" is not a size`},
		"file":     {"kind: printer", nil, nil, `agent.yaml: "printer" is neither`},
		"list":     {"listen: [a]", nil, nil, `line 1: listen: "[a]" is not a single value`},
		"spread":   {"join_spread: 2h", nil, nil, "is not a time from 0s to 30m"},
		"format":   {"log_format: xml", nil, nil, "is neither text nor json"},
		"unknown":  {"colour: red", nil, nil, `unknown key "colour"`},
		"repeated": {"kind: laptop\nkind: desktop", nil, nil, "line 2"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := configOf(t, test.file, test.env, test.args...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestTheAnnotatedExampleLoadsAndShowsEveryDefault(t *testing.T) {
	plain, err := configOf(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	example, err := configOf(t, string(configs.AgentExample), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain, example, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Error(diff)
	}
	var shown strings.Builder // with the commented lines that set something
	for line := range strings.Lines(string(configs.AgentExample)) {
		if body, ok := strings.CutPrefix(line, "#"); ok && body != "" && body[0] != ' ' && strings.Contains(body, ": ") {
			shown.WriteString(strings.Replace(body, "muster1.…", `""`, 1))
		}
	}
	full, err := configOf(t, shown.String(), nil)
	if err != nil {
		t.Fatalf("the example with everything set: %v\n%s", err, shown.String())
	}
	if diff := cmp.Diff(plain, full, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("the example shows other defaults:\n%s", diff)
	}
	for _, s := range settings() {
		if !strings.Contains(shown.String(), s.key+": ") {
			t.Errorf("the example does not show %s", s.key)
		}
	}
}

func FuzzConfigurationFile(f *testing.F) {
	f.Add([]byte("listen: 0.0.0.0:7946\njournal_size: 8MiB\n"))
	f.Add(configs.AgentExample)
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := configOf(t, string(file), nil)
		if err == nil && (c.StateDir == "" || !c.Listen.IsValid() || c.JournalSize < 64<<10) {
			t.Errorf("taken: %+v", c)
		}
	})
}

func TestStatusSaysWhatMattersAndWhenItIsOld(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	s := app.Status{At: now.Add(-time.Hour), Name: "PC-17", Workstation: "w0000abcd", Uplink: "relayed", Via: "w0000wxyz", Problem: "the disk is full"}
	if err := printStatus(&out, s, now); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"as of 1h0m0s ago: the agent does not run", "w0000abcd", "through", "w0000wxyz", "the disk is full"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
}

func TestInventoryIsReadWithoutAController(t *testing.T) {
	for flag, wants := range map[string][]string{
		"--json=true":  {`"hardware"`, `"firmware"`, `"tpm"`, `"software"`, `"health"`},
		"--json=false": {"\nHardware\n", "\nHealth\n", "\nNetwork\n", "memory"},
	} {
		var out, errs bytes.Buffer
		code := Run(t.Context(), Options{Stdout: &out, Stderr: &errs, Env: func(string) (string, bool) { return "", false }}, []string{"inventory", flag})
		if code != 0 {
			t.Fatalf("inventory %s ends with %d: %s", flag, code, errs.String())
		}
		for _, want := range wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("inventory %s lacks %q:\n%s", flag, want, out.String())
			}
		}
	}
}
