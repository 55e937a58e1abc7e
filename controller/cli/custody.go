package cli

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"muster/controller/refresh"
	"muster/inventory"
)

// custodyCommands is what becomes of assets, beside the commands of the register.
func custodyCommands(s *session) []*cobra.Command {
	return []*cobra.Command{
		assetAdvance(s), assetWipe(s), assetDispose(s), assetDue(s),
		listCommand(s, listing[inventory.Wipe]{
			use: "wipes", noun: "wipes", path: "/wipes", short: "List records of erased drives",
			example: "  muster asset wipes --csv", flags: []filter{{"asset", "of this asset"}},
			head: []string{"asset", "drive", "method", "tool", "by", "verifier", "at", "certificate"},
			row: func(v inventory.Wipe) []string {
				return []string{v.Asset, v.DriveSerial, v.Method, v.Tool, v.By, v.Verifier, when(v.At), v.Certificate}
			},
			empty: "no drive was wiped yet",
		}),
		listCommand(s, listing[inventory.Disposal]{
			use: "disposals", noun: "disposals", path: "/disposals", short: "List records of disposals",
			example: "  muster asset disposals --csv",
			head:    []string{"asset", "method", "taker", "by", "at", "certificate"},
			row: func(v inventory.Disposal) []string {
				return []string{v.Asset, v.Method, v.Taker, v.By, when(v.At), v.Certificate}
			},
			empty: "nothing was disposed of yet",
		}),
	}
}

func drawStanding(out io.Writer, a inventory.Asset) error {
	at := ""
	if a.Site != "" {
		at = " at " + a.Site
	}
	_, err := fmt.Fprintln(out, printable(fmt.Sprintf("%s, %s %s, is %s%s", a.Tag, a.Kind, strings.TrimSpace(a.Maker+" "+a.Model),
		first(string(a.State), string(inventory.AssetInService)), at)))
	return err
}

func assetAdvance(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use: "advance ASSET STATE", Short: "Move an asset to another state of its life", Args: exactly("ASSET", "STATE"),
		Long:    "Move an asset, by tag or serial, to another state of its life. Which may follow which\nis refused otherwise, with those that may.",
		Example: "  muster asset advance N20001 staged",
	}
	asJSON := jsonFlag(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return say(s, cmd, word[inventory.Asset]{
			what: "advance asset " + args[0], method: http.MethodPost, path: keyPath("/assets")(args[0]) + "/advance",
			body: map[string]string{"state": args[1]}, asJSON: *asJSON, draw: drawStanding,
		})
	}
	return cmd
}

func assetWipe(s *session) *cobra.Command {
	var body struct {
		Method      string `json:"method"`
		Tool        string `json:"tool,omitempty"`
		DriveSerial string `json:"drive_serial"`
		Certificate string `json:"certificate,omitempty"`
		Verifier    string `json:"verifier"`
		By          string `json:"by,omitempty"`
		At          string `json:"at,omitempty"`
	}
	cmd := &cobra.Command{
		Use: "wipe ASSET", Short: "Record that a drive was erased", Args: exactly("ASSET"),
		Long: "Record that a drive was erased. ASSET is a tag or serial. It is refused before the\n" +
			"asset's hold-until date and while its swap is not verified.",
		Example: "  muster asset wipe A10235 --method crypto-erase --drive S4EWNX0R --verifier \"K. Moss\" --certificate C-118",
	}
	flags := cmd.Flags()
	flags.StringVar(&body.Method, "method", "", "overwrite, crypto-erase, degauss or shred")
	flags.StringVar(&body.DriveSerial, "drive", "", "serial of the drive")
	flags.StringVar(&body.Verifier, "verifier", "", "who made sure: another person than who wiped it")
	flags.StringVar(&body.Tool, "tool", "", "what it was wiped with")
	flags.StringVar(&body.Certificate, "certificate", "", "reference of the certificate")
	flags.StringVar(&body.By, "by", "", "who wiped it; you where it is not given")
	flags.StringVar(&body.At, "at", "", "when (RFC 3339); now where it is not given")
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := "wipe asset " + args[0]
		if err := needed(what, [2]string{"method", body.Method}, [2]string{"drive", body.DriveSerial}, [2]string{"verifier", body.Verifier}); err != nil {
			return err
		}
		if err := checkInstant(what, "at", body.At); err != nil {
			return err
		}
		return say(s, cmd, word[inventory.Asset]{
			what: what, method: http.MethodPost, path: keyPath("/assets")(args[0]) + "/wipe", body: body, asJSON: *asJSON, draw: drawStanding,
		})
	}
	return cmd
}

func assetDispose(s *session) *cobra.Command {
	var body struct {
		Method      string `json:"method"`
		Taker       string `json:"taker"`
		Certificate string `json:"certificate,omitempty"`
		At          string `json:"at,omitempty"`
	}
	cmd := &cobra.Command{
		Use: "dispose ASSET", Short: "Record that an asset left the organisation", Args: exactly("ASSET"),
		Long:    "Record that an asset, by tag or serial, left the organisation. It is refused before\nthe hold-until date and while a drive in it is not wiped.",
		Example: "  muster asset dispose A10235 --method recycled --taker \"Green Loop Ltd\"",
	}
	flags := cmd.Flags()
	flags.StringVar(&body.Method, "method", "", "recycled, sold, donated or destroyed")
	flags.StringVar(&body.Taker, "taker", "", "who took it")
	flags.StringVar(&body.Certificate, "certificate", "", "reference of the certificate")
	flags.StringVar(&body.At, "at", "", "when (RFC 3339); now where it is not given")
	asJSON := jsonFlag(flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := "dispose of asset " + args[0]
		if err := needed(what, [2]string{"method", body.Method}, [2]string{"taker", body.Taker}); err != nil {
			return err
		}
		if err := checkInstant(what, "at", body.At); err != nil {
			return err
		}
		return say(s, cmd, word[inventory.Asset]{
			what: what, method: http.MethodPost, path: keyPath("/assets")(args[0]) + "/dispose", body: body, asJSON: *asJSON, draw: drawStanding,
		})
	}
	return cmd
}

func assetDue(s *session) *cobra.Command {
	return listCommand(s, listing[refresh.Due]{
		use: "due", noun: "due assets", path: "/due", short: "List machines that are due to be replaced, with every reason",
		example: "  muster asset due --older-than-months 60 --warranty-by 2027-03-31\n  muster asset due --windows11 --unknown",
		flags: []filter{
			{"site", "at this site"},
			{"older-than-months", "bought longer ago than this"},
			{"warranty-by", "their warranty ends on or before this day"},
			{"end-of-life-by", "their life ends on or before this day"},
		},
		sets: []filter{
			{"windows11", "those that cannot run Windows 11"},
			{"unknown", "in the place of those that are due, those that could not be judged"},
		},
		head: []string{"tag", "kind", "model", "site", "position", "since", "because"},
		row: func(v refresh.Due) []string {
			a := v.Asset
			why := strings.Join(append(v.Reasons, v.Unknown...), "; ")
			return []string{a.Tag, string(a.Kind), strings.TrimSpace(a.Maker + " " + a.Model), a.Site, a.Position, string(v.Since), why}
		},
		empty: "nothing is due by what was asked",
	})
}
