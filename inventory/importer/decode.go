package importer

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Encodings as notices name them.
const (
	utf8Text    = "UTF-8"
	utf16Little = "UTF-16 (little-endian)"
	utf16Big    = "UTF-16 (big-endian)"
	windows1252 = "Windows-1252"
)

var (
	utf8Mark       = []byte("\xEF\xBB\xBF")
	zipMagic       = []byte("PK\x03\x04")
	compoundMagic  = []byte("\xD0\xCF\x11\xE0")
	errNoText      = errors.New("not a text file: it holds bytes that no text has")
	errOldWorkbook = errors.New("an old .xls workbook or one with a password: save it as .xlsx without a password, or as CSV")
)

// decode turns a file's bytes into text. Without a byte order mark it is UTF-8
// where that fits, UTF-16 where every second byte of the beginning is zero, and
// else Windows-1252, what office programs of western Europe write.
func decode(content []byte) (text, encoding string, err error) {
	switch {
	case bytes.HasPrefix(content, compoundMagic):
		return "", "", errOldWorkbook
	case bytes.HasPrefix(content, utf8Mark):
		content = content[len(utf8Mark):]
		if !utf8.Valid(content) {
			return "", "", fmt.Errorf("begins as UTF-8, but byte %d is not", len(utf8Mark)+invalidAt(content)+1)
		}
		encoding, text = utf8Text, string(content)
	default:
		encoding = guessEncoding(content)
		if text, err = decodeAs(content, encoding); err != nil {
			return "", "", err
		}
	}
	if strings.ContainsRune(text, 0) {
		return "", "", errNoText
	}
	return text, encoding, nil
}

func invalidAt(b []byte) int {
	at := 0
	for at < len(b) {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
	return at
}

func guessEncoding(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte{0xFF, 0xFE}):
		return utf16Little
	case bytes.HasPrefix(content, []byte{0xFE, 0xFF}):
		return utf16Big
	}
	var zeroes [2]int
	start := content[:min(len(content), 1024)]
	for i, c := range start {
		if c == 0 {
			zeroes[i%2]++
		}
	}
	switch pairs := len(start) / 2; {
	case zeroes[1]*2 > pairs && zeroes[0]*10 <= pairs:
		return utf16Little
	case zeroes[0]*2 > pairs && zeroes[1]*10 <= pairs:
		return utf16Big
	case utf8.Valid(content):
		return utf8Text
	default:
		return windows1252
	}
}

func decodeAs(content []byte, encoding string) (string, error) {
	switch encoding {
	case utf16Little, utf16Big:
		order := unicode.LittleEndian
		if encoding == utf16Big {
			order = unicode.BigEndian
		}
		if len(content)%2 != 0 {
			return "", fmt.Errorf("cut short: %s with an odd number of bytes", encoding)
		}
		text, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(content)
		if err != nil {
			return "", fmt.Errorf("cannot decode %s: %w", encoding, err)
		}
		return string(text), nil
	case windows1252:
		text, err := charmap.Windows1252.NewDecoder().Bytes(content)
		if err != nil {
			return "", fmt.Errorf("cannot decode %s: %w", encoding, err)
		}
		return string(text), nil
	default:
		return string(content), nil
	}
}
