package incident

import (
	"muster/inventory"
)

// Estate is what the register says of everything that verdicts are about.
type Estate struct {
	Sites      []SiteFacts
	References int // how many are configured
	Services   []inventory.Service
}

// SiteFacts is what the register says of a site.
type SiteFacts struct {
	Site     inventory.Site
	Links    []inventory.Link
	Expected int // machines that the roster expects
	Staff    int // people based there; zero where not known
	// HasRouter and HasGateway say that the controller has an address to ask.
	HasRouter, HasGateway bool
}
