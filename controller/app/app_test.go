package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/viper"

	"muster/controller/app"
	"muster/controller/cli"
)

func options(t *testing.T, data string) app.Options {
	t.Helper()
	return app.Options{
		Config:  app.Config{Data: data, Listen: "127.0.0.1:0", MeshListen: "127.0.0.1:0", LogLevel: "info"},
		Version: "test", Log: slog.New(slog.DiscardHandler),
	}
}

func start(t *testing.T, o app.Options) *app.App {
	t.Helper()
	a, err := app.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	return a
}

func get(t *testing.T, a *app.App, path, token string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.WebAddr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body json.RawMessage
	_ = json.NewDecoder(response.Body).Decode(&body)
	return response.StatusCode, string(body)
}

func TestFirstStartLeavesAConnectionThatWorksAndTheNextKeepsIt(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	a := start(t, options(t, data))
	first, err := cli.ReadConnection(data)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := get(t, a, "/api/v1/sites", first.Token); status != http.StatusOK {
		t.Errorf("the token that was left gets %d", status)
	}
	if status, _ := get(t, a, "/api/v1/sites", ""); status != http.StatusUnauthorized {
		t.Errorf("without a token the API answers %d", status)
	}
	if stat, err := os.Stat(filepath.Join(data, cli.ConnectionFile)); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("the connection's file has mode %v, %v", stat.Mode(), err)
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := start(t, options(t, data))
	if status, _ := get(t, b, "/api/v1/sites", first.Token); status != http.StatusOK {
		t.Errorf("after a restart the token gets %d", status)
	}
}

func TestReadyzSaysWhatIsReady(t *testing.T) {
	a := start(t, options(t, t.TempDir()))
	status, body := get(t, a, "/readyz", "")
	if status != http.StatusOK || !strings.Contains(body, "store") {
		t.Errorf("readyz answers %d %s", status, body)
	}
}

func TestMetricsShowTheEstateInFewSeries(t *testing.T) {
	a := start(t, options(t, t.TempDir()))
	response, err := (&http.Client{}).Get("http://" + a.WebAddr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`muster_workstations{presence="present"} 0`, `muster_pools{state="open"} 0`, `muster_port_dropped_total{reason="forged"} 0`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

func TestStartAfterStopFailsAndAStoppedAppStaysStopped(t *testing.T) {
	a, err := app.New(options(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); !errors.Is(err, app.ErrStarted) {
		t.Errorf("a second start: %v", err)
	}
	if err := errors.Join(a.Stop(t.Context()), a.Stop(t.Context())); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
	if err := a.Start(t.Context()); !errors.Is(err, app.ErrStopped) {
		t.Errorf("a start after the stop: %v", err)
	}
}

func TestConcurrentStartAndStopLeaveNothingBehind(t *testing.T) {
	data := t.TempDir()
	a, err := app.New(options(t, data))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { _ = a.Start(context.Background()) })
		wg.Go(func() { _ = a.Stop(context.Background()) })
	}
	wg.Wait()
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	start(t, options(t, data)) // the folder is free again
}

func TestTwoControllersLiveSideBySideButNotInOneFolder(t *testing.T) {
	data := t.TempDir()
	start(t, options(t, data))
	start(t, options(t, t.TempDir()))
	second, err := app.New(options(t, data))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "another controller is using it") {
		t.Errorf("a second controller in the same folder: %v", err)
	}
}

func TestTakenPortIsNamedAndReleasesWhatWasTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, set := range map[string]func(*app.Options){
		"web":  func(o *app.Options) { o.Listen = taken.Addr().String() },
		"mesh": func(o *app.Options) { o.MeshListen = taken.Addr().String() },
	} {
		data := t.TempDir()
		o := options(t, data)
		set(&o)
		a, err := app.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
			t.Errorf("%s: a taken port gives %v", name, err)
		}
		start(t, options(t, data))
	}
}

func TestLostCAIsAnErrorAndNotANewCounty(t *testing.T) {
	data := t.TempDir()
	a := start(t, options(t, data))
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(data, "ca")); err != nil {
		t.Fatal(err)
	}
	b, err := app.New(options(t, data))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot open CA") {
		t.Errorf("without its CA the controller says %v", err)
	}
}

func TestConfigurationIsReadFromFileEnvironmentAndRefusedWhenWrong(t *testing.T) {
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "muster.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	t.Setenv("MUSTER_LISTEN", "127.0.0.1:9999")
	c, err := app.ReadConfig(viper.New(), write("listen: 127.0.0.1:1\nmesh_advertise: [10.0.0.5:7946]\n"))
	if err != nil || c.Listen != "127.0.0.1:9999" || fmt.Sprint(c.MeshAdvertise) != "[10.0.0.5:7946]" {
		t.Errorf("read %+v, %v", c, err)
	}
	t.Setenv("MUSTER_LISTEN", "")
	for text, want := range map[string]string{
		"listne: 127.0.0.1:1":         `unknown key "listne"`,
		"listen: [":                   "muster.yaml",
		"mesh_advertise: [somewhere]": "mesh_advertise",
		"mesh_listen: 0.0.0.0:7946":   "mesh_advertise",
		"mesh_advertise: [10.0.0.5:7946]\nlisten: 10.0.0.5:80":     "tls_cert",
		"mesh_advertise: [10.0.0.5:7946]\ntls_cert: /x":            "go together",
		"mesh_advertise: [10.0.0.5:7946]\nlog_level: loud":         "log_level",
		"mesh_advertise: [10.0.0.5:7946]\nproxies: [nowhere]":      "proxies",
		"mesh_advertise: [10.0.0.5:7946]\nmesh_listen: everywhere": "mesh_listen",
	} {
		if _, err := app.ReadConfig(viper.New(), write(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want something with %q", text, err, want)
		}
	}
}

func TestExampleConfigurationLoads(t *testing.T) {
	c, err := app.ReadConfig(viper.New(), filepath.Join("..", "..", "configs", "muster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if c.MeshListen != "0.0.0.0:7946" {
		t.Errorf("the example listens on %s", c.MeshListen)
	}
}

func TestCheckNamesATakenPortAndLeavesNothing(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	data := filepath.Join(t.TempDir(), "not", "yet")
	c := options(t, data).Config
	lines, err := app.Check(t.Context(), c)
	if err != nil {
		t.Errorf("a good configuration: %v %v", err, lines)
	}
	c.Listen = taken.Addr().String()
	if _, err := app.Check(t.Context(), c); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("a taken port: %v", err)
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the check left the data folder: %v", err)
	}
}
