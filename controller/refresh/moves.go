package refresh

import "muster/inventory"

// Moves is what the register should say after a swap changed.
type Moves struct {
	Assets   []inventory.Asset
	Position *inventory.Position // nil: as it was
}

// Register follows a swap from before to after: a new machine that was put at a
// desk is in service there and the old one retired; what was undone or rolled
// back stands as before. Only what changes is returned. Assets holds what the
// register says now, by tag; what somebody has changed there since is left.
func Register(before, after inventory.Swap, p inventory.Position, assets map[string]inventory.Asset) Moves {
	var m Moves
	was, is := done(before.State), done(after.State)
	switch {
	case is && !was:
		m.putIn(after, p, assets)
	case was && !is:
		m.putBack(before, p, assets)
	}
	return m
}

func (m *Moves) putIn(s inventory.Swap, p inventory.Position, assets map[string]inventory.Asset) {
	if a, ok := assets[s.New]; ok {
		to := a
		to.State, to.Site, to.Position = inventory.AssetInService, s.Site, s.Position
		m.move(a, to)
	}
	if a, ok := assets[s.Old]; ok && s.Old != s.New && inService(a) {
		to := a
		to.State, to.Site, to.Position = inventory.AssetRetired, "", ""
		m.move(a, to)
	}
	m.stands(p, s.New)
}

func (m *Moves) putBack(s inventory.Swap, p inventory.Position, assets map[string]inventory.Asset) {
	if s.InPlace {
		return
	}
	if a, ok := assets[s.New]; ok && inService(a) && a.Position == s.Position {
		to := a
		to.State, to.Site, to.Position = inventory.AssetStaged, "", ""
		m.move(a, to)
	}
	if a, ok := assets[s.Old]; ok && a.State == inventory.AssetRetired {
		to := a
		to.State, to.Site, to.Position = inventory.AssetInService, s.Site, s.Position
		m.move(a, to)
	}
	m.stands(p, s.Old)
}

func (m *Moves) move(from, to inventory.Asset) {
	if from.State != to.State || from.Site != to.Site || from.Position != to.Position {
		m.Assets = append(m.Assets, to)
	}
}

func (m *Moves) stands(p inventory.Position, tag string) {
	if p.Code != "" && p.Asset != tag {
		p.Asset = tag
		m.Position = &p
	}
}

// inService reports whether the register has the asset at work: empty is that.
func inService(a inventory.Asset) bool {
	return a.State == "" || a.State == inventory.AssetInService
}
