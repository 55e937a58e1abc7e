package services

import (
	"errors"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"

	"muster/controller/strictyaml"
	"muster/inventory"
)

// Read reads the list of services in a configuration file whose other keys are
// known; what they hold is not looked at. Errors name the file and the line.
func Read(file string, known []string) ([]inventory.Service, error) {
	stat, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read services: %w", err)
	}
	if stat.Size() > strictyaml.MaxFile {
		return nil, fmt.Errorf("cannot read services: %s has %d bytes, the limit is %d", file, stat.Size(), strictyaml.MaxFile)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read services: %w", err)
	}
	return Parse(file, b, known)
}

// Parse reads the list from the text of a file.
func Parse(file string, b []byte, known []string) ([]inventory.Service, error) {
	var list []inventory.Service
	at, err := strictyaml.DecodeKey(file, b, "services", known, &list)
	if err != nil {
		return nil, fmt.Errorf("cannot read services: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	if at.Kind == yaml.AliasNode {
		at = at.Alias
	}
	return list, check(file, list, at.Content)
}

// Check holds a list that came from elsewhere against the same rules.
func Check(list []inventory.Service) error { return check("services", list, nil) }

func check(file string, list []inventory.Service, places []*yaml.Node) error {
	at := func(i int, field string) string {
		if i >= len(places) {
			return fmt.Sprintf("%s: entry %d", file, i+1)
		}
		return fmt.Sprintf("%s:%d", file, lineOf(places[i], field))
	}
	if len(list) > inventory.MaxServices {
		return fmt.Errorf("cannot use services: %s: %d services, the limit is %d", at(inventory.MaxServices, ""), len(list), inventory.MaxServices)
	}
	first := map[string]int{}
	for i, s := range list {
		var fields inventory.FieldErrors
		if err := s.Validate(); errors.As(err, &fields) {
			return fmt.Errorf("cannot use services: %s: %w", at(i, fields[0].Field), fields[0])
		}
		if before, twice := first[s.Name]; twice {
			return fmt.Errorf("cannot use services: %s: name: %q is the name of entry %d as well", at(i, "name"), s.Name, before+1)
		}
		first[s.Name] = i
	}
	return nil
}

// lineOf is where a field of an entry stands, or the entry itself.
func lineOf(entry *yaml.Node, field string) int {
	if entry.Kind == yaml.AliasNode && entry.Alias != nil {
		entry = entry.Alias
	}
	for i := 0; i+1 < len(entry.Content); i += 2 {
		if entry.Content[i].Value == field {
			return entry.Content[i].Line
		}
	}
	return entry.Line
}
