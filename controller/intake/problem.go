package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// reason is why a post was refused; it is the metric's label, so the set is
// small and closed.
type reason string

const (
	reasonPath       reason = "path"
	reasonMethod     reason = "method"
	reasonBody       reason = "body"
	reasonTooLarge   reason = "too-large"
	reasonEncoding   reason = "encoding"
	reasonVersion    reason = "version"
	reasonCert       reason = "certificate"
	reasonRevoked    reason = "revoked"
	reasonOther      reason = "another-workstation"
	reasonUnknown    reason = "unregistered"
	reasonToken      reason = "token"
	reasonConflict   reason = "identity-conflict"
	reasonRate       reason = "rate"
	reasonBusy       reason = "busy"
	reasonFull       reason = "disk-full"
	reasonClosing    reason = "closing"
	reasonConnection reason = "connection"
)

// refusal is how one reason is told.
type refusal struct {
	kind   string // of the problem
	status int
	title  string
}

func (r reason) refusal() refusal {
	switch r {
	case reasonPath:
		return refusal{"", http.StatusNotFound, "not found"}
	case reasonMethod:
		return refusal{"", http.StatusMethodNotAllowed, "method not allowed"}
	case reasonBody:
		return refusal{wire.ProblemBody, http.StatusBadRequest, "body refused"}
	case reasonTooLarge:
		return refusal{wire.ProblemBody, http.StatusRequestEntityTooLarge, "body too large"}
	case reasonEncoding:
		return refusal{wire.ProblemBody, http.StatusUnsupportedMediaType, "content encoding not read"}
	case reasonVersion:
		return refusal{wire.ProblemVersion, http.StatusBadRequest, "no common wire version"}
	case reasonCert, reasonRevoked, reasonOther, reasonUnknown:
		return refusal{wire.ProblemCert, http.StatusForbidden, "certificate refused"}
	case reasonToken:
		return refusal{wire.ProblemToken, http.StatusForbidden, "join token refused"}
	case reasonConflict:
		return refusal{wire.ProblemIdentity, http.StatusConflict, "identity conflict"}
	case reasonRate:
		return refusal{wire.ProblemRate, http.StatusTooManyRequests, "too many requests"}
	case reasonBusy, reasonFull, reasonClosing, reasonConnection:
		return refusal{wire.ProblemBusy, http.StatusServiceUnavailable, "cannot store now"}
	default:
		return refusal{"", http.StatusInternalServerError, "refused"}
	}
}

// problem is a refusal on its way to an agent.
type problem struct {
	reason reason
	detail string
	after  time.Duration // when to come back; 0: not by itself
}

func (p *problem) Error() string { return p.detail }

func problemf(r reason, format string, args ...any) *problem {
	return &problem{reason: r, detail: fmt.Sprintf(format, args...)}
}

func (p *problem) retry(after time.Duration) *problem {
	p.after = after
	return p
}

// busy turns an error of the store into a refusal that asks to come back; its
// text stays in our own log.
func busy(err error) *problem {
	if errors.Is(err, inventory.ErrFull) {
		return problemf(reasonFull, "the controller's disk is full; nothing was taken, keep it and send it again").retry(time.Minute)
	}
	return problemf(reasonBusy, "the controller cannot write now; nothing was taken, keep it and send it again").retry(10 * time.Second)
}

// refuse answers with the problem, and counts it. Nothing is logged per post.
func (i *Intake) refuse(w http.ResponseWriter, p *problem) {
	i.metrics.refusals.WithLabelValues(string(p.reason)).Inc()
	told := p.reason.refusal()
	body, err := json.Marshal(wire.Problem{Type: told.kind, Title: told.title, Status: told.status, Detail: p.detail})
	if err != nil { // strings only: cannot happen
		body = []byte("{}")
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.after.Seconds()))))
	}
	if p.reason == reasonMethod {
		h.Set("Allow", http.MethodPost)
	}
	w.WriteHeader(told.status)
	_, _ = w.Write(body) // the agent may be gone
}

// answer sends v as JSON.
func (i *Intake) answer(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		i.log.Error("cannot write answer", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header()["Content-Type"] = contentJSON
	_, _ = w.Write(body) // the agent may be gone
}

var contentJSON = []string{"application/json"}
