// Package configs carries the annotated examples, the estate of the demo, and the
// ready-made gates and software baselines inside the program.
package configs

import "embed"

// Estates holds the demo's counties, a folder each.
//
//go:embed estates
var Estates embed.FS

// Gates holds the ready-made gates, and their fixtures in a folder beside them.
//
//go:embed gates
var Gates embed.FS

// Software holds the ready-made software baselines.
//
//go:embed software
var Software embed.FS
