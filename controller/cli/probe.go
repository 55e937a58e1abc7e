package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"muster/inventory"
)

func probeCommand(s *session) *cobra.Command {
	var kind, proxy, resolver, text string
	var status int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "probe ID TARGET", Short: "Probe something from a workstation and wait for the result", Args: exactly("ID", "TARGET"),
		Long: "Probe something from a workstation and wait up to 30 seconds for the result.\n\n" +
			"A target is https://…, http://…, tcp://name:port, tls://name:port, dns://name or\n" +
			"icmp://name; a name alone needs --kind. gateway, neighbour and controller are\n" +
			"the workstation's own.",
		Example: "  muster workstation probe w1a2b3c4d https://records.example.org/\n" +
			"  muster workstation probe w1a2b3c4d gateway\n  muster workstation probe w1a2b3c4d 10.0.0.5 --kind mtu",
	}
	flags := cmd.Flags()
	flags.StringVar(&kind, "kind", "", "icmp, tcp, http, dns, mtu or trace; otherwise as the target says")
	flags.StringVar(&proxy, "proxy", "", "through this proxy, name:port")
	flags.StringVar(&resolver, "resolver", "", "with this resolver, addr:port")
	flags.IntVar(&status, "expect-status", 0, "the status that a good answer has")
	flags.StringVar(&text, "expect-text", "", "a text that a good answer holds")
	flags.BoolVar(&asJSON, "json", false, "print JSON as the API answers it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{"target": args[1]}
		for name, value := range map[string]string{"kind": kind, "proxy": proxy, "resolver": resolver, "expect_text": text} {
			if value != "" {
				body[name] = value
			}
		}
		if status != 0 {
			body["expect_status"] = status
		}
		return s.probe(cmd, args[0], body, asJSON)
	}
	return cmd
}

func traceCommand(s *session) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "trace ID TARGET", Short: "Trace the route from a workstation to a name or address", Args: exactly("ID", "TARGET"),
		Example: "  muster workstation trace w1a2b3c4d records.example.org",
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON as the API answers it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return s.probe(cmd, args[0], map[string]any{"kind": inventory.ProbeTrace, "target": args[1]}, asJSON)
	}
	return cmd
}

// probe asks and prints. A probe that failed is an answer, and no failure of the
// command.
func (s *session) probe(cmd *cobra.Command, id string, body map[string]any, asJSON bool) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	result, raw, err := send[inventory.ProbeResult](cmd.Context(), c, "probe from "+id, http.MethodPost,
		"/workstations/"+url.PathEscape(id)+"/probe", body)
	if err != nil {
		return err
	}
	if asJSON {
		var indented bytes.Buffer
		if err := json.Indent(&indented, raw, "", "  "); err != nil {
			return fmt.Errorf("cannot probe from %s: cannot read the answer: %w", id, err)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), indented.String())
		return err
	}
	return drawProbe(cmd.OutOrStdout(), result)
}

func drawProbe(out io.Writer, r inventory.ProbeResult) error {
	outcome := "ok"
	if !r.OK {
		outcome = "failed: " + string(r.Error)
	}
	lines := [][2]string{{"result", outcome}, {"kind", string(r.Kind)}, {"target", r.Target}}
	add := func(name, value string, known bool) {
		if known {
			lines = append(lines, [2]string{name, value})
		}
	}
	ms := func(name string, value float64) { add(name, strconv.FormatFloat(value, 'f', -1, 64)+" ms", value > 0) }
	add("detail", r.Detail, r.Detail != "")
	add("proxy", r.Proxy, r.Proxy != "")
	add("status", strconv.Itoa(r.Status), r.Status != 0)
	ms("name", r.DNSMillis)
	ms("connect", r.ConnectMillis)
	ms("tls", r.TLSMillis)
	ms("first byte", r.FirstByteMillis)
	if r.Sent > 0 {
		add("answered", fmt.Sprintf("%d of %d", r.Sent-r.Lost, r.Sent), true)
		ms("round trip, least", r.MinMillis)
		ms("median", r.MedianMillis)
		ms("95 of 100 within", r.P95Millis)
		ms("most", r.MaxMillis)
		ms("jitter", r.JitterMillis)
	}
	add("packet size", strconv.Itoa(r.MTUBytes)+" bytes", r.MTUBytes > 0)
	ms("in all", r.TotalMillis)
	for _, hop := range r.Hops {
		at, took := hop.Addr, strconv.FormatFloat(hop.Millis, 'f', -1, 64)+" ms"
		if at == "" {
			at, took = "no answer", ""
		}
		add("hop "+strconv.Itoa(hop.TTL), at+"  "+took, true)
	}
	return pairs(out, lines)
}
