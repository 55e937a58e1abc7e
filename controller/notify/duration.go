package notify

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Duration is a time such as 15m in a file.
type Duration time.Duration

// Duration converts d.
func (d Duration) Duration() time.Duration { return time.Duration(d) }

// UnmarshalYAML reads 90s, 15m or 2h.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	parsed, err := time.ParseDuration(n.Value)
	if err != nil || parsed < 0 {
		return fmt.Errorf("line %d: %q is not a time such as 15m", n.Line, n.Value)
	}
	*d = Duration(parsed)
	return nil
}
