package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"

	"muster/inventory"
)

// classify is the class of an error. What is not known to be anything else came
// from a server that answered, and not as its kind does.
func classify(err error) inventory.ProbeError {
	var f *failure
	var name *net.DNSError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f):
		return f.class
	case errors.As(err, &name):
		return classifyName(name)
	case isTLS(err):
		return inventory.ProbeTLS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, os.ErrDeadlineExceeded), timedOut(err):
		return inventory.ProbeTimeout
	case isErrno(err, errnosRefused):
		return inventory.ProbeRefused
	case isErrno(err, errnosNoPath):
		return inventory.ProbeNoPath
	case isErrno(err, errnosUnreachable):
		return inventory.ProbeUnreachable
	default:
		return inventory.ProbeMalformed
	}
}

// classifyName tells a name that does not exist from a resolver that does not
// answer, or not with an answer.
func classifyName(err *net.DNSError) inventory.ProbeError {
	if err.IsNotFound {
		return inventory.ProbeNXDomain
	}
	return inventory.ProbeDNSTimeout
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// isTLS reports whether TLS itself failed: a certificate, a version, a server
// that speaks something else.
func isTLS(err error) bool {
	var (
		record      tls.RecordHeaderError
		alert       tls.AlertError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		named       x509.HostnameError
		invalid     x509.CertificateInvalidError
		roots       x509.SystemRootsError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &certificate) || errors.As(err, &authority) ||
		errors.As(err, &named) || errors.As(err, &invalid) || errors.As(err, &roots) ||
		strings.HasPrefix(err.Error(), "tls: ") || strings.HasPrefix(err.Error(), "remote error: tls: ") ||
		errors.Is(err, http.ErrSchemeMismatch)
}

func isErrno(err error, among []syscall.Errno) bool {
	errno, ok := errors.AsType[syscall.Errno](err)
	return ok && slices.Contains(among, errno)
}

// brokenOff reports whether the other side ended the connection in the middle.
func brokenOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isErrno(err, errnosReset)
}
