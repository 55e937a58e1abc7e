package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"muster/controller/programme"
)

// judged is a gate as a controller judges by it.
type judged struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Notes    string `json:"notes"`
	Scope    string `json:"scope"`
	KeepLive bool   `json:"keep_live"`
	Main     bool   `json:"main"`
	Version  string `json:"version"`
	File     string `json:"file"`
	Signer   string `json:"signer"`
	FailFor  string `json:"weakened_after"`
	Criteria []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Over  string `json:"over"`
		Where string `json:"where"`
		Pass  string `json:"pass"`
		Fresh string `json:"fresh"`
		Need  string `json:"need"`
		Owner string `json:"owner"`
	} `json:"criteria"`
}

func (g judged) kind() string {
	switch {
	case g.Main:
		return "go live"
	case g.KeepLive:
		return "keep live"
	}
	return ""
}

func gateList(s *session) *cobra.Command {
	return listCommand(s, listing[judged]{
		noun: "gates", path: "/gates", short: "List the gates that a controller judges by", example: "  muster gate list\n  muster gate list --scope wave",
		flags: []filter{{"scope", "site, wave or programme"}},
		head:  []string{"name", "title", "scope", "criteria", "signed by", "kind", "version"},
		row: func(v judged) []string {
			return []string{v.Name, v.Title, v.Scope, strconv.Itoa(len(v.Criteria)), v.Signer, v.kind(), v.Version}
		},
		empty: "no gate is judged: the controller's setting `gates` names none",
	})
}

func gateShow(s *session) *cobra.Command {
	return showCommand(s, "gate", "GATE", "Show a gate with its criteria", "  muster gate show site-go-live", keyPath("/gates"), func(out io.Writer, g judged) error {
		err := pairs(out, [][2]string{
			{"gate", g.Name},
			{"title", g.Title},
			{"notes", g.Notes},
			{"scope", g.Scope},
			{"kind", g.kind()},
			{"signed by", g.Signer},
			{"weakened after", g.FailFor},
			{"file", g.File},
			{"version", g.Version},
		})
		if err != nil {
			return err
		}
		for _, c := range g.Criteria {
			fmt.Fprintln(out)
			err := pairs(out, [][2]string{
				{"criterion", strings.TrimSuffix(c.ID+": "+c.Title, ": ")},
				{"  over", c.Over},
				{"  where", c.Where},
				{"  pass", c.Pass},
				{"  fresh", c.Fresh},
				{"  need", c.Need},
				{"  owner", c.Owner},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func gateExplain(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain SITE [GATE]", Short: "Explain how a gate stands at a site, in words",
		Long:    "Explain how a gate stands at a site, in words: what was measured against what is\nneeded. Without GATE it is the one by which sites go live.",
		Example: "  muster gate explain E101\n  muster gate explain E101 devices-ready",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) == 2 {
				return nil
			}
			return exactly("SITE")(cmd, args)
		},
	}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := "explain " + strings.Join(args, ", ")
		c, err := s.client()
		if err != nil {
			return err
		}
		if len(args) == 1 {
			stands, _, err := get[programme.SiteReadiness](cmd.Context(), c, what, keyPath("/readiness")(args[0]), nil)
			if err != nil {
				return err
			}
			args = append(args, stands.Gate)
		}
		type explained struct {
			Lines []string `json:"lines"`
		}
		path := keyPath(keyPath("/gates")(args[1]) + "/explain")(args[0])
		return ask(s, cmd, what, path, nil, *asJSON, func(out io.Writer, e explained) error {
			for _, line := range e.Lines {
				if _, err := fmt.Fprintln(out, printable(line)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cmd
}
