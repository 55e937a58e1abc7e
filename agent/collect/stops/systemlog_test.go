package stops

import (
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// boots are what Windows writes as it starts.
func boots(at time.Time) []string {
	return []string{
		eventXML(providerGeneral, eventBegun, at, "MajorVersion=10", "StartTime="+at.Format(time.RFC3339)),
		eventXML(providerBoot, eventBootType, at.Add(2*time.Second), "BootType=0", "LoadOptions= NOEXECUTE=OPTIN"),
	}
}

func asked1074(at time.Time, word string) string {
	return eventXML(providerUser, eventAsked, at, `param1=C:\Windows\System32\RuntimeBroker.exe (PC-0815)`, "param2=PC-0815",
		"param3=Other (Unplanned)", "param4=0x0", "param5="+word, "param6=", `param7=COUNTY\j.bloggs`)
}

func TestTheSystemLogTellsHowABootEnded(t *testing.T) {
	yesterday := noon.Add(-20 * time.Hour)
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	logs := map[string][]string{
		"somebody restarted": {asked1074(at(-time.Minute), "restart")},
		"somebody shut down": {asked1074(at(-time.Hour), "power off"), eventXML(providerLog, eventLogClosed, at(-time.Hour+time.Second))},
		"the kernel corrects words it does not know": {
			asked1074(at(-time.Minute), "Neustart"),
			eventXML(providerPower, eventGoes, at(-30*time.Second), "ShutdownActionType=5", "ShutdownEventCode=0", "ShutdownReason=5"),
			eventXML(providerGeneral, eventEnded, at(-25*time.Second), "StopTime="+at(-25*time.Second).Format(time.RFC3339)),
		},
		"nobody said a word": {eventXML(providerGeneral, eventEnded, at(-time.Hour))},
		"the power went": {
			eventXML(providerPower, eventPowerLost, at(time.Second), "BugcheckCode=0", "BugcheckParameter1=0x0", "SleepInProgress=0", "PowerButtonTimestamp=0"),
			eventXML(providerLog, eventUnclean, at(20*time.Second), "09:14:00", "23/11/2026", "", "", "Binary="+systemTimes(at(-166*time.Minute), time.Hour)),
		},
		"it crashed": {
			eventXML(providerPower, eventPowerLost, at(time.Second), "BugcheckCode=159", "SleepInProgress=0"),
			eventXML(providerCrash, eventBugcheck, at(4*time.Minute), "param1=0x0000009f (0x0000000000000003, 0xffff)", `param2=C:\Windows\MEMORY.DMP`, "param3=6a1d"),
		},
		"a shutdown that hung and lost its power": {
			asked1074(at(-10*time.Minute), "restart"), eventXML(providerPower, eventPowerLost, at(time.Second), "BugcheckCode=0"),
		},
		"another program's 1001 says nothing": {eventXML("Some-Program", eventBugcheck, at(time.Minute)), asked1074(at(-time.Minute), "shutdown")},
		"what a 6008 says of its time is odd": {eventXML(providerLog, eventUnclean, at(20*time.Second), "", "Binary=E107FFFF")},
	}
	found := make(map[string][]inventory.Stop)
	for name, log := range logs {
		all := append(append(boots(yesterday), log...), boots(noon)...)
		found[name] = stopsOfEvents(events(t, all...))
		checkStops(t, found[name])
	}
	golden(t, "systemlog", found)
}

func TestAnUncleanEndCountsAgainstItsOwnBoot(t *testing.T) {
	var log []string
	for day := range 3 { // boots at noon of three days; the second came after a power cut
		at := noon.AddDate(0, 0, day)
		log = append(log, boots(at)...)
		if day == 1 {
			log = append(log, eventXML(providerPower, eventPowerLost, at.Add(time.Second), "BugcheckCode=0"))
		}
		log = append(log, asked1074(at.Add(5*time.Hour), "power off"))
	}
	log = append(log, boots(noon.AddDate(0, 0, 2).Add(6*time.Hour))...)
	var kinds []string
	for _, s := range stopsOfEvents(events(t, log...)) {
		kinds = append(kinds, string(s.Kind))
	}
	if got := strings.Join(kinds, " "); got != "shutdown shutdown unclean" {
		t.Errorf("newest first: %s", got)
	}
}

func TestAFastStartIsABootAndAResumeIsNone(t *testing.T) {
	for kind, want := range map[string]int{"0": 1, "1": 1, "2": 0} {
		log := events(t, asked1074(noon.Add(-time.Hour), "power off"), eventXML(providerBoot, eventBootType, noon, "BootType="+kind))
		if got := stopsOfEvents(log); len(got) != want {
			t.Errorf("boot type %s: %v", kind, got)
		}
	}
}

func TestWhatWasJustAskedForIsTold(t *testing.T) {
	log := events(t, asked1074(noon.Add(-time.Hour), "shutdown"), asked1074(noon.Add(-time.Second), "restart"))
	if kind, ok := begun(log, noon, 10*time.Minute); !ok || kind != inventory.StopRestart {
		t.Errorf("%q, %v", kind, ok)
	}
	if kind, ok := begun(log[:1], noon, 10*time.Minute); ok {
		t.Errorf("an hour ago somebody asked for a %s", kind)
	}
	if _, ok := begun(events(t, asked1074(noon, "Neustart")), noon, time.Minute); ok {
		t.Error("words that are not known are told for known")
	}
}

func TestNothingOfThePeopleInTheSystemLogIsKept(t *testing.T) {
	for _, e := range events(t, asked1074(noon, "restart")) {
		for name, value := range e.fields {
			if name != "param5" || value != "restart" {
				t.Errorf("%s is kept: %q", name, value)
			}
		}
	}
}

func TestAnEventThatIsNoneIsRefused(t *testing.T) {
	good := eventXML(providerUser, eventAsked, noon)
	for name, text := range map[string]string{
		"nothing": "", "text": "no XML", "cut short": good[:len(good)-20], "no provider": "<Event><System><EventID>1</EventID></System></Event>",
		"deep": strings.Repeat("<a>", 100), "crossed": "<Event><System></Event></System>", "large": strings.Repeat(" ", mostEventBytes) + good,
		"an entity": strings.Replace(good, "System</Channel>", "&bomb;</Channel>", 1),
	} {
		if e, err := parseEvent(text); err == nil {
			t.Errorf("%s is taken: %+v", name, e)
		}
	}
}

// Whatever comes, an event that is taken is dated, and short, and a log of it can
// be judged.
func FuzzEvent(f *testing.F) {
	f.Add(asked1074(noon, "restart"))
	f.Add(eventXML(providerLog, eventUnclean, noon, "09:14:00", "Binary="+systemTimes(noon, time.Hour)))
	f.Add(eventXML(providerPower, eventPowerLost, noon, "BugcheckCode=159"))
	f.Add("<Event>")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseEvent(text)
		if err != nil {
			return
		}
		for name, value := range e.fields {
			if !kept[name] || len(value) > mostEventText {
				t.Fatalf("a field out of bounds: %q %q", name, value)
			}
		}
		boot := event{provider: providerGeneral, id: eventBegun, at: e.at.Add(time.Minute)}
		checkStops(t, stopsOfEvents([]event{e, boot, e}))
	})
}
