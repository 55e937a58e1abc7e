package intake

import (
	"fmt"
	"time"
)

// Limits bound what agents may ask of the controller.
type Limits struct {
	GatherFor time.Duration // how long posts are gathered for one commit
	Batch     int           // posts in one commit
	Queue     int           // posts waiting for a commit; more are told to come back
	CommitFor time.Duration // a commit that takes longer has failed

	Inflating int           // bodies larger than a report without lists, decoded at once
	BodyFor   time.Duration // a large body that takes longer to arrive is refused

	ReportPerSecond, ReportBurst   float64 // of one workstation
	EnrolPerSecond, EnrolBurst     float64 // enrolments and renewals from one address
	FailurePerSecond, FailureBurst float64 // refused enrolments from one address
}

// DefaultLimits are meant for two cores and 2,000 workstations, of which a site
// may stand behind one address.
func DefaultLimits() Limits {
	return Limits{
		GatherFor: 5 * time.Millisecond, Batch: 200, Queue: 4096, CommitFor: 30 * time.Second,
		Inflating: 8, BodyFor: 2 * time.Minute,
		ReportPerSecond: 2, ReportBurst: 120,
		EnrolPerSecond: 20, EnrolBurst: 500,
		FailurePerSecond: 0.2, FailureBurst: 20,
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	orDefault(&l.GatherFor, d.GatherFor)
	orDefault(&l.Batch, d.Batch)
	orDefault(&l.Queue, d.Queue)
	orDefault(&l.CommitFor, d.CommitFor)
	orDefault(&l.Inflating, d.Inflating)
	orDefault(&l.BodyFor, d.BodyFor)
	orDefault(&l.ReportPerSecond, d.ReportPerSecond)
	orDefault(&l.ReportBurst, d.ReportBurst)
	orDefault(&l.EnrolPerSecond, d.EnrolPerSecond)
	orDefault(&l.EnrolBurst, d.EnrolBurst)
	orDefault(&l.FailurePerSecond, d.FailurePerSecond)
	orDefault(&l.FailureBurst, d.FailureBurst)
	return l
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (l Limits) validate() error {
	if l.GatherFor < 0 || l.CommitFor < 0 || l.BodyFor < 0 {
		return fmt.Errorf("limits: a time is negative: %v, %v, %v", l.GatherFor, l.CommitFor, l.BodyFor)
	}
	for name, n := range map[string]float64{
		"batch": float64(l.Batch), "queue": float64(l.Queue), "inflating": float64(l.Inflating),
		"report per second": l.ReportPerSecond, "report burst": l.ReportBurst,
		"enrol per second": l.EnrolPerSecond, "enrol burst": l.EnrolBurst,
		"failure per second": l.FailurePerSecond, "failure burst": l.FailureBurst,
	} {
		if n <= 0 {
			return fmt.Errorf("limits: %s is %v, want more than 0", name, n)
		}
	}
	return nil
}
