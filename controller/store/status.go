package store

import (
	"encoding/json"
	"maps"
	"slices"

	"muster/inventory"
)

// writeStatus merges what the batch says of each workstation into one row each.
func (b *intakeBatch) writeStatus() error {
	newest := make(map[string]inventory.ReportRow, len(b.fresh))
	for _, i := range b.fresh {
		row := b.rows[i]
		if old, ok := newest[row.Workstation]; !ok || !row.ReadAt.Before(old.ReadAt) {
			if row.ReceivedAt.Before(old.ReceivedAt) {
				row.ReceivedAt = old.ReceivedAt
			}
			newest[row.Workstation] = row
		} else if row.ReceivedAt.After(old.ReceivedAt) {
			old.ReceivedAt = row.ReceivedAt
			newest[row.Workstation] = old
		}
	}
	args := make([]any, 0, 7*len(newest))
	for _, id := range slices.Sorted(maps.Keys(newest)) {
		row := newest[id]
		name := b.nameOf(row)
		args = append(args, id, micros(row.ReceivedAt), micros(row.ReadAt), name.run, name.seq, addrText(row.Addr), plain(row.AgentVersion))
	}
	// The newest reading wins, not the last to arrive: a backlog is sent newest first.
	_, err := b.tx.insert("INSERT INTO workstation_status (workstation, last_report_at, read_at, run, seq, addr, agent_version)", 7, args,
		`ON CONFLICT (workstation) DO UPDATE SET
			last_report_at = CASE WHEN excluded.last_report_at > workstation_status.last_report_at
				THEN excluded.last_report_at ELSE workstation_status.last_report_at END,
			run = CASE WHEN excluded.read_at >= workstation_status.read_at THEN excluded.run ELSE workstation_status.run END,
			seq = CASE WHEN excluded.read_at >= workstation_status.read_at THEN excluded.seq ELSE workstation_status.seq END,
			addr = CASE WHEN excluded.read_at >= workstation_status.read_at AND excluded.addr <> ''
				THEN excluded.addr ELSE workstation_status.addr END,
			agent_version = CASE WHEN excluded.read_at >= workstation_status.read_at AND excluded.agent_version <> ''
				THEN excluded.agent_version ELSE workstation_status.agent_version END,
			read_at = CASE WHEN excluded.read_at >= workstation_status.read_at
				THEN excluded.read_at ELSE workstation_status.read_at END`)
	return err
}

// writeNames follows a machine's own name and model, by which it is searched for.
func (b *intakeBatch) writeNames() error {
	changed := make(map[string]knownWorkstation)
	for _, i := range b.fresh {
		row := b.rows[i]
		now, ok := changed[row.Workstation]
		if !ok {
			now = b.known[row.Workstation]
		}
		if name := plain(row.Name); name != "" {
			now.name = name
		}
		if model, ok := modelOf(row.Lists); ok {
			now.model = plain(model)
		}
		if now != b.known[row.Workstation] {
			changed[row.Workstation] = now
		}
	}
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		if _, err := b.tx.exec("UPDATE workstations SET name = $1, model = $2 WHERE id = $3", changed[id].name, changed[id].model, id); err != nil {
			return err
		}
		if err := writeWords(b.tx, id); err != nil {
			return err
		}
	}
	return nil
}

// modelOf is the model in a hardware list, where there is one.
func modelOf(lists []inventory.ListRow) (string, bool) {
	for _, list := range lists {
		if list.List != listHardware {
			continue
		}
		var hardware struct {
			Model inventory.Fact[string] `json:"model"`
		}
		if json.Unmarshal(list.Body, &hardware) == nil {
			return hardware.Model.Get()
		}
	}
	return "", false
}

// writeKeyAcks notes the pool keys that machines say they hold, where it is news.
func (b *intakeBatch) writeKeyAcks() error {
	for _, i := range b.fresh {
		row := b.rows[i]
		known := b.known[row.Workstation]
		if row.KeyVersion <= 0 || row.KeyVersion == known.keyVersion {
			continue
		}
		if _, err := ackPoolKey(b.tx, row.Workstation, row.KeyVersion, row.ReceivedAt); err != nil {
			return err
		}
		known.keyVersion = row.KeyVersion
		b.known[row.Workstation] = known
	}
	return nil
}
