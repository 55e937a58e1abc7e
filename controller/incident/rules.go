package incident

// Rules are the numbers that the rule tables compare with.
type Rules struct{}

// DefaultRules are the numbers that the rehearsals are judged with.
func DefaultRules() Rules { return Rules{} }
