package incident

import (
	"time"

	"muster/inventory"
)

// Rules are the numbers that the rule tables compare with. Each names its source:
// "design" is docs/design.md; "mesh" is what was measured of the mesh (docs/mesh.md
// and its settings); "chance" is a probability worked out beside it; "rehearsals" is
// what the rehearsals were tuned with, some seeds for tuning and others for
// judging.
type Rules struct {
	// The gate on evidence.
	FutureFor  time.Duration // dated later than this after now is not believed; mesh: one batch and its transit
	StallAfter time.Duration // ticks this late void misses around them; mesh: the sweep's least miss timer is 0.8 s
	StallSlack time.Duration // on both sides of a stall; mesh: the longest miss timer is 2.5 s
	OverloadAt time.Duration // a stall this long is an incident; design: as long as it takes to call a site silent and settle
	QuietFor   time.Duration // without lag: the controller has recovered; rehearsals
	GoodbyeFor time.Duration // what comes this soon after a leave reason was under way before it; roster's rule
	RestartFor time.Duration // a restart or update explains silence this long; rehearsals: a patch with its reboot

	// Life cycle.
	OpenAfter   time.Duration // without recovery; design
	FreshFor    time.Duration // opening needs evidence no older; mesh: bursts at a silent site are 10 s apart
	FlapFor     time.Duration // back within this is the same incident; rehearsals
	FlapHold    time.Duration // a flapping one must stay well this long; rehearsals: longer than half of a 90 s period
	SettleFor   time.Duration // open to revision; design
	PresenceFor time.Duration // a silent machine is followed this long; design: as revisions

	// One site.
	SilentPings  int           // unanswered, none answered: the site is silent; chance: 0.36^10 = 4e-5 at 20 % loss each way, after a miss
	FewPings     int           // enough where the sweep itself says silent
	MissChance   float64       // that a machine's misses are all chance; at most this
	MissLeast    int           // misses that call one machine missing at 1 % loss; mesh: a miss is asked again four times
	MissMost     int           // and however lossy the link is
	AccusedAfter time.Duration // gossip that calls failed who was heard less than this before is contradicted; mesh: the fastest true failure took 12 s
	SegmentLeast int           // machines of one site that fall silent together
	SegmentIn    time.Duration // design: shared causes' window, and mesh: 61 members' failures lie 29 s apart
	HomeIn       time.Duration // the same while people go home: machines leave with reasons around it
	HomeFor      time.Duration // how long a leave with its reason says so
	HomeLeast    int           // leaves in that time
	SegmentShare float64       // of the machines, silent within SlowIn: a fault that spreads, as leases that run out
	SlowIn       time.Duration
	SegmentBack  float64       // of the silent ones that are back: it is over
	SegmentHeals float64       // of them that were back when the whole site fell silent: two faults; a switch is up or is not
	SettleIn     time.Duration // let reasons arrive before silence is judged; mesh: three copies within 0.3 s
	AccusedLeast int           // contradicted failures in AccusedIn, of two machines or more
	AccusedIn    time.Duration
	PeersMost    int           // that a well machine can have heard in a record; mesh: one is asked every 3 s, and 20 s count
	PeersRatio   float64       // of PeersMost, or of the peers known where they are fewer: a machine cut from neighbours heard no more
	PeersAfter   time.Duration // a machine that is up, or back, this long could hear them; rehearsals
	PeersLeast   int           // peers known, for the ratio to mean anything
	FirewallFor  time.Duration // TCP answers, UDP does not, for this long; mesh: several bursts
	UplinkFor    time.Duration // a tag's error class must have stood this long; mesh: a report's retry
	UplinkShare  float64       // of the site's machines with a tag
	LossyAt      float64       // above this loss a stalled uplink proves no MTU fault; rehearsals

	// Direct sites: reports every 60 s.
	DirectSite    time.Duration // no report of any machine; design: 60 s reports, jittered by a tenth
	DirectMachine time.Duration // no report of one: two periods and a retry
	DirectIn      time.Duration // last reports of machines that fell silent together lie this close: one period and its jitter
	DirectShare   float64       // of the machines heard in DirectLive
	DirectLive    time.Duration

	// Shared causes; all of design.
	SharedRatio float64
	SharedLeast int
	SharedIn    time.Duration
	SharedEnd   float64       // share of its sites still silent at which it is over
	AllRatio    float64       // of all observable sites silent at once: is it me? rehearsals
	BlindRatio  float64       // and with references or gateway failing; rehearsals
	RefFor      time.Duration // how long references are awaited; mesh: they are asked every ten sweeps
	RefLeast    int           // references that fail; design
	RefFirst    time.Duration // a first verdict awaits them; mesh: two sweeps
	GateEvery   time.Duration // a router that fell silent this long before its site says nothing; mesh: asked once a minute

	// Links against their baseline.
	RTTLeast    time.Duration // above the usual; rehearsals: a 40 ms step shows, 5 ms of queueing does not
	RTTRatio    float64       // of the usual, above it
	JitterLeast time.Duration
	Spreads     float64 // above the usual: chance, 6 standard deviations
	HighRatio   float64 // above what recurs in this hour
	LossLeast   float64 // above the usual over LossMinutes; what users notice: docs of voice and desktops say 3 %
	LossSigmas  float64 // chance: Poisson, 6 standard deviations, once in a county's decade
	LossMinutes int
	// One machine that loses so much more than its share is the machine's own trouble;
	// chance: a thousandth, and the next minutes decide anew.
	OneLosesChance float64
	BadMinutes     int // of OfMinutes
	OfMinutes      int
	GoodMinutes    int // in a row: it is over
	UsualLeast     int // minutes that an hour's baseline needs
	EdgeFor        time.Duration
	EchoFor        time.Duration // after a silence: what was asked then says nothing of the link; rehearsals

	// Services.
	ProbeEvery   time.Duration // design: the rota
	ConfirmFor   time.Duration // a cross-check is awaited
	AskEvery     time.Duration // between two equal asks
	PathFor      time.Duration // the size of packets that pass is awaited; rehearsals: two reports and a probe
	ServiceShare float64       // of sites with an answer that see it fail; rehearsals
	CloneFor     time.Duration // intake: a conflict ends three hours after its last evidence

	// Severities are people × open or shut × backup link; the columns are design's,
	// the numbers a county's (configs/severity.yaml), for others to change.
	Severities []SeverityRule

	// Proof; all of design, except as said.
	CutShare    float64       // R of C+R at most, for a link or a router
	RebootNear  time.Duration // last record before the onset; design's 60 s and one look: the journal is synced every 60 to 70 s
	BatteryIn   time.Duration
	HeardFor    time.Duration // a machine that heard the controller this lately hears it; mesh: bursts every 10 s
	JournalAt   float64       // of the journals are in: judge; rehearsals
	JournalFor  time.Duration // or this long after healing; rehearsals: heal + 60 s
	ReportAfter time.Duration // a returned machine sends its journal by itself within this, or does not know that it was cut off
	ProofLeast  int
	MachineWait time.Duration // a returned machine's journal is awaited
}

// DefaultRules are the numbers that the rehearsals are judged with.
func DefaultRules() Rules {
	return Rules{
		FutureFor: 2 * time.Second, StallAfter: time.Second, StallSlack: 2500 * time.Millisecond,
		OverloadAt: 15 * time.Second, QuietFor: 30 * time.Second, GoodbyeFor: 5 * time.Second, RestartFor: 20 * time.Minute,

		OpenAfter: 25 * time.Second, FreshFor: 15 * time.Second, FlapFor: 5 * time.Minute, FlapHold: 50 * time.Second,
		SettleFor: 72 * time.Hour, PresenceFor: 72 * time.Hour,

		SilentPings: 10, FewPings: 3, MissChance: 1e-5, MissLeast: 4, MissMost: 12, AccusedAfter: 8 * time.Second,
		SegmentLeast: 3, SegmentIn: 30 * time.Second, HomeIn: 10 * time.Second, HomeFor: 15 * time.Minute, HomeLeast: 2,
		SegmentShare: 0.5, SlowIn: 10 * time.Minute, SegmentBack: 0.8, SegmentHeals: 0.5, SettleIn: 2 * time.Second,
		AccusedLeast: 4, AccusedIn: 2 * time.Minute, PeersMost: 6, PeersRatio: 0.7, PeersAfter: time.Minute, PeersLeast: 3,
		FirewallFor: 8 * time.Second, UplinkFor: 10 * time.Second, UplinkShare: 0.5, LossyAt: 0.1,

		DirectSite: 80 * time.Second, DirectMachine: 150 * time.Second, DirectIn: 75 * time.Second,
		DirectShare: 0.6, DirectLive: 10 * time.Minute,

		SharedRatio: 0.8, SharedLeast: 3, SharedIn: 30 * time.Second, SharedEnd: 0.2,
		AllRatio: 0.95, BlindRatio: 0.5, RefFor: 20 * time.Second, RefLeast: 2, RefFirst: 3 * time.Second, GateEvery: 75 * time.Second,

		RTTLeast: 15 * time.Millisecond, RTTRatio: 0.3, JitterLeast: 8 * time.Millisecond, Spreads: 6, HighRatio: 1.25,
		LossLeast: 0.03, LossSigmas: 6, LossMinutes: 10, OneLosesChance: 1e-3, BadMinutes: 3, OfMinutes: 4, GoodMinutes: 2, UsualLeast: 60,
		EdgeFor: 15 * time.Minute, EchoFor: 10 * time.Second,

		ProbeEvery: 15 * time.Minute, ConfirmFor: time.Minute, AskEvery: 30 * time.Second, PathFor: 3 * time.Minute, ServiceShare: 0.5, CloneFor: 3 * time.Hour,

		Severities: []SeverityRule{
			{People: 200, Open: inventory.SeverityCritical, Shut: inventory.SeverityMajor, OpenWithBackup: inventory.SeverityMajor, ShutWithBackup: inventory.SeverityMinor},
			{People: 30, Open: inventory.SeverityMajor, Shut: inventory.SeverityMinor, OpenWithBackup: inventory.SeverityMajor, ShutWithBackup: inventory.SeverityMinor},
			{People: 5, Open: inventory.SeverityMajor, Shut: inventory.SeverityMinor, OpenWithBackup: inventory.SeverityMinor, ShutWithBackup: inventory.SeverityInfo},
			{People: 1, Open: inventory.SeverityMinor, Shut: inventory.SeverityInfo, OpenWithBackup: inventory.SeverityInfo, ShutWithBackup: inventory.SeverityInfo},
			{People: 0, Open: inventory.SeverityInfo, Shut: inventory.SeverityInfo, OpenWithBackup: inventory.SeverityInfo, ShutWithBackup: inventory.SeverityInfo},
		},

		CutShare: 0.2, RebootNear: 75 * time.Second, BatteryIn: 5 * time.Second, HeardFor: 15 * time.Second,
		JournalAt: 0.6, JournalFor: 45 * time.Second, ReportAfter: 5 * time.Second, ProofLeast: 2, MachineWait: time.Minute,
	}
}
