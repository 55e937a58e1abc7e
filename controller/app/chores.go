package app

import (
	"context"
	"time"

	"muster/inventory"
)

// What is kept, as docs/data-protection.md says. It is pruned a few thousand rows
// at a time, so that no report waits for it.
const (
	keepReportsFor = 7 * 24 * time.Hour // behind what may still be revised
	keepJournalFor = 30 * 24 * time.Hour
	// A list's older contents show what a machine was before it was mended; after
	// more than a year the present ones are enough.
	keepListsFor = 400 * 24 * time.Hour
	// What is finer than a day about one machine is kept for as long as its journal;
	// what was wrong with a site or a link, for two years of accounts and a bit.
	keepPresenceFor  = 30 * 24 * time.Hour
	keepIncidentsFor = 800 * 24 * time.Hour
	// What a name was before an import is there to undo the import with.
	keepFormerNamesFor = 30 * 24 * time.Hour

	pruneEvery  = 10 * time.Minute
	pruneAtOnce = 5_000
)

func (a *App) beginChores(ctx context.Context) error {
	chores, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(pruneEvery)
		defer tick.Stop()
		for {
			select {
			case <-chores.Done():
				return
			case <-tick.C:
				a.prune(chores)
			}
		}
	}()
	a.later(func(context.Context) error { cancel(); <-done; return nil })
	return nil
}

func (a *App) prune(ctx context.Context) {
	for _, chore := range []struct {
		what    string
		keepFor time.Duration
		prune   func(ctx context.Context, before time.Time, limit int) (int, error)
	}{
		{"reports", keepReportsFor, a.store.PruneReports},
		{"journal records", keepJournalFor, a.store.PruneJournal},
		{"lists", keepListsFor, a.store.PruneLists},
		{"notifications", keepListsFor, a.store.PruneDeliveries},
		{"moves", keepPresenceFor, a.store.PruneMoves},
		{"presence verdicts", keepPresenceFor, a.pruneIncidents(true)},
		{"evidence of incidents", keepPresenceFor, a.store.PruneEvidence},
		{"incidents", keepIncidentsFor, a.pruneIncidents(false)},
		{"names of staff", keepFormerNamesFor, a.pruneNames},
	} {
		before := a.opts.Now().Add(-chore.keepFor)
		for ctx.Err() == nil {
			n, err := chore.prune(ctx, before, pruneAtOnce)
			if err != nil {
				a.opts.Log.Error("cannot prune what is old", "what", chore.what, "error", err)
			}
			if err != nil || n < pruneAtOnce {
				break
			}
		}
	}
}

// pruneNames removes the names of staff who left long enough ago, and what names
// were before old imports.
func (a *App) pruneNames(ctx context.Context, before time.Time, limit int) (int, error) {
	left := a.opts.Now().AddDate(0, 0, -a.opts.StaffNamesDays)
	return a.store.PrunePersonal(ctx, inventory.DateOf(left), before, limit)
}

func (a *App) pruneIncidents(presence bool) func(context.Context, time.Time, int) (int, error) {
	return func(ctx context.Context, before time.Time, limit int) (int, error) {
		return a.store.PruneIncidents(ctx, presence, before, limit)
	}
}
