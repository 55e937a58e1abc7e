package readiness

import (
	"fmt"
	"strings"
)

// template is a text with values of a row in it: "probe {access.service} from
// {access.workstation}".
type template struct {
	texts []string // one more than paths
	paths []read
}

func (l *library) template(over Over, text string) (*template, error) {
	env, err := l.env(over)
	if err != nil {
		return nil, err
	}
	t := &template{}
	for {
		before, rest, open := strings.Cut(text, "{")
		t.texts = append(t.texts, before)
		if !open {
			return t, nil
		}
		path, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("%q has no } to its {", text)
		}
		parsed, issues := env.Parse(path)
		if issues.Err() != nil {
			return nil, fmt.Errorf("{%s} is no field such as {%s.…}", path, over.Word())
		}
		steps, ok := stepsOf(parsed.NativeRep().Expr(), over.Word())
		if !ok || len(steps) == 0 {
			return nil, fmt.Errorf("{%s} is no field of a row; known of %s: %s", path, over.Word(), strings.Join(names(overs[over]), ", "))
		}
		t.paths = append(t.paths, read{path: path, steps: steps})
		text = after
	}
}

func (t *template) fill(row any) string {
	var out strings.Builder
	for i, text := range t.texts {
		out.WriteString(text)
		if i < len(t.paths) {
			val, _ := follow(row, t.paths[i].steps)
			out.WriteString(strings.Trim(plain(val), "'"))
		}
	}
	return out.String()
}
