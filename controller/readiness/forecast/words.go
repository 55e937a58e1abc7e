package forecast

// OddsWord is a word for a share of trials, from From on.
type OddsWord struct {
	From float64 `json:"from"`
	Word string  `json:"word"`
}

// Words is the table of words for a board, the surest first. They are those of
// the Probability Yardstick of the UK's Professional Head of Intelligence
// Assessment; its ranges leave gaps (25–35 %, 40–50 %, …), and a share within
// one takes the nearer range.
func Words() []OddsWord {
	return []OddsWord{
		{0.925, "almost certain"},
		{0.775, "highly likely"},
		{0.525, "likely"},
		{0.375, "a realistic possibility"},
		{0.225, "unlikely"},
		{0.075, "highly unlikely"},
		{0, "a remote chance"},
	}
}

// Word is the word for a share from 0 to 1.
func Word(share float64) string {
	for _, w := range Words() {
		if share >= w.From {
			return w.Word
		}
	}
	return "a remote chance"
}
