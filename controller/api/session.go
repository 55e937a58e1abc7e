package api

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"muster/inventory"
)

// maxSessions bounds memory; the one that ends soonest makes room.
const maxSessions = 10_000

const sessionCookie = "muster_session"

// sessions is the signed-in browsers. It is in memory: a restart signs everyone
// out. A session holds the hash of its token, which is looked up at each
// request, so revoking the token ends its sessions at once.
type sessions struct {
	now    func() time.Time
	last   time.Duration
	secure bool

	mu    sync.Mutex // guards byKey
	byKey map[string]session
}

type session struct {
	tokenHash string
	endsAt    time.Time
}

func newSessions(now func() time.Time, last time.Duration, secure bool) *sessions {
	return &sessions{now: now, last: last, secure: secure, byKey: map[string]session{}}
}

func (s *sessions) open(token inventory.APIToken) *http.Cookie {
	value := rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom()
	s.byKey[HashToken(value)] = session{tokenHash: token.Hash, endsAt: s.now().Add(s.last)}
	return s.cookie(value, int(s.last/time.Second))
}

// makeRoom drops what has ended, and the one that ends soonest where none has.
func (s *sessions) makeRoom() {
	if len(s.byKey) < maxSessions {
		return
	}
	now, soonest, soonestAt := s.now(), "", time.Time{}
	for key, one := range s.byKey {
		if !now.Before(one.endsAt) {
			delete(s.byKey, key)
		} else if soonest == "" || one.endsAt.Before(soonestAt) {
			soonest, soonestAt = key, one.endsAt
		}
	}
	if len(s.byKey) >= maxSessions {
		delete(s.byKey, soonest)
	}
}

// find returns the hash of the token that the request's session stands for.
func (s *sessions) find(r *http.Request) (string, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.byKey[HashToken(cookie.Value)]
	if !ok || !s.now().Before(one.endsAt) {
		return "", false
	}
	return one.tokenHash, true
}

func (s *sessions) end(r *http.Request) *http.Cookie {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		delete(s.byKey, HashToken(cookie.Value))
		s.mu.Unlock()
	}
	return s.cookie("", -1)
}

func (s *sessions) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode,
	}
}
