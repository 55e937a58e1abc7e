package importer

import (
	"fmt"
	"slices"

	"muster/inventory"
)

// checkIdentities rejects assets whose serial number, UUID or MAC address is on
// another asset as well: an agent that reports it could be either. Assets that
// are gone for good may keep theirs. An entry that is rejected stays as the
// register has it, which can lay bare another collision, so it is looked again
// until nothing changes.
func (p *planner) checkIdentities(all []*pending[asset], nouns []asset) {
	become := make(map[string]*asset, len(nouns)+len(all))
	for i := range nouns {
		become[nouns[i].Tag] = &nouns[i]
	}
	for _, w := range all {
		become[w.entry.key] = &w.after
	}
	holders := map[inventory.IdentityKey][]string{}
	for tag, a := range become {
		for _, key := range identityKeys(a) {
			holders[key] = append(holders[key], tag)
		}
	}
	for again := true; again; {
		again = false
		for _, w := range all {
			if w.entry.bad || w.before != nil && sameIdentity(w.before, &w.after) {
				continue
			}
			if p.rejectShared(w, holders) {
				again = true
				for _, key := range identityKeys(w.before) {
					holders[key] = append(holders[key], w.entry.key)
				}
			}
		}
	}
}

// rejectShared reports every key of w that another asset holds.
func (p *planner) rejectShared(w *pending[asset], holders map[inventory.IdentityKey][]string) bool {
	for _, key := range identityKeys(&w.after) {
		others := slices.DeleteFunc(slices.Clone(holders[key]), func(tag string) bool { return tag == w.entry.key })
		if len(others) == 0 {
			continue
		}
		slices.Sort(others)
		w.entry.bad = true
		src, place := w.entry.sources[0], Place{}
		if s, ok := w.setBy[fieldOfIdentity(key.Kind)]; ok {
			src, place = s.source, s.cell.place
		} else {
			place = p.plan.Tables[src.table].place(src.line, 0)
		}
		p.reject(src, Problem{
			Place: place, Value: shorten(key.Value),
			Why: fmt.Sprintf("%s %s is on asset %s too: one machine cannot have two tags", key.Kind, key.Value, shorten(others[0])),
		})
	}
	if w.entry.bad {
		p.rejectRest(w.entry)
	}
	return w.entry.bad
}

func fieldOfIdentity(kind string) string {
	if kind == "mac" {
		return "macs"
	}
	return kind
}

func identityKeys(a *asset) []inventory.IdentityKey {
	if a == nil || a.State == inventory.AssetDisposed || a.State == inventory.AssetReturned {
		return nil
	}
	return a.Identity().Keys()
}

func sameIdentity(a, b *asset) bool { return slices.Equal(identityKeys(a), identityKeys(b)) }
