// Package cli holds the commands of an operator: site, workstation, asset, link,
// token, mesh and import. All of them go through the API of a running
// controller, with its address and a token from a flag, the environment
// (MUSTER_SERVER, MUSTER_TOKEN), a configuration file, or the connection file
// that a controller on this machine left in its data directory.
//
// Lists are tables for people, and --json or --csv for programs. An error is one
// line, `muster: cannot …: why`, with a hint where there is one.
package cli
