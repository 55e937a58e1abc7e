package mesh

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"muster/inventory"
)

// Sites are the codes of the open sites, sorted.
func (c *Controller) Sites() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.sites))
}

// Members lists a site's pool, the controller too; nil where none is open.
func (c *Controller) Members(code string) []Member {
	s, err := c.site(code)
	if err != nil {
		return nil
	}
	return s.pool.Members()
}

// PoolMembers lists a site's pool for people, with each member's last answer.
func (c *Controller) PoolMembers(code string) []inventory.PoolMember {
	s, err := c.site(code)
	if err != nil {
		return nil
	}
	members := s.pool.Members()
	out := make([]inventory.PoolMember, 0, len(members))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range members {
		p := inventory.PoolMember{
			Name: m.Name, Workstation: m.Workstation, Controller: m.Controller, Addr: m.Addr, State: string(m.State),
			Uplink: m.Tags.Uplink, Health: m.Tags.Health, Version: m.Tags.Version, SeenAt: s.seenAt[m.Name],
		}
		if m.Name == s.pool.name {
			p.KeyVersion = s.spec.KeyVersion
		}
		out = append(out, p)
	}
	return out
}

// KeyVersion is the version of the key that a site's pool seals with here.
func (c *Controller) KeyVersion(code string) int {
	s, err := c.site(code)
	if err != nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spec.KeyVersion
}

// Reach is how a site answers the sweep.
func (c *Controller) Reach(code string) inventory.Reach {
	s, err := c.site(code)
	if err != nil {
		why := "no pool is open"
		return inventory.Reach{
			State:     inventory.ReachUnknown,
			RTTMillis: inventory.Unknown[float64](why), Loss: inventory.Unknown[float64](why),
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.reach(time.Now())
}

// Kick sweeps a site now, for a person who does not want to wait.
func (c *Controller) Kick(code string) error {
	s, err := c.site(code)
	if err != nil {
		return fmt.Errorf("cannot sweep: %w", err)
	}
	s.mu.Lock()
	s.nextAt = time.Now()
	s.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
	return nil
}

// Forget takes a failed member out of a site's pool for good.
func (c *Controller) Forget(code, member string) error {
	s, err := c.site(code)
	if err != nil {
		return fmt.Errorf("cannot forget %.80q: %w", member, err)
	}
	return s.pool.Forget(member)
}

// Query asks members of a site a question; see Pool.Query.
func (c *Controller) Query(ctx context.Context, code, name string, body []byte, members ...string) ([]Answer, error) {
	s, err := c.site(code)
	if err != nil {
		return nil, fmt.Errorf("cannot ask: %w", err)
	}
	return s.pool.Query(ctx, name, body, members...)
}

func (c *Controller) site(code string) (*site, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.sites[code]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%s: %w", code, ErrNoSite)
}
