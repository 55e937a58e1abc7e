package rehearsal

import (
	"maps"
	"slices"
)

// Verb is what a line of the timeline does.
type Verb string

// The verbs: machines, sites, links, what is shared, the controller.
const (
	Shutdown      Verb = "shutdown"
	Crash         Verb = "crash"
	Sleep         Verb = "sleep"
	Wake          Verb = "wake"
	Boot          Verb = "boot"
	Restart       Verb = "restart"
	KillAgent     Verb = "kill-agent"
	StarveCPU     Verb = "starve-cpu"
	Move          Verb = "move"
	CloneIdentity Verb = "clone-identity"
	SkewClock     Verb = "skew-clock"

	PowerCut     Verb = "power-cut"
	PowerRestore Verb = "power-restore"
	RouterDown   Verb = "router-down"
	SwitchDown   Verb = "switch-down"
	Isolate      Verb = "isolate"
	Renumber     Verb = "renumber"
	DHCPFail     Verb = "dhcp-fail"
	BlockUDP     Verb = "block-udp"
	RouterSilent Verb = "router-silent"
	MTU          Verb = "mtu"

	CutLink      Verb = "cut-link"
	HealLink     Verb = "heal-link"
	FlapLink     Verb = "flap-link"
	DegradeLink  Verb = "degrade-link"
	OneWayLoss   Verb = "one-way-loss"
	Failover     Verb = "failover"
	SaturateLink Verb = "saturate-link"

	CarrierDown  Verb = "carrier-down"
	ExchangeDown Verb = "exchange-down"
	ServiceDown  Verb = "service-down"

	ControllerNetworkDown Verb = "controller-network-down"
	ControllerStall       Verb = "controller-stall"
	ControllerRestart     Verb = "controller-restart"
	Maintenance           Verb = "maintenance"
)

// Keys of a fault's line beside at, do and heal.
const (
	keySite         = "site"
	keyWorkstation  = "workstation"
	keyWorkstations = "workstations"
	keyShare        = "share"
	keyOver         = "over"
	keyReasons      = "reasons"
	keyTo           = "to"
	keyBy           = "by"
	keyUPS          = "ups"
	keyBattery      = "battery"
	keyBoot         = "boot"
	keyBytes        = "bytes"
	keyEvery        = "every"
	keyFor          = "for"
	keyLoss         = "loss"
	keyDelay        = "delay"
	keyJitter       = "jitter"
	keyRate         = "rate"
	keyDirection    = "direction"
	keyCarrier      = "carrier"
	keyExchange     = "exchange"
	keyService      = "service"
	keyError        = "error"
	keyDownFor      = "down_for"
)

// grammar is what a verb's line may and must hold, and which verbs it undoes.
type grammar struct {
	takes  []string
	needs  []string
	undoes []Verb
}

// words is the whole language of the timeline.
func words() map[Verb]grammar {
	machines := []string{keySite, keyWorkstations, keyWorkstation, keyShare, keyOver}
	power := []string{keySite, keyUPS, keyBattery, keyBoot, keyOver}
	some := []string{keySite, keyShare, keyWorkstations, keyWorkstation}
	site, needSite := []string{keySite}, []string{keySite}
	return map[Verb]grammar{
		Shutdown:  {takes: append(slices.Clone(machines), keyReasons)},
		Crash:     {takes: machines},
		Sleep:     {takes: machines},
		Wake:      {takes: machines, undoes: []Verb{Sleep}},
		Boot:      {takes: machines, undoes: []Verb{Shutdown, Crash, KillAgent}},
		Restart:   {takes: machines},
		KillAgent: {takes: machines},
		StarveCPU: {takes: machines},

		Move:          {takes: []string{keyWorkstation, keyTo}, needs: []string{keyWorkstation, keyTo}},
		CloneIdentity: {takes: []string{keyWorkstation}, needs: []string{keyWorkstation}},
		SkewClock:     {takes: append(slices.Clone(machines), keyBy), needs: []string{keyBy}},

		PowerCut:     {takes: power, needs: needSite},
		PowerRestore: {takes: power, needs: needSite, undoes: []Verb{PowerCut}},
		RouterDown:   {takes: site, needs: needSite},
		SwitchDown:   {takes: some},
		Isolate:      {takes: some},
		Renumber:     {takes: []string{keySite, keyOver}, needs: needSite},
		DHCPFail:     {takes: append(slices.Clone(some), keyOver)},
		BlockUDP:     {takes: site, needs: needSite},
		RouterSilent: {takes: site, needs: needSite},
		MTU:          {takes: []string{keySite, keyBytes}, needs: []string{keySite, keyBytes}},

		CutLink:      {takes: site, needs: needSite},
		HealLink:     {takes: site, needs: needSite, undoes: []Verb{CutLink, FlapLink, DegradeLink, OneWayLoss, Failover, SaturateLink}},
		FlapLink:     {takes: []string{keySite, keyEvery, keyFor}, needs: []string{keySite, keyEvery}},
		DegradeLink:  {takes: []string{keySite, keyLoss, keyDelay, keyJitter, keyOver}, needs: needSite},
		OneWayLoss:   {takes: []string{keySite, keyDirection}, needs: []string{keySite, keyDirection}},
		Failover:     {takes: []string{keySite, keyDelay, keyRate}, needs: needSite},
		SaturateLink: {takes: []string{keySite, keyFor}, needs: needSite},

		CarrierDown:  {takes: []string{keyCarrier, keyShare}, needs: []string{keyCarrier}},
		ExchangeDown: {takes: []string{keyExchange}, needs: []string{keyExchange}},
		ServiceDown:  {takes: []string{keyService, keySite, keyError}, needs: []string{keyService}},

		ControllerNetworkDown: {},
		ControllerStall:       {takes: []string{keyFor}, needs: []string{keyFor}},
		ControllerRestart:     {takes: []string{keyDownFor}},
		Maintenance:           {takes: []string{keySite, keyCarrier, keyExchange, keyService, keyFor}, needs: []string{keyFor}},
	}
}

// Verbs lists every verb, in order of the alphabet.
func Verbs() []Verb { return slices.Sorted(maps.Keys(words())) }

// Undoes reports whether v is a named opposite of done.
func (v Verb) Undoes(done Verb) bool { return slices.Contains(words()[v].undoes, done) }

// opposite reports whether v undoes anything, and so begins no fault by itself.
func (v Verb) opposite() bool { return len(words()[v].undoes) > 0 }

// OfMachines reports whether v happens to machines one by one.
func (v Verb) OfMachines() bool {
	switch v {
	case Shutdown, Crash, Sleep, Wake, Boot, Restart, KillAgent, StarveCPU, Move, CloneIdentity, SkewClock:
		return true
	default:
		return false
	}
}

// OfController reports whether v happens to the controller itself.
func (v Verb) OfController() bool {
	switch v {
	case ControllerNetworkDown, ControllerStall, ControllerRestart:
		return true
	default:
		return false
	}
}
