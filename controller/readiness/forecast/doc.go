// Package forecast says when a programme will be done, with odds, and what
// would change if something else were decided.
//
// A trial plays the rest of the programme once: on each working day to come
// every crew verifies as many swaps as on a day drawn from the history. Many
// trials give the dates by which half, 85 % and 95 % of them were done. A short
// history tells the usual day only roughly; so each trial also draws how good
// that usual day really is:
//
//	pace = exp(t · s/(m·√n))
//
// with m and s the history's mean and standard deviation, n its working days
// and t of Student's law with n-1 degrees of freedom. Without it the odds of a
// programme known by ten days would be far too sure of themselves: see
// TestTheP85HoldsInEightyFiveOfAHundredProgrammes.
//
// It is pure: history, plan, calendar and seed go in, and the same ones always
// give the same odds. Every trial has its own stream of numbers, so that two
// plans are compared under the same luck.
package forecast
