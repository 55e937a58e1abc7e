package mesh

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func FuzzPing(f *testing.F) {
	f.Add(newPing("w00000001.abcde").encode())
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, ok := decodePing(b); ok {
			if !bytes.Equal(q.encode(), b) {
				t.Fatalf("%x came back as %x", b, q.encode())
			}
			if number, ok := decodePong(q.answer()); !ok || number != q.number {
				t.Fatalf("the answer to %x carries %x", b, number)
			}
		}
		if _, ok := decodePong(b); ok && len(b) != answerBytes {
			t.Fatalf("an answer of %d bytes", len(b))
		}
	})
}

func TestPingIsForOneNameAndItsAnswerForOneQuestion(t *testing.T) {
	q, other := newPing("w00000001.abcde"), newPing("w00000001.abcde")
	if !q.isFor("w00000001.abcde") || q.isFor("w00000001.fghij") {
		t.Error("a machine answers for a name that it no longer has")
	}
	var p pings
	answered := p.begin(q.number)
	p.take(other.number, time.Now())
	if len(answered) != 0 {
		t.Error("another question's answer was taken")
	}
	at := time.Now()
	p.take(q.number, at)
	p.take(q.number, at.Add(time.Second)) // a copy of it must not block
	if got := <-answered; !got.Equal(at) || len(p.waiting) != 0 {
		t.Errorf("answered at %s, %d questions are left", got, len(p.waiting))
	}
	p.begin(other.number)
	p.end(other.number)
	if len(p.waiting) != 0 {
		t.Error("a question that nobody waits for is remembered")
	}
}

func TestAnswersToManyQuestionsAtOnceFindTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pings
		for range 100 {
			go func() {
				q := newPing("w00000001.abcde")
				answered := p.begin(q.number)
				go p.take(q.number, time.Now())
				<-answered
				p.end(q.number)
			}()
		}
		synctest.Wait()
		if len(p.waiting) != 0 {
			t.Errorf("%d questions are left", len(p.waiting))
		}
	})
}
