package mesh

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// relayWriteFor bounds one write: a peer that takes nothing for so long is gone.
const relayWriteFor = 30 * time.Second

// splice copies both ways between near and far until either ends, ctx ends, or
// nothing has passed in either direction for idleFor. It closes both before it
// returns, and returns the bytes carried.
//
// It ends as a whole: TLS says goodbye in its own records, so a half-closed
// connection has nothing left to say.
func splice(ctx context.Context, near, far net.Conn, rate *bucket, idleFor time.Duration) uint64 {
	s := &splicing{rate: rate, idleFor: idleFor, started: time.Now()}
	closeBoth := func() {
		_ = near.Close() // wakes both copies; closing twice is harmless
		_ = far.Close()
	}
	unhook := context.AfterFunc(ctx, closeBoth)
	defer unhook()

	var copies sync.WaitGroup
	copies.Go(func() { defer closeBoth(); s.copy(ctx, far, near) })
	copies.Go(func() { defer closeBoth(); s.copy(ctx, near, far) })
	copies.Wait()
	return s.carried.Load()
}

type splicing struct {
	rate    *bucket
	idleFor time.Duration
	started time.Time
	touched atomic.Int64 // nanoseconds after started of the last byte in either direction
	carried atomic.Uint64
}

// copy moves bytes from src to dst within the rate. A read deadline that passes
// ends the splice only if the other direction has been idle as well.
func (s *splicing) copy(ctx context.Context, dst, src net.Conn) {
	buf := make([]byte, relayChunk)
	for {
		if src.SetReadDeadline(s.idleAt()) != nil {
			return
		}
		n, err := src.Read(buf)
		if n > 0 && !s.pass(ctx, dst, buf[:n]) {
			return
		}
		var timeout net.Error
		switch {
		case err == nil:
		case errors.As(err, &timeout) && timeout.Timeout() && time.Now().Before(s.idleAt()):
		default:
			return
		}
	}
}

func (s *splicing) pass(ctx context.Context, dst net.Conn, piece []byte) bool {
	s.touched.Store(int64(time.Since(s.started)))
	s.carried.Add(uint64(len(piece)))
	if pause(ctx, s.rate.take(time.Now(), float64(len(piece)))) != nil {
		return false
	}
	if dst.SetWriteDeadline(time.Now().Add(relayWriteFor)) != nil {
		return false
	}
	_, err := dst.Write(piece)
	return err == nil
}

// idleAt is when the splice counts as idle if nothing more passes.
func (s *splicing) idleAt() time.Time {
	return s.started.Add(time.Duration(s.touched.Load()) + s.idleFor)
}
