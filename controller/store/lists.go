package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// The lists, as the wire names them.
const (
	listHardware = "hardware"
	listFirmware = "firmware"
	listOS       = "os"
	listSoftware = "software"
)

// listName names one machine's list.
type listName struct {
	workstation string
	list        string
}

type listStamp struct {
	readAt int64
	hash   string
}

// writeLists keeps each list of the fresh reports that differs from the one
// before it.
func (b *intakeBatch) writeLists() error {
	var ids []string
	for _, i := range b.fresh {
		if len(b.rows[i].Lists) > 0 {
			ids = append(ids, b.rows[i].Workstation)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	history, err := b.listHistory(ids)
	if err != nil {
		return err
	}
	for _, i := range b.fresh {
		row := b.rows[i]
		for _, list := range row.Lists {
			name := listName{row.Workstation, list.List}
			stamp := listStamp{micros(row.ReadAt), plain(list.Hash)}
			at, unchanged := history[name].place(stamp)
			if unchanged {
				continue
			}
			body, err := pack(list.Body)
			if err != nil {
				return err
			}
			if _, err := b.tx.exec(`INSERT INTO lists (workstation, list, read_at, received_at, hash, body) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (workstation, list, read_at) DO UPDATE SET received_at = excluded.received_at, hash = excluded.hash, body = excluded.body`,
				name.workstation, plain(name.list), stamp.readAt, micros(row.ReceivedAt), stamp.hash, body); err != nil {
				return err
			}
			history[name] = slices.Insert(history[name], at, stamp)
		}
	}
	return nil
}

// stamps is the contents that a list had, oldest first.
type stamps []listStamp

// place is where a content belongs, and whether the list already had it then.
func (s stamps) place(added listStamp) (at int, unchanged bool) {
	for at < len(s) && s[at].readAt <= added.readAt {
		at++
	}
	return at, at > 0 && s[at-1].hash == added.hash
}

func (b *intakeBatch) listHistory(ids []string) (map[listName]stamps, error) {
	history := make(map[listName]stamps)
	slices.Sort(ids)
	err := chunks(b.tx, slices.Compact(ids), func(ids []string) error {
		query := "SELECT workstation, list, read_at, hash FROM lists WHERE workstation IN (" + b.tx.marks(len(ids)) + ") ORDER BY workstation, list, read_at"
		return b.tx.each(query, anys(ids), func(row scanner) error {
			var name listName
			var stamp listStamp
			err := row.Scan(&name.workstation, &name.list, &stamp.readAt, &stamp.hash)
			history[name] = append(history[name], stamp)
			return err
		})
	})
	return history, err
}

// ListBody is the present content of one list; ErrNotFound where none has come.
func (s *Store) ListBody(ctx context.Context, workstation, list string) (hash string, body []byte, err error) {
	err = s.look(ctx, fmt.Sprintf("read the %s list of %q", list, workstation), func(t tx) (err error) {
		hash, body, _, err = newestList(t, workstation, list)
		return err
	})
	return hash, body, err
}

func newestList(t tx, workstation, list string) (hash string, body []byte, readAt time.Time, err error) {
	var at int64
	err = t.one("SELECT hash, body, read_at FROM lists WHERE workstation = $1 AND list = $2 ORDER BY read_at DESC LIMIT 1",
		[]any{workstation, list}, &hash, &body, &at)
	if err != nil {
		return "", nil, time.Time{}, err
	}
	body, err = unpack(body)
	return hash, body, instant(at), err
}

// maxHistory bounds one reading of a workstation's list history: a list of
// programs may have 400 kB.
const maxHistory = 200

// ListHistory is the contents that a workstation's lists had, newest first; at
// most 200.
func (s *Store) ListHistory(ctx context.Context, workstation string) (versions []inventory.ListVersion, err error) {
	err = s.look(ctx, fmt.Sprintf("read the lists of %q", workstation), func(t tx) error {
		query := fmt.Sprintf("SELECT list, hash, body, read_at, received_at FROM lists WHERE workstation = $1 ORDER BY read_at DESC, list LIMIT %d", maxHistory)
		return t.each(query, []any{workstation}, func(row scanner) error {
			var v inventory.ListVersion
			var readAt, receivedAt int64
			err := row.Scan(&v.List, &v.Hash, &v.Body, &readAt, &receivedAt)
			if err != nil {
				return err
			}
			v.ReadAt, v.ReceivedAt = instant(readAt), instant(receivedAt)
			v.Body, err = unpack(v.Body)
			versions = append(versions, v)
			return err
		})
	})
	return versions, err
}

// Lists is what a workstation last read of itself; what has never come is nil.
// ErrNotFound where there is no such workstation.
func (s *Store) Lists(ctx context.Context, workstation string) (lists inventory.Lists, err error) {
	err = s.look(ctx, fmt.Sprintf("read the lists of %q", workstation), func(t tx) error {
		if _, err := readWorkstation(t, workstation); err != nil {
			return err
		}
		recent, err := recentReadings(t, workstation)
		if err != nil {
			return err
		}
		lists.Health, lists.HealthReadAt = recent.health, recent.healthAt
		lists.Network, lists.NetworkReadAt = recent.network, recent.networkAt
		var software *inventory.Fact[[]inventory.Program]
		if lists.Hardware, lists.HardwareReadAt, err = presentList[inventory.Hardware](t, workstation, listHardware, recent); err != nil {
			return err
		}
		if lists.Firmware, lists.FirmwareReadAt, err = presentList[inventory.Firmware](t, workstation, listFirmware, recent); err != nil {
			return err
		}
		if lists.OS, lists.OSReadAt, err = presentList[inventory.OS](t, workstation, listOS, recent); err != nil {
			return err
		}
		if software, lists.SoftwareReadAt, err = presentList[inventory.Fact[[]inventory.Program]](t, workstation, listSoftware, recent); err != nil {
			return err
		}
		if software != nil {
			lists.Software, _ = software.Get()
			lists.SoftwareUnknown = software.Reason()
		}
		return nil
	})
	return lists, err
}

// Hardware is the present hardware of workstations, by id; those whose list has
// never come are left out.
func (s *Store) Hardware(ctx context.Context, ids []string) (map[string]*inventory.Hardware, error) {
	found := make(map[string]*inventory.Hardware, len(ids))
	err := s.look(ctx, "read the hardware of workstations", func(t tx) error {
		return chunks(t, ids, func(ids []string) error {
			query := "SELECT l.workstation, l.body FROM lists l WHERE l.workstation IN (" + t.marks(len(ids)) + `)
				AND l.list = 'hardware' AND l.read_at = (SELECT max(n.read_at) FROM lists n WHERE n.workstation = l.workstation AND n.list = l.list)`
			return t.each(query, anys(ids), func(row scanner) error {
				var id string
				var body []byte
				if err := row.Scan(&id, &body); err != nil {
					return err
				}
				hardware, err := decodeList[inventory.Hardware](listHardware, body)
				found[id] = hardware
				return err
			})
		})
	})
	return found, err
}

func decodeList[T any](name string, stored []byte) (*T, error) {
	body, err := unpack(stored)
	if err != nil {
		return nil, err
	}
	list := new(T)
	if err := json.Unmarshal(body, list); err != nil {
		return nil, fmt.Errorf("the stored %s list is damaged: %w", name, err)
	}
	return list, nil
}

// presentList decodes a list; nil where none has come. It was read when its
// content came, or whenever a later report confirmed its hash.
func presentList[T any](t tx, workstation, name string, recent readings) (*T, time.Time, error) {
	hash, body, readAt, err := newestList(t, workstation, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, time.Time{}, nil
	case err != nil:
		return nil, time.Time{}, err
	}
	list, err := decodeList[T](name, body)
	if err != nil {
		return nil, time.Time{}, err
	}
	if recent.hashes[name] == hash && recent.readAt.After(readAt) {
		readAt = recent.readAt
	}
	return list, readAt, nil
}
