package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"muster/controller/identity"
	"muster/inventory"
	"muster/inventory/wire"
)

// A machine whose answer was lost may ask again with the same key for this long.
const resumeFor = time.Hour

// enrol makes a workstation: POST wire.EnrolPath.
func (i *Intake) enrol(w http.ResponseWriter, r *http.Request) *problem {
	source, now := sourceOf(r), i.now()
	if wait := max(i.sources.take(source, now), i.failures.empty(source, now)); wait > 0 {
		return problemf(reasonRate, "too many enrolments from %s", source).retry(wait)
	}
	body, p := i.readBody(w, r, wire.MaxEnrol)
	if p != nil {
		return p
	}
	e, err := wire.DecodeEnrolment(body)
	if err != nil {
		return i.failed(source, bodyProblem(err))
	}
	select {
	case i.enrolling <- struct{}{}:
		defer func() { <-i.enrolling }()
	case <-r.Context().Done():
		return problemf(reasonConnection, "the connection ended")
	}
	enrolled, p := i.admit(r.Context(), e)
	if p != nil {
		return i.failed(source, p)
	}
	settings, err := i.settings(r.Context(), enrolled.Workstation, "")
	if err != nil { // the workstation is there: that must be said, settings come with its first report
		i.metrics.settingsLost.Inc()
	}
	enrolled.Settings = settings
	i.answer(w, enrolled)
	return nil
}

// failed counts a refused enrolment against its source, unless it is ours.
func (i *Intake) failed(source netip.Addr, p *problem) *problem {
	if p.reason.refusal().status < http.StatusInternalServerError {
		i.failures.take(source, i.now())
	}
	return p
}

// admit decides and commits an enrolment. Nothing is changed where it returns a
// problem.
func (i *Intake) admit(ctx context.Context, e wire.Enrolment) (wire.Enrolled, *problem) {
	token, err := i.store.TokenByID(ctx, e.TokenID)
	if err != nil && !errors.Is(err, inventory.ErrNotFound) {
		return wire.Enrolled{}, busy(i.told(err, "cannot read the token", ""))
	}
	// A token whose last use is spent may have been spent by this very machine.
	spent := identity.CheckToken(token, e.TokenSecret, i.now())
	if spent != nil && !errors.Is(spent, identity.ErrSpent) {
		return wire.Enrolled{}, problemf(reasonToken, "%s", spent)
	}
	csr, err := identity.CheckCSR(e.CSR)
	if err != nil {
		return wire.Enrolled{}, problemf(reasonBody, "%s", err)
	}
	id := identity.WorkstationIDOf(csr)
	before, err := i.store.Workstation(ctx, id)
	switch {
	case err == nil && resumes(before, e, i.now()):
		return i.resume(ctx, e, before)
	case err == nil:
		id = identity.NewWorkstationID() // the key was used before: this is another install
	case !errors.Is(err, inventory.ErrNotFound):
		return wire.Enrolled{}, busy(i.told(err, "cannot read the workstation", id))
	}
	if spent != nil {
		return wire.Enrolled{}, problemf(reasonToken, "%s", spent)
	}
	return i.admitNew(ctx, e, token, id)
}

// admitNew enrols a new install.
func (i *Intake) admitNew(ctx context.Context, e wire.Enrolment, token inventory.Token, id string) (wire.Enrolled, *problem) {
	candidates, err := i.store.CandidatesByIdentity(ctx, e.Identity.Keys())
	if err != nil {
		return wire.Enrolled{}, busy(i.told(err, "cannot look for the machine", id))
	}
	match, err := identity.MatchEnrolment(identity.Claim{Token: token, Identity: e.Identity, Kind: e.Kind}, candidates, i.now())
	if err != nil {
		return wire.Enrolled{}, problemf(reasonToken, "token %s: %s", token.ID, err)
	}
	c, err := i.authority.Issue(e.CSR, id)
	if err != nil {
		return wire.Enrolled{}, problemf(reasonBody, "%s", err)
	}
	w := inventory.Workstation{
		ID: id, Name: e.Name, AssetTag: match.AssetTag, HomeSite: match.HomeSite, Site: match.HomeSite,
		Identity: e.Identity, Kind: match.Kind, AgentVersion: e.AgentVersion, Simulated: e.Simulated,
		EnrolledAt: i.now().UTC(), Review: match.Review,
	}
	err = i.store.Enrol(ctx, inventory.EnrolChange{
		TokenID: token.ID, Workstation: w, Replaces: match.Replaces, Certificate: c.Kept(id),
		Author: "token " + token.ID, At: w.EnrolledAt,
	})
	switch {
	case errors.Is(err, inventory.ErrTokenSpent):
		return wire.Enrolled{}, problemf(reasonToken, "token %s was used up or revoked meanwhile", token.ID)
	case err != nil:
		return wire.Enrolled{}, busy(i.told(err, "cannot enrol", id))
	}
	i.metrics.enrolments.WithLabelValues(string(match.Outcome)).Inc()
	i.log.Info("enrolled", "workstation", id, "name", e.Name, "asset", match.AssetTag, "site", match.HomeSite,
		"outcome", string(match.Outcome), "replaces", match.Replaces, "review", match.Review, "token", token.ID)
	if match.Replaces != "" {
		i.refreshRevoked(ctx)
	}
	return enrolledAs(w, c), nil
}

// resumes reports whether an enrolment is the repeat of one that was committed
// and whose answer was lost: same key, same machine, just made, never reported.
func resumes(w inventory.Workstation, e wire.Enrolment, now time.Time) bool {
	return w.RevokedAt.IsZero() && w.ReplacedBy == "" && w.LastReportAt.IsZero() &&
		now.Sub(w.EnrolledAt) < resumeFor && sameKeys(w.Identity, e.Identity)
}

func sameKeys(a, b inventory.Identity) bool {
	return fmt.Sprint(a.Keys()) == fmt.Sprint(b.Keys())
}

// resume answers again, with a new certificate, and spends no use of the token.
func (i *Intake) resume(ctx context.Context, e wire.Enrolment, w inventory.Workstation) (wire.Enrolled, *problem) {
	c, err := i.authority.Issue(e.CSR, w.ID)
	if err != nil {
		return wire.Enrolled{}, problemf(reasonBody, "%s", err)
	}
	if err := i.store.AddCertificate(ctx, c.Kept(w.ID)); err != nil {
		return wire.Enrolled{}, busy(i.told(err, "cannot enrol", w.ID))
	}
	i.metrics.enrolments.WithLabelValues(enrolResumed).Inc()
	return enrolledAs(w, c), nil
}

// enrolResumed stands beside identity's outcomes as a metric label.
const enrolResumed = "resumed"

func enrolledAs(w inventory.Workstation, c identity.Certificate) wire.Enrolled {
	return wire.Enrolled{
		Wire: wire.Spoken(), Workstation: w.ID, Certificates: c.DER, NotAfter: c.NotAfter, Review: w.Review,
	}
}

// told logs an error of ours, whose text the agent does not get. One that hung up
// in the meantime comes again by itself: that is no error of ours.
func (i *Intake) told(err error, what, workstation string) error {
	level := slog.LevelError
	if errors.Is(err, context.Canceled) {
		level = slog.LevelDebug
	}
	i.log.Log(context.Background(), level, "enrolment or renewal failed", "what", what, "workstation", workstation, "error", err)
	return err
}

// refreshRevoked lets an install that was just replaced feel it at once.
func (i *Intake) refreshRevoked(ctx context.Context) {
	if err := i.revoked.refresh(ctx); err != nil {
		i.log.Warn("cannot refresh revocations, keeping those known", "error", err)
	}
}
