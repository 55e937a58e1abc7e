package intake

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// visit is one report at its workstation's desk.
type visit struct {
	peer       peer
	desk       *desk
	now        func() time.Time
	receivedAt time.Time
	from       sending
	report     wire.Report
	body       []byte
	hash       [sha256.Size]byte
	rows       []inventory.ListRow
	want       []wire.List
}

// sending is what the headers of a report say of the moment it was sent.
type sending struct {
	addr  netip.Addr // invalid where a neighbour relayed it
	via   string
	boot  string // empty: not said
	clock time.Duration
	// process names the agent's process; empty: not said.
	process string
}

// report takes one report: POST wire.ReportPath.
func (i *Intake) report(w http.ResponseWriter, r *http.Request) *problem {
	p, refused := i.peerOf(r)
	if refused != nil {
		return refused
	}
	d := i.desks.of(p.workstation)
	if wait := d.mayReport(i.limits, i.now()); wait > 0 {
		return problemf(reasonRate, "%s sends more than %g reports a second", p.workstation, i.limits.ReportPerSecond).retry(wait)
	}
	if len(i.writer.queue) == cap(i.writer.queue) {
		return backlog()
	}
	if !d.sit(r.Context()) {
		return problemf(reasonConnection, "the connection ended")
	}
	defer d.rise()
	v := &visit{peer: p, desk: d, now: i.now}
	if refused = i.readReport(w, r, v); refused != nil {
		return refused
	}
	if refused = i.judgeLife(r, v); refused != nil {
		return refused
	}
	if refused = i.takeLists(r.Context(), v); refused != nil {
		return refused
	}
	return i.commit(w, r, v)
}

func backlog() *problem {
	return problemf(reasonBusy, "too many reports wait for the disk; nothing was taken, send it again").retry(5 * time.Second)
}

// readReport decodes the body and headers into v.
func (i *Intake) readReport(w http.ResponseWriter, r *http.Request, v *visit) (p *problem) {
	if v.from, p = readSending(r); p != nil {
		return p
	}
	if p = i.decodeBody(w, r, wire.MaxReport, v.decode); p != nil {
		return p
	}
	i.metrics.bodyBytes.Observe(float64(len(v.body)))
	if v.report.Workstation != v.peer.workstation {
		return problemf(reasonOther, "the report is of %s, the certificate %s is of %s",
			v.report.Workstation, v.peer.serial, v.peer.workstation)
	}
	return nil
}

// decode takes the whole body.
func (v *visit) decode(body []byte) (err error) {
	v.receivedAt, v.body = v.now(), body
	if v.report, err = wire.DecodeReport(body); err == nil {
		v.hash = sha256.Sum256(body)
	}
	return err
}

func readSending(r *http.Request) (sending, *problem) {
	s := sending{addr: sourceOf(r), boot: r.Header.Get(wire.HeaderBoot), via: r.Header.Get(wire.HeaderVia), process: r.Header.Get(wire.HeaderProcess)}
	if s.boot != "" {
		ns, err := strconv.ParseInt(r.Header.Get(wire.HeaderBootClock), 10, 64)
		if err != nil || ns < 0 || !wire.ValidID(s.boot) {
			return s, problemf(reasonBody, "headers %s %.70q and %s %.30q are not a boot id and its clock in nanoseconds",
				wire.HeaderBoot, s.boot, wire.HeaderBootClock, r.Header.Get(wire.HeaderBootClock))
		}
		s.clock = time.Duration(ns)
	}
	if s.process != "" && !wire.ValidID(s.process) {
		return s, problemf(reasonBody, "header %s %.70q is not the id of a process", wire.HeaderProcess, s.process)
	}
	if s.via != "" {
		if !inventory.ValidWorkstationID(s.via) {
			return s, problemf(reasonBody, "header %s %.40q is not a workstation id", wire.HeaderVia, s.via)
		}
		s.addr = netip.Addr{}
	}
	return s, nil
}

// commit puts the report on disk and acknowledges it.
func (i *Intake) commit(w http.ResponseWriter, r *http.Request, v *visit) *problem {
	if v.from.boot != "" {
		v.desk.zeros = measureBoot(v.desk.zeros, v.from.boot, v.from.clock, v.receivedAt)
	}
	row, err := v.row()
	if err != nil {
		return problemf(reasonBody, "%s", err)
	}
	res, ok := i.writer.commit(row)
	switch {
	case !ok:
		return backlog()
	case res.err != nil:
		return busy(res.err)
	case res.outcome.Conflict:
		lives, verdict := v.desk.lives.Clash(v.receivedAt)
		v.desk.lives = lives
		return i.conflict(r.Context(), v, verdict, "another report with the number "+strconv.FormatUint(v.report.Seq, 10)+" was taken before")
	case res.outcome.Fresh:
		v.settle()
		i.onReport(Accepted{
			Workstation: v.peer.workstation, Addr: v.from.addr, Via: v.from.via,
			ReceivedAt: v.receivedAt, ReadAt: row.ReadAt, Report: v.report, Journal: row.Journal,
		})
		i.metrics.fresh.Inc()
	case res.outcome.Repeat:
		v.desk.loaded = [4]bool{} // what the first sending stored is read anew
		i.metrics.repeats.Inc()
	default:
		return problemf(reasonUnknown, "%s is not registered here any more: enrol anew", v.peer.workstation)
	}
	i.answer(w, i.reply(r, v, res.outcome.Repeat))
	return nil
}

func (i *Intake) reply(r *http.Request, v *visit, repeat bool) wire.Reply {
	reply := wire.Reply{
		Wire: wire.Spoken(), Seq: v.report.Seq, Repeat: repeat, Now: v.receivedAt.UTC(),
		Want: v.want, WantJournal: i.wantJournal(v.peer.workstation),
		Asks: i.asks(v.peer.workstation),
	}
	for _, list := range v.want {
		i.metrics.listsWanted.WithLabelValues(string(list)).Inc()
	}
	settings, err := i.settings(r.Context(), v.peer.workstation, v.report.SettingsVersion)
	switch {
	case err != nil: // the report is on disk: that must be said, settings come next time
		i.metrics.settingsLost.Inc()
	case settings.Version != v.report.SettingsVersion:
		reply.Settings = &settings
	}
	return reply
}

// row is the report as the store keeps it.
func (v *visit) row() (inventory.ReportRow, error) {
	rep := &v.report
	row := inventory.ReportRow{
		Workstation: v.peer.workstation, Run: rep.Run, Boot: rep.Boot, Seq: rep.Seq,
		Hash: v.hash, ReceivedAt: v.receivedAt,
		ReadAt: DateReading(v.desk.zeros, rep.Boot, rep.BootClock, rep.Wall, v.receivedAt),
		Addr:   v.from.addr, AgentVersion: rep.Agent, Body: v.body, Lists: v.rows,
	}
	if len(rep.PoolKeys) == 0 { // else the numbers may be of other keys: who knows the keys acknowledges them
		row.KeyVersion = rep.KeyVersion
	}
	if len(rep.Journal) == 0 && !carriesLists(rep) {
		return row, nil
	}
	// Lists and journal records are kept apart: not a second time with the report.
	bare := *rep
	bare.Journal, bare.Hardware, bare.Firmware, bare.OS, bare.Software = nil, nil, nil, nil, nil
	var err error
	if row.Body, err = json.Marshal(bare); err != nil {
		return row, err
	}
	row.Journal, err = v.journal()
	return row, err
}

func (v *visit) journal() ([]inventory.JournalRow, error) {
	rows := make([]inventory.JournalRow, len(v.report.Journal))
	for i, rec := range v.report.Journal {
		body, err := json.Marshal(rec)
		if err != nil {
			return nil, err
		}
		rows[i] = inventory.JournalRow{
			Run: rec.Run, N: rec.N, Boot: rec.Boot, BootClock: rec.BootClock, Kind: string(rec.Kind), Body: body,
			At: DateReading(v.desk.zeros, rec.Boot, rec.BootClock, rec.Wall, v.receivedAt),
		}
	}
	return rows, nil
}

// settle brings the desk up to what is on disk now.
func (v *visit) settle() {
	if !v.desk.late(&v.report) {
		v.desk.run, v.desk.seq = v.report.Run, v.report.Seq
	}
	for _, row := range v.rows {
		n := listNumber(wire.List(row.List))
		v.desk.hashes[n], v.desk.loaded[n] = row.Hash, true
	}
}
