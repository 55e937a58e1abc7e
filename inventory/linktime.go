package inventory

import "time"

// LinkTime is how the time of a link, or of several together, went. UpFor +
// DownFor + ExcludedFor + NotObservedFor is the whole of it, and the three shares
// of the down time are DownFor.
type LinkTime struct {
	UpFor          time.Duration `json:"up_ns"`
	DownFor        time.Duration `json:"down_ns"`
	ExcludedFor    time.Duration `json:"excluded_ns"`
	NotObservedFor time.Duration `json:"not_observed_ns"`

	// UpByJournalsFor is the part of UpFor that nobody saw while it lasted.
	UpByJournalsFor time.Duration `json:"up_by_journals_ns"`

	CarrierDownFor      time.Duration `json:"carrier_down_ns"`
	OursDownFor         time.Duration `json:"ours_down_ns"`
	UnattributedDownFor time.Duration `json:"unattributed_down_ns"`

	// Available is up over up and down; AtWorst takes what was not observed for
	// down. Both unknown where nothing was observed in service hours.
	Available Fact[float64] `json:"available_ratio"`
	AtWorst   Fact[float64] `json:"available_at_worst_ratio"`
	// OfCarrier leaves out what is ours: the carrier's own figure.
	OfCarrier Fact[float64] `json:"available_of_carrier_ratio"`
}

// Plus adds the times of both; the ratios are left to Rate.
func (t LinkTime) Plus(u LinkTime) LinkTime {
	return LinkTime{
		UpFor: t.UpFor + u.UpFor, DownFor: t.DownFor + u.DownFor,
		ExcludedFor: t.ExcludedFor + u.ExcludedFor, NotObservedFor: t.NotObservedFor + u.NotObservedFor,
		UpByJournalsFor: t.UpByJournalsFor + u.UpByJournalsFor,
		CarrierDownFor:  t.CarrierDownFor + u.CarrierDownFor, OursDownFor: t.OursDownFor + u.OursDownFor,
		UnattributedDownFor: t.UnattributedDownFor + u.UnattributedDownFor,
	}
}

// Rate fills the ratios in.
func (t *LinkTime) Rate() {
	none := Unknown[float64]("nothing was observed in service hours")
	t.Available, t.AtWorst, t.OfCarrier = none, none, none
	seen := t.UpFor + t.DownFor
	if seen == 0 {
		return
	}
	ratio := func(part, whole time.Duration) Fact[float64] { return Known(float64(part) / float64(whole)) }
	t.Available = ratio(t.UpFor, seen)
	t.AtWorst = ratio(t.UpFor, seen+t.NotObservedFor)
	if its := seen - t.OursDownFor; its > 0 {
		t.OfCarrier = ratio(its-t.CarrierDownFor, its)
	}
}
