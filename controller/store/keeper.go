package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"muster/inventory"
)

// keeper knows where one noun of the register is kept and how its JSON is read.
type keeper struct {
	noun    inventory.Noun
	table   string
	key     string   // the key's column
	columns []string // between the key and body, batch
	read    func(raw json.RawMessage) (declared, error)
	linked  bool // what it refers to is kept in register_refs; else in its columns
}

// declared is one noun, read and found valid.
type declared struct {
	key    string
	refers []inventory.Subject // what it names, which must exist
	values []any               // of the keeper's columns
	body   json.RawMessage     // without what is personal
	asset  *inventory.Asset
	names  map[string]string // personal values by field; nil: nothing is said of them
}

// at is the reference to a site, where there is one.
func at(site string) []inventory.Subject { return refer(nil, inventory.NounSite, site) }

// refer appends references to what is named.
func refer(to []inventory.Subject, noun inventory.Noun, keys ...string) []inventory.Subject {
	for _, key := range keys {
		subject := inventory.Subject{Noun: noun, Key: key}
		if key != "" && !slices.Contains(to, subject) {
			to = append(to, subject)
		}
	}
	return to
}

func keepers() []keeper {
	return append([]keeper{
		{inventory.NounSite, "sites", "code", []string{"name"}, readSite, false},
		{inventory.NounSubnet, "subnets", "prefix", []string{"site"}, readSubnet, false},
		{inventory.NounLink, "links", "circuit", []string{"site", "carrier"}, readLink, false},
		{inventory.NounAsset, "assets", "tag", []string{"site", "kind", "state"}, readAsset, false},
	}, refreshKeepers()...)
}

func keeperOf(noun inventory.Noun) (keeper, error) {
	for _, k := range keepers() {
		if k.noun == noun {
			return k, nil
		}
	}
	return keeper{}, fmt.Errorf("the register holds no noun %.20q", noun)
}

func readSite(raw json.RawMessage) (declared, error) {
	site, body, err := readNoun[inventory.Site](raw)
	return declared{key: site.Code, values: []any{site.Name}, body: body}, err
}

func readSubnet(raw json.RawMessage) (declared, error) {
	subnet, body, err := readNoun[inventory.Subnet](raw)
	return declared{key: subnet.Prefix.String(), refers: at(subnet.Site), values: []any{subnet.Site}, body: body}, err
}

func readLink(raw json.RawMessage) (declared, error) {
	link, body, err := readNoun[inventory.Link](raw)
	return declared{key: link.Circuit, refers: at(link.Site), values: []any{link.Site, link.Carrier}, body: body}, err
}

func readAsset(raw json.RawMessage) (declared, error) {
	asset, body, err := readNoun[inventory.Asset](raw)
	state := asset.State
	if state == "" {
		state = inventory.AssetInService
	}
	values := []any{asset.Site, string(asset.Kind), string(state)}
	return declared{key: asset.Tag, refers: at(asset.Site), values: values, body: body, asset: &asset}, err
}

// readNoun reads a noun's JSON strictly and gives it back in its one form, so
// that two can be compared byte for byte.
func readNoun[T interface{ Validate() error }](raw json.RawMessage) (noun T, body json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&noun); err != nil {
		return noun, nil, err
	}
	if d.More() {
		return noun, nil, errors.New("more than one JSON value")
	}
	if err := noun.Validate(); err != nil {
		return noun, nil, err
	}
	body, err = json.Marshal(noun)
	return noun, body, err
}

// current is the bodies of those keys that exist.
func (k keeper) current(t tx, keys []string) (map[string]json.RawMessage, error) {
	found := make(map[string]json.RawMessage, len(keys))
	err := chunks(t, keys, func(keys []string) error {
		query := "SELECT " + k.key + ", body FROM " + k.table + " WHERE " + k.key + " IN (" + t.marks(len(keys)) + ")"
		return t.each(query, anys(keys), func(rows scanner) error {
			var key, body string
			err := rows.Scan(&key, &body)
			found[key] = json.RawMessage(body)
			return err
		})
	})
	return found, err
}

// write makes or changes nouns.
func (k keeper) write(t tx, nouns []declared, batch int64) error {
	columns := append(append([]string{k.key}, k.columns...), "body", "batch")
	args := make([]any, 0, len(columns)*len(nouns))
	for _, noun := range nouns {
		args = append(append(append(args, noun.key), noun.values...), string(noun.body), batch)
	}
	sets := make([]string, 0, len(columns)-1)
	for _, column := range columns[1:] {
		sets = append(sets, column+" = excluded."+column)
	}
	head := "INSERT INTO " + k.table + " (" + strings.Join(columns, ", ") + ")"
	_, err := t.insert(head, len(columns), args, "ON CONFLICT ("+k.key+") DO UPDATE SET "+strings.Join(sets, ", "))
	return err
}

func (k keeper) remove(t tx, keys []string) error {
	return chunks(t, keys, func(keys []string) error {
		_, err := t.exec("DELETE FROM "+k.table+" WHERE "+k.key+" IN ("+t.marks(len(keys))+")", anys(keys)...)
		return err
	})
}
