package stops

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// put writes a file of a tree that looks like a machine.
func put(t *testing.T, root, name string, b []byte, at time.Time) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestATreeIsReadWithItsRotatedWtmpJournalAndPstore(t *testing.T) {
	root, l := t.TempDir(), layoutFor(runtime.GOARCH)
	put(t, root, "proc/sys/kernel/random/boot_id", []byte("30313233-3435-3637-3839-616263646566\n"), noon)
	put(t, root, "var/log/wtmp.1", diary(l, "B"), noon)
	put(t, root, "var/log/wtmp", append(diary(l, ".................B"), "torn"...), noon)
	put(t, root, "var/log/journal/3d12/system@1.journal~", journalOf(journalOnline, "another boot....", noon.Add(9*time.Second)), noon)
	put(t, root, "var/log/journal/3d12/system@2.journal~", journalOf(journalOnline, "0123456789abcdef", noon.Add(11*time.Second)), noon)
	put(t, root, "var/log/journal/3d12/system@3.journal~", journalOf(0, "another boot....", noon.Add(12*time.Second)), noon)
	put(t, root, "var/log/journal/3d12/user-1000@4.journal~", journalOf(journalOnline, "another boot....", noon.Add(13*time.Second)), noon)
	got, err := Read(t.Context(), root)
	if err != nil || len(got) != 1 || got[0].Kind != inventory.StopUnclean || !got[0].At.Equal(noon.Add(9*time.Second)) || got[0].Source != "wtmp, journald" {
		t.Fatalf("%+v, %v", got, err)
	}
	put(t, root, "sys/fs/pstore/dmesg-efi-1", []byte("Oops#1 Part1\n"), noon.Add(10*time.Second))
	put(t, root, "sys/fs/pstore/dmesg-efi-2", []byte("Panic#2 Part1\n"), noon.Add(15*time.Second))
	put(t, root, "var/lib/systemd/pstore/1795355622/dmesg-efi-3", []byte("Panic#2 Part2\n"), noon.Add(16*time.Second))
	got, err = Read(t.Context(), root)
	if err != nil || len(got) != 1 || got[0].Kind != inventory.StopCrash || got[0].Source != "wtmp, journald, pstore" {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestAMachineThatSaysNothingIsAnErrorWithTheReason(t *testing.T) {
	root := t.TempDir()
	if _, err := Read(t.Context(), root); err == nil || !strings.Contains(err.Error(), "no wtmp") {
		t.Errorf("without wtmp: %v", err)
	}
	put(t, root, "var/log/wtmp", nil, noon)
	if _, err := Read(t.Context(), root); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("with an empty one: %v", err)
	}
}

func TestOfALargeWtmpOnlyTheEndIsRead(t *testing.T) {
	root, l := t.TempDir(), layoutFor(runtime.GOARCH)
	name := filepath.Join(root, "wtmp")
	if err := os.WriteFile(name, diary(l, strings.Repeat("B", 100)+"S"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := tail(name, 3*l.size, l.size)
	if records := parseUtmp(b, l); err != nil || len(records) != 3 || records[2].name != "shutdown" {
		t.Errorf("%d records, %v", len(records), err)
	}
}
