package wire

import "strings"

// Problem is a refusal for a person and a program (RFC 9457).
type Problem struct {
	Type   string `json:"type,omitempty"` // one of the Problem… constants
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// Error implements error.
func (p *Problem) Error() string {
	if strings.HasPrefix(p.Detail, p.Title) { // it says so itself
		return p.Detail
	}
	return p.Title + ": " + p.Detail
}

// Types of refusal that an agent acts on.
const (
	ProblemToken    = "urn:muster:token"             // wrong, used up or expired join token
	ProblemVersion  = "urn:muster:wire-version"      // no common version
	ProblemIdentity = "urn:muster:identity-conflict" // two live runs, or another's certificate
	ProblemCert     = "urn:muster:certificate"       // expired, revoked or of another workstation
	ProblemBody     = "urn:muster:body"              // malformed, truncated or too large
	ProblemRate     = "urn:muster:rate"              // too many requests; Retry-After says when
	ProblemBusy     = "urn:muster:busy"              // cannot store now (disk full); retry later
)
