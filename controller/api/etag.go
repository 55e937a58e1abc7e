package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// tagged gives each answer to a GET an ETag over its body and answers 304 where
// the reader has it already: a page that polls costs a few hundred bytes while
// nothing changes. What is streamed (CSV) passes untouched.
func tagged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || strings.HasSuffix(r.URL.Path, ".csv") {
			next.ServeHTTP(w, r)
			return
		}
		held := &heldWriter{header: w.Header(), under: w}
		next.ServeHTTP(held, r)
		held.release(w, r)
	})
}

// heldWriter keeps an answer until its tag is known. Lists are bounded, so it is.
type heldWriter struct {
	header http.Header
	under  http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (h *heldWriter) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *heldWriter) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

// Write implements http.ResponseWriter.
func (h *heldWriter) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

// Unwrap lets http.ResponseController reach the connection's deadlines.
func (h *heldWriter) Unwrap() http.ResponseWriter { return h.under }

func (h *heldWriter) release(w http.ResponseWriter, r *http.Request) {
	h.WriteHeader(http.StatusOK)
	if h.status == http.StatusOK {
		tag := tagOfBody(h.body.Bytes())
		w.Header().Set("ETag", tag)
		if hasTag(r.Header.Get("If-None-Match"), tag) {
			w.Header().Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes()) // the reader may be gone
}

func tagOfBody(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

// tagFor is the tag of the answer that shows a noun.
func tagFor(noun any) (string, error) {
	var body bytes.Buffer
	if err := huma.DefaultJSONFormat.Marshal(&body, noun); err != nil {
		return "", err
	}
	return tagOfBody(body.Bytes()), nil
}

// hasTag compares weakly, as RFC 9110 asks of If-None-Match.
func hasTag(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
