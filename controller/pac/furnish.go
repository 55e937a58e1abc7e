package pac

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strings"

	"github.com/dop251/goja"
)

// removed are the parts of the language that make much out of little in one step,
// during which nobody can interrupt. No PAC file needs them.
const removed = `
(function () {
	["ArrayBuffer", "SharedArrayBuffer", "DataView", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array",
	 "Int32Array", "Uint32Array", "Float32Array", "Float64Array", "BigInt", "BigInt64Array", "BigUint64Array", "Proxy", "Reflect",
	 "WeakMap", "WeakSet", "WeakRef", "Promise"].forEach(function (name) { delete globalThis[name]; });
	["repeat", "padStart", "padEnd"].forEach(function (name) { delete String.prototype[name]; });
	["fill", "flat", "flatMap", "copyWithin"].forEach(function (name) { delete Array.prototype[name]; });
	var join = Array.prototype.join;
	Array.prototype.join = function (by) {
		if (this.length > 10000) { throw new Error("too long to join"); }
		return join.call(this, by);
	};
})();`

// furnish gives a script the functions that PAC files may call.
func furnish(ctx context.Context, vm *goja.Runtime, q Question) error {
	if _, err := vm.RunString(removed); err != nil {
		return fmt.Errorf("cannot prepare to run a PAC file: %w", err)
	}
	f := &furniture{ctx: ctx, q: q, left: maxLookups}
	for name, function := range map[string]any{
		"isPlainHostName": func(name string) bool { return !strings.Contains(name, ".") },
		"dnsDomainIs": func(name, domain string) bool {
			return strings.HasSuffix(strings.ToLower(name), strings.ToLower(domain))
		},
		"localHostOrDomainIs": localOrDomain,
		"dnsDomainLevels":     func(name string) int { return strings.Count(name, ".") },
		"isResolvable":        func(name string) bool { return f.lookup(name).IsValid() },
		"dnsResolve":          func(name string) any { return orNull(f.lookup(name)) },
		"isInNet":             f.isInNet,
		"myIpAddress":         func() string { return text(q.From) },
		"shExpMatch":          shellMatch,
		"weekdayRange":        func(c goja.FunctionCall) goja.Value { return vm.ToValue(weekdayRange(q.Now, words(c))) },
		"dateRange":           func(c goja.FunctionCall) goja.Value { return vm.ToValue(dateRange(q.Now, words(c))) },
		"timeRange":           func(c goja.FunctionCall) goja.Value { return vm.ToValue(timeRange(q.Now, words(c))) },
		"alert":               func(string) {},
	} {
		if err := vm.Set(name, function); err != nil {
			return fmt.Errorf("cannot prepare to run a PAC file: %w", err)
		}
	}
	return nil
}

// furniture is what one run of a script may ask of the world.
type furniture struct {
	ctx  context.Context //nolint:containedctx // lives as long as one call
	q    Question
	left int // lookups
}

// lookup is a name's first IPv4 address, or an invalid one.
func (f *furniture) lookup(name string) netip.Addr {
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr
	}
	if f.left--; f.left < 0 || f.q.Lookup == nil || len(name) > 253 {
		return netip.Addr{}
	}
	addrs, err := f.q.Lookup(f.ctx, name)
	if err != nil {
		return netip.Addr{}
	}
	for _, addr := range addrs {
		if addr = addr.Unmap(); addr.Is4() {
			return addr
		}
	}
	return netip.Addr{}
}

// isInNet compares under a mask written as an address.
func (f *furniture) isInNet(name, pattern, mask string) bool {
	at := f.lookup(name)
	network, err := netip.ParseAddr(pattern)
	if err != nil || !at.Is4() || !network.Is4() {
		return false
	}
	bits, err := netip.ParseAddr(mask)
	if err != nil || !bits.Is4() {
		return false
	}
	m := net.IPMask(bits.AsSlice())
	return net.IP(at.AsSlice()).Mask(m).Equal(net.IP(network.AsSlice()).Mask(m))
}

func localOrDomain(name, full string) bool {
	name, full = strings.ToLower(name), strings.ToLower(full)
	return name == full || !strings.Contains(name, ".") && strings.HasPrefix(full, name+".")
}

// shellMatch knows * and ?, and no classes, as browsers do. Go's own matcher stops
// * at a slash and knows classes, so both are hidden from it.
func shellMatch(text, pattern string) bool {
	if len(text) > 4096 || len(pattern) > 512 {
		return false
	}
	hide := strings.NewReplacer("/", "\x01")
	quote := strings.NewReplacer("/", "\x01", "[", `\[`, "]", `\]`, `\`, `\\`)
	ok, err := path.Match(quote.Replace(pattern), hide.Replace(text))
	return err == nil && ok
}

func orNull(addr netip.Addr) any {
	if !addr.IsValid() {
		return nil
	}
	return addr.String()
}

func text(addr netip.Addr) string {
	if !addr.IsValid() {
		return "127.0.0.1"
	}
	return addr.String()
}

func words(c goja.FunctionCall) []string {
	out := make([]string, 0, len(c.Arguments))
	for _, a := range c.Arguments[:min(len(c.Arguments), 7)] {
		out = append(out, strings.ToUpper(a.String()))
	}
	return out
}
