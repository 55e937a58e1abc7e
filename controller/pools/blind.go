package pools

// SetBlind says whether the controller's own network is down: then what is not
// heard is unknown and not silent.
func (p *Pools) SetBlind(blind bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roster.SetBlind(blind)
}

// SiteOf is where a workstation is now, as well as it is known; empty for one that
// is at no site or was never heard of.
func (p *Pools) SiteOf(id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if code, known := p.at[id]; known {
		return code
	}
	return p.roster.HomeSite(id)
}

// Installs lists the active installs of a site, sorted.
func (p *Pools) Installs(code string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roster.Installs(code)
}
