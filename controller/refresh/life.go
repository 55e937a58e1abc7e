package refresh

import (
	"fmt"
	"slices"

	"muster/inventory"
)

// NextStates lists the states that may follow on one in an asset's life. Only
// computers are imaged; routers, switches and the rest are configured, which is
// to be staged.
func NextStates(kind inventory.AssetKind, state inventory.AssetState) []inventory.AssetState {
	return slices.DeleteFunc(follow(state), func(next inventory.AssetState) bool {
		return next == inventory.AssetImaged && !kind.Computer()
	})
}

func follow(state inventory.AssetState) []inventory.AssetState {
	switch state {
	case inventory.AssetPlanned:
		return []inventory.AssetState{inventory.AssetOrdered, inventory.AssetDelivered}
	case inventory.AssetOrdered: // an order may be cancelled
		return []inventory.AssetState{inventory.AssetDelivered, inventory.AssetPlanned}
	case inventory.AssetDelivered:
		return []inventory.AssetState{
			inventory.AssetImaged, inventory.AssetStaged, inventory.AssetInService,
			inventory.AssetDead, inventory.AssetLost, inventory.AssetReturned,
		}
	case inventory.AssetImaged:
		return []inventory.AssetState{
			inventory.AssetStaged, inventory.AssetInService, inventory.AssetDelivered,
			inventory.AssetDead, inventory.AssetLost, inventory.AssetReturned,
		}
	case inventory.AssetStaged:
		return []inventory.AssetState{
			inventory.AssetInService, inventory.AssetImaged, inventory.AssetDelivered,
			inventory.AssetDead, inventory.AssetLost, inventory.AssetReturned,
		}
	case inventory.AssetInService, "": // back to staged where a swap was undone
		return []inventory.AssetState{inventory.AssetRetired, inventory.AssetStaged, inventory.AssetLost}
	case inventory.AssetRetired: // in service again where a swap was rolled back
		return []inventory.AssetState{
			inventory.AssetWiped, inventory.AssetDisposed, inventory.AssetInService, inventory.AssetLost,
		}
	case inventory.AssetWiped: // a wiped one may be used again
		return []inventory.AssetState{
			inventory.AssetDisposed, inventory.AssetReturned, inventory.AssetImaged, inventory.AssetStaged, inventory.AssetLost,
		}
	case inventory.AssetDead:
		return []inventory.AssetState{inventory.AssetReturned, inventory.AssetWiped, inventory.AssetDisposed}
	case inventory.AssetLost: // found again
		return []inventory.AssetState{inventory.AssetRetired, inventory.AssetDelivered}
	case inventory.AssetReturned: // repaired and sent back
		return []inventory.AssetState{inventory.AssetDelivered}
	case inventory.AssetDisposed:
		return nil
	default:
		return nil
	}
}

// Advance moves an asset to another state of its life. Wiped and disposed are
// not said but recorded: see RecordWipe and RecordDisposal.
func Advance(a inventory.Asset, to inventory.AssetState, swaps []inventory.Swap) (inventory.Asset, error) {
	refuse := func(why, help string) (inventory.Asset, error) {
		return a, &Refusal{Verb: "make", Subject: fmt.Sprintf("asset %s %s", a.Tag, to), Why: why, Help: help}
	}
	switch {
	case !slices.Contains(inventory.AssetStates(), to):
		return refuse(fmt.Sprintf("%.40q is no state of an asset", to), fmt.Sprintf("one of %v", inventory.AssetStates()))
	case to == inventory.AssetWiped || to == inventory.AssetDisposed:
		return refuse("it needs a record", "record who did it, how, and who verified it")
	case to == inventory.AssetImaged && !a.Kind.Computer():
		return refuse(fmt.Sprintf("a %s is not imaged", a.Kind), "it is configured: make it staged")
	case !slices.Contains(NextStates(a.Kind, a.State), to):
		return refuse(fmt.Sprintf("it is %s", stateOf(a)), fmt.Sprintf("from there it becomes one of %v", NextStates(a.Kind, a.State)))
	}
	for _, s := range swaps {
		if s.New == a.Tag && done(s.State) && to != inventory.AssetInService && to != inventory.AssetLost {
			return refuse(fmt.Sprintf("it stands at %s as the new machine of swap %s", s.Position, s.ID), "roll that swap back, or swap the position again")
		}
	}
	a.State = to
	if to != inventory.AssetInService {
		a.Position = ""
	}
	return a, nil
}

func stateOf(a inventory.Asset) inventory.AssetState {
	if a.State == "" {
		return inventory.AssetInService
	}
	return a.State
}
