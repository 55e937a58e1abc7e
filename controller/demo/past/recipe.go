package past

import (
	"fmt"

	"muster/controller/strictyaml"
	"muster/inventory"
)

// Recipe is how what the county's files do not name one by one is made up.
type Recipe struct {
	ToldIn        inventory.Date      `yaml:"told_in"` // the week in which the files' dates are as they stand
	Seed          uint64              `yaml:"seed"`
	SetUpDays     int                 `yaml:"set_up_days"`
	PlanAheadDays int                 `yaml:"plan_ahead_days"`
	BookAheadDays int                 `yaml:"book_ahead_days"`
	DesksPerVisit int                 `yaml:"desks_per_visit"`
	Crews         []string            `yaml:"crews"`
	Roles         map[string][]string `yaml:"roles"` // by kind of site; "" is any other
	StaffPerDesk  float64             `yaml:"staff_per_desk"`
	LeaverRatio   float64             `yaml:"leaver_ratio"`
	Trained       Trained             `yaml:"trained_ratio"`
	OutOfScope    Chance              `yaml:"out_of_scope"`
	Failed        Failures            `yaml:"failed"`
	LateRatio     float64             `yaml:"late_ratio"`
	TriedRatio    float64             `yaml:"tried_ratio"`
	Unscanned     float64             `yaml:"unscanned_ratio"`
	OldMachines   []Model             `yaml:"old_machines"`
	NewMachines   []Model             `yaml:"new_machines"`
}

// Trained is which part of a wave's people took their courses.
type Trained struct {
	Over    float64 `yaml:"over"`
	Running float64 `yaml:"running"`
	Ahead   float64 `yaml:"ahead"`
}

// Chance is something that is so now and then, and why.
type Chance struct {
	Ratio  float64 `yaml:"ratio"`
	Reason string  `yaml:"reason"`
}

// Failures are swaps that could not be done at the first try.
type Failures struct {
	Ratio   float64  `yaml:"ratio"`
	Again   int      `yaml:"again_after_days"`
	Reasons []string `yaml:"reasons"`
}

// Model is a machine as it was bought.
type Model struct {
	Maker  string         `yaml:"maker"`
	Model  string         `yaml:"model"`
	Bought inventory.Date `yaml:"bought"`
}

// ReadRecipe reads a recipe, strictly.
func ReadRecipe(file string, text []byte) (Recipe, error) {
	var r Recipe
	if err := strictyaml.Decode(file, text, &r); err != nil {
		return r, err
	}
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("cannot use %s: %s", file, fmt.Sprintf(format, args...))
	}
	switch {
	case r.ToldIn.Time().IsZero():
		return r, wrong("told_in %q is not a date", r.ToldIn)
	case r.SetUpDays < r.PlanAheadDays || r.PlanAheadDays < r.BookAheadDays || r.BookAheadDays < 1:
		return r, wrong("want set_up_days, plan_ahead_days and book_ahead_days in falling order, at least 1")
	case r.DesksPerVisit < 1 || r.DesksPerVisit > 20:
		return r, wrong("desks_per_visit %d is outside 1 to 20: a crew's day has so many", r.DesksPerVisit)
	case len(r.Crews) == 0 || len(r.Roles[""]) == 0 || len(r.Failed.Reasons) == 0 || len(r.OldMachines) == 0 || len(r.NewMachines) == 0:
		return r, wrong(`want at least one of crews, roles of "", reasons of failed, old_machines and new_machines`)
	case r.StaffPerDesk < 0 || r.StaffPerDesk > 10:
		return r, wrong("staff_per_desk %g is outside 0 to 10", r.StaffPerDesk)
	}
	return r, nil
}
