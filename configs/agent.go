package configs

import _ "embed"

// AgentUnit is the systemd unit that `muster-agent service install` writes, with
// the paths of this file in place of its own.
//
//go:embed systemd/muster-agent.service
var AgentUnit string

// AgentExample is the annotated configuration of an agent.
//
//go:embed agent.yaml
var AgentExample []byte
