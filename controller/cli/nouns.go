package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"muster/inventory"
)

func siteCommand(s *session) *cobra.Command {
	return group("site", "Sites: list, show, import, export, set, remove",
		listCommand(s, listing[inventory.SiteStanding]{
			noun: "sites", path: "/sites", short: "List sites with who is present",
			example: "  muster site list\n  muster site list --q horsh --json",
			flags:   []filter{{"q", "words that begin words of the code, name, district or postcode"}},
			head:    []string{"code", "name", "district", "present", "silent", "off", "away", "absent", "unknown", "strangers", "link", "rtt"},
			row: func(v inventory.SiteStanding) []string {
				n := v.Workstations
				return []string{
					v.Code, v.Name, v.District, fmt.Sprintf("%d of %d", n.Present, n.Expected), count(n.Silent),
					count(n.Off + n.Asleep), count(n.Away), count(n.Absent), count(n.Unknown), count(n.Stranger), string(v.Link.State), millis(v.Link.RTTMillis),
				}
			},
			empty: "no sites yet: `muster site import FILE` brings them in",
		}),
		showCommand(s, "site", "CODE", "Show a site", "  muster site show S001", keyPath("/sites"), drawSite),
		importFileCommand(s, "sites", "sites.csv"), exportCommand(s, "sites"),
		setCommand(s, "site", "CODE", "/sites", "  muster site set S001 name=\"Horsham Library\" district=Horsham"),
		removeCommand(s, "site", "CODE", "/sites", "  muster site remove S001"),
	)
}

func drawSite(out io.Writer, v inventory.SiteStanding) error {
	n := v.Workstations
	incident := ""
	if v.Incident != nil {
		incident = fmt.Sprintf("%s, %s since %s: %s", v.Incident.Cause, v.Incident.State, v.Incident.StartedAt.UTC().Format(time.RFC3339), v.Incident.ID)
	}
	return pairs(out, [][2]string{
		{"code", v.Code},
		{"name", v.Name},
		{"also called", strings.Join(v.Aliases, ", ")},
		{"kind", v.Kind},
		{"district", v.District},
		{"address", strings.Trim(v.Address+" "+v.Postcode, " ")},
		{"hours", string(v.Hours)},
		{"mesh", string(v.Mesh)},
		{"contact", strings.Trim(v.Contact+" "+v.Phone, " ")},
		{"access", v.Access},
		{"notes", v.Notes},
		{"present", fmt.Sprintf("%d of %d expected", n.Present, n.Expected)},
		{"the rest", fmt.Sprintf("%d silent, %d off, %d asleep, %d away, %d absent, %d unknown; %d strangers beside them",
			n.Silent, n.Off, n.Asleep, n.Away, n.Absent, n.Unknown, n.Stranger)},
		{"link", fmt.Sprintf("%s, round trip %s, loss %s", v.Link.State, millisFact(v.Link.RTTMillis), percent(v.Link.Loss))},
		{"incident", incident},
	})
}

func assetCommand(s *session) *cobra.Command {
	cmd := group("asset", "Assets: list, show, import, export, set, remove; advance, wipe, dispose, due",
		listCommand(s, listing[inventory.Asset]{
			noun: "assets", path: "/assets", short: "List assets",
			example: "  muster asset list --site S001 --kind laptop\n  muster asset list --state staged --csv",
			flags: []filter{
				{"site", "at this site"},
				{"kind", "desktop, laptop, router …"},
				{"state", "planned, in-service, wiped …"},
				{"q", "words that begin words of the tag, serial, name or model"},
			},
			head: []string{"tag", "kind", "state", "site", "maker", "model", "serial", "name"},
			row: func(v inventory.Asset) []string {
				state := v.State
				if state == "" {
					state = inventory.AssetInService
				}
				return []string{v.Tag, string(v.Kind), string(state), v.Site, v.Maker, v.Model, v.Serial, v.Name}
			},
			empty: "no assets match",
		}),
		showCommand(s, "asset", "TAG", "Show an asset", "  muster asset show A-10442", keyPath("/assets"), drawAsset),
		importFileCommand(s, "assets", "kit.xlsx"), exportCommand(s, "assets"),
		setCommand(s, "asset", "TAG", "/assets", "  muster asset set A-10442 state=retired site="),
		removeCommand(s, "asset", "TAG", "/assets", "  muster asset remove A-10442"),
	)
	cmd.AddCommand(custodyCommands(s)...)
	return cmd
}

func drawAsset(out io.Writer, v inventory.Asset) error {
	return pairs(out, [][2]string{
		{"tag", v.Tag},
		{"kind", string(v.Kind)},
		{"state", string(v.State)},
		{"site", v.Site},
		{"position", v.Position},
		{"maker", v.Maker},
		{"model", v.Model},
		{"name", v.Name},
		{"serial", v.Serial},
		{"uuid", v.UUID},
		{"macs", strings.Join(v.MACs, ", ")},
		{"purchased", string(v.Purchased)},
		{"warranty until", string(v.WarrantyUntil)},
		{"end of life", string(v.EndOfLife)},
		{"hold until", string(v.HoldUntil)},
		{"order", v.Order},
		{"supplier", v.Supplier},
		{"notes", v.Notes},
	})
}

type linkStanding struct {
	inventory.Link
	Reach inventory.Reach `json:"reach"`
}

func linkCommand(s *session) *cobra.Command {
	cmd := group("link", "Links: list, show, report, outages, correct, import, export, set, remove",
		listCommand(s, listing[linkStanding]{
			noun: "links", path: "/links", short: "List links with what the sweep says",
			example: "  muster link list\n  muster link list --carrier BT",
			flags:   []filter{{"site", "of this site"}, {"carrier", "of this carrier"}},
			head:    []string{"circuit", "site", "role", "carrier", "exchange", "down", "state", "rtt", "loss"},
			row: func(v linkStanding) []string {
				return []string{
					v.Circuit, v.Site, first(string(v.Role), string(inventory.LinkPrimary)), v.Carrier, v.Exchange,
					rate(v.DownKbps), string(v.Reach.State), millis(v.Reach.RTTMillis), percent(v.Reach.Loss),
				}
			},
			empty: "no links yet: `muster link import FILE` brings them in",
		}),
		showCommand(s, "link", "CIRCUIT", "Show a link", "  muster link show BT-884102", keyPath("/links"), drawLink),
		importFileCommand(s, "links", "circuits.csv"), exportCommand(s, "links"),
		setCommand(s, "link", "CIRCUIT", "/links", "  muster link set BT-884102 down_kbps=80000"),
		removeCommand(s, "link", "CIRCUIT", "/links", "  muster link remove BT-884102"),
	)
	cmd.AddCommand(linkReportCommands(s)...)
	return cmd
}

func drawLink(out io.Writer, v linkStanding) error {
	router := ""
	if v.Router.IsValid() {
		router = v.Router.String()
	}
	return pairs(out, [][2]string{
		{"circuit", v.Circuit},
		{"site", v.Site},
		{"role", first(string(v.Role), string(inventory.LinkPrimary))},
		{"carrier", v.Carrier},
		{"exchange", v.Exchange},
		{"rate", rate(v.DownKbps) + " down, " + rate(v.UpKbps) + " up"},
		{"router", router},
		{"fault desk", v.FaultDesk},
		{"contract", v.Contract},
		{"sla", v.SLA},
		{"installed", string(v.Installed)},
		{"ends", string(v.Ends)},
		{"notes", v.Notes},
		{"sweep", fmt.Sprintf("%s, round trip %s, loss %s", v.Reach.State, millisFact(v.Reach.RTTMillis), percent(v.Reach.Loss))},
	})
}

func subnetCommand(s *session) *cobra.Command {
	return group("subnet", "Subnets: list, import, export",
		listCommand(s, listing[inventory.Subnet]{
			noun: "subnets", path: "/subnets", short: "List subnets", example: "  muster subnet list --site S001",
			flags: []filter{{"site", "of this site"}},
			head:  []string{"prefix", "site", "purpose", "gateway", "vlan"},
			row: func(v inventory.Subnet) []string {
				gateway := ""
				if v.Gateway.IsValid() {
					gateway = v.Gateway.String()
				}
				return []string{v.Prefix.String(), v.Site, v.Purpose, gateway, count(v.VLAN)}
			},
			empty: "no subnets yet: `muster subnet import FILE` brings them in",
		}),
		importFileCommand(s, "subnets", "prefixes.csv"), exportCommand(s, "subnets"),
	)
}

func eventCommand(s *session) *cobra.Command {
	return group("event", "Events: list",
		listCommand(s, listing[inventory.Event]{
			noun: "events", path: "/events", short: "List events, newest first",
			example: "  muster event list --limit 20\n  muster event list --noun workstation --key w1a2b3c4d",
			flags: []filter{
				{"kind", "such as workstation.enrolled"},
				{"noun", "of the subject"},
				{"key", "of the subject"},
				{"from", "occurred at or after this instant (RFC 3339)"},
				{"to", "occurred before"},
			},
			head: []string{"occurred", "kind", "subject", "author"},
			row: func(v inventory.Event) []string {
				return []string{v.OccurredAt.Format(time.RFC3339), v.Kind, string(v.Subject.Noun) + " " + v.Subject.Key, v.Author}
			},
			empty: "no events match",
		}),
	)
}

// count draws zero as a dash, so that what is not zero stands out.
func count(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func millis(f inventory.Fact[float64]) string {
	v, known := f.Get()
	if !known {
		return "?"
	}
	return fmt.Sprintf("%.1f ms", v)
}

func millisFact(f inventory.Fact[float64]) string {
	if !f.Known() {
		return f.String()
	}
	return millis(f)
}

func percent(f inventory.Fact[float64]) string {
	v, known := f.Get()
	if !known {
		return "?"
	}
	return fmt.Sprintf("%.1f %%", 100*v)
}

func rate(kbps int64) string {
	switch {
	case kbps <= 0:
		return "?"
	case kbps >= 1_000_000:
		return fmt.Sprintf("%.3g Gbit/s", float64(kbps)/1e6)
	default:
		return fmt.Sprintf("%.3g Mbit/s", float64(kbps)/1e3)
	}
}
