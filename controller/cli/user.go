package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"muster/inventory"
)

// userCommand holds the API tokens of people and programs.
func userCommand(s *session) *cobra.Command {
	return group("user", "API tokens of people and programs: list, create, revoke",
		listCommand(s, listing[inventory.APIToken]{
			noun: "API tokens", path: "/api-tokens", short: "List API tokens; secrets are never shown again", example: "  muster user list",
			head: []string{"id", "name", "role", "sites", "made", "expires", "state"},
			row: func(v inventory.APIToken) []string {
				state, expires := "usable", "never"
				switch {
				case !v.RevokedAt.IsZero():
					state = "revoked"
				case !v.Usable(time.Now()):
					state = "expired"
				}
				if !v.ExpiresAt.IsZero() {
					expires = v.ExpiresAt.UTC().Format(time.RFC3339)
				}
				return []string{v.ID, v.Name, string(v.Role), fmt.Sprint(len(v.Sites)), v.CreatedAt.UTC().Format(time.RFC3339), expires, state}
			},
			empty: "no API tokens",
		}),
		userCreateCommand(s),
		&cobra.Command{
			Use: "revoke ID", Short: "Revoke an API token and the sessions it opened", Example: "  muster user revoke a7k2m9qx", Args: exactly("ID"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return s.do(cmd, "revoke API token "+args[0], http.MethodDelete, "/api-tokens/"+url.PathEscape(args[0]), nil)
			},
		},
	)
}

func userCreateCommand(s *session) *cobra.Command {
	var role, expires string
	var sites []string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make an API token for a person or program", Args: exactly("NAME"),
		Long: "Make an API token for a person or program.\n\n" +
			"Roles: viewer, it, network, programme, site-owner (with --site for each of her\nsites) and admin. The name stands as the author of what is done with it.",
		Example: "  muster user create \"Ada Lovelace\" --role network\n  muster user create \"Horsham front desk\" --role site-owner --site S001",
	}
	cmd.Flags().StringVar(&role, "role", string(inventory.RoleViewer), "what it may do")
	cmd.Flags().StringArrayVar(&sites, "site", nil, "a site of a site owner; can be given again")
	cmd.Flags().StringVar(&expires, "expires", "", "how long it can be used; for good where it is not given")
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		body := map[string]any{"name": args[0], "role": role}
		if len(sites) > 0 {
			body["sites"] = sites
		}
		if expires != "" {
			body["expires"] = expires
		}
		made, raw, err := send[struct {
			ID     string `json:"id"`
			Secret string `json:"secret"`
		}](cmd.Context(), c, "make API token", http.MethodPost, "/api-tokens", body)
		if err != nil {
			return err
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(pretty(raw))
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nIt is shown this once. Use it with --token or MUSTER_TOKEN, or at /sign-in in a browser.\n`muster user revoke %s` ends it.\n",
			made.Secret, made.ID)
		return err
	}
	return cmd
}
