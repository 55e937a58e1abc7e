package mesh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func member(id, addr, uplink string) Member {
	return Member{Name: MemberName(id, "aaaaa"), Workstation: id, State: StateAlive, Addr: netip.MustParseAddrPort(addr), Tags: Tags{Uplink: uplink}}
}

func vias(ways []route) []string {
	var out []string
	for _, w := range ways {
		if w.direct() {
			out = append(out, w.addr.String())
		} else {
			out = append(out, w.via)
		}
	}
	return out
}

func TestDirectComesFirstUntilItFailsAndIsTriedAgainNowAndThen(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c1, c2 := netip.MustParseAddrPort("10.0.0.1:7946"), netip.MustParseAddrPort("10.0.0.2:7946")
	controllers := []netip.AddrPort{c1, c2}
	neighbours := []Member{
		member("w00000001", "10.1.0.1:7946", UplinkOK), member("w00000002", "10.1.0.2:7946", UplinkTimeout),
		member("w00000003", "10.1.0.3:7946", UplinkOK), member("w00000004", "10.1.0.4:7946", UplinkUnknown),
		member("w00000005", "10.1.0.5:7946", UplinkRelayed),
	}
	var r routes
	step := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, vias(r.plan(now, controllers, neighbours, noShuffle))); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	step("at first", c1.String(), c2.String(), "w00000001", "w00000003", "w00000004")
	r.worked(route{ViaDirect, c2})
	step("the controller that answered comes first", c2.String(), c1.String(), "w00000001", "w00000003", "w00000004")

	r.failed(now, route{ViaDirect, c2}, UplinkTimeout)
	step("direct failed", "w00000001", "w00000003", "w00000004", c2.String(), c1.String())
	r.worked(route{via: "w00000003"})
	step("what worked comes first", "w00000003", "w00000001", "w00000004", c2.String(), c1.String())
	r.failed(now, route{via: "w00000003"}, UplinkLost)
	step("a neighbour that failed rests", "w00000001", "w00000004", c2.String(), c1.String())
	if r.verdict() != UplinkTimeout {
		t.Errorf("verdict %q", r.verdict())
	}

	now = now.Add(directAgainSoonest)
	step("direct has another chance", c2.String(), c1.String(), "w00000001", "w00000004")
	r.failed(now, route{ViaDirect, c2}, UplinkStall)
	now = now.Add(directAgainSoonest)
	step("failed twice it waits longer, and the neighbour has rested", "w00000001", "w00000003", "w00000004", c2.String(), c1.String())
	now = now.Add(directAgainSoonest)
	step("but not for ever", c2.String(), c1.String(), "w00000001", "w00000003", "w00000004")

	neighbours = neighbours[1:2]
	r.failed(now, route{ViaDirect, c2}, UplinkStall)
	step("without a neighbour there is only direct", c2.String(), c1.String())
}

func TestBenchOfNeighboursIsBounded(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var r routes
	for i := range 100 {
		r.failed(now, route{via: fmt.Sprintf("w%08d", i)}, UplinkLost)
	}
	if len(r.benched) != maxBenched {
		t.Errorf("%d are benched", len(r.benched))
	}
}

func TestErrorsOfTheUplinkAreToldApart(t *testing.T) {
	for want, errs := range map[string][]error{
		UplinkOK:      {nil},
		UplinkRefused: {syscall.ECONNREFUSED, fmt.Errorf("read: %w", syscall.ECONNRESET), io.EOF},
		UplinkTimeout: {context.DeadlineExceeded, os.ErrDeadlineExceeded, fmt.Errorf("dial: %w", os.ErrDeadlineExceeded)},
		UplinkStall:   {ErrStalled, fmt.Errorf("10.0.0.1: %w", ErrStalled), errors.Join(io.EOF, ErrStalled)},
		UplinkLost:    {syscall.ENETUNREACH, errors.New("other")},
	} {
		for _, err := range errs {
			if got := ClassifyUplink(err); got != want {
				t.Errorf("%v is %q, want %q", err, got, want)
			}
		}
	}
}
