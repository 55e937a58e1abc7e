package importer

import (
	"fmt"
	"strings"
	"unicode"

	"muster/inventory"
)

type position = inventory.Position

// positionSchema is the columns of positions. A row may do without a code: then
// site, room and desk say which of the known positions it is, or make a new one.
func positionSchema(known []position) schema[position] {
	desks := deskIndex{known: known}
	return schema[position]{
		keyColumn: "code", parseKey: asItIs, keys: [][]string{{"code"}, {"site", "desk"}, {"site", "room"}}, compose: desks.code,
		columns: []column[position]{
			text(Column{
				Name: "code", Example: "E101-OFFICE-1", Synonyms: []string{"position", "position code", "position id", "desk code", "desk id"},
				Help: "The position's code, its key. Blank: the position with this site, room and desk, or a new one whose code is made of them.",
			}, func(p *position) *string { return &p.Code }),
			siteRef(Column{
				Name: "site", Required: true, Example: "E101", Synonyms: []string{"site code", "site id", "site name", "premises", "building", "location"},
				Help: "Code, name or alias of the site where it stands.",
			}, func(p *position) *string { return &p.Site }),
			text(Column{
				Name: "room", Example: "Office", Synonyms: []string{"room name", "room number", "area"},
				Help: "The room.",
			}, func(p *position) *string { return &p.Room }),
			text(Column{
				Name: "desk", Example: "1", Synonyms: []string{"desk number", "desk no", "seat", "place"},
				Help: "The desk within the room.",
			}, func(p *position) *string { return &p.Desk }),
			text(Column{
				Name: "role", Example: "library assistant", Synonyms: []string{"job role", "used by", "function"},
				Help: "Whose work is done there: social worker, reception …",
			}, func(p *position) *string { return &p.Role }),
			text(Column{
				Name: "class", Example: "standard", Synonyms: []string{"workstation class", "type", "build", "profile"},
				Help: "standard, laptop, kiosk …: a column of the access matrix.",
			}, func(p *position) *string { return &p.Class }),
			text(Column{
				Name: "asset", Example: "A10234", Synonyms: []string{"asset tag", "tag", "current asset", "old asset", "pc number"},
				Help: "The tag of what stands there, as people say.",
			}, func(p *position) *string { return &p.Asset }),
			text(Column{
				Name: "out_of_scope", Example: "The room closes in March", Synonyms: []string{"out of scope reason", "excluded", "exclusion", "not in scope"},
				Help: "Why nothing is swapped here; blank: it is in scope.",
			}, func(p *position) *string { return &p.OutScope }),
			text(Column{
				Name: "keep", Example: "Second screen", Synonyms: []string{"must keep", "keeps", "peripherals", "special"},
				Help: "What must survive the swap: a second screen, a label printer.",
			}, func(p *position) *string { return &p.Keep }),
			notesColumn("Behind the counter", func(p *position) *string { return &p.Notes }),
		},
		blank:    func(key string) position { return position{Code: key} },
		keyOf:    func(p *position) string { return p.Code },
		title:    func(p *position) string { return strings.TrimSpace(p.Site + " " + p.Room + " " + p.Desk) },
		validate: func(p *position) error { return p.Validate() },
	}
}

// desk is a place as people write it, squashed.
type desk struct{ site, room, desk string }

// deskIndex finds positions by their place.
type deskIndex struct {
	known   []position
	codes   map[desk][]string // made when a row without a code first asks
	placeOf map[string]desk
}

// code is the code of a row's place: of the position that is known there, or one
// that is made of it.
func (x *deskIndex) code(cell cellOf, r *reading) (string, error) {
	room, seat := cell("room"), cell("desk")
	if cell("site") == "" || room == "" && seat == "" {
		return "", &missingKey{"code"}
	}
	site, err := r.sites.resolve(cell("site"))
	if err != nil {
		why, suggestion := explain(err)
		return "", &cellError{why: fmt.Sprintf("code is missing, and site %q: %s", shorten(cell("site")), why), suggestion: suggestion}
	}
	x.build()
	place := desk{site, squash(room), squash(seat)}
	switch codes := x.codes[place]; len(codes) {
	case 0:
		return x.fresh(place, site, room, seat)
	case 1:
		return codes[0], nil
	default:
		return "", &cellError{why: fmt.Sprintf("several positions stand there: write one of the codes %s", strings.Join(codes[:min(len(codes), 5)], ", "))}
	}
}

func (x *deskIndex) build() {
	if x.codes != nil {
		return
	}
	x.codes, x.placeOf = make(map[desk][]string, len(x.known)), make(map[string]desk, len(x.known))
	for i := range x.known {
		p := &x.known[i]
		place := desk{p.Site, squash(p.Room), squash(p.Desk)}
		x.codes[place] = append(x.codes[place], p.Code)
		x.placeOf[strings.ToLower(p.Code)] = place
	}
}

func (x *deskIndex) fresh(place desk, site, room, seat string) (string, error) {
	parts := []string{site}
	for _, text := range []string{room, seat} {
		if word := codeWord(text); word != "" {
			parts = append(parts, word)
		}
	}
	code := strings.Join(parts, "-")
	if len(parts) == 1 || len(code) > 64 {
		return "", &cellError{why: "no code can be made of this room and desk: write one"}
	}
	taken, ok := x.placeOf[strings.ToLower(code)]
	if ok && taken != place {
		return "", &cellError{why: fmt.Sprintf("the code made of this room and desk, %s, is another position's: write one", code)}
	}
	x.placeOf[strings.ToLower(code)] = place
	return code, nil
}

// codeWord is a text in capitals, with one dash for whatever stands between its
// letters and digits.
func codeWord(text string) string {
	words := strings.FieldsFunc(strings.ToUpper(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}
