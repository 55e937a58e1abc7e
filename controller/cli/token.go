package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"muster/inventory"
)

type tokenView struct {
	inventory.Token
	Left int    `json:"left"`
	Join string `json:"token,omitempty"`
}

func tokenCommand(s *session) *cobra.Command {
	return group("token", "Join tokens: list, create, revoke",
		listCommand(s, listing[tokenView]{
			noun: "tokens", path: "/tokens", short: "List join tokens; secrets are never shown again", example: "  muster token list",
			head: []string{"id", "kind", "site", "left", "uses", "expires", "made by", "state"},
			row: func(v tokenView) []string {
				state := "usable"
				switch {
				case !v.RevokedAt.IsZero():
					state = "revoked"
				case !time.Now().Before(v.ExpiresAt):
					state = "expired"
				case v.Left == 0:
					state = "used up"
				}
				return []string{v.ID, string(v.Kind), v.Site, fmt.Sprint(v.Left), fmt.Sprint(v.Uses), v.ExpiresAt.UTC().Format(time.RFC3339), v.CreatedBy, state}
			},
			empty: "no join tokens: `muster token create --site CODE --uses N` makes one",
		}),
		tokenCreateCommand(s),
		&cobra.Command{
			Use: "revoke ID", Short: "Revoke a join token; who enrolled with it stays", Example: "  muster token revoke t7k2m9qxa", Args: exactly("ID"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return s.do(cmd, "revoke token "+args[0], http.MethodDelete, "/tokens/"+url.PathEscape(args[0]), nil)
			},
		},
	)
}

func tokenCreateCommand(s *session) *cobra.Command {
	var site, expires string
	var uses int
	var depot bool
	cmd := &cobra.Command{
		Use: "create", Short: "Make a join token", Args: cobra.NoArgs,
		Long: "Make a join token.\n\n" +
			"A site token enrols any machine at its site. A depot token enrols registered\n" +
			"serials only; the register says at which site they are.",
		Example: "  muster token create --site S001 --uses 20 --expires 48h\n  muster token create --depot --uses 200",
	}
	cmd.Flags().StringVar(&site, "site", "", "the site whose machines it enrols")
	cmd.Flags().BoolVar(&depot, "depot", false, "for staging: registered serials of any site")
	cmd.Flags().IntVar(&uses, "uses", 1, "how many machines it may enrol")
	cmd.Flags().StringVar(&expires, "expires", "168h", "how long it can be used")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case depot && site != "":
			return usagef("cannot make token: --depot and --site exclude each other")
		case !depot && site == "":
			return Hint(usagef("cannot make token: neither --site nor --depot is given"), "muster token create --site S001 --uses 20")
		case uses < 1:
			return usagef("cannot make token: --uses %d is less than 1", uses)
		}
		kind := inventory.TokenSite
		if depot {
			kind = inventory.TokenDepot
		}
		c, err := s.client()
		if err != nil {
			return err
		}
		made, raw, err := send[tokenView](cmd.Context(), c, "make token", http.MethodPost, "/tokens",
			map[string]any{"kind": kind, "site": site, "uses": uses, "expires": expires})
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		return drawToken(cmd.OutOrStdout(), made)
	}
	return cmd
}

func drawToken(out io.Writer, t tokenView) error {
	whom := "registered machines of any site"
	if t.Site != "" {
		whom = "machines at " + t.Site
	}
	_, err := fmt.Fprint(out, strings.Join([]string{
		t.Join,
		"",
		fmt.Sprintf("Token %s enrols %d %s until %s. It is shown this once.", t.ID, t.Uses, whom, t.ExpiresAt.UTC().Format(time.RFC3339)),
		"On each machine, as administrator:",
		"",
		"  muster-agent enrol --token TOKEN",
		"  muster-agent service install",
		"",
		"`muster token revoke " + t.ID + "` ends it early.",
		"",
	}, "\n"))
	return err
}
