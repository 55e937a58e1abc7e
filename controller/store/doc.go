// Package store keeps the nouns, the intake log and the events in SQLite or in
// PostgreSQL, with the same SQL for both.
//
// It promises three things. What a method says is committed survives kill -9
// and a power cut (synchronous=FULL). A method changes everything it says or
// nothing. And a full disk is ErrFull, after which everything works again once
// there is room. It leaves to others what the rows mean: intake bounds and
// authenticates, roster judges presence, importer plans a batch.
//
// SQLite has one writing connection and a pool of reading ones (WAL), so reads
// never wait for a commit. Instants are kept as microseconds since 1970 UTC.
//
// A *Store is safe for concurrent use. Every method that reads or writes may
// block on the disk.
package store
