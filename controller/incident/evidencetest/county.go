package evidencetest

import (
	"time"

	"muster/inventory"
)

// Habits are what an ordinary county does every day, in which nothing is wrong.
type Habits struct {
	Laptops  float64 // of the machines: they sleep at noon and go home at night
	LeftOn   float64 // of the others: they stay on at night
	HardOff  float64 // of those that go off: the mains switch, without a word
	Crashes  float64 // of the machines, a day
	Backup   Busy    // every night, on every link
	PatchDay time.Weekday
}

// OrdinaryHabits are those of the long runs.
func OrdinaryHabits() Habits {
	return Habits{
		Laptops: 0.3, LeftOn: 0.2, HardOff: 0.02, Crashes: 0.002,
		Backup:   Busy{From: time.Hour, For: 40 * time.Minute, Delay: 60 * time.Millisecond, Loss: 0.01},
		PatchDay: time.Wednesday,
	}
}

// Live makes the county live through a number of days.
func (w *World) Live(h Habits, days int) {
	midnight := w.start.Truncate(24 * time.Hour)
	for d := range days {
		day := midnight.AddDate(0, 0, d)
		for _, s := range w.sites {
			w.night(s, h, day)
			if wd := day.Weekday(); wd != time.Saturday && wd != time.Sunday {
				for i, m := range s.Machines {
					w.day(m, h, day, float64(i) < h.Laptops*float64(len(s.Machines)))
				}
			}
		}
	}
}

// night saturates the link for a while, and reboots what was left on once a week.
func (w *World) night(s *Site, h Habits, day time.Time) {
	if h.Backup.For > 0 {
		w.on(day.Add(h.Backup.From), func() { s.Delay += h.Backup.Delay; s.Loss += h.Backup.Loss })
		w.on(day.Add(h.Backup.From+h.Backup.For), func() { s.Delay -= h.Backup.Delay; s.Loss -= h.Backup.Loss })
	}
	if day.Weekday() == h.PatchDay {
		for _, m := range s.Machines {
			w.on(day.Add(3*time.Hour+w.span(0, 20*time.Minute)), func() {
				if m.On && !m.Asleep {
					w.Restart(m, w.span(2*time.Minute, 6*time.Minute), false)
				}
			})
		}
	}
}

// day is one machine's: on in the morning, perhaps asleep at noon, off at night.
func (w *World) day(m *Machine, h Habits, day time.Time, laptop bool) {
	w.on(day.Add(8*time.Hour+15*time.Minute+w.span(0, 75*time.Minute)), func() {
		w.Wake(m)
		w.PowerOn(m)
	})
	if laptop {
		w.on(day.Add(12*time.Hour+w.span(0, time.Hour)), func() { w.Shutdown(m, inventory.LeaveSleep, false) })
		w.on(day.Add(13*time.Hour+w.span(5*time.Minute, time.Hour)), func() { w.Wake(m) })
	}
	if w.chance(h.Crashes) {
		w.on(day.Add(10*time.Hour+w.span(0, 6*time.Hour)), func() {
			w.Crash(m)
			w.after(w.span(2*time.Minute, 10*time.Minute), func() { w.PowerOn(m) })
		})
	}
	if !laptop && w.chance(h.LeftOn) {
		return
	}
	w.on(day.Add(16*time.Hour+30*time.Minute+w.span(0, time.Hour)), func() {
		switch {
		case w.chance(h.HardOff):
			w.Crash(m)
		case laptop:
			w.Shutdown(m, inventory.LeaveSleep, false)
		default:
			w.Shutdown(m, inventory.LeaveShutdown, false)
		}
	})
}

// Wave is the weather of an ordinary county: sizes from 1 to 60, a router in twenty
// that answers no ICMP.
func Wave(s *Site) {
	sizes := []int{15, 6, 30, 15, 2, 15, 8, 60, 1, 12}
	n := int(s.Code[1]-'0')*100 + int(s.Code[2]-'0')*10 + int(s.Code[3]-'0')
	s.Resize(sizes[n%len(sizes)])
	s.RouterAnswer = n%20 != 7
	s.Backup = n%4 == 0
}
