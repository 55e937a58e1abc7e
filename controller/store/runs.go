package store

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

// loadRuns finds the number of every run that the batch names, and gives numbers
// to new ones.
func (b *intakeBatch) loadRuns() error {
	b.runs = make(map[runName]storedRun, len(b.rows))
	wanted := make(map[runName]bool, len(b.rows))
	for _, row := range b.rows {
		if _, registered := b.known[row.Workstation]; !registered {
			continue
		}
		wanted[runName{row.Workstation, row.Run}] = true
		for _, record := range row.Journal {
			wanted[runName{row.Workstation, record.Run}] = true
		}
	}
	missing, err := b.findRuns(wanted)
	if err != nil || len(missing) == 0 {
		return err
	}
	id, err := b.tx.next("run", len(missing))
	if err != nil {
		return err
	}
	// Another controller may have made some while the counter was waited for.
	if missing, err = b.findRuns(wanted); err != nil {
		return err
	}
	args := make([]any, 0, 4*len(missing))
	for _, name := range missing {
		args = append(args, id, name.workstation, name.run, 0)
		b.runs[name] = storedRun{id: id}
		id++
	}
	_, err = b.tx.insert("INSERT INTO runs (id, workstation, run, pruned_seq)", 4, args, "")
	return err
}

// findRuns looks names up and returns those that are not there.
func (b *intakeBatch) findRuns(wanted map[runName]bool) (missing []runName, err error) {
	names := make([]runName, 0, len(wanted))
	for name := range wanted {
		if _, found := b.runs[name]; !found {
			names = append(names, name)
		}
	}
	err = chunks(b.tx, names, func(names []runName) error {
		args := make([]any, 0, 2*len(names))
		for _, name := range names {
			args = append(args, name.workstation, name.run)
		}
		query := "SELECT id, workstation, run, pruned_seq FROM runs WHERE (workstation, run) IN (VALUES " + b.tx.tuples(len(names), 2) + ")"
		return b.tx.each(query, args, func(row scanner) error {
			var name runName
			var r storedRun
			err := row.Scan(&r.id, &name.workstation, &name.run, &r.prunedSeq)
			b.runs[name] = r
			return err
		})
	})
	for _, name := range names {
		if _, found := b.runs[name]; !found {
			missing = append(missing, name)
		}
	}
	return missing, err
}
