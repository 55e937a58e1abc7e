package inventory

import "strings"

// CSVCell is text as a cell of a CSV file that people open in a spreadsheet: a
// text that would run as a formula gets an apostrophe before it, which the
// spreadsheet hides and our importer takes off. Numbers keep their sign.
func CSVCell(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n", rune(text[0])) || plainNumber(text) {
		return text
	}
	return "'" + text
}

// plainNumber reports whether text is a signed decimal number, such as a
// longitude, which no spreadsheet takes for a formula.
func plainNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	return len(text)-len(digits) == 1 && digits != "" && strings.Trim(digits, "0123456789.") == "" &&
		strings.Count(digits, ".") <= 1
}
