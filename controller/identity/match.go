package identity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// LiveFor is how long after its last report an install is taken to be live: an
// enrolment never replaces a live one by itself.
const LiveFor = 24 * time.Hour

// Outcome is what an enrolment turns out to be.
type Outcome string

// The outcomes.
const (
	OutcomeNew      Outcome = "new"      // first install on an asset of the register
	OutcomeReplaces Outcome = "replaces" // the asset again: re-imaged, the old install is replaced
	OutcomeReview   Outcome = "review"   // enrolled, not counted until a person has looked
	OutcomeStranger Outcome = "stranger" // not in the register; accepted at the token's site
)

// Claim is what an enrolling machine says of itself, and the token that it
// holds, already checked.
type Claim struct {
	Token    inventory.Token
	Identity inventory.Identity
	Kind     inventory.AssetKind
}

// Match is the decision on a claim.
type Match struct {
	Outcome  Outcome
	AssetTag string              // empty: no asset, or none for certain
	HomeSite string              // the register's; the token's where that names none
	Kind     inventory.AssetKind // the register's; the machine's own word for a stranger
	Replaces string              // workstation id; only with OutcomeReplaces, or a stranger's older install
	Review   string              // why a person must look; only with OutcomeReview
}

// ErrUnregistered is wrapped by MatchEnrolment where a depot token is used on a
// machine whose serial is not in the register.
var ErrUnregistered = errors.New("serial not in the register")

// MatchEnrolment decides which machine of the register a claim is. candidates
// are the assets and installs that share any identity key with it.
//
//   - An asset is the same machine if the strongest key that both have agrees
//     (UUID, then serial, then the addresses of built-in network cards). Junk is
//     no key.
//   - Nothing is guessed: two assets that fit, a serial of one asset with the
//     UUID of another machine, an asset that is out of use, or an install that is
//     live all go to review, and what is there is left as it is.
//   - Otherwise a re-imaged machine is a new install of the same asset, and the
//     install before it is replaced.
func MatchEnrolment(claim Claim, candidates []inventory.Candidate, now time.Time) (Match, error) {
	depot := claim.Token.Kind == inventory.TokenDepot
	assets, doubtful := sortAssets(claim.Identity, candidates)
	if depot && !serialRegistered(claim.Identity, assets, doubtful) {
		return Match{}, fmt.Errorf("%w: %.40q; a depot token enrols registered serials only", ErrUnregistered, claim.Identity.Serial)
	}
	m := Match{HomeSite: claim.Token.Site, Kind: claim.Kind}
	switch {
	case len(assets) > 1:
		return m.review("its identity fits assets %s and %s", assets[0].Tag, assets[1].Tag), nil
	case len(assets) == 0 && len(doubtful) > 0:
		return m.review("its serial is that of asset %s, its UUID is not", doubtful[0].Tag), nil
	case len(assets) == 1:
		m.adopt(assets[0])
		if why := outOfUse(assets[0].State); why != "" {
			return m.review("asset %s is %s in the register", m.AssetTag, why), nil
		}
	}
	return m.overInstalls(claim.Identity, standing(claim.Identity, m.AssetTag, candidates), now), nil
}

// overInstalls decides against the installs that already stand for the machine.
func (m Match) overInstalls(id inventory.Identity, installs []inventory.Workstation, now time.Time) Match {
	for _, w := range installs {
		if !w.LastReportAt.IsZero() && now.Sub(w.LastReportAt) < LiveFor {
			return m.review("install %s (%s) of the same machine reported at %s",
				w.ID, w.Name, w.LastReportAt.UTC().Format(time.RFC3339))
		}
	}
	active := slices.DeleteFunc(installs, func(w inventory.Workstation) bool { return !w.Active() })
	switch {
	case len(active) > 1:
		return m.review("installs %s and %s both stand for the same machine", active[0].ID, active[1].ID)
	case len(active) == 1 && !active[0].Identity.Same(id) && len(active[0].Identity.Keys()) > 0:
		return m.review("install %s of asset %s has another identity", active[0].ID, m.AssetTag)
	case len(active) == 1:
		m.Replaces = active[0].ID
	}
	switch {
	case m.AssetTag == "":
		m.Outcome = OutcomeStranger
	case m.Replaces != "":
		m.Outcome = OutcomeReplaces
	default:
		m.Outcome = OutcomeNew
	}
	return m
}

func (m Match) review(format string, args ...any) Match {
	m.Outcome, m.Replaces, m.Review = OutcomeReview, "", fmt.Sprintf(format, args...)
	return m
}

func (m *Match) adopt(a inventory.Asset) {
	m.AssetTag = a.Tag
	m.Kind = cmp.Or(a.Kind, m.Kind)
	m.HomeSite = cmp.Or(a.Site, m.HomeSite)
}

// sortAssets returns the assets that are the machine, and those that share its
// serial while a stronger key says otherwise. Assets that share only an address
// of a card, against a stronger key, are neither: docks and spare cards travel.
func sortAssets(id inventory.Identity, candidates []inventory.Candidate) (same, doubtful []inventory.Asset) {
	seen := map[string]bool{"": true}
	for _, c := range candidates {
		if seen[c.Asset.Tag] {
			continue
		}
		seen[c.Asset.Tag] = true
		switch {
		case id.Same(c.Asset.Identity()):
			same = append(same, c.Asset)
		case sharesSerial(id, c.Asset.Identity()):
			doubtful = append(doubtful, c.Asset)
		}
	}
	byTag := func(a, b inventory.Asset) int { return cmp.Compare(a.Tag, b.Tag) }
	slices.SortFunc(same, byTag)
	slices.SortFunc(doubtful, byTag)
	return same, doubtful
}

// standing returns the installs of the asset, or of the same machine without
// one, that were neither revoked nor replaced, in the order of their ids.
func standing(id inventory.Identity, tag string, candidates []inventory.Candidate) []inventory.Workstation {
	var installs []inventory.Workstation
	seen := map[string]bool{"": true}
	for _, c := range candidates {
		w := c.Workstation
		if seen[w.ID] || !w.RevokedAt.IsZero() || w.ReplacedBy != "" {
			continue
		}
		seen[w.ID] = true
		if tag != "" && w.AssetTag == tag || w.Identity.Same(id) {
			installs = append(installs, w)
		}
	}
	slices.SortFunc(installs, func(a, b inventory.Workstation) int { return cmp.Compare(a.ID, b.ID) })
	return installs
}

func serialRegistered(id inventory.Identity, assets ...[]inventory.Asset) bool {
	for _, a := range slices.Concat(assets...) {
		if sharesSerial(id, a.Identity()) {
			return true
		}
	}
	return false
}

func sharesSerial(a, b inventory.Identity) bool {
	theirs := b.Keys()
	return slices.ContainsFunc(a.Keys(), func(k inventory.IdentityKey) bool {
		return k.Kind == "serial" && slices.Contains(theirs, k)
	})
}

// outOfUse is the state of an asset on which nobody should be enrolling, or empty.
func outOfUse(state inventory.AssetState) string {
	switch state {
	case inventory.AssetDisposed, inventory.AssetLost, inventory.AssetReturned, inventory.AssetDead:
		return string(state)
	default:
		return ""
	}
}
