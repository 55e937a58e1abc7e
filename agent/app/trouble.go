package app

import (
	"errors"

	"muster/agent/seal"
	"muster/inventory/wire"
	"muster/mesh"
)

// trouble says what an error keeps the agent from, for a person who reads
// `muster-agent status`.
func trouble(err error) string {
	var problem *wire.Problem
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrNoToken):
		return "not enrolled, and there is no join token: run muster-agent enrol --token with one from `muster token create`"
	case errors.Is(err, seal.ErrForeign):
		return "the machine that answers is not the controller this agent trusts: " + err.Error()
	case !errors.As(err, &problem):
		return "no controller can be reached (" + mesh.ClassifyUplink(err) + "): " + err.Error()
	}
	switch problem.Type {
	case wire.ProblemIdentity:
		return "another machine uses this one's identity, reports have stopped: " + problem.Detail +
			"; if one is a copy of the other, run muster-agent prepare-image on the copy and enrol it"
	case wire.ProblemVersion:
		return "this agent's version is not understood by the controller: " + problem.Detail
	case wire.ProblemToken:
		return "the join token is refused: " + problem.Detail
	default:
		return "the controller refuses: " + problem.Error()
	}
}
