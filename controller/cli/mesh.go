package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"muster/inventory"
)

type poolView struct {
	Site        string                 `json:"site"`
	Name        string                 `json:"name"`
	Mode        string                 `json:"mode"`
	Members     int                    `json:"members"`
	Gone        int                    `json:"gone"`
	Controllers int                    `json:"controllers"`
	KeyVersion  int                    `json:"key_version"`
	Sweep       inventory.Reach        `json:"sweep"`
	MemberList  []inventory.PoolMember `json:"member_list"`
	Keys        []struct {
		Version   int       `json:"version"`
		CreatedAt time.Time `json:"created_at"`
		RetiredAt time.Time `json:"retired_at"`
		Holders   int       `json:"holders"`
	} `json:"keys"`
}

func meshCommand(s *session) *cobra.Command {
	return group("mesh", "Site pools: list, show, rotate",
		listCommand(s, listing[poolView]{
			noun: "pools", path: "/mesh", short: "List pools with their members, keys and sweep", example: "  muster mesh list",
			head: []string{"site", "name", "mode", "members", "gone", "controllers", "key", "sweep", "rtt", "loss"},
			row: func(v poolView) []string {
				return []string{
					v.Site, v.Name, v.Mode, fmt.Sprint(v.Members), count(v.Gone), count(v.Controllers), fmt.Sprint(v.KeyVersion),
					string(v.Sweep.State), millis(v.Sweep.RTTMillis), percent(v.Sweep.Loss),
				}
			},
			empty: "no pools: there are no sites yet",
		}),
		showCommand(s, "the pool of", "SITE", "Show a pool with its members and keys", "  muster mesh show S001", keyPath("/mesh"), drawPool),
		rotateCommand(s),
	)
}

func drawPool(out io.Writer, v poolView) error {
	err := pairs(out, [][2]string{
		{"site", v.Site + " " + v.Name},
		{"mode", v.Mode},
		{"sweep", fmt.Sprintf("%s, round trip %s, loss %s", v.Sweep.State, millisFact(v.Sweep.RTTMillis), percent(v.Sweep.Loss))},
	})
	if err != nil {
		return err
	}
	keys := make([][]string, len(v.Keys))
	for i, key := range v.Keys {
		retired := "-"
		if !key.RetiredAt.IsZero() {
			retired = key.RetiredAt.UTC().Format(time.RFC3339)
		}
		keys[i] = []string{fmt.Sprint(key.Version), key.CreatedAt.UTC().Format(time.RFC3339), retired, fmt.Sprint(key.Holders)}
	}
	fmt.Fprintln(out)
	if err := table(out, []string{"key", "made", "retired", "holders"}, keys); err != nil {
		return err
	}
	members := make([][]string, len(v.MemberList))
	for i, m := range v.MemberList {
		who := m.Workstation
		if m.Controller {
			who = "controller"
		}
		seen := "" // a member that never answered, or whose answers are not dated
		if !m.SeenAt.IsZero() {
			seen = ago(m.SeenAt)
		}
		members[i] = []string{m.Name, who, m.Addr.String(), m.State, m.Uplink, m.Version, seen}
	}
	fmt.Fprintln(out)
	return table(out, []string{"member", "workstation", "address", "state", "uplink", "agent", "seen"}, members)
}

func rotateCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use: "rotate SITE", Short: "Make a new key for a site's pool", Args: exactly("SITE"),
		Long: "Make a new key for a site's pool.\n\n" +
			"Agents learn it with their next report. The previous key goes on working until\n" +
			"every active workstation has the new one, or for 30 days.",
		Example: "  muster mesh rotate S001",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			done, _, err := send[poolView](cmd.Context(), c, "rotate the key of "+args[0], http.MethodPost, "/mesh/"+url.PathEscape(args[0])+"/rotate", nil)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s has key version %d; `muster mesh show %s` counts who holds it\n", done.Site, done.KeyVersion, done.Site)
			return err
		},
	}
}
