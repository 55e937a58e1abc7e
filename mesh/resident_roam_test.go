package mesh_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"muster/mesh"
)

// roaming is a machine with two addresses of which one is plugged in at a time;
// it listens on both as on 0.0.0.0.
type roaming struct {
	on  [2]mesh.Network
	at  [2]netip.Addr
	mu  sync.Mutex // guards now
	now int
}

var errUnplugged = errors.New("no route")

func (r *roaming) move() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = 1 - r.now
}

func (r *roaming) current() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *roaming) CurrentAddr([]netip.AddrPort) (netip.Addr, error) { return r.at[r.current()], nil }

func (r *roaming) Dial(ctx context.Context, _ netip.Addr, to netip.AddrPort) (net.Conn, error) {
	return r.on[r.current()].Dial(ctx, netip.Addr{}, to)
}

func (r *roaming) Listen(addr netip.AddrPort) (net.Listener, error) {
	both := &roamingListener{conns: make(chan net.Conn), done: make(chan struct{}), addr: net.TCPAddrFromAddrPort(addr)}
	for i := range r.on {
		l, err := r.on[i].Listen(netip.AddrPortFrom(r.at[i], addr.Port()))
		if err != nil {
			return nil, err
		}
		both.of[i] = l
		both.running.Go(func() { both.accept(l) })
	}
	return both, nil
}

type roamingListener struct {
	of      [2]net.Listener
	conns   chan net.Conn
	done    chan struct{}
	once    sync.Once
	running sync.WaitGroup
	addr    net.Addr
}

func (l *roamingListener) accept(from net.Listener) {
	for {
		conn, err := from.Accept()
		if err != nil {
			return
		}
		select {
		case l.conns <- conn:
		case <-l.done:
			_ = conn.Close()
		}
	}
}

func (l *roamingListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *roamingListener) Close() error {
	l.once.Do(func() { close(l.done) })
	err := errors.Join(l.of[0].Close(), l.of[1].Close())
	l.running.Wait()
	return err
}

func (l *roamingListener) Addr() net.Addr { return l.addr }

type roamingSocket struct {
	r       *roaming
	of      [2]mesh.PacketConn
	packets chan roamed
	done    chan struct{}
	once    sync.Once
	running sync.WaitGroup
	addr    net.Addr
}

type roamed struct {
	b    []byte
	from netip.AddrPort
}

func (r *roaming) ListenPacket(addr netip.AddrPort) (mesh.PacketConn, error) {
	s := &roamingSocket{r: r, packets: make(chan roamed, 64), done: make(chan struct{}), addr: net.UDPAddrFromAddrPort(addr)}
	for i := range r.on {
		conn, err := r.on[i].ListenPacket(netip.AddrPortFrom(r.at[i], addr.Port()))
		if err != nil {
			return nil, err
		}
		s.of[i] = conn
		s.running.Go(func() { s.read(conn) })
	}
	return s, nil
}

func (s *roamingSocket) read(conn mesh.PacketConn) {
	for {
		b := make([]byte, 2048)
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		select {
		case s.packets <- roamed{b[:n], from}:
		case <-s.done:
		}
	}
}

func (s *roamingSocket) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-s.packets:
		return copy(b, p.b), p.from, nil
	case <-s.done:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (s *roamingSocket) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return s.of[s.r.current()].WriteToUDPAddrPort(b, to)
}

func (s *roamingSocket) LocalAddr() net.Addr { return s.addr }

func (s *roamingSocket) Close() error {
	s.once.Do(func() { close(s.done) })
	err := errors.Join(s.of[0].Close(), s.of[1].Close())
	s.running.Wait()
	return err
}

func TestResidentOnAllAddressesFollowsTheOneThatRoutes(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 3)
		machine := &roaming{at: [2]netip.Addr{netip.MustParseAddr("10.1.0.60"), netip.MustParseAddr("10.1.0.61")}}
		for i := range machine.on {
			machine.on[i] = c.f.Machine(machine.at[i], "mill")
		}
		port, err := mesh.ListenPort(mesh.PortOptions{Network: machine, Addr: netip.MustParseAddrPort("0.0.0.0:7946"), Log: noLog()})
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan netip.Addr, 4)
		w := &desk{id: "w00000060", port: port}
		w.Resident, err = mesh.NewResident(mesh.ResidentOptions{
			Port: port, Workstation: w.id, Log: noLog(), CurrentAddr: machine.CurrentAddr,
			OnAddr: func(a netip.Addr) { told <- a },
		})
		if err != nil {
			t.Fatal(err)
		}
		c.desks = append(c.desks, w)
		if err := w.Use(t.Context(), c.membership("mill")); err != nil {
			t.Fatal(err)
		}
		all := append(room, w)
		inTime(t, 30*time.Second, "a whole pool", whole(4, all...))
		before := w.Standing()

		c.f.Isolate(machine.at[0])
		machine.move()
		took := inTime(t, 15*time.Second, "back at the new address", func() bool {
			for _, m := range c.alive("mill") {
				if m.Workstation == w.id && m.Addr.Addr() == machine.at[1] {
					return m.Name != before.Name
				}
			}
			return false
		})
		t.Logf("back after %s", took)
		select {
		case a := <-told:
			if a != machine.at[1] {
				t.Errorf("told of %s", a)
			}
		default:
			t.Error("nobody was told")
		}
		inTime(t, 40*time.Second, "a whole pool", whole(4, all...))
	})
}
