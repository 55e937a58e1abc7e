//go:build unix && !darwin

package cli

func defaultStateDir() string   { return "/var/lib/muster-agent" }
func defaultConfigFile() string { return "/etc/muster/agent.yaml" }
