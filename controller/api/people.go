package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"muster/inventory"
)

// seesNames is who may see names of people: those who keep the register of staff.
func seesNames(role inventory.Role) bool { return only(inventory.RoleProgramme).may(role) }

// readsNoun reports whether a role may read a noun in an export or an import's
// changes; the table of routes says the same of lists.
func readsNoun(role inventory.Role, noun inventory.Noun) bool {
	if noun == inventory.NounStaff || noun == inventory.NounTraining {
		return only(inventory.RoleIT, inventory.RoleProgramme).may(role)
	}
	return true
}

// mayChange refuses the import of a noun to a role that may not write it.
func mayChange(role inventory.Role, noun inventory.Noun) error {
	writers := only(inventory.RoleIT, inventory.RoleNetwork) // of the estate
	switch {
	case slices.Contains([]inventory.Noun{inventory.NounPosition, inventory.NounVisit, inventory.NounConsignment}, noun):
		writers = only(inventory.RoleIT)
	case slices.Contains([]inventory.Noun{
		inventory.NounProgramme, inventory.NounWave, inventory.NounStaff, inventory.NounCourse, inventory.NounTraining, inventory.NounMilestone,
	}, noun):
		writers = only(inventory.RoleProgramme)
	}
	if writers.may(role) {
		return nil
	}
	return problem(http.StatusForbidden, "urn:muster:role",
		fmt.Sprintf("a token with the role %s may not change a %s; it takes one of: %s", role, noun, writers))
}

// validStaff refuses a name where policy does not want names.
func (a *API) validStaff(s inventory.Staff) error {
	if a.DropNames && s.Name != "" {
		return inventory.FieldErrors{{Field: "name", Why: "names of people are not kept here"}}
	}
	return s.Validate()
}

type staffErase struct {
	NounKey
	DryRun bool `query:"dry_run" doc:"only say what would go"`
}

// Erased is what an erasure took, or as a dry run would take.
type Erased struct {
	inventory.Erasure
	DryRun bool `json:"dry_run"`
}

func (a *API) eraseStaff(ctx context.Context, in *staffErase) (Erased, error) {
	number := plainKey(in.Key)
	would, err := a.Store.Erasure(ctx, number)
	if err != nil || in.DryRun {
		return Erased{would, true}, err
	}
	if err := a.Store.Erase(ctx, number, author(callerOf(ctx))); err != nil {
		return Erased{}, err
	}
	after, err := a.Store.Erasure(ctx, number)
	after.Fields = would.Fields // what went
	return Erased{after, false}, err
}
