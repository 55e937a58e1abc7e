package importer_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"muster/inventory"
	"muster/inventory/importer"
)

// nasty is text that files tend to break: separators, quotes, line breaks,
// formulas, clear marks, escapes, what XLSX escapes itself, other scripts.
var nasty = []string{
	`plain`, `a, b`, `a; b`, "tab\there", `say "hello"`, "two\nlines", `(clear)`, `(CLEAR)`, `\(clear)`, `\`, `\\`, `\;`, `a\`,
	` lead`, `trail `, "\u00a0nbsp\u00a0", `=1+1`, `=HYPERLINK("x")`, `+44 1632 960123`, `-5`, `@SUM(A1)`, `+cmd|x`, `'quoted`,
	`_x000D_`, `_x0041_`, `<b>&amp;</b>`, `Straße`, `日本語`, `🙂`, `#N/A`, `5.02E+18`, `00012`, `1e5`, `TRUE`, `03/04/2026`, `45000`,
	`sep=;`, `code`, `problem`, "\ufeffmark", `"`, `""`, `;`, `,`, "\n", strings.Repeat("é", 500),
}

type estate struct{ *rand.Rand }

func pick[T any](e estate, of []T) T { return of[e.IntN(len(of))] }

func (e estate) text() string {
	switch e.IntN(3) {
	case 0:
		return ""
	case 1:
		return pick(e, nasty)
	default:
		return string([]rune(pick(e, nasty))[:1]) + fmt.Sprint(e.IntN(1000))
	}
}

// name is text that may name something: no space around it, never empty.
func (e estate) name(i int) string {
	s := strings.TrimSpace(pick(e, nasty[:40]))
	return fmt.Sprintf("%s %d", s, i)
}

func (e estate) date() inventory.Date {
	if e.IntN(2) == 0 {
		return ""
	}
	return inventory.Date(fmt.Sprintf("%04d-%02d-%02d", 1990+e.IntN(60), 1+e.IntN(12), 1+e.IntN(28)))
}

func (e estate) register(t *testing.T, size int) inventory.Register {
	var r inventory.Register
	for i := range size {
		code := fmt.Sprintf("S%03d", i)
		site := inventory.Site{
			Code: code, Name: e.name(i), Kind: e.text(), District: e.text(), Address: e.text(), Postcode: e.text(),
			Contact: e.text(), Phone: e.text(), Access: e.text(), Notes: e.text(),
			Zone: pick(e, []string{"", "Europe/London", "UTC"}), Mesh: pick(e, []inventory.MeshMode{"", "pool", "direct"}),
			Hours: pick(e, []inventory.Hours{"", "Mon-Fri 08:00-18:00", "Mon-Fri 08:00-18:00; Sat 09:00-12:30"}),
		}
		for n := range e.IntN(4) {
			site.Aliases = append(site.Aliases, e.name(1000+10*i+n))
		}
		if e.IntN(2) == 0 {
			site.Latitude, site.Longitude = e.Float64()*180-90, e.Float64()*360-180
		}
		r.Sites = append(r.Sites, site)
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
		subnet := inventory.Subnet{Prefix: prefix, Site: code, Purpose: pick(e, []string{"", "clients", "voice", "vpn"}), VLAN: e.IntN(4095), Notes: e.text()}
		if e.IntN(2) == 0 {
			subnet.Gateway = prefix.Addr().Next()
		}
		r.Subnets = append(r.Subnets, subnet)
		r.Links = append(r.Links, inventory.Link{
			Circuit: e.name(i), Site: code, Carrier: e.name(e.IntN(5)), Exchange: e.text(), FaultDesk: e.text(), Contract: e.text(), SLA: e.text(), Notes: e.text(),
			Role: pick(e, []inventory.LinkRole{"", "primary", "backup"}), DownKbps: e.Int64N(1e6), UpKbps: e.Int64N(1e6),
			Router: pick(e, []netip.Addr{{}, prefix.Addr().Next(), netip.MustParseAddr("2001:db8::1")}), Installed: e.date(),
		})
		r.Assets = append(r.Assets, e.asset(i, code))
	}
	r.Subnets = append(r.Subnets, inventory.Subnet{Prefix: netip.MustParsePrefix("2001:db8::/48"), Purpose: "vpn"})
	e.refresh(&r, size)
	validate(t, r)
	return r
}

// refresh adds the nouns of a refresh to sites S000 and on.
func (e estate) refresh(r *inventory.Register, size int) {
	site := func() string { return r.Sites[e.IntN(len(r.Sites))].Code }
	for i := range 1 + size/10 {
		r.Programmes = append(r.Programmes, inventory.Programme{
			Code: fmt.Sprintf("P%d", i), Name: e.name(i), Zone: pick(e, []string{"", "UTC"}), Target: e.date(), Notes: e.text(),
			Freezes: pick(e, [][]string{nil, {"2026-12-24"}, {"2026-12-21/2027-01-02 a freeze; with words", "2027-02-01"}}), Holidays: pick(e, [][]string{nil, {"2027-05-31"}}),
		})
		w := inventory.Wave{
			Code: fmt.Sprintf("W%d", i), Programme: pick(e, r.Programmes).Code, Name: e.name(i), Crews: e.IntN(4), OnHold: e.text(), Notes: e.text(), GoLive: e.date(),
		}
		for range e.IntN(5) {
			if code := site(); !slices.Contains(w.Sites, code) {
				w.Sites = append(w.Sites, code)
			}
		}
		r.Waves = append(r.Waves, w)
		r.Courses = append(r.Courses, inventory.Course{
			Code: fmt.Sprintf("course-%d", i), Name: e.name(i), Roles: pick(e, [][]string{nil, {"clerk"}, {"a;b", `c\d`}}), ValidMonths: e.IntN(3) * 12,
			Programme: pick(e, []string{"", "P0"}),
		})
	}
	for i := range size {
		r.Positions = append(r.Positions, inventory.Position{
			Code: e.name(i), Site: site(), Room: e.text(), Desk: e.text(), Role: e.text(), Class: e.text(), Asset: pick(e, []string{"", "A1"}),
			OutScope: e.text(), Keep: e.text(), Notes: e.text(),
		})
		r.Visits = append(r.Visits, inventory.Visit{
			Code: e.name(i), Site: site(), Date: inventory.Date(fmt.Sprintf("2026-12-%02d", 1+e.IntN(28))), Crew: e.name(e.IntN(3)), From: pick(e, []string{"", "08:30"}),
			To: pick(e, []string{"", "12:00"}), People: pick(e, [][]string{nil, {"jd", "s;k"}}), State: pick(e, []string{"", "planned", "done"}), Reason: e.text(), Notes: e.text(),
		})
		r.Consignments = append(r.Consignments, inventory.Consignment{
			Code: e.name(i), Order: e.text(), Supplier: e.text(), Site: pick(e, []string{"", site()}), Expected: e.date(), Arrived: e.date(), Count: e.IntN(50),
			Assets: pick(e, [][]string{nil, {"N1", "N;2"}}), Notes: e.text(),
		})
		r.Staff = append(r.Staff, inventory.Staff{Number: e.name(i), Site: site(), Role: e.text(), Name: e.text()})
		if e.IntN(2) == 0 {
			r.Training = append(r.Training, inventory.Training{
				Staff: r.Staff[i].Number, Course: pick(e, r.Courses).Code, On: "2026-11-02", Until: e.date(), Source: e.text(),
			})
		}
		m := inventory.Milestone{
			Code: e.name(i), Area: e.name(i), Wave: pick(e, []string{"", "W0"}), Site: pick(e, []string{"", site()}), Name: e.name(i), Planned: e.date(),
			Expected: e.IntN(9), Moved: e.IntN(9), Rejected: e.IntN(9), Owner: e.text(), Notes: e.text(),
		}
		if i > 0 && e.IntN(2) == 0 {
			m.After = []string{r.Milestones[e.IntN(i)].Code}
		}
		r.Milestones = append(r.Milestones, m)
	}
}

func (e estate) asset(i int, site string) inventory.Asset {
	a := inventory.Asset{
		Tag: e.name(i), Kind: pick(e, inventory.AssetKinds()), Maker: e.text(), Model: e.text(), Name: e.text(), Position: e.text(),
		Site: pick(e, []string{"", site}), State: pick(e, append(inventory.AssetStates(), "")),
		Purchased: e.date(), WarrantyUntil: e.date(), EndOfLife: e.date(), HoldUntil: e.date(), Order: e.text(), Supplier: e.text(), Notes: e.text(),
	}
	if e.IntN(3) > 0 {
		a.Serial = fmt.Sprintf("%s%06d", pick(e, []string{"5CG", "00", " x", "=", ""}), i)
		a.UUID = fmt.Sprintf("4c4c4544-0042-3510-8052-c4c0%08d", i)
	}
	for n := range e.IntN(3) {
		a.MACs = append(a.MACs, fmt.Sprintf("3c:52:82:%02x:%02x:%02x", n, i>>8, i&255))
	}
	return a
}

// validate guards the generator: a register that the nouns refuse proves nothing.
func validate(t *testing.T, r inventory.Register) {
	t.Helper()
	for _, s := range r.Sites {
		must(t, s.Validate())
	}
	for _, s := range r.Subnets {
		must(t, s.Validate())
	}
	for _, l := range r.Links {
		must(t, l.Validate())
	}
	for _, a := range r.Assets {
		must(t, a.Validate())
	}
	valid(t, r.Programmes)
	valid(t, r.Waves)
	valid(t, r.Positions)
	valid(t, r.Visits)
	valid(t, r.Consignments)
	valid(t, r.Staff)
	valid(t, r.Courses)
	valid(t, r.Training)
	valid(t, r.Milestones)
}

func valid[N interface{ Validate() error }](t *testing.T, nouns []N) {
	t.Helper()
	for _, n := range nouns {
		must(t, n.Validate())
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read reads a file that must be readable.
func read(t testing.TB, name, content string, options importer.ReadOptions) *importer.Table {
	t.Helper()
	table, err := importer.Read(name, []byte(content), options)
	must(t, err)
	return table
}
