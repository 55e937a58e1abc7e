package importer

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"muster/inventory"
)

// text is a column of free text kept in a string field.
func text[N any, S ~string](c Column, field func(*N) *S) column[N] {
	c.Authority = FileAuthority
	return column[N]{
		Column: c,
		field:  c.Name,
		get:    func(n *N) string { return string(*field(n)) },
		set:    func(n *N, value string, _ *reading) error { *field(n) = S(value); return nil },
		clear:  func(n *N) { *field(n) = "" },
	}
}

// choice is a column that takes one of a few words; also maps other words that
// people use to ours.
func choice[N any, S ~string](c Column, field func(*N) *S, words []S, also map[string]S) column[N] {
	col := text(c, field)
	col.set = func(n *N, value string, _ *reading) error {
		asked := squash(value)
		for _, word := range words {
			if squash(string(word)) == asked {
				*field(n) = word
				return nil
			}
		}
		if word, ok := also[asked]; ok {
			*field(n) = word
			return nil
		}
		known := slices.Collect(maps.Keys(also))
		for _, word := range words {
			known = append(known, string(word))
		}
		return &cellError{fmt.Sprintf("want one of %v", words), didYouMean(nearest(value, known, 1))}
	}
	return col
}

// date is a column that holds a civil date.
func date[N any](c Column, field func(*N) *inventory.Date) column[N] {
	col := text(c, field)
	col.set = func(n *N, value string, r *reading) error {
		d, err := readDate(value, r.dayFirst)
		if err == nil {
			*field(n) = d
		}
		return err
	}
	return col
}

// siteRef is a column that names a site by code, name or alias.
func siteRef[N any](c Column, field func(*N) *string) column[N] {
	col := text(c, field)
	col.set = func(n *N, value string, r *reading) error {
		code, err := r.sites.resolve(value)
		if err == nil {
			*field(n) = code
		}
		return err
	}
	return col
}

// address is a column that holds an IP address.
func address[N any](c Column, field func(*N) *netip.Addr) column[N] {
	c.Authority = FileAuthority
	return column[N]{
		Column: c,
		field:  c.Name,
		get: func(n *N) string {
			if !field(n).IsValid() {
				return ""
			}
			return field(n).String()
		},
		set: func(n *N, value string, _ *reading) error {
			// Registers of other systems keep an address with its mask.
			bare, _, _ := strings.Cut(value, "/")
			addr, err := netip.ParseAddr(bare)
			if err != nil {
				return &cellError{why: "not an address such as 10.20.4.1"}
			}
			*field(n) = addr
			return nil
		},
		clear: func(n *N) { *field(n) = netip.Addr{} },
	}
}

// degrees is a column that holds a latitude or longitude.
func degrees[N any](c Column, field func(*N) *float64) column[N] {
	c.Authority = FileAuthority
	return column[N]{
		Column: c,
		field:  c.Name,
		get: func(n *N) string {
			if *field(n) == 0 {
				return ""
			}
			return strconv.FormatFloat(*field(n), 'f', -1, 64)
		},
		set: func(n *N, value string, _ *reading) error {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
				return &cellError{why: "not decimal degrees such as 51.7457"}
			}
			*field(n) = f
			return nil
		},
		clear: func(n *N) { *field(n) = 0 },
	}
}

// whole is a column that holds a whole number.
func whole[N any](c Column, field func(*N) *int) column[N] {
	c.Authority = FileAuthority
	return column[N]{
		Column: c,
		field:  c.Name,
		get: func(n *N) string {
			if *field(n) == 0 {
				return ""
			}
			return strconv.Itoa(*field(n))
		},
		set: func(n *N, value string, _ *reading) error {
			number, err := strconv.Atoi(value)
			if err != nil {
				return &cellError{why: "not a whole number"}
			}
			*field(n) = number
			return nil
		},
		clear: func(n *N) { *field(n) = 0 },
	}
}

// rate is a column that holds kbit/s; unit is what a bare number counts, in kbit/s.
func rate[N any](c Column, unit float64, field func(*N) *int64) column[N] {
	c.Authority = FileAuthority
	return column[N]{
		Column: c,
		field:  c.Name,
		get: func(n *N) string {
			if *field(n) == 0 {
				return ""
			}
			return strconv.FormatInt(*field(n), 10)
		},
		set: func(n *N, value string, _ *reading) error {
			kbps, err := readRate(value, unit)
			if err == nil {
				*field(n) = kbps
			}
			return err
		},
		clear: func(n *N) { *field(n) = 0 },
	}
}

// maxKbps is 10 Tbit/s: beyond it a unit was mistaken.
const maxKbps = 10_000_000_000

func readRate(value string, unit float64) (int64, error) {
	number := strings.ToLower(strings.ReplaceAll(value, " ", ""))
	if at := strings.IndexFunc(number, func(r rune) bool { return r >= 'a' && r <= 'z' }); at >= 0 {
		switch number[at:] {
		case "k", "kb", "kbps", "kbit", "kbit/s", "kb/s":
			unit = 1
		case "m", "mb", "mbps", "mbit", "mbit/s", "mb/s":
			unit = 1000
		case "g", "gb", "gbps", "gbit", "gbit/s", "gb/s":
			unit = 1_000_000
		default:
			return 0, &cellError{why: "not a rate such as 80000 or 80 Mbps"}
		}
		number = number[:at]
	}
	f, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || math.IsNaN(f):
		return 0, &cellError{why: "not a rate such as 80000 or 80 Mbps"}
	case f < 0:
		return 0, &cellError{why: "a rate cannot be negative"}
	case f*unit > maxKbps:
		return 0, &cellError{why: "more than 10 Tbit/s: which unit is it in?"}
	}
	return int64(math.Round(f * unit)), nil
}
