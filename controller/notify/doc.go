// Package notify tells people: one notification when an incident opens, one at
// its end, one update when a revision changes whom to call, and a word to the
// next person when nobody acknowledges.
//
// Book decides, purely, which deliveries an incident's steps call for and what
// time brings: escalations and digests. Desk runs it: it keeps the book and the
// deliveries in the store, so that a restart neither repeats nor forgets one, and
// gives each sink a worker of its own, so that a failing sink never delays
// another. There is one sink per file.
package notify
