package inventory_test

import (
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

type noun interface{ Validate() error }

// fieldsOf is what Validate complains about, in its order.
func fieldsOf(t *testing.T, n noun) []string {
	t.Helper()
	err := n.Validate()
	if err == nil {
		return nil
	}
	es, ok := errors.AsType[inventory.FieldErrors](err)
	if !ok {
		t.Fatalf("%T: %v is no FieldErrors", n, err)
	}
	fields := make([]string, 0, len(es))
	for _, e := range es {
		fields = append(fields, e.Field)
	}
	return fields
}

func TestEachInvariantIsNamedByItsField(t *testing.T) {
	site := func(change func(*inventory.Site)) noun {
		s := inventory.Site{Code: "S001", Name: "Mill Lane Library"}
		change(&s)
		return s
	}
	subnet := func(change func(*inventory.Subnet)) noun {
		s := inventory.Subnet{Prefix: netip.MustParsePrefix("10.20.4.0/24"), Site: "S001"}
		change(&s)
		return s
	}
	link := func(change func(*inventory.Link)) noun {
		l := inventory.Link{Circuit: "C1", Site: "S001", Carrier: "Openreach"}
		change(&l)
		return l
	}
	asset := func(change func(*inventory.Asset)) noun {
		a := inventory.Asset{Tag: "A1", Kind: inventory.AssetLaptop}
		change(&a)
		return a
	}
	long := strings.Repeat("x", inventory.MaxText+1)
	many := strings.Split(strings.Repeat("an alias that is long enough;", 100), ";")
	for name, c := range map[string]struct {
		noun noun
		want []string
	}{
		"a good site":               {site(func(*inventory.Site) {}), nil},
		"a good subnet":             {subnet(func(*inventory.Subnet) {}), nil},
		"a good link":               {link(func(*inventory.Link) {}), nil},
		"a good asset":              {asset(func(*inventory.Asset) {}), nil},
		"an empty site":             {inventory.Site{}, []string{"code", "name"}},
		"an empty subnet":           {inventory.Subnet{}, []string{"prefix", "site"}},
		"an empty link":             {inventory.Link{}, []string{"circuit", "carrier"}},
		"an empty asset":            {inventory.Asset{}, []string{"tag", "kind"}},
		"a code in lower case":      {site(func(s *inventory.Site) { s.Code = "s001" }), []string{"code"}},
		"a name with spaces":        {site(func(s *inventory.Site) { s.Name = " Mill" }), []string{"name"}},
		"an alias like the name":    {site(func(s *inventory.Site) { s.Aliases = []string{s.Name} }), []string{"aliases"}},
		"an empty alias":            {site(func(s *inventory.Site) { s.Aliases = []string{""} }), []string{"aliases"}},
		"aliases beyond a cell":     {site(func(s *inventory.Site) { s.Aliases = many[:99] }), []string{"aliases"}},
		"a latitude of no place":    {site(func(s *inventory.Site) { s.Latitude = 90.1 }), []string{"latitude"}},
		"no latitude at all":        {site(func(s *inventory.Site) { s.Latitude = math.NaN() }), []string{"latitude"}},
		"an endless longitude":      {site(func(s *inventory.Site) { s.Longitude = math.Inf(1) }), []string{"longitude"}},
		"a zone of fantasy":         {site(func(s *inventory.Site) { s.Zone = "Europe/Stroud" }), []string{"zone"}},
		"the controller's own zone": {site(func(s *inventory.Site) { s.Zone = "Local" }), []string{"zone"}},
		"hours nobody reads":        {site(func(s *inventory.Site) { s.Hours = "often" }), []string{"hours"}},
		"an unknown mesh":           {site(func(s *inventory.Site) { s.Mesh = "wifi" }), []string{"mesh"}},
		"text beyond its bound":     {site(func(s *inventory.Site) { s.Notes = long }), []string{"notes"}},
		"text with a bell":          {site(func(s *inventory.Site) { s.Access = "\a" }), []string{"access"}},
		"text that is none":         {site(func(s *inventory.Site) { s.Access = "\xff" }), []string{"access"}},
		"text no workbook carries":  {site(func(s *inventory.Site) { s.Access = "\uffff" }), []string{"access"}},
		"text of two lines":         {site(func(s *inventory.Site) { s.Access = "a\n\tb" }), nil},
		"address bits":              {subnet(func(s *inventory.Subnet) { s.Prefix = netip.MustParsePrefix("10.20.4.1/24") }), []string{"prefix"}},
		"every address":             {subnet(func(s *inventory.Subnet) { s.Prefix = netip.MustParsePrefix("0.0.0.0/0") }), []string{"prefix"}},
		"IPv4 dressed as IPv6":      {subnet(func(s *inventory.Subnet) { s.Prefix = netip.PrefixFrom(netip.MustParseAddr("::ffff:10.0.0.0"), 104) }), []string{"prefix"}},
		"a gateway elsewhere":       {subnet(func(s *inventory.Subnet) { s.Gateway = netip.MustParseAddr("10.20.5.1") }), []string{"gateway"}},
		"a VPN needs no site":       {subnet(func(s *inventory.Subnet) { s.Site, s.Purpose = "", "vpn" }), nil},
		"a VPN of a wrong site":     {subnet(func(s *inventory.Subnet) { s.Site, s.Purpose = "mill", "vpn" }), []string{"site"}},
		"a VPN in capitals":         {subnet(func(s *inventory.Subnet) { s.Purpose = "VPN" }), []string{"purpose"}},
		"a VLAN of fantasy":         {subnet(func(s *inventory.Subnet) { s.VLAN = 4095 }), []string{"vlan"}},
		"a link that ends first":    {link(func(l *inventory.Link) { l.Installed, l.Ends = "2026-02-01", "2026-01-01" }), []string{"ends"}},
		"a link of no such day":     {link(func(l *inventory.Link) { l.Installed = "2026-02-30" }), []string{"installed"}},
		"a link of no site yet":     {link(func(l *inventory.Link) { l.Site = "" }), nil},
		"a link of a wrong site":    {link(func(l *inventory.Link) { l.Site = "mill" }), []string{"site"}},
		"a negative rate":           {link(func(l *inventory.Link) { l.DownKbps, l.UpKbps = -1, -1 }), []string{"down_kbps", "up_kbps"}},
		"a third role":              {link(func(l *inventory.Link) { l.Role = "spare" }), []string{"role"}},
		"a router with a zone":      {link(func(l *inventory.Link) { l.Router = netip.MustParseAddr("fe80::1%eth0") }), []string{"router"}},
		"an unknown kind":           {asset(func(a *inventory.Asset) { a.Kind = "hovercraft" }), []string{"kind"}},
		"an unknown state":          {asset(func(a *inventory.Asset) { a.State = "lent" }), []string{"state"}},
		"a destroyed serial":        {asset(func(a *inventory.Asset) { a.Serial = "5.02E+18" }), []string{"serial"}},
		"a UUID in capitals":        {asset(func(a *inventory.Asset) { a.UUID = "4C4C4544-0042-3510-8052-C4C04F584E32" }), []string{"uuid"}},
		"a MAC with dashes":         {asset(func(a *inventory.Asset) { a.MACs = []string{"3c-52-82-0a-1b-2c"} }), []string{"macs"}},
		"a date of fantasy":         {asset(func(a *inventory.Asset) { a.EndOfLife = "soon" }), []string{"end_of_life"}},
	} {
		if diff := cmp.Diff(c.want, fieldsOf(t, c.noun)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheSameNounIsAlwaysReportedTheSameWay(t *testing.T) {
	long := strings.Repeat("x", inventory.MaxText+1)
	s := inventory.Site{Kind: long, District: long, Address: long, Postcode: long, Contact: long, Phone: long, Access: long, Notes: long}
	first := s.Validate().Error()
	for range 50 {
		if again := s.Validate().Error(); again != first {
			t.Fatalf("first %q, then %q", first, again)
		}
	}
}

func TestOnlyComputersInServiceAtASiteAreExpected(t *testing.T) {
	for _, kind := range inventory.AssetKinds() {
		for _, state := range append(inventory.AssetStates(), "") {
			for _, site := range []string{"", "S001"} {
				a := inventory.Asset{Tag: "A1", Kind: kind, State: state, Site: site}
				want := (kind == "desktop" || kind == "laptop") && (state == "" || state == "in-service") && site != ""
				if a.Expected() != want {
					t.Errorf("%+v: expected is %v", a, a.Expected())
				}
			}
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("S001", "Mill Lane", 51.7, "Mon-Fri 08:00-18:00", "Europe/London", "2026-01-02")
	f.Fuzz(func(t *testing.T, key, text string, degrees float64, hours, zone, date string) {
		for _, n := range []noun{
			inventory.Site{Code: key, Name: text, Aliases: []string{text, key}, Latitude: degrees, Longitude: degrees, Hours: inventory.Hours(hours), Zone: zone, Notes: text},
			inventory.Link{Circuit: key, Site: key, Carrier: text, Installed: inventory.Date(date), Ends: inventory.Date(date)},
			inventory.Asset{Tag: key, Serial: text, UUID: text, MACs: []string{text}, Purchased: inventory.Date(date), Kind: inventory.AssetKind(text)},
		} {
			if err := n.Validate(); err != nil && err.Error() != n.Validate().Error() {
				t.Fatalf("%+v is reported in two ways", n)
			}
		}
	})
}
