package mesh

import (
	"encoding/binary"
	"errors"
	"fmt"

	"muster/inventory"
)

// LeaveNotice is a workstation's last word, sent straight to its controllers as
// a DirectLeave message: gossip is too slow for a machine that suspends. Without
// a later journal it is inferred, for any key holder can send one.
type LeaveNotice struct {
	Member string // the name in the pool
	Reason inventory.LeaveReason
	// Number is the same in the three copies of one notice and new in the next.
	Number uint64
}

const leaveVersion = 1

var errLeave = errors.New("not a leave notice")

// Encode returns the notice's bytes: version, reason, number, name.
func (n LeaveNotice) Encode() ([]byte, error) {
	code, ok := leaveCodes()[n.Reason]
	if !ok || !validName(n.Member) {
		return nil, fmt.Errorf("cannot encode leave notice of %.80q, reason %.20q", n.Member, string(n.Reason))
	}
	b := binary.BigEndian.AppendUint64([]byte{leaveVersion, code}, n.Number)
	return append(b, n.Member...), nil
}

// DecodeLeaveNotice reads what Encode wrote.
func DecodeLeaveNotice(b []byte) (LeaveNotice, error) {
	if len(b) < 11 || b[0] != leaveVersion {
		return LeaveNotice{}, errLeave
	}
	n := LeaveNotice{Member: string(b[10:]), Number: binary.BigEndian.Uint64(b[2:10])}
	for reason, code := range leaveCodes() {
		if code == b[1] {
			n.Reason = reason
		}
	}
	if n.Reason == "" || !validName(n.Member) {
		return LeaveNotice{}, errLeave
	}
	return n, nil
}

func leaveCodes() map[inventory.LeaveReason]byte {
	return map[inventory.LeaveReason]byte{
		inventory.LeaveShutdown: 1, inventory.LeaveRestart: 2, inventory.LeaveSleep: 3, inventory.LeaveUpdate: 4,
	}
}
