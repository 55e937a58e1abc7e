// Package wire says what travels between an agent and its controller: the
// messages, their versions and their bounds. Everything here is decoded from
// outside, so every Decode bounds its input before it parses and every message
// has a Validate. Golden files hold the encodings, fuzz targets the decoders.
//
// All calls are HTTPS on the controller's mesh port:
//
//	POST /agent/v1/enrol    Enrolment → Enrolled   token, TLS pinned to the CA
//	POST /agent/v1/renew    Renewal   → Renewed    mTLS; an expired certificate will do
//	POST /agent/v1/report   Report    → Reply      mTLS
//
// Bodies are JSON, gzip where Content-Encoding says so. A refusal is a Problem
// (RFC 9457, application/problem+json).
package wire
