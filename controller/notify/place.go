package notify

import (
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// fault is something in a configuration that cannot be used, and of which entry of
// which list it is; no list: of the file.
type fault struct {
	error

	list  string
	entry int
}

var quotedWord = regexp.MustCompile(`"([^"]*)"`)

// located says of each fault where in the file it stands: where the first word that
// it quotes is written in its entry, or where the entry begins. The text has been
// read before.
func located(file string, text []byte, faults []fault) error {
	var top yaml.Node
	_ = yaml.Unmarshal(text, &top) // without it no lines are known, and the faults are the same
	errs := make([]error, 0, len(faults))
	for _, f := range faults {
		within := entryOf(&top, f)
		line := 0
		if within != nil {
			line = within.Line
			if word := quotedWord.FindStringSubmatch(f.Error()); word != nil {
				if n := scalar(within, word[1]); n != nil {
					line = n.Line
				}
			}
		}
		if line == 0 {
			errs = append(errs, fmt.Errorf("%s: %w", file, f.error))
			continue
		}
		errs = append(errs, fmt.Errorf("%s:%d: %w", file, line, f.error))
	}
	return errors.Join(errs...)
}

// entryOf is the node of a fault's entry, or of the whole file.
func entryOf(top *yaml.Node, f fault) *yaml.Node {
	if len(top.Content) == 0 {
		return nil
	}
	root := top.Content[0]
	for i := 0; i+1 < len(root.Content) && f.list != ""; i += 2 {
		list := root.Content[i+1]
		if list.Kind == yaml.AliasNode {
			list = list.Alias
		}
		if root.Content[i].Value == f.list && f.entry < len(list.Content) {
			return list.Content[f.entry]
		}
	}
	return root
}

// scalar is the first value below n that is written so. Aliases are not followed:
// they may lead round.
func scalar(n *yaml.Node, text string) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.Value == text {
		return n
	}
	for _, below := range n.Content {
		if found := scalar(below, text); found != nil {
			return found
		}
	}
	return nil
}
