package inventory

import (
	"strings"
	"testing"
	"time"
)

func TestTokenSaysWhatIsWrongWithIt(t *testing.T) {
	made := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	good := Token{
		ID: "t7k2m9qxa", Kind: TokenSite, Site: "MILL", SecretHash: strings.Repeat("0a", 32), Uses: 20,
		CreatedAt: made, ExpiresAt: made.Add(time.Hour), CreatedBy: "sam",
	}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Token){
		"id":         func(k *Token) { k.ID = "token 1" },
		"kind":       func(k *Token) { k.Kind = "any" },
		"site":       func(k *Token) { k.Site = "" },
		"secret":     func(k *Token) { k.SecretHash = "plain" },
		"uses":       func(k *Token) { k.Uses = 0 },
		"expires_at": func(k *Token) { k.ExpiresAt = made },
		"created_by": func(k *Token) { k.CreatedBy = "sam\x1b[2J" },
	} {
		k := good
		spoil(&k)
		if err := k.Validate(); err == nil || !strings.HasPrefix(err.Error(), want+": ") {
			t.Errorf("%s: got %v", want, err)
		}
	}
	depot := good
	depot.Kind = TokenDepot
	if depot.Validate() == nil {
		t.Error("a depot token with a site is accepted")
	}
}

func TestTokenLeavesNothingOnceItEnds(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	k := Token{Uses: 5, Used: 2, ExpiresAt: now.Add(time.Second)}
	if got := k.Left(now); got != 3 {
		t.Errorf("%d uses are left, want 3", got)
	}
	if got := k.Left(now.Add(time.Second)); got != 0 {
		t.Errorf("expired: %d uses are left", got)
	}
	k.RevokedAt = now
	if got := k.Left(now); got != 0 {
		t.Errorf("revoked: %d uses are left", got)
	}
}
