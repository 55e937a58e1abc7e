package refresh

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Methods by which a drive is erased.
const (
	WipeOverwrite   = "overwrite"
	WipeCryptoErase = "crypto-erase"
	WipeDegauss     = "degauss"
	WipeShred       = "shred"
)

// WipeMethods lists them.
func WipeMethods() []string { return []string{WipeOverwrite, WipeCryptoErase, WipeDegauss, WipeShred} }

// DisposalMethods lists how an asset leaves the organisation.
func DisposalMethods() []string { return []string{"recycled", "sold", "donated", "destroyed"} }

// Custody is what is known of an asset on its way out.
type Custody struct {
	Wipes []inventory.Wipe
	// Drives are the serials of its built-in drives as its agent read them;
	// unknown where no agent did.
	Drives inventory.Fact[[]string]
	Swaps  []inventory.Swap // that name it as their old or new machine
	Zone   *time.Location   // hold-until dates are read in it; nil is UTC
}

// HasDrive reports whether the asset has to be wiped before it is disposed of:
// what an agent saw decides, else a computer has a drive and nothing else has.
func (c Custody) HasDrive(kind inventory.AssetKind) bool {
	if drives, known := c.Drives.Get(); known {
		return len(drives) > 0
	}
	return kind.Computer()
}

// Unwiped lists the drives for which no wipe is recorded. Where no agent read
// the drives, one record is enough.
func (c Custody) Unwiped(kind inventory.AssetKind) []string {
	if !c.HasDrive(kind) {
		return nil
	}
	drives, known := c.Drives.Get()
	if !known {
		if len(c.Wipes) > 0 {
			return nil
		}
		return []string{"its drive"}
	}
	var left []string
	for _, d := range drives {
		if !c.wiped(d) {
			left = append(left, d)
		}
	}
	return left
}

func (c Custody) wiped(drive string) bool {
	return slices.ContainsFunc(c.Wipes, func(w inventory.Wipe) bool { return sameSerial(w.DriveSerial, drive) })
}

func sameSerial(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// RecordWipe records that a drive of an asset was erased. The asset is wiped
// once all its drives are.
func RecordWipe(a inventory.Asset, w inventory.Wipe, c Custody, now time.Time) (inventory.Asset, inventory.Event, error) {
	refuse := func(why, help string) (inventory.Asset, inventory.Event, error) {
		return a, inventory.Event{}, &Refusal{Verb: "record the wiping of", Subject: "asset " + a.Tag, Why: why, Help: help}
	}
	w.Asset = a.Tag
	if w.At.IsZero() {
		w.At = now
	}
	switch {
	case !c.HasDrive(a.Kind):
		return refuse("it has no drive", "dispose of it without")
	case a.State != inventory.AssetRetired && a.State != inventory.AssetDead && a.State != inventory.AssetWiped:
		return refuse(fmt.Sprintf("it is %s", stateOf(a)), "only what is retired, or came dead, is wiped")
	case !slices.Contains(WipeMethods(), w.Method):
		return refuse(fmt.Sprintf("%.40q is no method", w.Method), fmt.Sprintf("one of %v", WipeMethods()))
	case strings.TrimSpace(w.By) == "" || strings.TrimSpace(w.Verifier) == "":
		return refuse("who wiped it and who verified that are both needed", "")
	case strings.EqualFold(strings.TrimSpace(w.By), strings.TrimSpace(w.Verifier)):
		return refuse(fmt.Sprintf("%s wiped it and cannot verify it too", w.By), "have another person look at it")
	case inventory.JunkSerial(w.DriveSerial):
		return refuse(fmt.Sprintf("%.40q is no serial of a drive", w.DriveSerial), "read it off the drive")
	case c.wiped(w.DriveSerial):
		return refuse(fmt.Sprintf("drive %s is recorded as wiped already", w.DriveSerial), "")
	}
	if why, help := c.unknownDrive(w.DriveSerial); why != "" {
		return refuse(why, help)
	}
	if why, help := c.held(a, w.At, now); why != "" {
		return refuse(why, help)
	}
	if why, help := c.needed(a.Tag); why != "" {
		return refuse(why, help)
	}
	if why := tooLong(w.Method, w.Tool, w.DriveSerial, w.Certificate, w.Verifier, w.By); why != "" {
		return refuse(why, "")
	}
	c.Wipes = append(slices.Clone(c.Wipes), w)
	if len(c.Unwiped(a.Kind)) == 0 {
		a.State, a.Site, a.Position = inventory.AssetWiped, "", ""
	}
	return a, assetEvent(inventory.EventAssetWiped, a.Tag, w, w.By, w.At, now), nil
}

// RecordDisposal records that an asset left the organisation.
func RecordDisposal(a inventory.Asset, d inventory.Disposal, c Custody, now time.Time) (inventory.Asset, inventory.Event, error) {
	refuse := func(why, help string) (inventory.Asset, inventory.Event, error) {
		return a, inventory.Event{}, &Refusal{Verb: "record the disposal of", Subject: "asset " + a.Tag, Why: why, Help: help}
	}
	d.Asset = a.Tag
	if d.At.IsZero() {
		d.At = now
	}
	switch left := c.Unwiped(a.Kind); {
	case a.State == inventory.AssetDisposed:
		return refuse("it is disposed of already", "")
	case a.State != inventory.AssetRetired && a.State != inventory.AssetWiped && a.State != inventory.AssetDead:
		return refuse(fmt.Sprintf("it is %s", stateOf(a)), "only what is retired, wiped or came dead is disposed of")
	case len(left) > 0:
		return refuse("no wipe is recorded of "+strings.Join(left, ", "), "record the wipe first, with its verifier")
	case !slices.Contains(DisposalMethods(), d.Method):
		return refuse(fmt.Sprintf("%.40q is no method", d.Method), fmt.Sprintf("one of %v", DisposalMethods()))
	case strings.TrimSpace(d.Taker) == "" || strings.TrimSpace(d.By) == "":
		return refuse("who took it and who says so are both needed", "")
	}
	if why, help := c.held(a, d.At, now); why != "" {
		return refuse(why, help)
	}
	if why, help := c.needed(a.Tag); why != "" {
		return refuse(why, help)
	}
	if why := tooLong(d.Method, d.Taker, d.Certificate, d.By); why != "" {
		return refuse(why, "")
	}
	a.State, a.Site, a.Position = inventory.AssetDisposed, "", ""
	return a, assetEvent(inventory.EventAssetDisposed, a.Tag, d, d.By, d.At, now), nil
}

// unknownDrive refuses a drive that the agent did not see: a slip of the pen
// would leave the real one unwiped on paper.
func (c Custody) unknownDrive(serial string) (why, help string) {
	drives, known := c.Drives.Get()
	if !known || slices.ContainsFunc(drives, func(d string) bool { return sameSerial(d, serial) }) {
		return "", ""
	}
	return fmt.Sprintf("its agent saw no drive %s", serial), "it saw " + strings.Join(drives, ", ")
}

// held refuses what is kept until a date, and what lies in the future.
func (c Custody) held(a inventory.Asset, at, now time.Time) (why, help string) {
	day := Scene{Zone: c.Zone}.day(at)
	switch {
	case at.After(now.Add(AheadFor)):
		return fmt.Sprintf("%s lies in the future", at.UTC().Format(time.RFC3339)), "say when it was done"
	case a.HoldUntil.Set() && day < a.HoldUntil:
		return fmt.Sprintf("it is on hold until %s", a.HoldUntil), "wait, or have the hold lifted in the register by who set it"
	default:
		return "", ""
	}
}

// needed refuses while a swap may still need the machine.
func (c Custody) needed(tag string) (why, help string) {
	for _, s := range c.Swaps {
		switch {
		case s.New == tag && done(s.State):
			return fmt.Sprintf("it is the new machine at %s (swap %s)", s.Position, s.ID), "roll that swap back, or swap the position again"
		case s.Old == tag && s.State == inventory.SwapSwapped:
			return fmt.Sprintf("swap %s at %s is not verified yet: it may have to stand there again", s.ID, s.Position), "see what is missing at that swap"
		}
	}
	return "", ""
}

func tooLong(texts ...string) string {
	for _, t := range texts {
		if len(t) > 200 || !printable(t) {
			return fmt.Sprintf("%.40q… is longer than 200 bytes or cannot be printed", t)
		}
	}
	return ""
}

// HandInAsset books an asset that comes back without a swap: a leaver's laptop, a
// router from a closed site. What a swap waits for is handed in by HandIn.
func HandInAsset(a inventory.Asset, said Said, where string, swaps []inventory.Swap, now time.Time) (inventory.Asset, inventory.Event, error) {
	refuse := func(why, help string) (inventory.Asset, inventory.Event, error) {
		return a, inventory.Event{}, &Refusal{Verb: "hand in", Subject: "asset " + a.Tag, Why: why, Help: help}
	}
	at, r := when(inventory.Swap{}, Order{Action: HandIn{}, Said: said}, now)
	if r != nil {
		return refuse(r.Why, r.Help)
	}
	for _, s := range swaps {
		switch {
		case s.New == a.Tag && done(s.State):
			return refuse(fmt.Sprintf("it is the new machine at %s (swap %s)", s.Position, s.ID), "roll that swap back, or swap the position again")
		case s.Old == a.Tag && (s.State == inventory.SwapSwapped || s.State == inventory.SwapVerified) && s.HandedInAt.IsZero():
			return refuse(fmt.Sprintf("swap %s at %s waits for it", s.ID, s.Position), "hand it in at that swap")
		}
	}
	switch {
	case a.State != inventory.AssetRetired && !inService(a) && a.State != inventory.AssetLost:
		return refuse(fmt.Sprintf("it is %s", a.State), "only what was in service, is retired or was lost comes back")
	case tooLong(where) != "":
		return refuse(tooLong(where), "")
	}
	a.State, a.Site, a.Position = inventory.AssetRetired, "", ""
	return a, handedIn(a.Tag, where, said.By, at, now), nil
}

// handedIn is the event that an asset was scanned in.
func handedIn(tag, where, by string, at, now time.Time) inventory.Event {
	return assetEvent(inventory.EventAssetHandedIn, tag, HandIn{Asset: tag, Where: where}, by, at, now)
}

func assetEvent(kind, tag string, say any, by string, at, now time.Time) inventory.Event {
	text, _ := json.Marshal(say) // texts and times of our own types: they always encode
	return inventory.Event{
		Kind: kind, Subject: inventory.Subject{Noun: inventory.NounAsset, Key: tag},
		OccurredAt: at.UTC(), RecordedAt: now.UTC(), Author: by, Body: text,
	}
}
