package api

import (
	"context"
	"fmt"
	"net/http"

	"muster/controller/programme"
	"muster/controller/readiness"
	"muster/inventory"
)

type signOffList struct {
	Paging
	Site  string `query:"site" maxLength:"16"`
	State string `query:"state" enum:"requested,signed,signed-with-conditions,declined,weakened,withdrawn"`
}

func (a *API) listSignOffs(ctx context.Context, in *signOffList) ([]inventory.SignOff, string, error) {
	desk, err := a.desk()
	if err != nil {
		return nil, "", err
	}
	var kept []inventory.SignOff
	for _, s := range mine(ctx, desk.SignOffs(in.Site), func(s inventory.SignOff) string { return s.Site }) {
		if in.State == "" || string(s.State) == in.State {
			kept = append(kept, s)
		}
	}
	items, next := pageOf(kept, in.page(), readiness.SignOffKey)
	return items, next, nil
}

// SignOffView is a sign-off with how its gate stands now.
type SignOffView struct {
	inventory.SignOff
	Now inventory.Evaluation `json:"now"` // to be named as seen by who signs
}

func (a *API) showSignOff(ctx context.Context, in *GateKey) (SignOffView, error) {
	desk, err := a.desk()
	if err != nil {
		return SignOffView{}, err
	}
	if err := maySee(ctx, in.Site); err != nil {
		return SignOffView{}, err
	}
	now, err := desk.Pin(ctx, in.Site, in.Gate)
	if err != nil {
		return SignOffView{}, err
	}
	s, err := desk.SignOff(in.Site, in.Gate)
	if err != nil {
		s = inventory.SignOff{Site: in.Site, Gate: in.Gate} // nobody was asked yet
	}
	return SignOffView{SignOff: s, Now: now}, nil
}

func (a *API) requestSignOff(ctx context.Context, in *GateKey) (inventory.SignOff, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.SignOff{}, err
	}
	return desk.RequestSignOff(ctx, in.Site, in.Gate, author(callerOf(ctx)))
}

type signature struct {
	GateKey
	Body struct {
		Seen       string           `json:"seen,omitempty" maxLength:"32" doc:"the id of the evaluation that you looked at"`
		Reason     string           `json:"reason,omitempty" maxLength:"1000"`
		For        string           `json:"for,omitempty" maxLength:"200" doc:"the owner, where you sign as a deputy"`
		Conditions []AskedCondition `json:"conditions,omitempty" maxItems:"20"`
	}
}

// AskedCondition is what a signer asks for.
type AskedCondition struct {
	Text  string         `json:"text" minLength:"1" maxLength:"500"`
	Owner string         `json:"owner" minLength:"1" maxLength:"200"`
	Due   inventory.Date `json:"due,omitempty"`
}

// signing is the signature of the caller, who must be an owner of the site or a
// deputy of one: somebody with a token for the site.
func (a *API) signing(ctx context.Context, in *signature) (*programme.Desk, readiness.Signers, readiness.Signature, error) {
	who, sig := readiness.Signers{}, readiness.Signature{By: author(callerOf(ctx)), Seen: in.Body.Seen, Reason: in.Body.Reason}
	desk, err := a.desk()
	if err != nil {
		return nil, who, sig, err
	}
	if err := maySee(ctx, in.Site); err != nil {
		return nil, who, sig, err
	}
	for _, c := range in.Body.Conditions {
		if _, err := dayOf("conditions", string(c.Due)); err != nil {
			return nil, who, sig, err
		}
		sig.Conditions = append(sig.Conditions, inventory.Condition{Text: c.Text, Owner: c.Owner, Due: c.Due})
	}
	who.Owner = sig.By
	if in.Body.For == "" || in.Body.For == sig.By {
		return desk, who, sig, nil
	}
	tokens, err := a.Store.APITokens(ctx)
	if err != nil {
		return nil, who, sig, err
	}
	for _, t := range tokens {
		if t.Role == inventory.RoleSiteOwner && author(t) == in.Body.For && t.MaySee(in.Site) && t.Usable(a.clock()) {
			return desk, readiness.Signers{Owner: in.Body.For, Deputies: []string{sig.By}}, sig, nil
		}
	}
	return nil, who, sig, problem(http.StatusUnprocessableEntity, "urn:muster:refused",
		fmt.Sprintf("%q is no owner of %s: sign for somebody who has a token with the role site-owner for it", in.Body.For, in.Site))
}

func (a *API) sign(ctx context.Context, in *signature) (inventory.SignOff, error) {
	desk, who, sig, err := a.signing(ctx, in)
	if err != nil {
		return inventory.SignOff{}, err
	}
	return desk.Sign(ctx, in.Site, in.Gate, who, sig)
}

func (a *API) decline(ctx context.Context, in *signature) (inventory.SignOff, error) {
	desk, who, sig, err := a.signing(ctx, in)
	if err != nil {
		return inventory.SignOff{}, err
	}
	return desk.Decline(ctx, in.Site, in.Gate, who, sig)
}

type withdrawal struct {
	GateKey
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"1000"`
	}
}

func (a *API) withdraw(ctx context.Context, in *withdrawal) (inventory.SignOff, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.SignOff{}, err
	}
	if err := maySee(ctx, in.Site); err != nil {
		return inventory.SignOff{}, err
	}
	return desk.Withdraw(ctx, in.Site, in.Gate, author(callerOf(ctx)), in.Body.Reason)
}

type conditionMet struct {
	GateKey
	Body struct {
		Condition int `json:"condition" minimum:"1" maximum:"20" doc:"its number, from 1"`
	}
}

func (a *API) meetCondition(ctx context.Context, in *conditionMet) (inventory.SignOff, error) {
	desk, err := a.desk()
	if err != nil {
		return inventory.SignOff{}, err
	}
	if err := maySee(ctx, in.Site); err != nil {
		return inventory.SignOff{}, err
	}
	return desk.MeetCondition(ctx, in.Site, in.Gate, in.Body.Condition, author(callerOf(ctx)))
}
