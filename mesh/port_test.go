package mesh_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"muster/mesh"
)

func loopPort(t *testing.T, addr string, change func(*mesh.PortOptions)) *mesh.Port {
	t.Helper()
	o := mesh.PortOptions{Network: mesh.OS{}, Addr: netip.AddrPortFrom(netip.MustParseAddr(addr), 0), Log: discard()}
	if change != nil {
		change(&o)
	}
	p, err := mesh.ListenPort(o)
	must(t, err)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func loopPool(t *testing.T, port *mesh.Port, name, label string, k []byte, role mesh.Role) *mesh.Pool {
	t.Helper()
	p, err := mesh.OpenPool(mesh.PoolOptions{
		Port: port, Name: name, Advertise: port.Addr(), Role: role, Log: discard(),
		Membership: mesh.Membership{Site: "mill", Label: label, Keys: [][]byte{k}},
	})
	must(t, err)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// eventually waits in real time, for real sockets, until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never happened: %s", what)
		}
	}
}

func TestPoolFormsOverLoopbackSockets(t *testing.T) {
	controller := loopPool(t, loopPort(t, "127.7.0.1", nil), "c1", "mil", key(1), mesh.RoleController)
	for i := range 12 {
		port := loopPort(t, fmt.Sprintf("127.7.1.%d", i+1), nil)
		p := loopPool(t, port, fmt.Sprintf("w%08d.run", i), "mil", key(1), mesh.RoleAgent)
		n, err := p.Join(t.Context(), []netip.AddrPort{loopAddr(controller)})
		must(t, err)
		if n != 1 {
			t.Fatalf("joined through %d members", n)
		}
	}
	eventually(t, "13 members at the controller", func() bool { return len(controller.Members()) == 13 })
	for _, m := range controller.Members() {
		if m.State != mesh.StateAlive {
			t.Errorf("%s is %s", m.Name, m.State)
		}
		if m.Controller {
			continue
		}
		if rtt, err := controller.Ping(t.Context(), m); err != nil || rtt <= 0 {
			t.Errorf("ping %s: %s, %v", m.Name, rtt, err)
		}
	}
}

func loopAddr(p *mesh.Pool) netip.AddrPort {
	for _, m := range p.Members() {
		if m.Name == p.Name() {
			return m.Addr
		}
	}
	return netip.AddrPort{}
}

func TestForgedGossipNeverBecomesAMember(t *testing.T) {
	controllerPort := loopPort(t, "127.7.0.2", nil)
	controller := loopPool(t, controllerPort, "c1", "mil", key(1), mesh.RoleController)
	forger := loopPool(t, loopPort(t, "127.7.2.1", nil), "w66666666.run", "mil", key(2), mesh.RoleAgent)
	if _, err := forger.Join(t.Context(), []netip.AddrPort{controllerPort.Addr()}); err == nil {
		t.Error("a member with the wrong key joined")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := forger.Ping(ctx, mesh.Member{Name: "c1", Addr: controllerPort.Addr()}); err == nil {
		t.Error("a ping under the wrong key was answered")
	}
	before := controllerPort.Stats()
	must(t, forger.SendDirect(controllerPort.Addr(), mesh.DirectLeave, []byte("x")))
	eventually(t, "the forged direct message counted", func() bool { return controllerPort.Stats().DirectForged == before.DirectForged+1 })
	if members := controller.Members(); len(members) != 1 {
		t.Errorf("members: %+v", members)
	}
	if members := forger.Members(); len(members) != 1 {
		t.Errorf("the forger learnt of members: %+v", members)
	}
}

func TestUnknownLabelsAndGarbageAreDroppedAndCounted(t *testing.T) {
	port := loopPort(t, "127.7.0.3", nil)
	loopPool(t, port, "c1", "mil", key(1), mesh.RoleController)
	udp, err := net.Dial("udp4", port.Addr().String())
	must(t, err)
	defer udp.Close()
	for _, b := range []string{"\xf4\x03oth\x01abc", "GET / HTTP/1.1\r\n", "\xf4", "\xf4\x00", "\xf4\x03mil" + strings.Repeat("x", 3000)} {
		_, err := udp.Write([]byte(b))
		must(t, err)
	}
	eventually(t, "packets counted", func() bool {
		s := port.Stats()
		return s.PacketsUnknown == 1 && s.PacketsMalformed == 4
	})
	for _, b := range []string{"\xf4\x03oth", "GET / HTTP/1.1\r\n\r\n", "\xf4\x00"} {
		conn, err := net.Dial("tcp4", port.Addr().String())
		must(t, err)
		_, err = io.WriteString(conn, b)
		must(t, err)
		must(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q was answered: %v", b, err)
		}
		_ = conn.Close()
	}
	if s := port.Stats(); s.StreamsUnknown != 1 || s.StreamsMalformed != 2 {
		t.Errorf("stats %+v", s)
	}
}

func TestSlowAndManyStreamsAreBounded(t *testing.T) {
	port := loopPort(t, "127.7.0.4", func(o *mesh.PortOptions) { o.MaxUnrouted, o.HeaderWithin = 8, 50*time.Millisecond })
	var conns []net.Conn
	for range 20 {
		conn, err := net.Dial("tcp4", port.Addr().String())
		must(t, err)
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		must(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("a silent stream was answered")
		}
		_ = conn.Close()
	}
	s := port.Stats()
	if s.StreamsSlow+s.StreamsRefused != 20 || s.StreamsRefused == 0 || s.StreamsSlow < 4 {
		t.Errorf("20 silent streams: %d slow, %d refused", s.StreamsSlow, s.StreamsRefused)
	}
}

func TestClientHelloReachesTLS(t *testing.T) {
	port := loopPort(t, "127.7.0.5", nil)
	server := tls.NewListener(port.TLS(), &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}, MinVersion: tls.VersionTLS13})
	served := make(chan error, 1)
	go func() {
		conn, err := server.Accept()
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		_, err = io.Copy(conn, conn)
		served <- err
	}()
	conn, err := tls.Dial("tcp4", port.Addr().String(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the test's own certificate
	must(t, err)
	_, err = io.WriteString(conn, "over one port")
	must(t, err)
	must(t, conn.CloseWrite())
	back, err := io.ReadAll(conn)
	must(t, err)
	if string(back) != "over one port" {
		t.Errorf("read back %q", back)
	}
	must(t, conn.Close())
	must(t, <-served)
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

func TestPortSaysWhatItCannotDo(t *testing.T) {
	port := loopPort(t, "127.7.0.6", nil)
	_, err := mesh.ListenPort(mesh.PortOptions{Network: mesh.OS{}, Addr: port.Addr(), Log: discard()})
	if err == nil || !strings.Contains(err.Error(), "cannot listen on TCP "+port.Addr().String()) {
		t.Errorf("a taken port: %v", err)
	}
	loopPool(t, port, "c1", "mil", key(1), mesh.RoleController)
	_, err = mesh.OpenPool(mesh.PoolOptions{
		Port: port, Name: "c1", Advertise: port.Addr(), Role: mesh.RoleController, Log: discard(),
		Membership: mesh.Membership{Site: "mill", Label: "mil", Keys: [][]byte{key(1)}},
	})
	if err == nil || !strings.Contains(err.Error(), `label "mil" is already open`) {
		t.Errorf("a label twice: %v", err)
	}
	_, err = mesh.OpenPool(mesh.PoolOptions{
		Port: port, Name: "c1", Advertise: port.Addr(), Role: mesh.RoleController, Log: discard(),
		Membership: mesh.Membership{Site: "weir", Label: "wei", Keys: [][]byte{key(1)[:16]}},
	})
	if err == nil || !strings.Contains(err.Error(), "membership of weir: key 0 has 16 bytes, want 32") {
		t.Errorf("a short key: %v", err)
	}
}

func TestClosedPortReleasesItsNumberAndRefusesPools(t *testing.T) {
	port := loopPort(t, "127.7.0.7", nil)
	addr := port.Addr()
	must(t, port.Close())
	must(t, port.Close())
	if _, err := port.TLS().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
	_, err := mesh.OpenPool(mesh.PoolOptions{
		Port: port, Name: "c1", Advertise: addr, Role: mesh.RoleController, Log: discard(),
		Membership: mesh.Membership{Site: "mill", Label: "mil", Keys: [][]byte{key(1)}},
	})
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("pool on a closed port: %v", err)
	}
	again, err := mesh.ListenPort(mesh.PortOptions{Network: mesh.OS{}, Addr: addr, Log: discard()})
	must(t, err)
	must(t, again.Close())
}
