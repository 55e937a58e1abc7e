package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"muster/inventory"
)

// readings is what the newest reports of a workstation say of it.
type readings struct {
	readAt    time.Time         // of the newest
	hashes    map[string]string // list → hash, as the newest names them
	health    *inventory.Health
	healthAt  time.Time
	network   *inventory.Network
	networkAt time.Time
}

// recentReports is how many reports are looked through for health and network,
// which do not travel in each.
const recentReports = 20

func recentReadings(t tx, workstation string) (r readings, err error) {
	var run int64
	err = t.one("SELECT run FROM workstation_status WHERE workstation = $1", []any{workstation}, &run)
	if errors.Is(err, ErrNotFound) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	query := fmt.Sprintf("SELECT read_at, body FROM reports WHERE run = $1 ORDER BY seq DESC LIMIT %d", recentReports)
	err = t.each(query, []any{run}, func(row scanner) error {
		var at int64
		var body []byte
		if err := row.Scan(&at, &body); err != nil {
			return err
		}
		if body, err = unpack(body); err != nil {
			return err
		}
		return r.add(instant(at), body)
	})
	return r, err
}

// add takes a report, the newest first. A body that is no report adds nothing:
// what it means is intake's to judge.
func (r *readings) add(at time.Time, body []byte) error {
	var report struct {
		Health  *inventory.Health  `json:"health"`
		Network *inventory.Network `json:"network"`
		Hashes  map[string]string  `json:"hashes"`
	}
	if json.Unmarshal(body, &report) != nil {
		return nil //nolint:nilerr // see above
	}
	if r.hashes == nil {
		r.hashes, r.readAt = report.Hashes, at
	}
	if r.health == nil && report.Health != nil {
		r.health, r.healthAt = report.Health, at
	}
	if r.network == nil && report.Network != nil {
		r.network, r.networkAt = report.Network, at
	}
	return nil
}

// LoggedReport is one report of the intake log.
type LoggedReport = inventory.LoggedReport

// ReportsAfter reads the intake log behind a position, at most limit reports, in
// the order of commit. Lists and journal records are not filled in.
func (s *Store) ReportsAfter(ctx context.Context, position int64, limit int) (reports []LoggedReport, err error) {
	err = s.look(ctx, "read the intake log", func(t tx) error {
		query := fmt.Sprintf(`SELECT p.position, r.workstation, r.run, p.seq, p.hash, p.boot, p.received_at, p.read_at, p.addr, p.body
			FROM reports p JOIN runs r ON r.id = p.run WHERE p.position > $1 ORDER BY p.position LIMIT %d`, min(max(limit, 1), 10_000))
		return t.each(query, []any{position}, func(row scanner) error {
			r, err := scanReport(row)
			reports = append(reports, r)
			return err
		})
	})
	return reports, err
}

func scanReport(row scanner) (r LoggedReport, err error) {
	var seq, receivedAt, readAt int64
	var addr string
	var hash []byte
	if err := row.Scan(&r.Position, &r.Workstation, &r.Run, &seq, &hash, &r.Boot, &receivedAt, &readAt, &addr, &r.Body); err != nil {
		return r, err
	}
	r.Seq = uint64(seq) // written from a uint64
	copy(r.Hash[:], hash)
	r.ReceivedAt, r.ReadAt = instant(receivedAt), instant(readAt)
	if addr != "" {
		if r.Addr, err = netip.ParseAddr(addr); err != nil {
			return r, err
		}
	}
	r.Body, err = unpack(r.Body)
	return r, err
}
