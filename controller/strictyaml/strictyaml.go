// Package strictyaml reads YAML files that people write into structs, and says
// of each unknown word where it stands and which words are known.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxFile bounds a file in bytes, and MaxNodes what its aliases may grow to.
const (
	MaxFile  = 1 << 20
	maxNodes = 200_000
)

// Decode reads one document into a pointer to a struct. Errors begin with the
// file's name and a line.
func Decode(file string, b []byte, into any) error {
	top, err := parse(file, b)
	if err != nil || top == nil {
		return err
	}
	return fill(file, top, "", into)
}

// DecodeKey reads the value of one key of the document into a pointer, and returns
// where it stands; nil where it does not. The document's other keys must be among
// known, and what they hold is left to whoever knows it.
func DecodeKey(file string, b []byte, key string, known []string, into any) (*yaml.Node, error) {
	top, err := parse(file, b)
	if err != nil || top == nil {
		return nil, err
	}
	if top.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: this is no list of keys and values", file, top.Line)
	}
	words := map[string]reflect.Type{}
	for _, word := range known {
		words[word] = reflect.TypeFor[any]()
	}
	words[key] = reflect.TypeOf(into)
	left := maxNodes
	if err := checkWords(top, words, "", &left); err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if value := top.Content[i+1]; top.Content[i].Value == key {
			return value, fill(file, value, key, into)
		}
	}
	return nil, nil //nolint:nilnil // the key is not there, and nothing is wrong
}

// parse reads the top of the one document; nil where the file says nothing.
func parse(file string, b []byte) (*yaml.Node, error) {
	if len(b) > MaxFile {
		return nil, fmt.Errorf("%s: %d bytes, the limit is %d", file, len(b), MaxFile)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil //nolint:nilnil // an empty file says nothing
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, bare(err))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one document", file)
	}
	return doc.Content[0], nil
}

// fill checks what stands below a node, and decodes it.
func fill(file string, n *yaml.Node, path string, into any) error {
	left := maxNodes
	if err := check(n, reflect.TypeOf(into), path, &left); err != nil {
		return fmt.Errorf("%s:%w", file, err)
	}
	if err := n.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", file, bare(err))
	}
	return nil
}

// bare drops the library's own prefix.
func bare(err error) error {
	if kinds, ok := errors.AsType[*yaml.TypeError](err); ok {
		return errors.New(strings.Join(kinds.Errors, "; "))
	}
	return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
}

// check walks the document beside the type that it will fill.
func check(n *yaml.Node, t reflect.Type, path string, left *int) error {
	if *left--; *left < 0 {
		return fmt.Errorf("%d: more than %d values", n.Line, maxNodes)
	}
	if n.Kind == yaml.AliasNode {
		return check(n.Alias, t, path, left)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()) {
		return nil // it reads itself
	}
	switch {
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		return checkStruct(n, t, path, left)
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 1; i < len(n.Content); i += 2 {
			if err := check(n.Content[i], t.Elem(), path, left); err != nil {
				return err
			}
		}
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for _, item := range n.Content {
			if err := check(item, t.Elem(), path, left); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkStruct(n *yaml.Node, t reflect.Type, path string, left *int) error {
	return checkWords(n, words(t), path, left)
}

// checkWords walks a mapping whose words are known, each with its type.
func checkWords(n *yaml.Node, known map[string]reflect.Type, path string, left *int) error {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			continue
		}
		if at, twice := seen[key.Value]; twice {
			return fmt.Errorf("%d: %q is there twice, first in line %d", key.Line, key.Value, at)
		}
		seen[key.Value] = key.Line
		field, ok := known[key.Value]
		if !ok {
			where := "here"
			if path != "" {
				where = "in " + path
			}
			return fmt.Errorf("%d: unknown word %q; known %s: %s", key.Line, key.Value, where, strings.Join(sorted(known), ", "))
		}
		if err := check(value, field, key.Value, left); err != nil {
			return err
		}
	}
	return nil
}

// words are the keys of a struct and the types behind them.
func words(t reflect.Type) map[string]reflect.Type {
	known := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case strings.Contains(options, "inline"):
			maps.Copy(known, words(f.Type))
		case name == "":
			known[strings.ToLower(f.Name)] = f.Type
		default:
			known[name] = f.Type
		}
	}
	return known
}

func sorted(known map[string]reflect.Type) []string {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
