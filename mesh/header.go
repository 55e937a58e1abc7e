package mesh

import "errors"

// First bytes on the one port. Memberlist's own message types are 0 to 13, its
// label header begins with 244, and a TLS record of a ClientHello with 0x16.
const (
	labelByte  = 244
	tlsByte    = 0x16
	directByte = 0xD1 // first byte after the label of our own sealed messages
)

// MaxLabel bounds a pool's label. Every packet carries it, so the labels that
// are given out have three or four characters.
const MaxLabel = 32

var (
	errNoHeader  = errors.New("no label header")
	errTruncated = errors.New("truncated label header")
	errLabelSize = errors.New("label empty or longer than 32 bytes")
)

// splitHeader separates a packet into its pool's label and the rest, without
// copying: both are slices of packet.
func splitHeader(packet []byte) (label, rest []byte, err error) {
	switch {
	case len(packet) == 0 || packet[0] != labelByte:
		return nil, nil, errNoHeader
	case len(packet) < 2:
		return nil, nil, errTruncated
	}
	size := int(packet[1])
	switch {
	case size == 0 || size > MaxLabel:
		return nil, nil, errLabelSize
	case len(packet) < 2+size:
		return nil, nil, errTruncated
	}
	return packet[2 : 2+size], packet[2+size:], nil
}

// appendHeader appends the header of label to b. Memberlist adds its own to what
// it sends; this one is for direct messages.
func appendHeader(b []byte, label string) []byte {
	b = append(b, labelByte, byte(len(label)))
	return append(b, label...)
}
