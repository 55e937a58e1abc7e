package cli

func defaultStateDir() string   { return "/Library/Application Support/Muster/Agent" }
func defaultConfigFile() string { return "/Library/Application Support/Muster/agent.yaml" }
