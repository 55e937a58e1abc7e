package intake

import (
	"errors"
	"net/http"

	"muster/controller/identity"
	"muster/inventory"
	"muster/inventory/wire"
)

// renew issues the successor of a certificate: POST wire.RenewPath. It is the
// only call that takes an expired one.
func (i *Intake) renew(w http.ResponseWriter, r *http.Request) *problem {
	source := sourceOf(r)
	if wait := i.sources.take(source, i.now()); wait > 0 {
		return problemf(reasonRate, "too many renewals from %s", source).retry(wait)
	}
	if r.TLS == nil {
		return problemf(reasonCert, "%s needs TLS with the workstation's certificate", r.URL.Path)
	}
	workstation, serial, _, err := i.authority.Check(r.TLS.PeerCertificates)
	if err != nil && !errors.Is(err, identity.ErrExpired) {
		return problemf(reasonCert, "%s", err)
	}
	if i.revoked.holds(serial) {
		return problemf(reasonRevoked, "certificate %s of %s was revoked: enrol anew", serial, workstation)
	}
	body, p := i.readBody(w, r, wire.MaxEnrol)
	if p != nil {
		return p
	}
	renewal, err := wire.DecodeRenewal(body)
	if err != nil {
		return bodyProblem(err)
	}
	if p := i.mayRenew(r, workstation); p != nil {
		return p
	}
	_, c, err := i.authority.Renew(r.TLS.PeerCertificates, renewal.CSR)
	switch {
	case errors.Is(err, identity.ErrCSR) || errors.Is(err, identity.ErrAnotherKey):
		return problemf(reasonBody, "%s", err)
	case err != nil:
		return problemf(reasonCert, "%s", err)
	}
	if err := i.store.AddCertificate(r.Context(), c.Kept(workstation)); err != nil {
		return busy(i.told(err, "cannot renew", workstation))
	}
	i.metrics.renewals.Inc()
	i.answer(w, wire.Renewed{Certificates: c.DER, NotAfter: c.NotAfter})
	return nil
}

// mayRenew refuses an install that is revoked, replaced or gone, whatever its
// certificate says.
func (i *Intake) mayRenew(r *http.Request, workstation string) *problem {
	known, err := i.store.Workstation(r.Context(), workstation)
	switch {
	case errors.Is(err, inventory.ErrNotFound):
		return problemf(reasonUnknown, "%s is not registered here any more: enrol anew", workstation)
	case err != nil:
		return busy(err)
	case !known.RevokedAt.IsZero():
		return problemf(reasonRevoked, "%s was revoked: enrol anew", workstation)
	case known.ReplacedBy != "":
		return problemf(reasonRevoked, "%s was replaced by %s: enrol anew", workstation, known.ReplacedBy)
	}
	return nil
}
