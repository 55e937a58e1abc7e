package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"muster/inventory"
	"muster/inventory/wire"
)

const smallJournal = ringOffset + 64*slotSize

// faultyFile is a disk that keeps only what was synced: Crash drops a random
// part of the other writes and tears the last one.
type faultyFile struct {
	durable []byte
	now     []byte
	pending []write
	full    bool // refuses to grow, as a full disk does
	dead    bool // refuses every write
}

type write struct {
	at int64
	b  []byte
}

func (f *faultyFile) ReadAt(b []byte, at int64) (int, error) {
	if at >= int64(len(f.now)) {
		return 0, io.EOF
	}
	n := copy(b, f.now[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

var errNoSpace = errors.New("no space left on device")

func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	if f.dead || f.full && at+int64(len(b)) > int64(len(f.now)) {
		return 0, errNoSpace
	}
	f.now = put(f.now, at, b)
	f.pending = append(f.pending, write{at, append([]byte(nil), b...)})
	return len(b), nil
}

func (f *faultyFile) Sync() error {
	f.durable = append([]byte(nil), f.now...)
	f.pending = nil
	return nil
}

func (f *faultyFile) Close() error { return nil }

// crash returns the disk as the next boot finds it.
func (f *faultyFile) crash(rnd *rand.Rand) *faultyFile {
	left := append([]byte(nil), f.durable...)
	for i, w := range f.pending {
		b := w.b
		if i == len(f.pending)-1 {
			b = b[:rnd.IntN(len(b)+1)]
		} else if rnd.IntN(2) == 0 {
			continue
		}
		left = put(left, w.at, b)
	}
	return &faultyFile{durable: left, now: append([]byte(nil), left...)}
}

func put(file []byte, at int64, b []byte) []byte {
	if end := int(at) + len(b); end > len(file) {
		file = append(file, make([]byte, end-len(file))...)
	}
	copy(file[at:], b)
	return file
}

func tick(boot string, clock time.Duration) wire.JournalRecord {
	return wire.JournalRecord{
		Boot: boot, BootClock: clock, Wall: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(clock),
		Kind: wire.RecordTick, PacketAge: 3 * time.Second, AckAge: wire.Never, Gateway: wire.Yes,
		Peers: 13, PeersKnown: 15, Carrier: wire.Yes, Addr: netip.MustParseAddr("10.31.4.17"), Power: wire.PowerMains,
	}
}

func open(t testing.TB, f File) *Journal {
	t.Helper()
	j, err := OpenJournal(JournalOptions{File: f, Size: smallJournal})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestEverythingSyncedIsThereAfterAnyCrash(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		disk := &faultyFile{}
		written := map[uint64]wire.JournalRecord{} // the last content handed to each number
		seqs := map[string]bool{}
		for life := range 6 {
			j := open(t, disk)
			for _, r := range allOf(j) {
				if diff := cmp.Diff(written[r.N], r, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
					t.Fatalf("seed %d: record %d came back as something else:\n%s", seed, r.N, diff)
				}
			}
			var syncedTo uint64
			for step := range rnd.IntN(150) {
				r := tick(fmt.Sprintf("boot-%d", life), time.Duration(step)*10*time.Second)
				r.Outside = []wire.Reachable{"", wire.Yes, wire.No}[step%3]
				n, err := j.Append(r)
				if err != nil {
					t.Fatal(err)
				}
				r.N, r.Run = n, j.Run()
				written[n] = r
				if rnd.IntN(6) == 0 {
					if err := j.Sync(); err != nil {
						t.Fatal(err)
					}
					syncedTo = n
				}
				if rnd.IntN(10) == 0 {
					seq, err := j.NextSeq()
					if err != nil {
						t.Fatal(err)
					}
					name := j.Run() + "/" + strconv.FormatUint(seq, 10)
					if seqs[name] {
						t.Fatalf("seed %d: report number %s was handed out twice", seed, name)
					}
					seqs[name] = true
				}
			}
			last := j.last
			disk = disk.crash(rnd)
			if syncedTo == 0 {
				continue
			}
			again := open(t, &faultyFile{durable: disk.durable, now: append([]byte(nil), disk.now...)})
			there := map[uint64]bool{}
			for _, r := range allOf(again) {
				there[r.N] = true
			}
			for n := syncedTo; n > 0 && n+64 > last; n-- {
				if !there[n] && written[n].N == n && written[n].Boot == fmt.Sprintf("boot-%d", life) {
					t.Fatalf("seed %d life %d: record %d was synced (to %d of %d) and is gone", seed, life, n, syncedTo, last)
				}
			}
		}
	}
}

func allOf(j *Journal) []wire.JournalRecord {
	var all []wire.JournalRecord
	j.Walk(func(r wire.JournalRecord) bool { all = append(all, r); return true })
	return all
}

func TestSpanReadsOneBootNewestFirst(t *testing.T) {
	j := open(t, &faultyFile{})
	for i := range 20 {
		_, _ = j.Append(tick("boot-one", time.Duration(i)*10*time.Second))
	}
	for i := range 30 {
		_, _ = j.Append(tick("boot-two", time.Duration(i)*10*time.Second))
	}
	got := clocks(j.Span(wire.JournalSpan{Boot: "boot-one", From: 30 * time.Second, To: time.Minute}, 10))
	if diff := cmp.Diff([]time.Duration{60e9, 50e9, 40e9, 30e9}, got); diff != "" {
		t.Error(diff)
	}
	got = clocks(j.Span(wire.JournalSpan{Boot: "boot-two", To: time.Hour}, 2))
	if diff := cmp.Diff([]time.Duration{290e9, 280e9}, got); diff != "" {
		t.Error(diff)
	}
	if got := j.Span(wire.JournalSpan{Boot: "boot-none", To: time.Hour}, 5); len(got) != 0 {
		t.Errorf("an unknown boot yields %v", got)
	}
}

func clocks(records []wire.JournalRecord) []time.Duration {
	var out []time.Duration
	for _, r := range records {
		out = append(out, r.BootClock)
	}
	return out
}

func TestEventsLeaveTicksOut(t *testing.T) {
	j := open(t, &faultyFile{})
	_, _ = j.Append(tick("boot-one", 0))
	edge := tick("boot-one", time.Second)
	edge.Kind, edge.Reason = wire.RecordEdge, "gateway no"
	n, _ := j.Append(edge)
	_, _ = j.Append(tick("boot-one", 2*time.Second))
	got := j.Events(0, 10)
	if len(got) != 1 || got[0].N != n || got[0].Reason != "gateway no" {
		t.Errorf("events are %v", got)
	}
	if got := j.Events(n, 10); len(got) != 0 {
		t.Errorf("after the edge there are %v", got)
	}
}

func TestRingForgetsTheOldestAndNumbersGoOn(t *testing.T) {
	disk := &faultyFile{}
	j := open(t, disk)
	for i := range 200 {
		if _, err := j.Append(tick("boot-one", time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	run := j.Run()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, disk)
	all := allOf(again)
	if len(all) != 64 || all[0].N != 200 || all[63].N != 137 {
		t.Errorf("%d records, from %d to %d", len(all), all[0].N, all[len(all)-1].N)
	}
	if n, _ := again.Append(tick("boot-one", time.Hour)); n != 201 || again.Run() != run {
		t.Errorf("the next record is %d of run %s", n, again.Run())
	}
}

func TestFullDiskStopsNothingOnceTheFileExists(t *testing.T) {
	disk := &faultyFile{}
	j := open(t, disk)
	disk.full = true
	for i := range 300 {
		if _, err := j.Append(tick("boot-one", time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.NextSeq(); err != nil {
		t.Fatal(err)
	}
	if err := j.Sync(); err != nil {
		t.Fatal(err)
	}
}

func TestFailedWriteIsSaidAndTheNextOneTakesItsNumber(t *testing.T) {
	disk := &faultyFile{}
	j := open(t, disk)
	disk.dead = true
	if _, err := j.Append(tick("boot-one", 0)); !errors.Is(err, errNoSpace) {
		t.Fatalf("error is %v", err)
	}
	disk.dead = false
	if n, err := j.Append(tick("boot-one", 0)); err != nil || n != 1 {
		t.Errorf("number %d, %v", n, err)
	}
}

func TestReportNumbersGoOnWithoutGapAfterAClose(t *testing.T) {
	disk := &faultyFile{}
	j := open(t, disk)
	for range 3 {
		_, _ = j.NextSeq()
	}
	_ = j.Close()
	again := open(t, disk)
	if seq, _ := again.NextSeq(); seq != 4 {
		t.Errorf("the next report is %d", seq)
	}
}

func TestDamagedHeadersMakeANewRun(t *testing.T) {
	disk := &faultyFile{}
	j := open(t, disk)
	_, _ = j.Append(tick("boot-one", 0))
	run := j.Run()
	_ = j.Close()
	clear(disk.now[:ringOffset])
	again := open(t, disk)
	if again.Run() == run {
		t.Error("the run id was kept")
	}
	if all := allOf(again); len(all) != 0 {
		t.Errorf("records of the old run came back: %v", all)
	}
}

func TestJournalIsOpenOnce(t *testing.T) {
	o := JournalOptions{Path: filepath.Join(t.TempDir(), "journal"), Size: smallJournal}
	j, err := OpenJournal(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(o); !errors.Is(err, ErrInUse) {
		t.Errorf("second opening: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, err = OpenJournal(o)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(o.Path); err != nil || info.Size() != smallJournal || info.Mode().Perm() != 0o600 {
		t.Errorf("file is %v, %v", info, err)
	}
	_ = j.Close()
}

// TestMain lets the test binary stand in for an agent that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("MUSTER_TEST_JOURNAL"); path != "" {
		writeUntilKilled(path)
	}
	os.Exit(m.Run())
}

func writeUntilKilled(path string) {
	j, err := OpenJournal(JournalOptions{Path: path, Size: smallJournal})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		n, err := j.Append(tick("boot-child", time.Duration(i)))
		if err == nil && i%3 == 0 {
			if err = j.Sync(); err == nil {
				fmt.Println(n)
			}
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

func TestKillLosesNoSyncedRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	for round := range 5 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), "MUSTER_TEST_JOURNAL="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		var synced uint64
		for i := 0; i < 20+7*round && lines.Scan(); i++ {
			if synced, err = strconv.ParseUint(strings.TrimSpace(lines.Text()), 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		_ = child.Process.Kill()
		for lines.Scan() { // what was printed before the signal counts too
			synced, _ = strconv.ParseUint(strings.TrimSpace(lines.Text()), 10, 64)
		}
		_ = child.Wait()
		j, err := OpenJournal(JournalOptions{Path: path, Size: smallJournal})
		if err != nil {
			t.Fatal(err)
		}
		if found, ok := j.Found(); !ok || found.N < synced {
			t.Errorf("round %d: %d was synced, the newest found is %d", round, synced, found.N)
		}
		_ = j.Close()
	}
}

func FuzzJournalFile(f *testing.F) {
	disk := &faultyFile{}
	j := open(f, disk)
	leave := tick("boot-one", time.Minute)
	leave.Kind, leave.Reason = wire.RecordLeave, string(inventory.LeaveShutdown)
	_, _ = j.Append(tick("boot-one", 0))
	_, _ = j.Append(leave)
	_ = j.Close()
	f.Add(disk.now)
	f.Add(disk.now[:ringOffset+slotSize/2])
	f.Add([]byte("MUSTERJ1"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file := &faultyFile{durable: content, now: append([]byte(nil), content...)}
		j, err := OpenJournal(JournalOptions{File: file, Size: smallJournal})
		if err != nil {
			return
		}
		j.Walk(func(r wire.JournalRecord) bool {
			if err := r.Validate(); err != nil {
				t.Errorf("a record that was read is not valid: %v", err)
			}
			return true
		})
		if _, err := j.Append(tick("boot-two", 0)); err != nil {
			t.Errorf("cannot go on after what was found: %v", err)
		}
		if _, err := j.NextSeq(); err != nil {
			t.Errorf("cannot number: %v", err)
		}
	})
}
