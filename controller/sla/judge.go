package sla

import "time"

// judge holds the account against the contract.
func (a *Account) judge(t Terms) {
	a.Promise, a.Fixes, a.Loss, a.Latency = KeptNone, KeptNone, KeptNone, KeptNone
	if t.Available > 0 {
		a.Promise = a.availability(t.Available)
	}
	if t.FixWithin > 0 {
		a.Fixes = KeptYes
		for _, line := range a.Outages {
			switch {
			case line.FixMissed:
				a.Fixes = KeptNo
			case a.Fixes == KeptYes && !line.Void && line.Attribution == Unattributed && line.FixFor > t.FixWithin.Duration():
				a.Fixes = KeptUnknown // it may have been the carrier's
			}
		}
	}
	if t.LossAtMost > 0 {
		a.Loss = atMost(a.Quality.Minutes, a.Quality.LossRatio, t.LossAtMost)
	}
	if t.RTTAtMost > 0 {
		a.Latency = atMost(a.Quality.Minutes, a.Quality.P95Millis, t.RTTAtMost)
	}
}

// availability judges by the carrier's own share: missed where its proven down
// time alone breaks the promise, kept where not even all that is nobody's and all
// that nobody saw would.
func (a *Account) availability(promised float64) Kept {
	whole := a.UpFor + a.DownFor + a.NotObservedFor - a.OursDownFor
	if whole <= 0 || a.UpFor+a.DownFor == 0 {
		return KeptUnknown
	}
	lost := func(d time.Duration) bool { return 1-ratio(d, whole) < promised }
	switch {
	case lost(a.CarrierDownFor):
		return KeptNo
	case lost(a.CarrierDownFor + a.UnattributedDownFor + a.NotObservedFor):
		return KeptUnknown
	}
	return KeptYes
}

func atMost(minutes int, measured, limit float64) Kept {
	switch {
	case minutes == 0:
		return KeptUnknown
	case measured > limit:
		return KeptNo
	}
	return KeptYes
}
