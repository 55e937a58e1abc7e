package store

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// committerEnv names the folder of a database; a test binary that finds it
// commits reports there until it is killed.
const committerEnv = "MUSTER_TEST_COMMITTER"

const killedBatch = 20 // rows

// runCommitter commits batches, each beginning behind what is in the log, and
// prints the last seq of each batch once it is acknowledged.
func runCommitter(dir string) int {
	s, err := Open(context.Background(), Options{URL: "sqlite:" + filepath.Join(dir, "killed.db")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	first, err := strconv.ParseUint(os.Getenv(committerEnv+"_FROM"), 10, 64)
	for seq := first; err == nil; seq += killedBatch {
		rows := make([]inventory.ReportRow, killedBatch)
		for i := range rows {
			rows[i] = report(i%5+1, "run1", seq+uint64(i), strings.Repeat("x", 900))
		}
		if _, err = s.CommitReports(context.Background(), rows); err == nil {
			_, err = fmt.Println(seq + killedBatch - 1)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// kills is how often the committer is killed here; the whole controller is
// killed 200 times elsewhere.
const kills = 25

func TestAcknowledgedReportsSurviveKillNine(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(dir, "killed.db")})
	must(t, err)
	enrol(t, s, 5)
	must(t, s.Close())
	random := rand.New(rand.NewPCG(1, 2)) // a test's moments need no secrecy
	var acknowledged, batches uint64
	for range kills {
		last := commitAndKill(t, dir, acknowledged+1, time.Duration(random.IntN(60_000))*time.Microsecond)
		if last > acknowledged {
			batches += (last - acknowledged) / killedBatch
			acknowledged = last
		}
	}
	if batches == 0 {
		t.Fatal("nothing was acknowledged: the test shows nothing")
	}
	t.Logf("%d reports acknowledged in %d batches over %d kills", acknowledged, batches, kills)
	seen := make(map[uint64]int)
	for _, r := range wholeLog(t, open(t, "sqlite:"+filepath.Join(dir, "killed.db"))) {
		seen[r.Seq]++
	}
	for seq := uint64(1); seq <= acknowledged; seq++ {
		if seen[seq] != 1 {
			t.Fatalf("acknowledged report %d is there %d times", seq, seen[seq])
		}
	}
	// What was committed and not acknowledged is whole batches only.
	if extra := len(seen) - int(acknowledged); extra < 0 || extra%killedBatch != 0 { // small
		t.Fatalf("%d reports beyond the acknowledged ones: half a batch was written", extra)
	}
}

// commitAndKill runs a committer from seq, kills it after some time of
// committing, and returns the last seq that it acknowledged.
func commitAndKill(t *testing.T, dir string, from uint64, after time.Duration) (last uint64) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), committerEnv+"="+dir, committerEnv+"_FROM="+strconv.FormatUint(from, 10))
	var trouble strings.Builder
	child.Stderr = &trouble
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewReader(out)
	read := func() error {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		last, err = strconv.ParseUint(strings.TrimSpace(line), 10, 64)
		return err
	}
	if err := read(); err != nil {
		_ = child.Wait()
		t.Fatalf("the committer acknowledged nothing: %v: %s", err, trouble.String())
	}
	killed := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	defer killed.Stop()
	for err == nil {
		err = read()
	}
	if err != io.EOF { //nolint:errorlint // the reader returns it bare
		t.Fatalf("cannot read the committer: %v", err)
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the committer ended by itself: %v: %s", err, trouble.String())
	}
	return last
}

func wholeLog(t *testing.T, s *Store) (all []LoggedReport) {
	t.Helper()
	var after int64
	for {
		piece, err := s.ReportsAfter(t.Context(), after, 10_000)
		must(t, err)
		if len(piece) == 0 {
			return all
		}
		all = append(all, piece...)
		after = piece[len(piece)-1].Position
	}
}
