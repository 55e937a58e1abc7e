//go:build linux

package fleettest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"muster/inventory/wire"
)

// resident is one workstation of the street.
type resident struct {
	s     *street
	state string
	addr  netip.AddrPort
	env   []string
	agent *program
}

// resident is the n-th workstation, from 0.
func (s *street) resident(n int) *resident {
	r := &resident{s: s, state: s.path("agent" + strconv.Itoa(n)), addr: netip.AddrPortFrom(s.addr(byte(11+n)), 7946)}
	r.env = []string{"MUSTER_STATE_DIR=" + r.state, "MUSTER_LISTEN=" + r.addr.String(), "MUSTER_JOIN_SPREAD=1s", "MUSTER_JOURNAL_SIZE=256KiB"}
	return r
}

// apart hides what the machine says of itself: all residents would be one.
const apart = `for d in /sys/class/dmi/id /sys/firmware/dmi /sys/class/net; do [ ! -d $d ] || mount -t tmpfs none $d; done; exec "$@"`

func (r *resident) args(args ...string) []string {
	return append([]string{"-m", "sh", "-c", apart, "sh", r.s.Agent}, args...)
}

// start runs the agent.
func (r *resident) start(token string) {
	r.s.t.Helper()
	r.agent = r.s.launch(append(r.env, "MUSTER_JOIN_TOKEN="+token), "unshare", r.args("run")...)
}

// do runs one of the agent's commands to its end.
func (r *resident) do(args ...string) (int, string) {
	r.s.t.Helper()
	return r.s.run(r.env, "unshare", r.args(args...)...)
}

// standing is what the agent last wrote of itself; nothing before the first time.
func (r *resident) standing() (st struct {
	Workstation string    `json:"workstation"`
	Run         string    `json:"run"`
	Problem     string    `json:"problem"`
	Uplink      string    `json:"uplink"`
	KeyVersion  int       `json:"key"`
	LastAckAt   time.Time `json:"last_acknowledged_at"`
	LastSeq     uint64    `json:"last_acknowledged_seq"`
	Journal     string    `json:"journal"`
},
) {
	b, err := os.ReadFile(filepath.Join(r.state, "status.json"))
	if err == nil {
		_ = json.Unmarshal(b, &st) // half a file: the next look sees it whole
	}
	return st
}

// card is a workstation's certificate as it lies in the state folder.
type card struct {
	Workstation string `json:"workstation"`
	tls         tls.Certificate
}

func (r *resident) card() card {
	r.s.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.state, "seal.json"))
	if err != nil {
		r.s.t.Fatal(err)
	}
	var kept struct {
		card
		Key          []byte   `json:"key"`
		Certificates [][]byte `json:"certificates"`
	}
	if err := json.Unmarshal(b, &kept); err != nil {
		r.s.t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(kept.Key)
	if err != nil {
		r.s.t.Fatal(err)
	}
	kept.tls = tls.Certificate{Certificate: kept.Certificates[:1], PrivateKey: key}
	return kept.card
}

// poster posts as curl would, with a certificate or without.
type poster struct {
	client http.Client
	url    string
}

func (s *street) poster(cards ...card) *poster {
	config := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the test is about the other side
	for _, c := range cards {
		config.Certificates = append(config.Certificates, c.tls)
	}
	p := &poster{url: "https://" + s.mesh()}
	p.client.Transport = &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	s.t.Cleanup(p.client.CloseIdleConnections)
	return p
}

// post returns the answer's status, its problem or reply as text, and the error
// of a connection that broke.
func (p *poster) post(ctx context.Context, path string, body []byte, headers ...string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(answer.Body)
	return answer.StatusCode, text.String(), err
}

// report is a small report of a workstation.
func report(t *testing.T, workstation, run string, seq uint64) []byte {
	t.Helper()
	b, err := json.Marshal(wire.Report{
		Version: wire.Version, Workstation: workstation, Run: run, Seq: seq, Boot: "boot-of-the-test",
		BootClock: time.Duration(seq) * time.Second, Wall: time.Now().UTC(), Agent: "curl",
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
