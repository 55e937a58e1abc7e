package mesh

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sameAddrs() cmp.Option { return cmpopts.EquateComparable(netip.AddrPort{}, netip.Addr{}) }

func millMembership() Membership {
	return Membership{
		Site: "mill", Label: "m1", Keys: [][]byte{bytes.Repeat([]byte{1}, KeyBytes), bytes.Repeat([]byte{2}, KeyBytes)}, KeyVersion: 7,
		Controllers: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:7946")},
		Neighbours:  []netip.AddrPort{netip.MustParseAddrPort("10.1.0.2:7946"), netip.MustParseAddrPort("[fd00::3]:7946")},
	}
}

func TestMembershipIsRememberedForItsOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	if m, err := Recall(dir); m != nil || err != nil {
		t.Fatalf("an empty folder recalls %v, %v", m, err)
	}
	want := millMembership()
	for range 2 { // the second replaces the first
		if err := remember(dir, want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Recall(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got, sameAddrs()); diff != "" {
		t.Error(diff)
	}
	st, err := os.Stat(filepath.Join(dir, memoryFile))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the file with the keys has mode %v, %v", st.Mode(), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files are left, want one", len(left))
	}
	if err := forget(dir); err != nil {
		t.Fatal(err)
	}
	if m, err := Recall(dir); m != nil || err != nil {
		t.Errorf("forgotten, and yet recalls %v, %v", m, err)
	}
	if err := forget(dir); err != nil {
		t.Errorf("forgetting twice: %v", err)
	}
}

func TestUnusableMemoryIsAnErrorThatNamesTheFile(t *testing.T) {
	good, err := encodeMemory(millMembership())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty":       {},
		"torn":        good[:len(good)/2],
		"too long":    bytes.Repeat([]byte(" "), maxMemory+1),
		"other":       bytes.Replace(good, []byte(`"v":1`), []byte(`"v":9`), 1),
		"short key":   []byte(`{"v":1,"site":"mill","label":"m1","keys":["AAAA"]}`),
		"bad address": bytes.Replace(good, []byte("10.1.0.2:7946"), []byte("224.0.0.1:7946"), 1),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, memoryFile), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := Recall(dir); m != nil || err == nil || !strings.Contains(err.Error(), memoryFile) {
			t.Errorf("%s: recalls %v, error %v", name, m, err)
		}
	}
}

func TestFailedRememberLeavesTheOldMemory(t *testing.T) {
	dir := t.TempDir()
	if err := remember(dir, millMembership()); err != nil {
		t.Fatal(err)
	}
	if err := remember(filepath.Join(dir, "gone"), millMembership()); err == nil {
		t.Error("remembered in a folder that does not exist")
	}
	if err := remember(dir, Membership{Site: "mill"}); err == nil {
		t.Error("remembered a membership without a key")
	}
	if m, err := Recall(dir); err != nil || m.KeyVersion != 7 {
		t.Errorf("the old memory is %v, %v", m, err)
	}
}

func TestNeighboursAreBoundedLatestFirstAndNeverSelf(t *testing.T) {
	addr := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 7946)
	}
	var earlier []netip.AddrPort
	for i := 1; i <= 60; i++ {
		earlier = append(earlier, addr(i))
	}
	got := mergeNeighbours([]netip.AddrPort{addr(40), addr(2), addr(40), {}}, earlier, addr(2))
	if len(got) != maxNeighbours || got[0] != addr(40) || got[1] != addr(1) || got[2] != addr(3) {
		t.Errorf("%d neighbours, first %v", len(got), got[:3])
	}
}

func FuzzMemory(f *testing.F) {
	good, _ := encodeMemory(millMembership())
	f.Add(good)
	f.Add([]byte(`{"v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMemory(b)
		if err != nil {
			return
		}
		again, err := encodeMemory(*m)
		if err != nil {
			t.Fatalf("read, but cannot be written: %v", err)
		}
		back, err := decodeMemory(again)
		if err != nil {
			t.Fatalf("written, but cannot be read: %v", err)
		}
		if diff := cmp.Diff(m, back, sameAddrs(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
