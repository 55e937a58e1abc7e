package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"muster/mesh"
)

const (
	resolveFor = 3 * time.Second // names of controllers, all of them
	directFor  = 4 * time.Second // one connection
)

// dial opens a connection to a controller: by itself until there is a resident,
// who also knows neighbours.
func (a *App) dial(ctx context.Context) (net.Conn, string, error) {
	if resident, _ := a.parts(); resident != nil {
		return resident.DialController(ctx)
	}
	controllers := a.resolve(ctx)
	if len(controllers) == 0 {
		return nil, "", errors.New("no controller is known by an address")
	}
	rand.Shuffle(len(controllers), func(i, j int) { controllers[i], controllers[j] = controllers[j], controllers[i] })
	var errs error
	for _, to := range controllers {
		conn, err := a.dialOne(ctx, to)
		if err == nil {
			return conn, mesh.ViaDirect, nil
		}
		errs = errors.Join(errs, fmt.Errorf("%s: %w", to, err))
	}
	return nil, "", errs
}

func (a *App) dialOne(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, directFor)
	defer cancel()
	var from netip.Addr
	if addr := a.opts.Addr.Addr(); !addr.IsUnspecified() {
		from = addr
	}
	return a.opts.Network.Dial(ctx, from, to)
}

// blame tells the resident of a connection that fell silent.
func (a *App) blame(via string, err error) {
	if resident, _ := a.parts(); resident != nil {
		resident.BlameUplink(via, err)
	}
}

// resolve brings the controllers' addresses up to date. Addresses are taken as
// they are; names go through the system's resolver, and what they last meant
// stays in force while it does not answer.
func (a *App) resolve(ctx context.Context) []netip.AddrPort {
	a.mu.Lock()
	names, known := a.settings.Controllers, a.controllers
	a.mu.Unlock()
	if len(names) == 0 {
		if token, err := a.token(); err == nil {
			names = token.Controllers
		}
	}
	ctx, cancel := context.WithTimeout(ctx, resolveFor)
	defer cancel()
	var found []netip.AddrPort
	for _, name := range names {
		for _, addr := range lookUp(ctx, name) {
			if !slices.Contains(found, addr) {
				found = append(found, addr)
			}
		}
	}
	if len(found) == 0 {
		return slices.Clone(known)
	}
	a.mu.Lock()
	a.controllers = found
	a.mu.Unlock()
	return slices.Clone(found)
}

func lookUp(ctx context.Context, name string) []netip.AddrPort {
	if addr, err := netip.ParseAddrPort(name); err == nil {
		return []netip.AddrPort{addr}
	}
	computer, service, err := net.SplitHostPort(name)
	if err != nil {
		return nil
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", computer)
	if err != nil {
		return nil
	}
	found := make([]netip.AddrPort, 0, len(addrs))
	for _, addr := range addrs {
		found = append(found, netip.AddrPortFrom(addr.Unmap(), uint16(port)))
	}
	return found
}
