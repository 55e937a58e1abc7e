package mesh

import (
	"fmt"
	"unicode/utf8"
)

// Tags is what a member says of itself to its whole pool: evidence that reaches
// the controller when reports cannot. A change is gossiped, so it is seldom made.
type Tags struct {
	Role    Role
	Version string // of the program
	Run     string // of the journal
	Uplink  string // ok, lost, relayed, or an error class: tls-stall, tcp-timeout, refused
	Health  string // a digest, for people
}

// Bounds of the tags: Serf encodes them in at most 512 bytes and panics above
// that, so each field is held well within.
const (
	maxTagVersion = 32
	maxTagRun     = 64
	maxTagUplink  = 24
	maxTagHealth  = 200
)

// Serf's keys for the tags travel with every push/pull of every member.
const (
	keyRole    = "r"
	keyVersion = "v"
	keyRun     = "n"
	keyUplink  = "u"
	keyHealth  = "h"
)

// Encode returns the tags as Serf takes them, or an error that names the field
// that is too long. At most 345 bytes of values, with keys 365, always fit.
func (t Tags) Encode() (map[string]string, error) {
	tags := make(map[string]string, 5)
	role := "a"
	switch t.Role {
	case RoleAgent, "":
	case RoleController:
		role = "c"
	default:
		return nil, fmt.Errorf("cannot encode tags: unknown role %.20q", string(t.Role))
	}
	tags[keyRole] = role
	for _, f := range []struct {
		key, name, value string
		most             int
	}{
		{keyVersion, "version", t.Version, maxTagVersion},
		{keyRun, "run", t.Run, maxTagRun},
		{keyUplink, "uplink", t.Uplink, maxTagUplink},
		{keyHealth, "health", t.Health, maxTagHealth},
	} {
		switch {
		case len(f.value) > f.most:
			return nil, fmt.Errorf("cannot encode tags: %s of %d bytes, the limit is %d", f.name, len(f.value), f.most)
		case !utf8.ValidString(f.value):
			return nil, fmt.Errorf("cannot encode tags: %s is not UTF-8", f.name)
		case f.value != "":
			tags[f.key] = f.value
		}
	}
	return tags, nil
}

// DecodeTags reads what another member says of itself. It never fails: a field
// that is too long or not UTF-8 is dropped, unknown keys are ignored, and an
// unknown role is an agent's.
func DecodeTags(tags map[string]string) Tags {
	t := Tags{
		Role:    RoleAgent,
		Version: boundedTag(tags[keyVersion], maxTagVersion),
		Run:     boundedTag(tags[keyRun], maxTagRun),
		Uplink:  boundedTag(tags[keyUplink], maxTagUplink),
		Health:  boundedTag(tags[keyHealth], maxTagHealth),
	}
	if tags[keyRole] == "c" {
		t.Role = RoleController
	}
	return t
}

func boundedTag(value string, most int) string {
	if len(value) > most || !utf8.ValidString(value) {
		return ""
	}
	return value
}
