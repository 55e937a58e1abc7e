package main

import (
	"net"
	"net/http"
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
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_PROXY", "*")
			env.Setenv("HOME", env.WorkDir)
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
