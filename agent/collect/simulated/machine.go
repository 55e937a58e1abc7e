package simulated

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// Spec says which machine to make. The zero Spec is the machine of seed 0.
type Spec struct {
	Seed int64
	Name string           // from the serial by default
	Now  func() time.Time // time.Now by default
}

// Standing is where a machine stands, for rehearsals to change.
type Standing struct {
	Addr      netip.Prefix // its address with the length of its subnet
	Gateway   netip.Addr
	Resolvers []netip.Addr
}

// Senses overrides what the machine feels of its surroundings; an empty field
// leaves the machine's own idea.
type Senses struct {
	Gateway wire.Reachable
	Carrier wire.Reachable
	Power   wire.PowerSource
}

// Machine is a machine that does not exist. It is safe for concurrent use.
type Machine struct {
	dice      dice
	product   *product
	cpu       *processor
	name      string
	serial    string
	now       func() time.Time
	startedAt time.Time

	mu       sync.Mutex // guards the rest
	boots    uint32
	bootedAt time.Time
	standing Standing
	senses   Senses
	stops    []inventory.Stop // ends of boots that were played, newest first
	stopped  bool             // the first of them ends the present boot
	world    World            // nil: all is well
}

// New makes the machine of a seed. Seeds that differ below 2^24 make machines
// that differ in name, serial, UUID and addresses.
func New(seed int64) *Machine { return From(Spec{Seed: seed}) }

// From makes the machine of a Spec.
func From(spec Spec) *Machine {
	if spec.Now == nil {
		spec.Now = time.Now
	}
	d := dice(uint64(spec.Seed))
	p := &products[choose(d)]
	m := &Machine{
		dice: d, product: p, cpu: &p.cpus[d.below("cpu", len(p.cpus))], name: spec.Name, serial: serialOf(d, p),
		now: spec.Now, startedAt: spec.Now(),
	}
	m.bootedAt = m.startedAt.Add(-m.upBefore())
	if m.name == "" {
		m.name = m.ownName()
	}
	return m
}

// upBefore is how long the machine had been up when it was made: laptops are
// restarted more often.
func (m *Machine) upBefore() time.Duration {
	days := 12.0
	if m.product.laptop() {
		days = 4
	}
	u := m.dice.unit("uptime")
	return 20*time.Minute + time.Duration(u*u*days*24*float64(time.Hour))
}

func (m *Machine) ownName() string {
	prefix := "PC-"
	if m.product.laptop() {
		prefix = "LT-"
	}
	if m.product.junk {
		return prefix + strings.ToUpper(fmt.Sprintf("%06x", m.dice.number24()))
	}
	return prefix + m.serial
}

// serialOf writes a serial the way the maker does, or what it forgot to fill in.
func serialOf(d dice, p *product) string {
	const letters = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
	code := func(n int) string {
		b, v := make([]byte, n), uint64(d.number24())
		for i := n - 1; i >= 0; i-- {
			b[i] = letters[v%uint64(len(letters))]
			v /= uint64(len(letters))
		}
		return string(b)
	}
	switch {
	case p.junk:
		return "To Be Filled By O.E.M."
	case strings.HasPrefix(p.maker, "Dell"):
		return fmt.Sprintf("%d", 1+d.below("tag", 9)) + code(5) + "2"
	case strings.HasPrefix(p.maker, "H"):
		return fmt.Sprintf("CZC%d", p.year%10) + code(6)
	case p.maker == "LENOVO":
		return "PF" + code(6)
	}
	return fmt.Sprintf("0%02d%09d", p.year%100, d.number24())
}

// Name is the computer's own name.
func (m *Machine) Name() string { return m.name }

// Kind says whether it is a desktop or a laptop.
func (m *Machine) Kind() inventory.AssetKind {
	if m.product.laptop() {
		return inventory.AssetLaptop
	}
	return inventory.AssetDesktop
}

// Boot is the id of the present boot and the clock since it began.
func (m *Machine) Boot() (id string, clock time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.dice ^ dice(m.boots)<<40
	return uuid(d, "boot"), m.now().Sub(m.bootedAt)
}

// Place puts the machine somewhere.
func (m *Machine) Place(s Standing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.standing = s
}

// Feel overrides what the machine says of its surroundings.
func (m *Machine) Feel(s Senses) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.senses = s
}

// Network is where the machine was placed.
func (m *Machine) Network(context.Context, netip.Addr) inventory.Network {
	m.mu.Lock()
	s := m.standing
	m.mu.Unlock()
	n := inventory.Network{Interface: inventory.Known("Ethernet"), Medium: inventory.Known("ethernet")}
	if !m.product.wired {
		n.Interface, n.Medium = inventory.Known("Wi-Fi"), inventory.Known("wifi")
	}
	const nowhere = "the simulated machine was not placed in a network"
	n.Addr, n.Prefix = unknown[netip.Addr](nowhere), unknown[netip.Prefix](nowhere)
	n.Gateway, n.Resolvers = unknown[netip.Addr](nowhere), unknown[[]netip.Addr](nowhere)
	if s.Addr.IsValid() {
		n.Addr, n.Prefix = inventory.Known(s.Addr.Addr()), inventory.Known(s.Addr.Masked())
	}
	if s.Gateway.IsValid() {
		n.Gateway = inventory.Known(s.Gateway)
	}
	if len(s.Resolvers) > 0 {
		n.Resolvers = inventory.Known(s.Resolvers)
	}
	return n
}

// Surroundings are a gateway that answers, a carrier, and mains, but for laptops
// that are carried about for an hour now and then.
func (m *Machine) Surroundings(context.Context) (gateway, carrier wire.Reachable, power wire.PowerSource) {
	m.mu.Lock()
	s := m.senses
	m.mu.Unlock()
	gateway, carrier, power = wire.Yes, wire.Yes, wire.PowerMains
	if !m.onMains() {
		power = wire.PowerBattery
	}
	if s.Gateway != "" {
		gateway = s.Gateway
	}
	if s.Carrier != "" {
		carrier = s.Carrier
	}
	if s.Power != "" {
		power = s.Power
	}
	return gateway, carrier, power
}

func (m *Machine) onMains() bool {
	hour := dice(m.now().Add(time.Duration(m.dice.below("phase", 3600))*time.Second).Unix() / 3600)
	return !m.product.laptop() || !(m.dice^hour<<20).chance("mains", 10)
}

// uuid writes two draws as a random UUID.
func uuid(d dice, name string) string {
	a, b := d.draw(name+"1"), d.draw(name+"2")
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, 0x8000|b>>50, b&0xffffffffffff)
}
