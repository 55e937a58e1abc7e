package store

import "slices"

// runName is a run as the wire names it.
type runName struct {
	workstation string
	run         string
}

// storedRun is a run as the log names it.
type storedRun struct {
	id        int64
	prunedSeq int64
}

// loadRuns finds the runs that the batch names, and with them what is known of
// their workstations: most batches need to look nothing else up.
func (b *intakeBatch) loadRuns() error {
	b.known = make(map[string]knownWorkstation, len(b.rows))
	b.runs = make(map[runName]storedRun, len(b.rows))
	return b.findRuns(b.runNames())
}

// runNames is the runs that the batch names and that have not been found.
func (b *intakeBatch) runNames() []runName {
	asked := make(map[runName]bool)
	var names []runName
	name := func(workstation, run string) {
		n := runName{workstation, run}
		if _, found := b.runs[n]; !found && !asked[n] {
			asked[n] = true
			names = append(names, n)
		}
	}
	for _, row := range b.rows {
		name(row.Workstation, row.Run)
		for _, record := range row.Journal {
			name(row.Workstation, record.Run)
		}
	}
	return names
}

// makeRuns gives numbers to the runs that are new.
func (b *intakeBatch) makeRuns() error {
	missing := b.newRuns()
	if len(missing) == 0 {
		return nil
	}
	id, err := b.tx.next("run", len(missing))
	if err != nil {
		return err
	}
	// Another controller may have made some while the counter was waited for.
	if err := b.findRuns(missing); err != nil {
		return err
	}
	missing = b.newRuns()
	args := make([]any, 0, 4*len(missing))
	for _, name := range missing {
		args = append(args, id, name.workstation, name.run, 0)
		b.runs[name] = storedRun{id: id}
		id++
	}
	_, err = b.tx.insert("INSERT INTO runs (id, workstation, run, pruned_seq)", 4, args, "")
	return err
}

// newRuns is the runs of registered workstations that have no number.
func (b *intakeBatch) newRuns() []runName {
	return slices.DeleteFunc(b.runNames(), func(name runName) bool {
		_, registered := b.known[name.workstation]
		return !registered
	})
}

func (b *intakeBatch) findRuns(names []runName) error {
	return chunks(b.tx, names, func(names []runName) error {
		args := make([]any, 0, 2*len(names))
		for _, name := range names {
			args = append(args, name.workstation, name.run)
		}
		query := `SELECT r.id, r.workstation, r.run, r.pruned_seq, w.name, w.model, COALESCE(k.version, 0)
			FROM runs r JOIN workstations w ON w.id = r.workstation
			LEFT JOIN key_acks k ON k.workstation = w.id AND k.site = w.site
			WHERE (r.workstation, r.run) IN (VALUES ` + b.tx.tuples(len(names), 2) + ")"
		return b.tx.each(query, args, func(row scanner) error {
			var name runName
			var r storedRun
			var w knownWorkstation
			err := row.Scan(&r.id, &name.workstation, &name.run, &r.prunedSeq, &w.name, &w.model, &w.keyVersion)
			b.runs[name], b.known[name.workstation] = r, w
			return err
		})
	})
}
