package intake

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"
)

// Revocations by other controllers or by the API are seen after this long.
const revocationEvery = 5 * time.Second

// revocations is the set of revoked certificates, read from the store.
type revocations struct {
	store CertificateStore
	log   *slog.Logger
	// The set is replaced, never changed, so that a report takes no lock.
	serials atomic.Pointer[map[string]struct{}]
}

func newRevocations(store CertificateStore, log *slog.Logger) *revocations {
	v := &revocations{store: store, log: log}
	v.serials.Store(&map[string]struct{}{})
	return v
}

func (v *revocations) holds(serial string) bool {
	_, revoked := (*v.serials.Load())[serial]
	return revoked
}

// add puts serials into the set at once, ahead of the next refresh.
func (v *revocations) add(serials ...string) {
	for {
		old := v.serials.Load()
		set := maps.Clone(*old)
		for _, serial := range serials {
			set[serial] = struct{}{}
		}
		if v.serials.CompareAndSwap(old, &set) {
			return
		}
	}
}

func (v *revocations) refresh(ctx context.Context) error {
	old := v.serials.Load()
	serials, err := v.store.RevokedSerials(ctx)
	if err != nil {
		return fmt.Errorf("cannot read revoked certificates: %w", err)
	}
	set := make(map[string]struct{}, len(serials))
	for _, serial := range serials {
		set[serial] = struct{}{}
	}
	// One that was added meanwhile is in the store and comes with the next refresh,
	// but must not be let in until then: keep the newer set.
	v.serials.CompareAndSwap(old, &set)
	return nil
}

func (v *revocations) run(ctx context.Context) {
	tick := time.NewTicker(revocationEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := v.refresh(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			v.log.Warn("cannot refresh revocations, keeping those known", "error", err)
		}
		failing = err != nil
	}
}
