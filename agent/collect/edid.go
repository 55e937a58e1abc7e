package collect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// maxEDID is the base block with its largest number of extensions.
const maxEDID = 256 * 128

var edidMagic = []byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}

// monitorName reads a monitor's name from its EDID (VESA E-EDID 1.4): the name
// descriptor, or maker and product number. Serial numbers are not read.
func monitorName(edid []byte) (string, error) {
	if len(edid) == 0 {
		return "", errors.New("the monitor gave no EDID")
	}
	if len(edid) < 128 || !bytes.Equal(edid[:8], edidMagic) {
		return "", errors.New("the monitor's EDID is damaged")
	}
	maker := edidMaker(binary.BigEndian.Uint16(edid[8:]))
	for at := 54; at+18 <= 126; at += 18 {
		d := edid[at : at+18]
		if d[0] != 0 || d[1] != 0 || d[3] != 0xfc {
			continue
		}
		text, _, _ := bytes.Cut(d[5:18], []byte{'\n'})
		if name := clean(string(text)); name != "" {
			if strings.HasPrefix(strings.ToLower(name), strings.ToLower(maker)) {
				return name, nil
			}
			return clean(maker + " " + name), nil
		}
	}
	return fmt.Sprintf("%s monitor %04X", maker, binary.LittleEndian.Uint16(edid[10:])), nil
}

// edidMaker decodes the three letters of a PNP maker's id, five bits each.
func edidMaker(id uint16) string {
	letters := []byte{byte(id >> 10 & 31), byte(id >> 5 & 31), byte(id & 31)}
	for i := range letters {
		if letters[i] < 1 || letters[i] > 26 {
			return "unnamed"
		}
		letters[i] += 'A' - 1
	}
	if name, ok := monitorMakers[string(letters)]; ok {
		return name
	}
	return string(letters)
}

// monitorMakers names the makers an office is likely to own.
var monitorMakers = map[string]string{
	"ACR": "Acer", "AOC": "AOC", "APP": "Apple", "AUO": "AU Optronics", "AUS": "ASUS", "BNQ": "BenQ", "BOE": "BOE",
	"CMN": "Innolux", "DEL": "Dell", "ENC": "EIZO", "FUS": "Fujitsu", "GSM": "LG", "HPN": "HP", "HWP": "HP", "IVM": "Iiyama",
	"LEN": "Lenovo", "LGD": "LG Display", "NEC": "NEC", "PHL": "Philips", "SAM": "Samsung", "SDC": "Samsung Display",
	"SHP": "Sharp", "SNY": "Sony", "VSC": "ViewSonic",
}
