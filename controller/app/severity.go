package app

import (
	"fmt"
	"os"

	"muster/controller/incident"
	"muster/controller/strictyaml"
)

// readSeverity reads a table of severities.
func readSeverity(path string) ([]incident.SeverityRule, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read severities: %w", err)
	}
	var file struct {
		Severity []incident.SeverityRule `yaml:"severity"`
	}
	if err := strictyaml.Decode(path, b, &file); err != nil {
		return nil, fmt.Errorf("cannot read severities: %w", err)
	}
	if err := incident.ValidateSeverities(file.Severity); err != nil {
		return nil, fmt.Errorf("cannot read severities: %s: %w", path, err)
	}
	return file.Severity, nil
}

// rules are the engine's, with the configured table of severities.
func (a *App) rules() (*incident.Rules, error) {
	rules := incident.DefaultRules()
	if a.opts.Severity != "" {
		table, err := readSeverity(a.opts.Severity)
		if err != nil {
			return nil, err
		}
		rules.Severities = table
	}
	return &rules, nil
}
