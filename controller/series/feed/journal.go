package feed

import (
	"hash/fnv"
	"strconv"
	"time"

	"muster/controller/series"
	"muster/inventory/wire"
)

// heardLately is how old a contact with the controller may be to be dated by the
// record that tells of it: one tick of the journal.
const heardLately = 10 * time.Second

// witnesses bounds the series of a site, and names nobody: two machines with one
// witness count as one.
const witnesses = 16

// Journal is what a workstation's journal says of the way beyond its site: of
// records that travelled because the controller was not heard, at the controller's
// instants of them. A record speaks for up where something outside answered or the
// controller was heard a moment before; for down where nothing answered, the
// gateway did and neighbours were heard. What was written elsewhere says nothing.
func Journal(site, workstation string, at []time.Time, records []wire.JournalRecord) []series.Sample {
	var out []series.Sample
	labels := []series.Label{label("site", site), label("witness", witness(workstation))}
	for i, r := range records[:min(len(records), len(at))] {
		if site == "" || !r.Addr.IsValid() {
			continue
		}
		s := series.Sample{Family: "muster_site_outside_reach", At: at[i], Labels: labels}
		switch {
		case r.Outside == wire.Yes:
			s.Value = 1
		case r.Outside == wire.No:
			if r.Gateway != wire.Yes || r.Carrier == wire.No || r.PeersKnown > 0 && r.Peers == 0 {
				continue
			}
		case r.PacketAge >= 0 && r.PacketAge < heardLately:
			s.At, s.Value = at[i].Add(-r.PacketAge), 1
		default:
			continue
		}
		out = append(out, s)
	}
	return out
}

func witness(workstation string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(workstation)) // never fails
	return strconv.Itoa(int(h.Sum32() % witnesses))
}
