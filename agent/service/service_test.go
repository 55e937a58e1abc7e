package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"muster/configs"
	"muster/inventory"
)

func TestSystemdsJobsTellWhyTheMachineStops(t *testing.T) {
	tests := map[string]struct {
		jobs string
		want inventory.LeaveReason
	}{
		"restart":     {"12 muster-agent.service stop running\n13 shutdown.target start waiting\n14 reboot.target start waiting\n", inventory.LeaveRestart},
		"shutdown":    {"13 shutdown.target start waiting\n14 poweroff.target start waiting\n", inventory.LeaveShutdown},
		"agent alone": {"12 muster-agent.service restart running\n", ""},
		"nothing":     {"", ""},
		"garbage":     {"No jobs running.\n\x00", ""},
	}
	for name, test := range tests {
		if got := reasonOfJobs(test.jobs); got != test.want {
			t.Errorf("%s: reason is %q", name, got)
		}
	}
}

func TestUnitRunsTheInstalledProgram(t *testing.T) {
	unit := Unit("/opt/muster/agent", "/opt/muster/agent.yaml", "/srv/muster")
	for _, want := range []string{"ExecStart=/opt/muster/agent run --config /opt/muster/agent.yaml\n", "ReadWritePaths=/srv/muster\n"} {
		if !strings.Contains(unit, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if Unit("", "", "") != configs.AgentUnit {
		t.Error("without paths the unit is not the one in configs")
	}
	if strings.Contains(configs.AgentUnit, "{{") {
		t.Error("the unit would be taken for a template")
	}
}

func TestTheManagersCallsBecomeReasons(t *testing.T) {
	failed := errors.New("failed")
	for name, test := range map[string]struct {
		end  func(*runner) error
		want inventory.LeaveReason
	}{
		"shutdown": {func(r *runner) error { return r.Shutdown(nil) }, inventory.LeaveShutdown},
		"stop":     {func(r *runner) error { return r.Stop(nil) }, StopReason(t.Context())},
	} {
		t.Run(name, func(t *testing.T) {
			var got inventory.LeaveReason
			r := &runner{ctx: t.Context(), serve: func(ctx context.Context, why func(context.Context) inventory.LeaveReason) error {
				<-ctx.Done()
				got = why(context.WithoutCancel(ctx))
				return failed
			}}
			if err := r.Start(nil); err != nil {
				t.Fatal(err)
			}
			if err := test.end(r); !errors.Is(err, failed) || got != test.want {
				t.Errorf("ended with %v for reason %q", err, got)
			}
		})
	}
}
