package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"muster/controller/notify"
	"muster/inventory"
)

func notifyCommand(s *session) *cobra.Command {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	return group("notify", "Notifications: what went out, how the sinks do, a test",
		listCommand(s, listing[inventory.Delivery]{
			noun: "notifications", path: "/notifications", short: "List notifications, newest first",
			example: "  muster notify list --waiting\n  muster notify list --incident i1a2b3c4d",
			flags:   []filter{{"incident", "of this incident"}, {"sink", "over this sink"}},
			sets:    []filter{{"waiting", "only those that have not arrived"}},
			head:    []string{"made", "kind", "sink", "address", "title", "sent", "tries", "problem"},
			row: func(v inventory.Delivery) []string {
				sent := at(v.SentAt)
				if !v.GivenUpAt.IsZero() {
					sent = "given up " + at(v.GivenUpAt)
				}
				return []string{at(v.CreatedAt), string(v.Kind), v.Sink, v.Address, v.Title, sent, fmt.Sprint(v.Attempts), v.Problem}
			},
			empty: "nothing was sent yet",
		}),
		listAs(s, "sinks", listing[notify.Status]{
			noun: "sinks", path: "/sinks", short: "Show how each way out does", example: "  muster notify sinks",
			head: []string{"sink", "kind", "waiting", "last sent", "failing since", "problem"},
			row: func(v notify.Status) []string {
				return []string{v.Name, string(v.Kind), count(v.Waiting), at(v.LastSentAt), at(v.FailingSince), v.Problem}
			},
			empty: "no sinks: name a file of notifications in the configuration (notify:)",
		}),
		tryCommand(s),
	)
}

func tryCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use: "test SINK [ADDRESS]", Short: "Send a test message over a sink", Example: "  muster notify test mail ann@example.org",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			body := map[string]string{}
			if len(args) > 1 {
				body["address"] = args[1]
			}
			_, _, err = send[map[string]any](cmd.Context(), c, "send a test", http.MethodPost, "/sinks/"+url.PathEscape(args[0])+"/test", body)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "the test message was taken by "+args[0])
			return err
		},
	}
}
