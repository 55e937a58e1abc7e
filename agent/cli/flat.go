package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// entry is one key of a file.
type entry struct {
	text string
	line int
}

// flat reads the little of YAML that an agent's configuration is: one key and one
// value in each line, and comments. What YAML would read otherwise than it looks
// here is refused. A whole YAML library costs the agent 0.2 MB of its 12, which
// docs/decisions/0007 weighs.
func flat(content string) (map[string]entry, error) {
	entries := make(map[string]entry)
	line := 0
	for text := range strings.Lines(strings.TrimPrefix(content, "\ufeff")) {
		line++
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		if !utf8.ValidString(text) || strings.ContainsFunc(text, strange) {
			return nil, fmt.Errorf("line %d: %.60q holds a tab, a control character or what is no text", line, text)
		}
		if bare := strings.TrimSpace(text); bare == "" || strings.HasPrefix(bare, "#") {
			continue
		}
		key, value, err := keyAndValue(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if before, twice := entries[key]; twice {
			return nil, fmt.Errorf("line %d: %s is there twice, first in line %d", line, key, before.line)
		}
		entries[key] = entry{value, line}
	}
	return entries, nil
}

// strange is what would end a line for YAML, or what it takes for no text.
func strange(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff
}

func keyAndValue(text string) (key, value string, err error) {
	key, rest, ok := strings.Cut(text, ":")
	if !ok || key == "" || strings.ContainsFunc(key, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
		return "", "", fmt.Errorf("%.60q is not a key and a value, such as log_level: debug", text)
	}
	if rest != "" && rest[0] != ' ' {
		return "", "", fmt.Errorf("a space is missing behind %q", key+":")
	}
	value, err = scalar(strings.Trim(rest, " "))
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", key, err)
	}
	return key, value, nil
}

// scalar reads a plain value, or one in quotes, and leaves a comment behind it out.
func scalar(text string) (string, error) {
	if strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfffd || r == 0xfeff || r == 0x2028 || r == 0x2029
	}) {
		return "", fmt.Errorf("%.60q holds a tab, a control character or what is no text", text)
	}
	if text == "" || text[0] == '#' {
		return "", nil
	}
	if quote := text[0]; quote == '"' || quote == '\'' {
		inside, behind, closed := strings.Cut(text[1:], string(quote))
		behind = strings.TrimLeft(behind, " ")
		switch {
		case !closed:
			return "", fmt.Errorf("%.60q has no closing quote", text)
		case strings.Contains(inside, `\`) && quote == '"':
			return "", fmt.Errorf(`%.60q: write a value with \ in single quotes`, text)
		case behind != "" && !strings.HasPrefix(behind, "#"), behind != "" && !strings.HasSuffix(strings.TrimSuffix(text, behind), " "):
			return "", fmt.Errorf("%.60q has something behind its closing quote", text)
		}
		return inside, nil
	}
	if i := strings.Index(text, " #"); i >= 0 {
		text = strings.TrimRight(text[:i], " ")
	}
	if strings.ContainsRune("[]{}&*!|>%@`,?-=<:", rune(text[0])) || strings.Contains(text, ": ") || strings.HasSuffix(text, ":") {
		return "", fmt.Errorf("%.60q is not a single value; put it into quotes if it is", text)
	}
	return text, nil
}
