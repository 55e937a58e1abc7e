package fleettest_test

import (
	"strings"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/inventory"
)

// TestClonedIdentityIsRefusedAndShownAndNeverMerged copies a virtual machine
// while it runs: certificate, journal and maker's label are the same.
func TestClonedIdentityIsRefusedAndShownAndNeverMerged(t *testing.T) {
	for name, add := range map[string]func(*fleettest.Fleet, string, string, int, int64){
		"on a boot of its own": (*fleettest.Fleet).AddMachine,
		"within the same boot": (*fleettest.Fleet).AddTwin,
	} {
		t.Run(name, func(t *testing.T) { clonedIdentity(t, add) })
	}
}

func clonedIdentity(t *testing.T, add func(f *fleettest.Fleet, tag, site string, desk int, number int64)) {
	estate := fleettest.Estate{Sites: 1, PerSite: 3, Seed: 21}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		original := fleettest.Tag("S001", 0)
		id := f.Status(original).Workstation
		add(f, "clone", "S001", 100, f.Machine(original))
		f.CopyState(original, "clone")
		f.Boot("clone")
		took := f.Within(15*time.Minute, "the conflict is recorded", func() bool { return len(f.Events(inventory.EventConflict)) > 0 })
		t.Logf("two machines on one certificate were known after %s: %s", took, f.Events(inventory.EventConflict)[0].Body)
		f.Within(15*time.Minute, "both say why they are refused", func() bool {
			return strings.Contains(f.Status(original).Problem, "another machine uses this one's identity") &&
				strings.Contains(f.Status("clone").Problem, "prepare-image on the copy")
		})
		t.Log(f.Status("clone").Problem)
		if e := f.Events(inventory.EventConflict)[0]; e.Subject.Key != id {
			t.Errorf("the event is about %s, want %s", e.Subject.Key, id)
		}
		if n := len(f.Workstations()); n != estate.PerSite {
			t.Errorf("there are %d workstations, want %d as before", n, estate.PerSite)
		}
		for m := 1; m < estate.PerSite; m++ {
			if problem := f.Status(fleettest.Tag("S001", m)).Problem; problem != "" {
				t.Errorf("a bystander suffers: %s", problem)
			}
		}
	})
}

// TestImagedMachineEnrolsAnewAsItsOwnWorkstation copies an agent's folder to
// another machine, as an image of the disk does that nobody prepared.
func TestImagedMachineEnrolsAnewAsItsOwnWorkstation(t *testing.T) {
	estate := fleettest.Estate{Sites: 1, PerSite: 3, Seed: 22}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		master := fleettest.Tag("S001", 0)
		id, run := f.Status(master).Workstation, f.Status(master).Run
		for n, copied := range []string{"copy-1", "copy-2"} {
			f.AddMachine(copied, "S001", 100+n, 990_000+int64(n))
			f.CopyState(master, copied)
			f.Boot(copied)
		}
		f.Within(2*time.Minute, "both copies are there as themselves", func() bool {
			return f.Counts("S001").Stranger == 2 && f.Counts("S001").Present == estate.PerSite
		})
		seen := map[string]bool{id: true}
		for _, copied := range []string{"copy-1", "copy-2"} {
			st := f.Status(copied)
			if seen[st.Workstation] || st.Run == run {
				t.Errorf("%s is %s with journal %s: not its own", copied, st.Workstation, st.Run)
			}
			seen[st.Workstation] = true
		}
		f.Always(12*time.Minute, "the master stays what it is", func() bool {
			st := f.Status(master)
			return st.Workstation == id && st.Problem == ""
		})
		if n := len(f.Events(inventory.EventConflict)); n != 0 {
			t.Errorf("%d identity conflicts, want none", n)
		}
	})
}

// TestExpiredCertificateIsRenewedByItself leaves a whole site off for forty days.
func TestExpiredCertificateIsRenewedByItself(t *testing.T) {
	estate := fleettest.Estate{Sites: 1, PerSite: 3, Seed: 23}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		ids := map[string]string{}
		for m := range estate.PerSite {
			tag := fleettest.Tag("S001", m)
			ids[tag] = f.Status(tag).Workstation
			f.Shutdown(tag, inventory.LeaveShutdown)
		}
		f.StopController()
		f.Wait(40 * 24 * time.Hour)
		f.StartController()
		f.BootAll()
		took := f.Within(5*time.Minute, "everyone is present again", func() bool { return f.Counts("S001").Present == estate.PerSite })
		t.Logf("after forty days everyone was present in %s", took)
		f.Within(5*time.Minute, "everyone has a certificate that is good", func() bool {
			for tag := range ids {
				st := f.Status(tag)
				if !st.CertificateUntil.After(time.Now()) || st.LastAckAt.Before(time.Now().Add(-6*time.Minute)) {
					return false
				}
			}
			return true
		})
		for tag, id := range ids {
			if got := f.Status(tag).Workstation; got != id {
				t.Errorf("%s came back as %s, it was %s", tag, got, id)
			}
		}
		if n := len(f.Workstations()); n != estate.PerSite {
			t.Errorf("there are %d workstations, want %d as before", n, estate.PerSite)
		}
	})
}
