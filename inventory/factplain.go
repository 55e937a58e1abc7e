package inventory

import (
	"strconv"
	"unicode/utf8"
)

// readPlain reads the JSON of a text, a truth value or a number into the value
// and reports whether it could. A report holds some twenty of them, and needs
// no JSON decoder for each. Whatever is out
// of the ordinary, wrong values too, is left to that decoder.
func readPlain(b []byte, into any) bool {
	if len(b) == 0 {
		return false
	}
	switch into := into.(type) {
	case *string:
		text, ok := plainText(b)
		if ok {
			*into = text
		}
		return ok
	case *bool:
		switch string(b) {
		case "true":
			*into = true
		case "false":
			*into = false
		default:
			return false
		}
		return true
	case *int64:
		n, err := strconv.ParseInt(string(b), 10, 64)
		if err != nil || !plainDecimal(b) {
			return false
		}
		*into = n
		return true
	case *float64:
		if !plainDecimal(b) {
			return false
		}
		n, err := strconv.ParseFloat(string(b), 64)
		if err != nil {
			return false
		}
		*into = n
		return true
	default:
		return false
	}
}

// plainText is the text of a JSON string without escapes.
func plainText(b []byte) (string, bool) {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return "", false
	}
	b = b[1 : len(b)-1]
	for _, c := range b {
		if c < ' ' || c == '"' || c == '\\' {
			return "", false
		}
	}
	return string(b), utf8.Valid(b)
}

// plainDecimal reports whether b is digits with at most one point between them
// and a minus before them, without a zero in front that JSON would refuse.
func plainDecimal(b []byte) bool {
	if b[0] == '-' {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 20 || b[0] == '0' && len(b) > 1 && b[1] != '.' {
		return false
	}
	points := 0
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
		case c == '.' && points == 0 && i > 0 && i < len(b)-1:
			points++
		default:
			return false
		}
	}
	return true
}
