// Package inventory holds the nouns of the refresh: sites with their subnets
// and links, assets, workstations, and what an agent reads from a machine.
//
// Each noun knows its own invariants (Validate) and nothing about where it is
// kept or how it travels. The package imports the standard library only;
// inventory/wire says what travels, inventory/importer reads files.
package inventory
