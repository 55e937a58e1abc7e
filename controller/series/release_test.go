package series

import "testing"

func TestTheAPISaysWhichPrometheusItIs(t *testing.T) {
	for module, want := range map[string]string{
		"v0.305.0": "3.5.0", "v0.300.1": "3.0.1", "v0.55.0": "2.55.0", "v0.311.2": "3.11.2", "(devel)": unknownVersion, "": unknownVersion,
	} {
		if got := releaseOf(module); got != want {
			t.Errorf("module %s is Prometheus %s, want %s", module, got, want)
		}
	}
}
