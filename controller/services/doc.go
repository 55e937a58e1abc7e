// Package services knows what a person needs at a site: it reads the list of the
// configuration, strictly and with line numbers, and plans for each site which of
// them its workstations probe, and through which proxy. A proxy that a PAC file
// names is found here, as if from the site, so that agents stay small and get a
// name and a port.
package services
