// Package configs carries the annotated examples and the estate of the demo
// inside the program.
package configs

import "embed"

// Estates holds the demo's counties, a folder each.
//
//go:embed estates
var Estates embed.FS
