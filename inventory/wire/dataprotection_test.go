package wire_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"muster/inventory"
	"muster/inventory/wire"
)

const dataProtection = "../../docs/data-protection.md"

// travels are the types whose fields travel or are kept about a machine, by the
// name that they have in docs/data-protection.md.
var travels = map[reflect.Type]string{
	reflect.TypeFor[inventory.Hardware]():    "hardware",
	reflect.TypeFor[inventory.Firmware]():    "firmware",
	reflect.TypeFor[inventory.OS]():          "os",
	reflect.TypeFor[inventory.Program]():     "program",
	reflect.TypeFor[inventory.Health]():      "health",
	reflect.TypeFor[inventory.Network]():     "network",
	reflect.TypeFor[inventory.Workstation](): "workstation",
	reflect.TypeFor[inventory.Identity]():    "identity",
	reflect.TypeFor[wire.Report]():           "report",
	reflect.TypeFor[wire.JournalRecord]():    "journal",
	reflect.TypeFor[wire.Enrolment]():        "enrolment",
	reflect.TypeFor[wire.Renewal]():          "renewal",
	reflect.TypeFor[wire.Enrolled]():         "enrolled",
	reflect.TypeFor[wire.Renewed]():          "renewed",
	reflect.TypeFor[wire.Reply]():            "reply",
	reflect.TypeFor[wire.Settings]():         "settings",
	reflect.TypeFor[inventory.ProbeResult](): "probe",
	reflect.TypeFor[wire.ProbeSpec]():        "ask",
	reflect.TypeFor[wire.ProbeQuestion]():    "question",
}

// travelling lists every field as "report.hashes.software".
func travelling() []string {
	var fields []string
	for t, name := range travels {
		fields = append(fields, fieldsOf(t, name)...)
	}
	slices.Sort(fields)
	return fields
}

func fieldsOf(t reflect.Type, path string) []string {
	var fields []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		inner, named := unwrap(f.Type), ""
		if inner.Kind() == reflect.Struct {
			named = travels[inner]
		}
		switch {
		case named == "" && inner.Kind() == reflect.Struct && strings.HasPrefix(inner.PkgPath(), "muster/"):
			fields = append(fields, fieldsOf(inner, path+"."+name)...)
		default:
			fields = append(fields, path+"."+name)
		}
	}
	return fields
}

// unwrap goes through pointers, slices and facts to what is in them.
func unwrap(t reflect.Type) reflect.Type {
	for {
		switch {
		case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
			t = t.Elem()
		case t.PkgPath() == "muster/inventory" && strings.HasPrefix(t.Name(), "Fact["):
			get, _ := t.MethodByName("Get")
			t = get.Type.Out(0)
		default:
			return t
		}
	}
}

// The words of the table's columns; what they mean stands above it.
var (
	readers    = []string{"it", "network", "programme", "site-owner", "admin", "controller", "agent"}
	retentions = []string{"not kept", "week", "evidence", "history", "register", "machine"}
)

func TestEveryFieldThatTravelsIsInTheDataProtectionTable(t *testing.T) {
	b, err := os.ReadFile(dataProtection)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string][]string)
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		field := strings.Trim(strings.TrimSpace(cells[1]), "`")
		if rows[field] != nil {
			t.Errorf("%s has two rows", field)
		}
		rows[field] = cells
	}
	fields := travelling()
	for _, field := range fields {
		row := rows[field]
		if row == nil {
			t.Errorf("%s travels and is not in %s", field, dataProtection)
			continue
		}
		checkRow(t, field, row)
	}
	for field := range rows {
		if !slices.Contains(fields, field) {
			t.Errorf("%s is in %s and travels no more", field, dataProtection)
		}
	}
}

func checkRow(t *testing.T, field string, row []string) {
	t.Helper()
	if len(strings.TrimSpace(row[2])) < 5 {
		t.Errorf("%s has no purpose", field)
	}
	for reader := range strings.SplitSeq(row[3], ",") {
		if !slices.Contains(readers, strings.TrimSpace(reader)) {
			t.Errorf("%s is read by %q, which is none of %v", field, strings.TrimSpace(reader), readers)
		}
	}
	if !slices.Contains(retentions, strings.TrimSpace(row[4])) {
		t.Errorf("%s is kept %q, which is none of %v", field, strings.TrimSpace(row[4]), retentions)
	}
}

// TestNoFieldIsAboutAPerson refuses names of fields that would hold what the
// agent promises never to collect.
func TestNoFieldIsAboutAPerson(t *testing.T) {
	forbidden := []string{"user", "login", "account", "person", "email", "title", "url", "history", "ssid", "phone", "logged"}
	for _, field := range travelling() {
		for _, word := range forbidden {
			if strings.Contains(field, word) {
				t.Errorf("%s may be about a person: %q", field, word)
			}
		}
	}
}
