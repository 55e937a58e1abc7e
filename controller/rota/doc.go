// Package rota asks workstations to probe: others of a site when one saw a
// service fail, and any one of them when a person wants to know.
//
// Whose ordinary turn it is needs no asking: every member of a pool knows it by
// itself (inventory.RotaTurn). A confirmation goes by a query of the site's pool,
// which any holder of its key could send and which therefore can name nothing but
// services that the workstation probes anyway. Everything else waits for the
// workstation's next report, is carried by its reply over TLS, and the query only
// says: report now. Where there is no pool the next report comes within a minute.
//
// Others and Confirmations are pure; Desk has the goroutines. Nothing here is
// kept on disk: a question that a restart forgets is asked again by whoever wants
// to know.
package rota
