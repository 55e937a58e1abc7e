package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"muster/inventory"
)

// How a delivery is tried again: soon at first, then every quarter of an hour, for
// two days.
const (
	firstRetry = 5 * time.Second
	lastRetry  = 15 * time.Minute
	giveUpFor  = 48 * time.Hour
)

// tried is the delivery after one try. problem is empty where it arrived; final
// says that the sink refuses it for good.
func tried(d inventory.Delivery, now time.Time, problem string, final bool) inventory.Delivery {
	d.Attempts++
	d.Problem = problem
	switch {
	case problem == "":
		d.SentAt = now
	case final || now.Sub(d.CreatedAt) >= giveUpFor:
		d.GivenUpAt = now
	default:
		wait := lastRetry
		if d.Attempts <= 8 { // 5 s doubled eight times passes a quarter of an hour
			wait = min(firstRetry<<(d.Attempts-1), lastRetry)
		}
		d.NextAt = now.Add(wait)
	}
	return d
}

// name is a delivery's id: the same step of the same incident to the same target
// has the same id, so that nothing is sent twice however often it is decided.
func name(kind inventory.DeliveryKind, incident string, to Target, n int) string {
	sum := sha256.Sum256([]byte(to.Sink + "\x00" + to.Address))
	return fmt.Sprintf("%s-%s-%d-%s", incident, kind, n, hex.EncodeToString(sum[:6]))
}
