package probe

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"muster/inventory"
)

// judge holds the last answer against what was expected. Of the body no more is
// read than that needs: nothing at all where no text is expected and the status
// is right.
func (v *visit) judge(answer *http.Response) error {
	switch answer.StatusCode {
	case http.StatusProxyAuthRequired:
		return failed(inventory.ProbeProxyAuth, "the proxy wants to know who asks")
	case http.StatusNetworkAuthenticationRequired:
		return failed(inventory.ProbePortal, "%s", answer.Status)
	}
	right := answer.StatusCode == v.spec.Status || v.spec.Status == 0 && answer.StatusCode < http.StatusBadRequest
	if right && v.spec.Text == "" {
		return nil
	}
	expects := v.spec.Text != "" || v.spec.Status != 0
	if !right && (v.secured || !expects) {
		return v.status(answer)
	}
	found, body, err := search(answer, v.spec.Text)
	switch {
	case right && found:
		return nil
	case !v.secured && portalPage(answer, body):
		return failed(inventory.ProbePortal, "a page that wants somebody to sign in stands where %q should be", v.expected())
	case err != nil:
		return err
	case !right:
		return v.status(answer)
	case len(body) >= maxBody:
		return failed(inventory.ProbeText, "%q is not in the first %d bytes", v.spec.Text, maxBody)
	default:
		return failed(inventory.ProbeText, "%q is not in the answer", v.spec.Text)
	}
}

func (v *visit) status(answer *http.Response) error {
	if v.spec.Status == 0 {
		return failed(inventory.ProbeStatus, "%s", answer.Status)
	}
	return failed(inventory.ProbeStatus, "%s, expected was %d", answer.Status, v.spec.Status)
}

func (v *visit) expected() string {
	if v.spec.Text != "" {
		return v.spec.Text
	}
	return fmt.Sprint("status ", v.spec.Status)
}

// search reads a body until text is found or the bound is met. A server that
// packs although it was asked not to is understood, within the same bound.
func search(answer *http.Response, text string) (found bool, body []byte, err error) {
	src := io.LimitReader(answer.Body, maxBody)
	if strings.EqualFold(answer.Header.Get("Content-Encoding"), "gzip") {
		unpacked, err := gzip.NewReader(src)
		if err != nil {
			return false, nil, failed(inventory.ProbeMalformed, "a body that says it is gzip and is not: %w", err)
		}
		src = io.LimitReader(unpacked, maxBody)
	}
	wanted, buffer := []byte(text), make([]byte, 4<<10)
	for {
		n, err := src.Read(buffer)
		seen := max(len(body)-len(wanted), 0)
		body = append(body, buffer[:n]...)
		if len(wanted) > 0 && bytes.Contains(body[seen:], wanted) {
			return true, body, nil
		}
		if errors.Is(err, io.EOF) {
			return len(wanted) == 0, body, nil
		}
		if err != nil {
			return false, body, err
		}
	}
}

// loginSigns are what pages of captive portals have and services' answers to a
// machine have not. One of them in a form is enough.
func loginSigns() []string {
	return []string{`type="password"`, "type=password", "type='password'", "captive", "hotspot", "walled garden", "guest access", "accept the terms"}
}

// portalPage reports whether an answer that is not what was expected looks like a
// page for a person who must first sign in to the network: HTML with a form, or a
// script or meta tag that leads away, and one of loginSigns. It is asked only
// where no TLS was spoken: over TLS nobody but the service can have answered.
func portalPage(answer *http.Response, body []byte) bool {
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || kind != "text/html" && kind != "application/xhtml+xml" {
		return false
	}
	page := strings.ToLower(string(body))
	leads := strings.Contains(page, "<form") || strings.Contains(page, `http-equiv="refresh"`) || strings.Contains(page, "location.replace")
	if !leads {
		return false
	}
	for _, sign := range loginSigns() {
		if strings.Contains(page, sign) {
			return true
		}
	}
	return false
}
