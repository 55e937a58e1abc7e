package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"muster/inventory"
)

// SMTP sends a delivery as e-mail. Messages of one incident form one thread.
type SMTP struct {
	Server   string // host:port
	From     string
	Policy   string                 // required, offered or none
	User     string                 // empty: no sign-in
	Password func() (string, error) // read anew for each connection, so that it can be changed
	TLS      *tls.Config            // nil: the system's trust
}

// Send sends d to its address.
func (s *SMTP) Send(ctx context.Context, d inventory.Delivery) error {
	m := mail.NewMsg()
	if err := errors.Join(m.From(s.From), m.To(d.Address)); err != nil {
		return fmt.Errorf("cannot address e-mail: %w: %w", err, ErrRefused)
	}
	m.Subject(d.Title)
	m.SetDate()
	m.SetMessageIDWithValue(s.id(d.ID))
	if d.Thread != "" {
		m.SetGenHeader(mail.HeaderInReplyTo, "<"+s.id(d.Thread)+">")
		m.SetGenHeader(mail.HeaderReferences, "<"+s.id(d.Thread)+">")
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(mail.TypeTextPlain, d.Title+"\n\n"+d.Body+"\n")
	client, err := s.client()
	if err != nil {
		return err
	}
	if err := client.DialAndSendWithContext(ctx, m); err != nil {
		var refused *mail.SendError
		if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 550 {
			return fmt.Errorf("cannot send e-mail: %w: %w", err, ErrRefused)
		}
		return fmt.Errorf("cannot send e-mail: %w", err)
	}
	return nil
}

// id is a message id of this sender: unique, and the same for every try.
func (s *SMTP) id(delivery string) string {
	_, domain, _ := strings.Cut(s.From, "@")
	return "muster." + delivery + "@" + strings.TrimRight(domain, "> ")
}

func (s *SMTP) client() (*mail.Client, error) {
	server, port, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, fmt.Errorf("cannot send e-mail: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("cannot send e-mail: port %q is not a number", port)
	}
	options := []mail.Option{mail.WithPort(number), mail.WithTimeout(sendWithin), mail.WithTLSPolicy(policy(s.Policy))}
	if s.TLS != nil {
		trust := s.TLS.Clone()
		trust.ServerName = server
		options = append(options, mail.WithTLSConfig(trust))
	}
	if s.User != "" {
		password, err := s.Password()
		if err != nil {
			return nil, err
		}
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(password))
	}
	client, err := mail.NewClient(server, options...)
	if err != nil {
		return nil, fmt.Errorf("cannot send e-mail: %w", err)
	}
	return client, nil
}

func policy(name string) mail.TLSPolicy {
	switch name {
	case "none":
		return mail.NoTLS
	case "offered":
		return mail.TLSOpportunistic
	default:
		return mail.TLSMandatory
	}
}
