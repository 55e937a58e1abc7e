package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/spf13/viper"

	"muster/inventory"
)

// noGateway says that the controller's own gateway is not asked.
const noGateway = "none"

// maxReferences bounds what is asked beside the estate.
const maxReferences = 16

// decodeConfig reads what v holds. The services are nouns with names of their own
// for their fields, and an unknown one is an error.
func decodeConfig(v *viper.Viper, c *Config) error {
	if err := v.Unmarshal(c); err != nil {
		return err
	}
	raw, err := json.Marshal(v.Get("services"))
	if err != nil {
		return fmt.Errorf("services: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c.Services); err != nil {
		return fmt.Errorf("services must be a list with name and target: %w", err)
	}
	return nil
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
	return checkServices(c.Services)
}

func checkServices(services []inventory.Service) error {
	seen := map[string]bool{}
	for n, s := range services {
		switch {
		case s.Name == "":
			return fmt.Errorf("cannot use configuration: service %d of the list has no name", n+1)
		case seen[s.Name]:
			return fmt.Errorf("cannot use configuration: there are two services %q", s.Name)
		}
		seen[s.Name] = true
		target, err := url.Parse(s.Target)
		if err != nil || target.Host == "" {
			return fmt.Errorf("cannot use configuration: service %q has the target %q, which is not an address such as https://mail.example.org/", s.Name, s.Target)
		}
		switch target.Scheme {
		case "http", "https", "tcp", "dns":
		default:
			return fmt.Errorf("cannot use configuration: service %q has a target of the kind %q; it is one of http, https, tcp and dns", s.Name, target.Scheme)
		}
	}
	return nil
}

// references is the addresses as the mesh asks them; Config has checked them.
func (c Config) references() []netip.Addr {
	var addrs []netip.Addr
	for _, r := range c.References {
		addrs = append(addrs, netip.MustParseAddr(r))
	}
	return addrs
}
