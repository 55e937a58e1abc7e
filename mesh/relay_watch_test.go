package mesh

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// watched returns both ends of a watched connection, and what was settled.
func watched(t *testing.T, relayed bool) (*watchedConn, net.Conn, *[]error) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	var settled []error
	w := watch(near, relayed, func(err error) { settled = append(settled, err) })
	t.Cleanup(func() { _ = w.Close() })
	return w, far, &settled
}

func TestWayWorksOnceSomethingComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, far, settled := watched(t, false)
		go func() { _, _ = io.Copy(far, far) }()
		for range 3 {
			if err := say(t, w, "hello"); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour) // silence later is no stall
		if err := say(t, w, "hello"); err != nil {
			t.Fatal(err)
		}
		if len(*settled) != 1 || (*settled)[0] != nil {
			t.Errorf("settled %v", *settled)
		}
	})
}

func TestConnectionOnWhichNothingComesBackIsAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, far, settled := watched(t, false)
		go func() { _, _ = io.Copy(io.Discard, far) }()
		start := time.Now()
		_, _ = w.Write([]byte("hello"))
		if _, err := w.Read(make([]byte, 1)); err == nil || time.Since(start) != stallFor {
			t.Errorf("read ends with %v after %s", err, time.Since(start))
		}
		if len(*settled) != 1 || !errors.Is((*settled)[0], ErrStalled) {
			t.Errorf("settled %v", *settled)
		}
	})
}

func TestImpatientOwnerBlamesTheWayOnlyAfterAFairWait(t *testing.T) {
	for waits, stall := range map[time.Duration]bool{time.Second: false, 4 * time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			for _, how := range []string{"close", "deadline"} {
				w, far, settled := watched(t, false)
				go func() { _, _ = io.Copy(io.Discard, far) }()
				_, _ = w.Write([]byte("hello"))
				if how == "deadline" {
					_ = w.SetReadDeadline(time.Now().Add(waits))
					_, _ = w.Read(make([]byte, 1))
				} else {
					time.Sleep(waits)
					_ = w.Close()
				}
				if got := len(*settled) == 1 && errors.Is((*settled)[0], ErrStalled); got != stall {
					t.Errorf("%s after %s: settled %v", how, waits, *settled)
				}
			}
		})
	}
}

func TestHangUpBeforeTheFirstByteIsHeldAgainstTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, far, settled := watched(t, true)
		_ = far.Close()
		_, _ = w.Read(make([]byte, 1))
		if len(*settled) != 1 || !errors.Is((*settled)[0], io.EOF) {
			t.Errorf("settled %v", *settled)
		}
	})
}

// A controller hangs up after five seconds in which it heard nothing. When what it
// was told was lost on the way, that is the way's stall and no refusal.
func TestLateHangUpIsAStallOfTheDirectWayAlone(t *testing.T) {
	for _, c := range []struct {
		relayed bool
		waits   time.Duration
		stall   bool
	}{{false, time.Second, false}, {false, 5 * time.Second, true}, {true, 5 * time.Second, false}} {
		synctest.Test(t, func(t *testing.T) {
			w, far, settled := watched(t, c.relayed)
			go func() {
				_, _ = far.Read(make([]byte, 5))
				time.Sleep(c.waits)
				_ = far.Close()
			}()
			_, _ = w.Write([]byte("hello"))
			_, _ = w.Read(make([]byte, 1))
			if len(*settled) != 1 || errors.Is((*settled)[0], ErrStalled) != c.stall {
				t.Errorf("relayed %t, hung up after %s: settled %v", c.relayed, c.waits, *settled)
			}
		})
	}
}

func TestRelayedConnectionEndsAtAQuietMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, far, _ := watched(t, true)
		go func() { _, _ = io.Copy(far, far) }()
		start := time.Now()
		busy := 2 * relayedFor
		for time.Since(start) < busy {
			if err := say(t, w, "x"); err != nil {
				t.Fatalf("ended after %s although busy: %v", time.Since(start), err)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(2 * relayedQuiet)
		if say(t, w, "x") == nil {
			t.Error("lives on although quiet")
		}
	})
}

func TestDirectConnectionLivesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, far, _ := watched(t, false)
		go func() { _, _ = io.Copy(far, far) }()
		for range 20 {
			if err := say(t, w, "x"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(relayedFor)
		}
	})
}
