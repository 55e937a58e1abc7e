package mesh

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
)

// A resident writes down the pool it belongs to and who answered lately, so that
// after a power cut a site's pool forms again although the controller is away.
const (
	memoryFile       = "pool.json"
	memoryVersion    = 1
	maxMemory        = 32 << 10 // bytes of the file
	maxNeighbours    = 32       // addresses remembered
	maxControllers   = 16
	maxSiteCodeBytes = 64
)

// memory is the file's content. It holds pool keys, so the file is readable by
// its owner alone.
type memory struct {
	Version     int              `json:"v"`
	Site        string           `json:"site"`
	Label       string           `json:"label"`
	Keys        [][]byte         `json:"keys"`
	KeyVersion  int              `json:"key_version"`
	Controllers []netip.AddrPort `json:"controllers"`
	Neighbours  []netip.AddrPort `json:"neighbours"` // latest first
}

// Recall reads what a resident last wrote to dir. It returns nil where there is
// nothing; a file that cannot be used is an error, and only costs the memory.
func Recall(dir string) (*Membership, error) {
	f, err := os.Open(filepath.Join(dir, memoryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot recall the pool: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxMemory+1))
	if err != nil {
		return nil, fmt.Errorf("cannot recall the pool from %s: %w", f.Name(), err)
	}
	m, err := decodeMemory(b)
	if err != nil {
		return nil, fmt.Errorf("cannot recall the pool from %s: %w", f.Name(), err)
	}
	return m, nil
}

// remember replaces the file in dir at once: the old content or the new, never
// half of one. There is no fsync: a lost file costs one local discovery, and
// thousands of agents that sync at the same moment would cost much more.
func remember(dir string, m Membership) error {
	b, err := encodeMemory(m)
	if err != nil {
		return fmt.Errorf("cannot remember the pool: %w", err)
	}
	f, err := os.CreateTemp(dir, memoryFile+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("cannot remember the pool: %w", err)
	}
	_, err = f.Write(b)
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, memoryFile))
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says more
		return fmt.Errorf("cannot remember the pool: %w", err)
	}
	return nil
}

// forget removes the memory: a workstation that is told to leave gossip keeps no
// site's key.
func forget(dir string) error {
	err := os.Remove(filepath.Join(dir, memoryFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot forget the pool: %w", err)
	}
	return nil
}

func encodeMemory(m Membership) ([]byte, error) {
	if err := checkMembership(m); err != nil {
		return nil, err
	}
	return json.Marshal(memory{
		Version: memoryVersion, Site: m.Site, Label: m.Label, Keys: m.Keys, KeyVersion: m.KeyVersion,
		Controllers: m.Controllers, Neighbours: m.Neighbours[:min(len(m.Neighbours), maxNeighbours)],
	})
}

func decodeMemory(b []byte) (*Membership, error) {
	if len(b) > maxMemory {
		return nil, fmt.Errorf("more than %d bytes", maxMemory)
	}
	var f memory
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	if f.Version != memoryVersion {
		return nil, fmt.Errorf("version %d, this agent reads %d", f.Version, memoryVersion)
	}
	if len(f.Neighbours) > maxNeighbours {
		return nil, fmt.Errorf("%d neighbours, the limit is %d", len(f.Neighbours), maxNeighbours)
	}
	m := Membership{
		Site: f.Site, Label: f.Label, Keys: f.Keys, KeyVersion: f.KeyVersion,
		Controllers: f.Controllers, Neighbours: f.Neighbours,
	}
	if err := checkMembership(m); err != nil {
		return nil, err
	}
	return &m, nil
}

// checkMembership holds a membership, which comes from the controller or from
// disk, against its bounds.
func checkMembership(m Membership) error {
	switch {
	case m.Site == "" || len(m.Site) > maxSiteCodeBytes:
		return fmt.Errorf("site code of %d bytes, 1 to %d are allowed", len(m.Site), maxSiteCodeBytes)
	case m.Label == "" || len(m.Label) > MaxLabel:
		return fmt.Errorf("pool label of %d bytes, 1 to %d are allowed", len(m.Label), MaxLabel)
	case len(m.Controllers) > maxControllers:
		return fmt.Errorf("%d controllers, the limit is %d", len(m.Controllers), maxControllers)
	}
	if err := checkKeys(m.Keys); err != nil {
		return fmt.Errorf("pool of %s: %w", m.Site, err)
	}
	for _, addr := range slices.Concat(m.Controllers, m.Neighbours) {
		if !addr.IsValid() || addr.Port() == 0 || addr.Addr().IsUnspecified() || addr.Addr().IsMulticast() {
			return fmt.Errorf("%s is no address of a member", addr)
		}
	}
	return nil
}

// mergeNeighbours puts those alive now before those known earlier, without
// repeats and without self, and keeps the first maxNeighbours.
func mergeNeighbours(live, earlier []netip.AddrPort, self netip.AddrPort) []netip.AddrPort {
	merged := make([]netip.AddrPort, 0, min(len(live)+len(earlier), maxNeighbours))
	for _, addr := range slices.Concat(live, earlier) {
		if len(merged) == maxNeighbours {
			break
		}
		if addr.IsValid() && addr != self && !slices.Contains(merged, addr) {
			merged = append(merged, addr)
		}
	}
	return merged
}
