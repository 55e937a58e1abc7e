package report

import (
	"slices"

	"muster/inventory"
	"muster/inventory/wire"
)

// steadyHash names hardware without what moves from minute to minute: the charge
// of a battery, a cable, the clock of a processor. A list travels when this
// changes; a list that differs in the rest alone is what the controller holds.
func steadyHash(h inventory.Hardware) string {
	if b, ok := h.Battery.Get(); ok {
		b.ChargePercent, b.OnMains, b.Cycles = 0, false, 0
		h.Battery = inventory.Known(b)
	}
	if cards, ok := h.NICs.Get(); ok {
		cards = slices.Clone(cards)
		for i := range cards {
			cards[i].Carrier, cards[i].Mbps = inventory.Fact[bool]{}, inventory.Fact[int]{}
		}
		h.NICs = inventory.Known(cards)
	}
	h.CPU.MHz = inventory.Fact[int]{}
	hash, _, err := wire.HashList(h)
	if err != nil {
		return ""
	}
	return hash
}
