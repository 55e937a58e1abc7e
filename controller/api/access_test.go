package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// known is the API tokens by hash.
type known map[string]inventory.APIToken

func (k known) APITokenByHash(_ context.Context, hash string) (inventory.APIToken, error) {
	token, ok := k[hash]
	if !ok {
		return token, inventory.ErrNotFound
	}
	return token, nil
}

// expectation is what a role may write, said a second time and by hand: a slip
// in the table must not pass because the test reads the same table.
func mayWrite(role inventory.Role, method, path string) bool {
	if role == inventory.RoleAdmin {
		return true
	}
	rest := strings.TrimPrefix(path, prefix)
	if strings.HasSuffix(rest, "/corrections") { // of the accounts with carriers
		return role == inventory.RoleNetwork
	}
	starts := func(heads ...string) bool {
		return slices.ContainsFunc(heads, func(head string) bool { return strings.HasPrefix(rest, head) })
	}
	if may, programme := mayMove(role, rest); programme {
		return may
	}
	switch role {
	case inventory.RoleProgramme:
		return starts("/programmes", "/waves", "/staff", "/courses", "/training", "/milestones", "/imports")
	case inventory.RoleIT:
		return starts("/positions", "/visits", "/consignments", "/sites", "/workstations", "/assets", "/tokens", "/imports", "/incidents", "/maintenance", "/sinks")
	case inventory.RoleNetwork:
		return starts("/sites", "/links", "/subnets", "/mesh", "/imports", "/incidents", "/maintenance", "/sinks") || strings.HasSuffix(rest, "/probe")
	default:
		return false
	}
}

// mayMove is what a role may write of the refresh and of readiness.
func mayMove(role inventory.Role, rest string) (may, programme bool) {
	of := func(roles ...inventory.Role) (bool, bool) { return slices.Contains(roles, role), true }
	const it, lead, owner = inventory.RoleIT, inventory.RoleProgramme, inventory.RoleSiteOwner
	switch verb := rest[strings.LastIndex(rest, "/")+1:]; {
	case strings.HasPrefix(rest, "/sign-offs/"):
		switch verb {
		case "request":
			return of(lead)
		case "sign", "decline":
			return of(owner)
		case "withdraw":
			return of(owner, lead)
		default:
			return of(owner, lead, it)
		}
	case strings.HasPrefix(rest, "/waivers"), strings.HasPrefix(rest, "/baselines"), strings.HasPrefix(rest, "/what-ifs"):
		return of(lead)
	case strings.HasPrefix(rest, "/blockers"), rest == "/swaps", strings.HasPrefix(rest, "/swaps") && (verb == "schedule" || verb == "cancel"):
		return of(it, lead)
	case strings.HasPrefix(rest, "/swaps"), verb == "sheet", verb == "arrive", strings.HasPrefix(rest, "/review"):
		return of(it)
	default:
		return false, false
	}
}

func mayRead(role inventory.Role, path string) bool {
	rest := strings.TrimPrefix(path, prefix)
	switch {
	case strings.HasPrefix(rest, "/api-tokens"):
		return role == inventory.RoleAdmin
	case strings.HasPrefix(rest, "/tokens"):
		return role == inventory.RoleAdmin || role == inventory.RoleIT
	case strings.HasPrefix(rest, "/staff") || strings.HasPrefix(rest, "/training"):
		return role == inventory.RoleAdmin || role == inventory.RoleIT || role == inventory.RoleProgramme
	case strings.HasPrefix(rest, "/history/export"):
		return role == inventory.RoleAdmin || role == inventory.RoleProgramme
	case role == inventory.RoleSiteOwner && slices.ContainsFunc([]string{
		"/readiness", "/gates", "/blockers", "/sign-offs", "/waivers", "/swap-tally", "/forecast", "/baselines", "/access", "/history/burn-up",
	}, func(head string) bool { return strings.HasPrefix(rest, head) }):
		return true
	case role == inventory.RoleSiteOwner:
		return rest == "/me" || strings.HasPrefix(rest, "/sites") || strings.HasPrefix(rest, "/workstations")
	default:
		return true
	}
}

// TestTheTableIsWalkedWithEveryRoleAndWithNone asks the guard of every row, in
// front of a handler that only says that it was reached.
func TestTheTableIsWalkedWithEveryRoleAndWithNone(t *testing.T) {
	a := bare(t)
	tokens := known{}
	secrets := map[inventory.Role]string{}
	for _, role := range inventory.Roles() {
		token, secret := NewAPIToken(string(role), role, "test", time.Now())
		tokens[token.Hash], secrets[role] = token, secret
	}
	door, err := NewDoor(DoorOptions{Tokens: tokens, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	a.Door = door
	reached := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, row := range expand(a.routes()) {
		guarded := a.guard(row)(reached)
		ask := func(secret string) int {
			r := httptest.NewRequestWithContext(t.Context(), row.method, row.path, http.NoBody)
			if secret != "" {
				r.Header.Set("Authorization", "Bearer "+secret)
			}
			w := httptest.NewRecorder()
			guarded.ServeHTTP(w, r)
			return w.Code
		}
		asks := strings.HasPrefix(row.path, SeriesPrefix) // whatever the method
		public := !asks && !strings.HasPrefix(row.path, prefix)
		for role, secret := range secrets {
			reads := asks || row.method == http.MethodGet
			may := public || reads && mayRead(role, row.path) || !reads && mayWrite(role, row.method, row.path)
			want := http.StatusForbidden
			if may {
				want = http.StatusNoContent
			}
			if got := ask(secret); got != want {
				t.Errorf("%s %s as %s: %d, want %d", row.method, row.path, role, got, want)
			}
		}
		want := http.StatusUnauthorized
		if public {
			want = http.StatusNoContent
		}
		if got := ask(""); got != want {
			t.Errorf("%s %s without a token: %d, want %d", row.method, row.path, got, want)
		}
		if got := ask("muster_api_wrong" + row.path + row.method); got != want && got != http.StatusTooManyRequests {
			t.Errorf("%s %s with a wrong token: %d, want %d", row.method, row.path, got, want)
		}
	}
}

func TestTheQueryAPITakesItsOwnParameters(t *testing.T) {
	token, secret := NewAPIToken("grafana", inventory.RoleViewer, "test", time.Now())
	a := bare(t)
	door, err := NewDoor(DoorOptions{Tokens: known{token.Hash: token}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	a.Door = door
	a.Series = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		r := httptest.NewRequestWithContext(t.Context(), method, SeriesPrefix+"/query?query=up&time=1", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+secret)
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusNoContent {
			t.Errorf("%s: %d %s", method, w.Code, w.Body)
		}
	}
}

func TestATokenIsAPasswordOnlyWhereNothingCanBeChanged(t *testing.T) {
	token, secret := NewAPIToken("grafana", inventory.RoleViewer, "test", time.Now())
	door, err := NewDoor(DoorOptions{Tokens: known{token.Hash: token}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{SeriesPrefix + "/query": true, prefix + "/sites": false, "/sites": false} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, http.NoBody)
		r.SetBasicAuth("anyone", secret)
		if _, err := door.Caller(r); (err == nil) != want {
			t.Errorf("%s: %v, want it taken: %t", path, err, want)
		}
	}
}

func TestWrongTokensAreSlowedDownAndAGoodOneStillPasses(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	token, secret := NewAPIToken("script", inventory.RoleViewer, "test", now)
	door, err := NewDoor(DoorOptions{Tokens: known{token.Hash: token}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(secret, from string) error {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = from
		r.Header.Set("Authorization", "Bearer "+secret)
		_, err := door.Caller(r)
		return err
	}
	if err := ask(secret, "192.0.2.1:1"); err != nil {
		t.Fatal(err)
	}
	for range wrongAtOnce {
		if err := ask("wrong", "192.0.2.1:1"); !errors.Is(err, ErrBadToken) {
			t.Fatalf("a wrong token: %v", err)
		}
	}
	if err := ask("wrong", "192.0.2.1:2"); !errors.Is(err, ErrTooMany) {
		t.Errorf("the eleventh wrong token: %v", err)
	}
	if err := ask(secret, "192.0.2.1:3"); err != nil {
		t.Errorf("a good token from the same address: %v", err)
	}
	if err := ask("wrong", "192.0.2.2:1"); !errors.Is(err, ErrBadToken) {
		t.Errorf("another address: %v", err)
	}
	for i := range wrongAtOnce {
		_ = ask("wrong", "[2001:db8:1:2::"+string(rune('a'+i%6))+"]:1") // one /64
	}
	if err := ask("wrong", "[2001:db8:1:2:ffff::1]:1"); !errors.Is(err, ErrTooMany) {
		t.Errorf("another address of the same /64: %v", err)
	}
	now = now.Add(wrongEvery)
	if err := ask("wrong", "192.0.2.1:4"); !errors.Is(err, ErrBadToken) {
		t.Errorf("six seconds later: %v", err)
	}
}

func TestRevokingATokenEndsItsSessionAtOnce(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	token, secret := NewAPIToken("Ada", inventory.RoleIT, "test", now)
	tokens := known{token.Hash: token}
	door, err := NewDoor(DoorOptions{Tokens: tokens, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in", http.NoBody)
	cookie, err := door.SignIn(r, secret)
	if err != nil {
		t.Fatal(err)
	}
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || strings.Contains(cookie.Value, secret) {
		t.Errorf("the cookie is %v", cookie)
	}
	ask := func(method, fetchSite string) error {
		r := httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
		r.AddCookie(cookie)
		r.Header.Set("Sec-Fetch-Site", fetchSite)
		_, err := door.Caller(r)
		return err
	}
	if err := ask(http.MethodPost, "same-origin"); err != nil {
		t.Errorf("our own page: %v", err)
	}
	if err := ask(http.MethodPost, "cross-site"); !errors.Is(err, ErrForeign) {
		t.Errorf("another site's page: %v", err)
	}
	token.RevokedAt = now
	tokens[token.Hash] = token
	if err := ask(http.MethodGet, "same-origin"); !errors.Is(err, ErrBadToken) {
		t.Errorf("after the token was revoked: %v", err)
	}
	token.RevokedAt = time.Time{}
	tokens[token.Hash] = token
	now = now.Add(13 * time.Hour)
	if err := ask(http.MethodGet, "same-origin"); !errors.Is(err, ErrNoToken) {
		t.Errorf("after the session ended: %v", err)
	}
}
