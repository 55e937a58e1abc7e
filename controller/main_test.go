package main

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"muster/controller/cli"
)

// TestMain lets the scripts run the program as it is.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"muster": main})
}

func TestProgramSaysWhatTheScriptsSay(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"freeports": freePorts,
			"waitfor":   waitFor,
			"until":     until,
			"keepfield": keepField,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_PROXY", "*")
			env.Setenv("HOME", env.WorkDir)
			configs, err := filepath.Abs("../configs")
			if err != nil {
				return err
			}
			env.Setenv("CONFIGS", configs)
			// Days that stay in the future however long a script takes.
			for name, days := range map[string]int{"YESTERDAY": -1, "SOON": 3, "LATER": 30, "TARGET": 200} {
				env.Setenv(name, time.Now().AddDate(0, 0, days).Format(time.DateOnly))
			}
			return nil
		},
	})
}

// freePorts sets each named variable to a loopback address with a free port.
func freePorts(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		defer l.Close()
		ts.Setenv(name, l.Addr().String())
	}
}

// waitFor waits until the controller of a data folder answers.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var err error
	for range 500 {
		<-tick.C
		var c cli.Connection
		if c, err = cli.ReadConnection(ts.MkAbs(args[0])); err != nil {
			continue
		}
		var answer *http.Response
		if answer, err = client.Get(c.Server + "/readyz"); err != nil {
			continue
		}
		_ = answer.Body.Close() // its status is what counts
		if answer.StatusCode == http.StatusOK {
			return
		}
	}
	ts.Fatalf("no controller answers for %s: %v", args[0], err)
}

// until runs a command again and again until it prints what a pattern matches: the
// desk judges in its own time.
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	said := ""
	for range 500 {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if said = ts.ReadFile("stdout"); pattern.MatchString(said) {
			return
		}
		<-tick.C
	}
	ts.Fatalf("%q never came, but %s", args[0], said)
}

// keepField sets a variable to a text of the JSON that was printed last; the fields
// lead to it.
func keepField(ts *testscript.TestScript, _ bool, args []string) {
	var found any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &found))
	for _, field := range args[1:] {
		object, ok := found.(map[string]any)
		if !ok {
			ts.Fatalf("there is no %q in what was printed", field)
		}
		found = object[field]
	}
	value, ok := found.(string)
	if !ok {
		ts.Fatalf("%q is no text in what was printed", args[1:])
	}
	ts.Setenv(args[0], value)
}
