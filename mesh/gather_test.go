package mesh

import (
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// counted is a connection that keeps each write.
type counted struct {
	net.Conn
	writes []string
	err    error
	closed bool
}

func (c *counted) Write(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	c.writes = append(c.writes, string(b))
	return len(b), nil
}
func (c *counted) SetWriteDeadline(time.Time) error { return nil }
func (c *counted) Close() error                     { c.closed = true; return nil }

func TestSmallWritesOfAMomentAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		under := &counted{}
		g := &gathered{Conn: under}
		write := func(s string) {
			if n, err := g.Write([]byte(s)); n != len(s) || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
		}
		write("header ")
		write("body")
		time.Sleep(gatherFor)
		synctest.Wait()
		write("next")
		time.Sleep(gatherFor)
		synctest.Wait()
		large := string(make([]byte, gatherMost))
		write(large)
		write("goodbye")
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		if want := []string{"header body", "next", large, "goodbye"}; !slices.Equal(under.writes, want) {
			t.Errorf("%d writes: %.80q", len(under.writes), under.writes)
		}
	})
}

func TestAWriteThatFailsLaterEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		under := &counted{err: errors.New("broken pipe")}
		g := &gathered{Conn: under}
		if _, err := g.Write([]byte("body")); err != nil {
			t.Errorf("%v before anything was sent", err)
		}
		time.Sleep(2 * gatherFor)
		synctest.Wait()
		if _, err := g.Write([]byte("more")); err == nil || !under.closed {
			t.Errorf("error %v, closed %v", err, under.closed)
		}
	})
}

// TestCloseDoesNotWaitForADeadPeer closes a connection whose write is stuck.
func TestCloseDoesNotWaitForADeadPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		g := &gathered{Conn: near}
		if _, err := g.Write([]byte("nobody reads this")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		began := time.Now()
		if err := g.Close(); err != nil || time.Since(began) > time.Second {
			t.Errorf("closed after %s, %v", time.Since(began), err)
		}
	})
}
