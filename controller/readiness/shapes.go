package readiness

import (
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// The shapes of parts and rows, in the order in which they need each other. They
// are tables: built once, never changed.
var (
	tpmShape = newShape("tpm",
		factFlag("present", "there is a TPM", func(t *TPMPart) *factBool { return &t.Present }),
		factNumber("version", "2.0, 1.2", func(t *TPMPart) *factDouble { return &t.Version }),
	)
	secureBootShape = newShape("secure_boot",
		factFlag("capable", "the firmware can", func(t *SecureBootPart) *factBool { return &t.Capable }),
		factFlag("enabled", "it is on", func(t *SecureBootPart) *factBool { return &t.Enabled }),
	)
	cpuShape = newShape("cpu",
		factText("vendor", "GenuineIntel, AuthenticAMD", func(t *CPUPart) *factString { return &t.Vendor }),
		factText("name", "as the maker calls it", func(t *CPUPart) *factString { return &t.Name }),
		factCount("family", "of CPUID", func(t *CPUPart) *factInt { return &t.Family }),
		factCount("model", "of CPUID", func(t *CPUPart) *factInt { return &t.Model }),
		factCount("cores", "physical cores", func(t *CPUPart) *factInt { return &t.Cores }),
		factCount("mhz", "clock", func(t *CPUPart) *factInt { return &t.MHz }),
	)
	osShape = newShape("os",
		factText("family", "windows, linux, darwin", func(t *OSPart) *factString { return &t.Family }),
		factText("name", "such as Windows 11 Pro", func(t *OSPart) *factString { return &t.Name }),
		factText("version", "such as 23H2", func(t *OSPart) *factString { return &t.Version }),
		factCount("build", "22631 of Windows' 22631.4317", func(t *OSPart) *factInt { return &t.Build }),
		factCount("patched_days", "days between the newest update and the report", func(t *OSPart) *factInt { return &t.PatchedDays }),
	)
	softwareShape = newShape("software_of",
		factTexts("missing", "programs of the baseline that are not there", func(t *SoftwarePart) *factStrings { return &t.Missing }),
		factTexts("old", "programs below their least version", func(t *SoftwarePart) *factStrings { return &t.Old }),
		factTexts("surplus", "programs that the baseline does not want", func(t *SoftwarePart) *factStrings { return &t.Surplus }),
	)
	swapShape = newShape("swap",
		text("state", "planned, scheduled, swapped, verified, closed, failed, rolled-back, cancelled; empty: no swap", func(t *SwapPart) string { return string(t.State) }),
		because(flag("verified", "evidence says that it is done, or a declared half stands in", func(t *SwapPart) bool { return t.Verified }), swapWhy),
		flag("declared", "verified, with a half that rests on a person's word", func(t *SwapPart) bool { return t.Declared }),
		because(flag("done", "a person says that it is done", func(t *SwapPart) bool { return t.Done }), swapWhy),
		because(flag("new_seen", "the new machine was seen at the site, its checks passing", func(t *SwapPart) bool { return t.NewSeen }), swapWhy),
		because(flag("old_gone", "the old machine is silent or handed in", func(t *SwapPart) bool { return t.OldGone }), swapWhy),
		table("checks", "what persons tried at the desk", types.BoolType, "nobody tried it at the desk",
			func(t *SwapPart) map[string]bool { return t.Checks }, func(v bool) ref.Val { return types.Bool(v) }),
	)
	workstationShape = newShape("workstation", append([]Field{
		text("id", "w and eight characters", func(t *WorkstationRow) string { return t.ID }),
		text("name", "the computer's name", func(t *WorkstationRow) string { return t.Name }),
		text("asset", "the tag of its asset", func(t *WorkstationRow) string { return t.Asset }),
		text("class", "standard, laptop, kiosk", func(t *WorkstationRow) string { return t.Class }),
		factFlag("present", "it is alive; silence is unknown", func(t *WorkstationRow) *factBool { return &t.Present }),
		factFlag("site_ok", "it reports from its home site's subnet", func(t *WorkstationRow) *factBool { return &t.SiteOK }),
		part("os", "its operating system", osShape, "not reported", func(t *WorkstationRow) *OSPart { return &t.OS }),
		part("software", "its programs against the baseline", softwareShape, "not reported", func(t *WorkstationRow) *SoftwarePart { return &t.Software }),
		factFlag("protection", "an anti-malware product is on", func(t *WorkstationRow) *factBool { return &t.Protection }),
		factFlag("protection_current", "its signatures are current", func(t *WorkstationRow) *factBool { return &t.ProtectionFresh }),
		factFlag("firewall", "the firewall is on", func(t *WorkstationRow) *factBool { return &t.Firewall }),
		factFlag("restart_pending", "it waits for a restart", func(t *WorkstationRow) *factBool { return &t.RestartPending }),
		factNumber("disk_free_ratio", "of the fullest disk, 0 to 1", func(t *WorkstationRow) *factDouble { return &t.DiskFreeRatio }),
		flag("conflict", "two machines use its identity", func(t *WorkstationRow) bool { return t.Conflict }),
	}, hardwareFields(func(t *WorkstationRow) *HardwarePart { return &t.HardwarePart })...)...)
	positionShape = newShape("position",
		text("code", "the position's code", func(t *PositionRow) string { return t.Code }),
		text("room", "", func(t *PositionRow) string { return t.Room }),
		text("role", "whose work is done there", func(t *PositionRow) string { return t.Role }),
		text("class", "standard, laptop, kiosk", func(t *PositionRow) string { return t.Class }),
		text("asset", "the tag of what stands there, as declared", func(t *PositionRow) string { return t.Asset }),
		because(flag("in_scope", "it counts in the refresh", func(t *PositionRow) bool { return t.InScope }), func(t *PositionRow) string { return t.OutScope }),
		part("swap", "the swap at the position", swapShape, "", func(t *PositionRow) *SwapPart { return &t.Swap }),
		part("workstation", "what reports from the position", workstationShape, "nothing reports from this position", func(t *PositionRow) *WorkstationRow { return t.Workstation }),
	)
	assetShape = newShape("asset", append([]Field{
		text("tag", "", func(t *AssetRow) string { return t.Tag }),
		text("kind", "desktop, laptop, router, switch, printer, monitor, other", func(t *AssetRow) string { return string(t.Kind) }),
		text("maker", "", func(t *AssetRow) string { return t.Maker }),
		text("model", "", func(t *AssetRow) string { return t.Model }),
		text("state", "in-service, retired, wiped …", func(t *AssetRow) string { return string(t.State) }),
		text("position", "where it is declared to stand", func(t *AssetRow) string { return t.Position }),
		factNumber("age_years", "since it was bought", func(t *AssetRow) *factDouble { return &t.AgeYears }),
		factCount("warranty_days", "days of warranty left; negative: it is over", func(t *AssetRow) *factInt { return &t.WarrantyDays }),
	}, hardwareFields(func(t *AssetRow) *HardwarePart { return &t.HardwarePart })...)...)
	accessShape = newShape("access",
		text("service", "as services are named: email, files, records", func(t *AccessRow) string { return t.Service }),
		text("class", "of the workstation", func(t *AccessRow) string { return t.Class }),
		text("workstation", "its id", func(t *AccessRow) string { return t.Workstation }),
		because(factFlag("reachable", "the newest probe succeeded", func(t *AccessRow) *factBool { return &t.Reachable }), func(t *AccessRow) string { return t.Error }),
		factNumber("p95_ms", "95th percentile of its probes, milliseconds", func(t *AccessRow) *factDouble { return &t.P95Millis }),
		text("error", "class of the newest failure: dns-timeout, refused …; empty: none", func(t *AccessRow) string { return t.Error }),
	)
	trainingShape = newShape("training",
		because(flag("complete", "completed, and still valid", func(t *TrainingPart) bool { return t.Complete }), trainingWhy),
		flag("needed", "the person's role needs it", func(t *TrainingPart) bool { return t.Needed }),
		text("on", "2026-11-23; empty: never", func(t *TrainingPart) string { return string(t.On) }),
		text("until", "the last day on which it holds; empty: for ever", func(t *TrainingPart) string { return string(t.Until) }),
	)
	staffShape = newShape("staff",
		text("number", "the staff number", func(t *StaffRow) string { return t.Number }),
		text("role", "", func(t *StaffRow) string { return t.Role }),
		table("training", "by course", types.NewObjectType("training"), "no such course is in the register",
			func(t *StaffRow) map[string]TrainingPart { return t.Training },
			func(v TrainingPart) ref.Val { return &object{of: &v, shape: trainingShape} }),
		because(flag("trained", "every course that the role needs is complete", staffTrained), staffWhy),
	)
	linkShape = newShape("link",
		text("circuit", "", func(t *LinkRow) string { return t.Circuit }),
		text("carrier", "", func(t *LinkRow) string { return t.Carrier }),
		text("role", "primary, backup", func(t *LinkRow) string { return string(t.Role) }),
		factFlag("up", "it carries traffic", func(t *LinkRow) *factBool { return &t.Up }),
		factNumber("loss_ratio", "0 to 1", func(t *LinkRow) *factDouble { return &t.LossRatio }),
		factNumber("rtt_ms", "round trip, milliseconds", func(t *LinkRow) *factDouble { return &t.RTTMillis }),
		factNumber("available_ratio", "of observed service hours, 0 to 1", func(t *LinkRow) *factDouble { return &t.Available }),
		factCount("down_kbps", "ordered rate towards the site", func(t *LinkRow) *factInt { return &t.DownKbps }),
		count("open_incidents", "on this circuit now", func(t *LinkRow) int { return t.OpenIncidents }),
	)
	milestoneShape = newShape("milestone",
		text("code", "", func(t *MilestoneRow) string { return t.Code }),
		text("area", "adults' records, children's records", func(t *MilestoneRow) string { return t.Area }),
		text("wave", "", func(t *MilestoneRow) string { return t.Wave }),
		text("name", "", func(t *MilestoneRow) string { return t.Name }),
		text("owner", "", func(t *MilestoneRow) string { return t.Owner }),
		because(flag("done", "it has an actual date", func(t *MilestoneRow) bool { return t.Done }), milestoneWhy),
		because(flag("reconciled", "moved and rejected are what was expected", func(t *MilestoneRow) bool { return t.Reconciled }), reconcileWhy),
		texts("waits", "milestones before it that are not done", func(t *MilestoneRow) []string { return t.Waits }),
		text("planned", "2026-11-23; empty: no date", func(t *MilestoneRow) string { return string(t.Planned) }),
		because(flag("late", "past its plan and not done", func(t *MilestoneRow) bool { return t.LateDays > 0 }), milestoneWhy),
		count("late_days", "past its plan and not done", func(t *MilestoneRow) int { return t.LateDays }),
		count("expected", "records to move", func(t *MilestoneRow) int { return t.Expected }),
		count("moved", "", func(t *MilestoneRow) int { return t.Moved }),
		count("rejected", "", func(t *MilestoneRow) int { return t.Rejected }),
	)
	softwareRowShape = newShape("software",
		text("workstation", "its id", func(t *SoftwareRow) string { return t.Workstation }),
		text("program", "as the baseline names it", func(t *SoftwareRow) string { return t.Program }),
		factText("state", "present, missing, old, surplus", func(t *SoftwareRow) *factString { return &t.State }),
		text("version", "as installed", func(t *SoftwareRow) string { return t.Version }),
		text("wanted", "the least version", func(t *SoftwareRow) string { return t.Wanted }),
	)
	gateShape = newShape("gate",
		text("verdict", "ready, blocked, undecided", func(t *GatePart) string { return string(t.Verdict) }),
		flag("ready", "its verdict is ready", func(t *GatePart) bool { return t.Verdict == "ready" }),
		flag("signed", "a sign-off holds", func(t *GatePart) bool { return t.Signed }),
		count("blockers", "", func(t *GatePart) int { return t.Blockers }),
	)
	siteShape = newShape("site",
		text("code", "", func(t *SiteRow) string { return t.Code }),
		text("name", "", func(t *SiteRow) string { return t.Name }),
		text("kind", "library, day centre, office", func(t *SiteRow) string { return t.Kind }),
		text("district", "", func(t *SiteRow) string { return t.District }),
		text("wave", "", func(t *SiteRow) string { return t.Wave }),
		factCount("open_incidents", "at the site now", func(t *SiteRow) *factInt { return &t.OpenIncidents }),
		factNumber("present_ratio", "present of expected workstations, 0 to 1", func(t *SiteRow) *factDouble { return &t.PresentRatio }),
		count("expected", "workstations", func(t *SiteRow) int { return t.Expected }),
		table("gate", "how the site's own gates stand, by name", types.NewObjectType("gate"), "it was never judged at this site",
			func(t *SiteRow) map[string]GatePart { return t.Gates },
			func(v GatePart) ref.Val { return &object{of: &v, shape: gateShape} }),
	)
)

func hardwareFields[T any](of func(*T) *HardwarePart) []Field {
	return []Field{
		factNumber("memory_gib", "main memory, GiB", func(t *T) *factDouble { return &of(t).MemoryGiB }),
		factNumber("disk_gib", "the system disk's size, GiB", func(t *T) *factDouble { return &of(t).DiskGiB }),
		factText("firmware", "uefi, bios", func(t *T) *factString { return &of(t).Firmware }),
		part("tpm", "trusted platform module", tpmShape, "", func(t *T) *TPMPart { return &of(t).TPM }),
		part("secure_boot", "capable and enabled kept apart", secureBootShape, "", func(t *T) *SecureBootPart { return &of(t).SecureBoot }),
		part("cpu", "processor", cpuShape, "", func(t *T) *CPUPart { return &of(t).CPU }),
		because(Field{
			Name: "windows11", Doc: "'capable' or 'not capable'; unknown where a value that decides could not be read", kind: types.StringType,
			get: reading(func(t *T) any { return of(t).Windows11.val() }),
		}, func(t *T) string { return of(t).Windows11.Why() }),
		factFlag("windows11_direct", "its Windows is 10 2004 or newer: it can be upgraded in one step", func(t *T) *factBool { return &of(t).Windows11.Direct }),
	}
}

func swapWhy(s *SwapPart) string {
	switch {
	case s.State == "":
		return "no swap is planned"
	case s.Failed != "":
		return string(s.State) + ": " + s.Failed
	case len(s.Missing) > 0:
		return string(s.State) + ": " + strings.Join(s.Missing, "; ")
	default:
		return string(s.State)
	}
}

func trainingWhy(t *TrainingPart) string {
	switch {
	case !t.On.Set():
		return "never completed"
	case t.Until.Set():
		return "completed on " + string(t.On) + ", valid until " + string(t.Until)
	default:
		return "completed on " + string(t.On)
	}
}

func staffTrained(s *StaffRow) bool {
	for _, t := range s.Training {
		if t.Needed && !t.Complete {
			return false
		}
	}
	return true
}

func milestoneWhy(m *MilestoneRow) string {
	switch {
	case m.Done:
		return "done on " + string(m.Actual)
	case len(m.Waits) > 0:
		return "waits for " + strings.Join(m.Waits, ", ")
	case m.LateDays > 0:
		return "planned for " + string(m.Planned) + ", " + strconv.Itoa(m.LateDays) + " days ago"
	case m.Planned.Set():
		return "planned for " + string(m.Planned)
	default:
		return "no date is planned"
	}
}

func reconcileWhy(m *MilestoneRow) string {
	return strconv.Itoa(m.Moved) + " moved and " + strconv.Itoa(m.Rejected) + " rejected of " + strconv.Itoa(m.Expected) + " expected"
}
