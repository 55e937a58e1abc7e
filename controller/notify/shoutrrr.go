package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/nicholas-fedor/shoutrrr"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"muster/inventory"
)

// Shoutrrr sends a delivery to Teams, Slack and the rest: whatever its URLs name.
type Shoutrrr struct {
	URLs func() ([]string, error) // read anew for each try
}

// Send sends d to every URL; it has arrived when all took it. The library takes
// no context: each service ends by its own ten seconds.
func (s *Shoutrrr) Send(ctx context.Context, d inventory.Delivery) error {
	urls, err := s.URLs()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return send(urls, d)
}

func send(urls []string, d inventory.Delivery) error {
	// Errors of the library may repeat its URLs, which hold secrets.
	hidden := func(err error) error {
		text := err.Error()
		for _, u := range urls {
			text = strings.ReplaceAll(text, u, "(hidden)")
			if _, secret, ok := strings.Cut(u, "://"); ok {
				text = strings.ReplaceAll(text, secret, "(hidden)")
			}
		}
		return errors.New(text)
	}
	sender, err := shoutrrr.NewSender(slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), urls...)
	if err != nil {
		return fmt.Errorf("cannot send by shoutrrr: %w: %w", hidden(err), ErrRefused)
	}
	params := types.Params{}
	params.SetTitle(d.Title)
	for _, err := range sender.Send(d.Title+"\n"+d.Body, &params) {
		if err != nil {
			return fmt.Errorf("cannot send by shoutrrr: %w", hidden(err))
		}
	}
	return nil
}

// linesOf lists the lines of a file that are neither empty nor comments.
func linesOf(path string) ([]string, error) {
	text, err := readSecret(path)
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s has no URL in it", path)
	}
	return lines, nil
}
