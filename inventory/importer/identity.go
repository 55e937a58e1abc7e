package importer

import (
	"fmt"
	"slices"

	"muster/inventory"
)

// checkIdentities rejects assets whose serial number, UUID or MAC address is on
// another asset as well: an agent that reports it could be either. Assets that
// are gone for good may keep theirs. An entry that is rejected stays as the
// register has it, which can lay bare another collision, so those who would
// have taken over its keys are looked at again.
func (p *planner) checkIdentities(all []*pending[asset], nouns []asset) {
	byTag := make(map[string]*pending[asset], len(all))
	holders := map[inventory.IdentityKey][]string{}
	hold := func(a *asset) {
		for _, key := range identityKeys(a) {
			holders[key] = append(holders[key], a.Tag)
		}
	}
	for _, w := range all {
		byTag[w.entry.key] = w
		hold(&w.after)
	}
	for i := range nouns {
		if byTag[nouns[i].Tag] == nil {
			hold(&nouns[i])
		}
	}
	for queue := slices.Clone(all); len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		if w.entry.bad || w.before != nil && sameIdentity(w.before, &w.after) || !p.rejectShared(w, holders) {
			continue
		}
		for _, key := range identityKeys(w.before) {
			for _, tag := range holders[key] {
				if other := byTag[tag]; other != nil {
					queue = append(queue, other)
				}
			}
		}
		hold(w.before)
	}
}

// rejectShared reports every key of w that another asset holds.
func (p *planner) rejectShared(w *pending[asset], holders map[inventory.IdentityKey][]string) bool {
	for _, key := range identityKeys(&w.after) {
		other := slices.IndexFunc(holders[key], func(tag string) bool { return tag != w.entry.key })
		if other < 0 {
			continue
		}
		w.entry.bad = true
		src := w.entry.sources[0]
		var place Place
		if s, ok := w.setBy.of(fieldOfIdentity(key.Kind)); ok {
			src, place = *s.source, s.cell.place()
		} else {
			place = p.plan.Tables[src.table].place(src.line, 0)
		}
		p.reject(src, Problem{
			Place: place, Value: shorten(key.Value),
			Why: fmt.Sprintf("%s %s is on asset %s too: one machine cannot have two tags", key.Kind, key.Value, shorten(holders[key][other])),
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
