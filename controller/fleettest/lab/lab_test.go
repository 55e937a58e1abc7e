//go:build linux

package lab_test

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/controller/fleettest/lab"
)

// answers reports whether the controller answers a workstation. Port 9 is shut:
// a refusal is an answer; silence, or a router's word for it, is not.
func answers(t *testing.T, l *lab.Lab, w lab.Workstation) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	out, _ := l.Command(ctx, w.Namespace, "bash", "-c",
		"exec 3<>/dev/tcp/"+lab.ControllerAddr().String()+"/9").CombinedOutput()
	return strings.Contains(string(out), "refused")
}

func TestCutStopsALinkAndHealBringsItBack(t *testing.T) {
	l := lab.New(t)
	s := l.AddSite("S001", 2)
	l.AddSite("S002", 1)
	if !answers(t, l, s.Workstations[0]) {
		t.Fatal("the controller does not answer over a whole link")
	}
	before := s.LinkBytes()
	if before == 0 {
		t.Error("an answer crossed the link and no byte was counted")
	}
	s.DropPath(s.Workstations[0])
	if answers(t, l, s.Workstations[0]) {
		t.Error("the controller answers a workstation whose path is dropped")
	}
	if !answers(t, l, s.Workstations[1]) {
		t.Error("dropping one workstation's path took its neighbour's too")
	}
	s.RestorePath(s.Workstations[0])
	s.Cut()
	if answers(t, l, s.Workstations[1]) {
		t.Error("the controller answers over a cut link")
	}
	s.Heal()
	if !answers(t, l, s.Workstations[0]) || !answers(t, l, s.Workstations[1]) {
		t.Error("the controller does not answer over a healed link")
	}
}

// page serves a page of many packets where the services are.
func page(t *testing.T, l *lab.Lab) (address string) {
	t.Helper()
	at := netip.AddrPortFrom(lab.ServicesAddr(), 80)
	listener, err := l.Listen(l.Services(), at)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat("page", 5000))
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(text) // who asked may have gone
	})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with Close, which says so
	t.Cleanup(func() {
		_ = server.Close() // its listener ends with it
		serving.Wait()
	})
	return "http://" + at.String() + "/"
}

// reads reports whether a workstation can read a page within so many seconds: few
// where it is not to, many where it is.
func reads(l *lab.Lab, w lab.Workstation, seconds int, args ...string) bool {
	args = append([]string{"-sf", "-o", "/dev/null", "-m", strconv.Itoa(seconds)}, args...)
	return l.Command(context.Background(), w.Namespace, "curl", args...).Run() == nil
}

func TestEachFaultDoesWhatItSaysAndIsUndone(t *testing.T) {
	l := lab.New(t)
	l.AddOutside()
	s := l.AddSite("S001", 2)
	other := l.AddSite("S002", 1).Workstations[0]
	address := page(t, l)
	w, neighbour := s.Workstations[0], s.Workstations[1]
	const few, many = 2, 30
	for _, f := range []struct {
		name       string
		fail, heal func()
	}{
		{"loss towards the controller", func() { s.Lose(lab.ToController, 100) }, func() { s.Lose(lab.ToController, 0) }},
		{"loss towards the site", func() { s.Lose(lab.ToSite, 100) }, func() { s.Lose(lab.ToSite, 0) }},
		{"large packets", func() { s.Narrow(1300) }, func() { s.Narrow(1500) }},
		{"router", s.RouterDown, s.RouterUp},
		{"switch port", func() { s.Unplug(w) }, func() { s.Plug(w) }},
	} {
		if !reads(l, w, many, address) {
			t.Fatalf("%s: nothing can be read before it", f.name)
		}
		f.fail()
		if reads(l, w, few, address) {
			t.Errorf("%s: a page can still be read", f.name)
		}
		if !reads(l, other, many, address) {
			t.Errorf("%s at S001: nothing can be read at S002", f.name)
		}
		if small := reads(l, w, few, "--head", address); small != (f.name == "large packets") {
			t.Errorf("%s: that a small packet gets through is %t", f.name, small)
		}
		f.heal()
		if !reads(l, w, many, address) {
			t.Errorf("%s: nothing can be read after it", f.name)
		}
	}
	s.RouterDown()
	out, _ := l.Command(context.Background(), w.Namespace, "curl", "-sS", "-m", strconv.Itoa(many), "http://"+neighbour.Addr.String()+":9/").CombinedOutput()
	if !strings.Contains(string(out), "refused") && !strings.Contains(string(out), "Couldn't connect") {
		t.Errorf("without its router a LAN carries nothing: %s", out)
	}
	s.Shape("1mbit", 50)
	s.RouterUp()
	if !reads(l, w, many, address) {
		t.Error("nothing can be read over a slow link")
	}
}
