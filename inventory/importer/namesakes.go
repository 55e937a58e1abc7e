package importer

import (
	"fmt"
	"slices"

	"muster/inventory"
)

// noticeNamesakes says which new or renamed sites have a name that another site
// answers to. It may be right, two towns have a Library each; more often one
// site was entered twice under two codes.
func (p *planner) noticeNamesakes(all []*pending[inventory.Site], nouns []inventory.Site) {
	byCode := make(map[string]bool, len(all))
	holders := map[string][]string{}
	hold := func(s *inventory.Site) {
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			key := squash(name)
			holders[key] = append(holders[key], s.Code)
		}
	}
	for _, w := range all {
		byCode[w.entry.key] = true
		hold(&w.after)
	}
	for i := range nouns {
		if !byCode[nouns[i].Code] {
			hold(&nouns[i])
		}
	}
	for _, w := range all {
		name, named := w.setBy.of("name")
		if w.entry.bad || !named || w.before != nil && w.before.Name == w.after.Name {
			continue
		}
		codes := holders[squash(w.after.Name)]
		if other := slices.IndexFunc(codes, func(code string) bool { return code != w.entry.key }); other >= 0 {
			p.plan.Notices = append(p.plan.Notices, Problem{
				Place: name.cell.place(), Value: shorten(w.after.Name),
				Why: fmt.Sprintf("site %s answers to this name too: files must name either by its code", codes[other]),
			})
		}
	}
}
