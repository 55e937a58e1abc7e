package api

import (
	"strconv"
	"strings"

	"muster/controller/programme"
	"muster/controller/readiness"
	"muster/inventory"
)

func gateColumns() []column[GateView] {
	type g = GateView
	return []column[g]{
		{"name", func(v g) string { return v.Name }},
		{"title", func(v g) string { return v.Title }},
		{"scope", func(v g) string { return v.Scope }},
		{"criteria", func(v g) string { return strconv.Itoa(len(v.Criteria)) }},
		{"signer", func(v g) string { return v.Signer }},
		{"keep_live", func(v g) string { return strconv.FormatBool(v.KeepLive) }},
		{"version", func(v g) string { return v.Version }},
		{"file", func(v g) string { return v.File }},
	}
}

func blockerColumns() []column[inventory.Blocker] {
	type b = inventory.Blocker
	return []column[b]{
		{"id", func(v b) string { return v.ID }},
		{"site", func(v b) string { return v.Site }},
		{"gate", func(v b) string { return v.Gate }},
		{"criterion", func(v b) string { return v.Criterion }},
		{"noun", func(v b) string { return string(v.Subject.Noun) }},
		{"key", func(v b) string { return v.Subject.Key }},
		{"standing", func(v b) string { return string(v.Standing) }},
		{"reason", func(v b) string { return v.Reason }},
		{"measured_at", func(v b) string { return instant(v.At) }},
		{"clears", func(v b) string { return v.Clears }},
		{"owner", func(v b) string { return v.Owner }},
		{"since", func(v b) string { return instant(v.Since) }},
		{"due", func(v b) string { return string(v.Due) }},
		{"note", func(v b) string { return v.Note }},
	}
}

func signOffColumns() []column[inventory.SignOff] {
	type s = inventory.SignOff
	return []column[s]{
		{"site", func(v s) string { return v.Site }},
		{"gate", func(v s) string { return v.Gate }},
		{"state", func(v s) string { return string(v.State) }},
		{"asked_at", func(v s) string { return instant(v.AskedAt) }},
		{"asked_by", func(v s) string { return v.AskedBy }},
		{"at", func(v s) string { return instant(v.At) }},
		{"by", func(v s) string { return v.By }},
		{"for", func(v s) string { return v.For }},
		{"reason", func(v s) string { return v.Reason }},
		{"conditions", func(v s) string { return strconv.Itoa(len(v.Conditions)) }},
		{"weakened_at", func(v s) string { return instant(v.WeakenedAt) }},
		{"changed", func(v s) string { return strings.Join(v.Changed, "; ") }},
		{"evaluation", func(v s) string { return v.Evaluation }},
		{"key", readiness.SignOffKey},
	}
}

func waiverColumns() []column[inventory.Waiver] {
	type w = inventory.Waiver
	return []column[w]{
		{"id", func(v w) string { return v.ID }},
		{"site", func(v w) string { return v.Site }},
		{"gate", func(v w) string { return v.Gate }},
		{"criterion", func(v w) string { return v.Criterion }},
		{"subject", func(v w) string { return v.Subject }},
		{"owner", func(v w) string { return v.Owner }},
		{"reason", func(v w) string { return v.Reason }},
		{"until", func(v w) string { return string(v.Until) }},
		{"by", func(v w) string { return v.By }},
		{"at", func(v w) string { return instant(v.At) }},
		{"ended_at", func(v w) string { return instant(v.EndedAt) }},
	}
}

func accessColumns() []column[programme.AccessCell] {
	type c = programme.AccessCell
	return []column[c]{
		{"site", func(v c) string { return v.Site }},
		{"service", func(v c) string { return v.Service }},
		{"class", func(v c) string { return v.Class }},
		{"workstations", func(v c) string { return strconv.Itoa(v.Workstations) }},
		{"reached", func(v c) string { return strconv.Itoa(v.Reached) }},
		{"p95_ms", func(v c) string { return number(v.P95Millis) }},
		{"at", func(v c) string { return instant(v.At) }},
		{"errors", func(v c) string { return strings.Join(v.Errors, "; ") }},
	}
}

func burnColumns() []column[inventory.BurnDay] {
	type d = inventory.BurnDay
	return []column[d]{
		{"day", func(v d) string { return string(v.Day) }},
		{"scope", func(v d) string { return strconv.Itoa(v.Scope) }},
		{"swapped", func(v d) string { return strconv.Itoa(v.Swapped) }},
		{"verified", func(v d) string { return strconv.Itoa(v.Verified) }},
		{"ready", func(v d) string { return strconv.Itoa(v.Ready) }},
	}
}

func baselineColumns() []column[inventory.Baseline] {
	type b = inventory.Baseline
	return []column[b]{
		{"programme", func(v b) string { return v.Programme }},
		{"number", func(v b) string { return strconv.Itoa(v.Number) }},
		{"target", func(v b) string { return string(v.Target) }},
		{"scope", func(v b) string { return strconv.Itoa(v.Scope) }},
		{"waves", func(v b) string { return strconv.Itoa(len(v.Waves)) }},
		{"approver", func(v b) string { return v.Approver }},
		{"reason", func(v b) string { return v.Reason }},
		{"by", func(v b) string { return v.By }},
		{"at", func(v b) string { return instant(v.At) }},
	}
}

func whatIfColumns() []column[programme.WhatIf] {
	type w = programme.WhatIf
	return []column[w]{
		{"name", func(v w) string { return v.Name }},
		{"programme", func(v w) string { return v.Programme }},
		{"changes", func(v w) string { return strings.Join(v.Changes, "; ") }},
		{"p50", func(v w) string { return string(v.Forecast.P50) }},
		{"p85", func(v w) string { return string(v.Forecast.P85) }},
		{"p95", func(v w) string { return string(v.Forecast.P95) }},
		{"by", func(v w) string { return v.By }},
		{"at", func(v w) string { return instant(v.At) }},
	}
}
