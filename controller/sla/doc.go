// Package sla accounts for the time of links: how long each was up, down,
// excluded or not observed, what of the down time is whose, and whether that
// keeps the promise of the contract.
//
// It is pure: outages, observations, windows and contract terms go in, a report
// comes out. The four kinds of time always sum to the period; what nobody
// observed is never up, and what nobody proved is never the carrier's.
package sla
