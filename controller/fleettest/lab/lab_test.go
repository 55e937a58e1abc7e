//go:build linux

package lab_test

import (
	"context"
	"strings"
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
