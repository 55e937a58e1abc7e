package app

import (
	"fmt"
	"net/netip"

	"github.com/spf13/viper"

	"muster/controller/services"
)

// noGateway says that the controller's own gateway is not asked.
const noGateway = "none"

// maxReferences bounds what is asked beside the estate.
const maxReferences = 16

// decodeConfig reads what v holds. The services are read from the file itself:
// viper knows no lines, and an unknown word should be found by its own.
func decodeConfig(v *viper.Viper, file string, c *Config) (err error) {
	if err := v.Unmarshal(c); err != nil || file == "" {
		return err
	}
	c.Services, err = services.Read(file, Keys())
	return err
}

// checkIncidents holds what the incident engine is told against its bounds.
func (c Config) checkIncidents() error {
	if len(c.References) > maxReferences {
		return fmt.Errorf("cannot use configuration: references holds %d addresses, the limit is %d", len(c.References), maxReferences)
	}
	for _, r := range c.References {
		if _, err := netip.ParseAddr(r); err != nil {
			return fmt.Errorf("cannot use configuration: references holds %q, which is not an address", r)
		}
	}
	if c.Gateway != "" && c.Gateway != noGateway {
		if _, err := netip.ParseAddr(c.Gateway); err != nil {
			return fmt.Errorf("cannot use configuration: gateway %q is neither an address nor %q", c.Gateway, noGateway)
		}
	}
	return services.Check(c.Services)
}

// references is the addresses as the mesh asks them; Config has checked them.
func (c Config) references() []netip.Addr {
	var addrs []netip.Addr
	for _, r := range c.References {
		addrs = append(addrs, netip.MustParseAddr(r))
	}
	return addrs
}
