package probe

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// portalRedirect reports whether a redirect looks like a captive portal's: asked
// was by plain HTTP, which anybody on the way can answer, and it leads to another
// registered name. Whoever moves to https, or to a neighbour of the same name, is
// the service itself.
func portalRedirect(from, to *url.URL) bool {
	return from.Scheme == "http" && registered(from.Hostname()) != registered(to.Hostname())
}

// secondLevels are the labels under which a country registers names. The list of
// public suffixes would say it for the whole world, and is a tenth of a megabyte.
func secondLevels() []string {
	return []string{"ac", "co", "com", "edu", "gov", "ltd", "me", "mod", "net", "nhs", "org", "parliament", "plc", "police", "sch"}
}

// registered is the part of a name that somebody registered: shire.gov.uk of
// mail.shire.gov.uk, example.com of www.example.com. An address is its own.
func registered(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	labels := strings.Split(name, ".")
	keep := 2
	if n := len(labels); n > 2 && len(labels[n-1]) == 2 && slices.Contains(secondLevels(), labels[n-2]) {
		keep = 3
	}
	return strings.Join(labels[max(len(labels)-keep, 0):], ".")
}
