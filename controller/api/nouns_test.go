package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"muster/controller/api"
	"muster/controller/api/apitest"
	"muster/inventory"
)

// refresh makes one of each noun through the API, as those who may.
func refresh(t *testing.T, s *apitest.Server) {
	t.Helper()
	seed(t, s)
	for _, one := range []struct {
		role       inventory.Role
		path, body string
	}{
		{inventory.RoleProgramme, "/programmes/P1", `{"code":"P1","name":"The refresh"}`},
		{inventory.RoleProgramme, "/waves/W1", `{"code":"W1","programme":"P1","name":"First","sites":["S001"]}`},
		{inventory.RoleIT, "/positions/S001-1", `{"code":"S001-1","site":"S001","role":"clerk"}`},
		{inventory.RoleIT, "/visits/V1", `{"code":"V1","site":"S001","date":"2026-12-01","crew":"north"}`},
		{inventory.RoleIT, "/consignments/DN-1", `{"code":"DN-1","site":"S001","count":4}`},
		{inventory.RoleProgramme, "/staff/1001", `{"number":"1001","site":"S001","role":"clerk","name":"Zenobia Quarterflash"}`},
		{inventory.RoleProgramme, "/courses/records", `{"code":"records","name":"Records"}`},
		{inventory.RoleProgramme, "/training/1001%2Frecords", `{"staff":"1001","course":"records","on":"2026-11-02"}`},
		{inventory.RoleProgramme, "/milestones/M1", `{"code":"M1","area":"adults","name":"Move","wave":"W1"}`},
	} {
		if answer, text := call(t, s, one.role, http.MethodPut, "/api/v1"+one.path, one.body); answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", one.path, answer.StatusCode, text)
		}
	}
}

func TestEveryNounOfTheRefreshIsListedShownChangedAndRemoved(t *testing.T) {
	s := apitest.Start(t, nil)
	refresh(t, s)
	for path, want := range map[string]string{
		"/programmes": `"code":"P1"`, "/waves?programme=P1": `"sites":["S001"]`, "/positions?wave=W1": `"code":"S001-1"`, "/visits?from=2026-12-01&state=planned": `"code":"V1"`,
		"/consignments?site=S001": `"count":4`, "/staff?site=S001": `"number":"1001"`, "/courses": `"code":"records"`, "/training?site=S001": `"course":"records"`, "/milestones?wave=W1": `"area":"adults"`,
	} {
		if answer, text := call(t, s, inventory.RoleAdmin, http.MethodGet, "/api/v1"+path, ""); answer.StatusCode != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s, want %s", path, answer.StatusCode, text, want)
		}
	}
	if _, text := call(t, s, inventory.RoleAdmin, http.MethodGet, "/api/v1/waves.csv", ""); !strings.HasPrefix(text, "code,programme,name,sites,starts,ends,go_live,crews,on_hold,notes\nW1,P1,First,S001,") {
		t.Errorf("CSV is %s", text)
	}
	if answer, text := call(t, s, inventory.RoleProgramme, http.MethodPatch, "/api/v1/waves/W1", `{"crews":2}`); answer.StatusCode != http.StatusOK || !strings.Contains(text, `"crews":2`) {
		t.Errorf("patch: %d %s", answer.StatusCode, text)
	}
	for path, want := range map[string]int{
		"/programmes/P1": http.StatusConflict, "/staff/1001": http.StatusConflict, "/milestones/M9": http.StatusNotFound, "/milestones/M1": http.StatusOK,
	} {
		if answer, text := call(t, s, inventory.RoleProgramme, http.MethodDelete, "/api/v1"+path, ""); answer.StatusCode != want {
			t.Errorf("remove %s: %d %s, want %d", path, answer.StatusCode, text, want)
		}
	}
	for path, body := range map[string]string{
		"/positions/X": `{"code":"X","site":"S099"}`, "/positions/Y": `{"code":"X","site":"S001"}`, "/waves/W2": `{"code":"W2","name":"x","programme":"P1","crews":-1}`,
	} {
		if answer, text := call(t, s, inventory.RoleAdmin, http.MethodPut, "/api/v1"+path, body); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", path, answer.StatusCode, text)
		}
	}
}

func TestEditOfAnOldCopyIsRefused(t *testing.T) {
	s := apitest.Start(t, nil)
	refresh(t, s)
	read, _ := call(t, s, inventory.RoleIT, http.MethodGet, "/api/v1/visits/V1", "")
	match := func(r *http.Request) { r.Header.Set("If-Match", read.Header.Get("ETag")) }
	edit := func(body string) reply {
		answer, _ := call(t, s, inventory.RoleIT, http.MethodPatch, "/api/v1/visits/V1", body, match)
		return answer
	}
	if first := edit(`{"crew":"south"}`); read.Header.Get("ETag") == "" || first.StatusCode != http.StatusOK {
		t.Errorf("with the tag %q of what was read: %d", read.Header.Get("ETag"), first.StatusCode)
	}
	if second := edit(`{"crew":"east"}`); second.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("with an old tag: %d", second.StatusCode)
	}
	if answer, text := call(t, s, inventory.RoleIT, http.MethodDelete, "/api/v1/visits/V1", "", match); answer.StatusCode != http.StatusPreconditionFailed || !strings.Contains(text, "read it again") {
		t.Errorf("remove with an old tag: %d %s", answer.StatusCode, text)
	}
	if answer, _ := call(t, s, inventory.RoleIT, http.MethodPut, "/api/v1/visits/V9", `{"code":"V9","site":"S001","date":"2026-12-01","crew":"x"}`, match); answer.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("make with a tag: %d", answer.StatusCode)
	}
}

// TestNamesAreSeenByThoseWhoKeepTheStaffOnly asks in every way in which a name could
// leave.
func TestNamesAreSeenByThoseWhoKeepTheStaffOnly(t *testing.T) {
	s := apitest.Start(t, nil)
	refresh(t, s)
	paths := []string{"/staff", "/staff.json", "/staff.csv", "/staff/1001", "/exports/staff", "/imports", "/imports/7", "/imports/8", "/events", "/training", "/exports/training"}
	for _, role := range inventory.Roles() {
		for _, path := range paths {
			_, text := call(t, s, role, http.MethodGet, "/api/v1"+path, "")
			sees := (role == inventory.RoleProgramme || role == inventory.RoleAdmin) && strings.Contains(path, "/staff")
			if strings.Contains(text, "Quarterflash") != sees {
				t.Errorf("%s as %s: %s", path, role, text)
			}
			if role == inventory.RoleViewer && strings.HasPrefix(path, "/imports/") && strings.Contains(text, `"1001"`) {
				t.Errorf("%s as %s tells a number: %s", path, role, text)
			}
		}
	}
	if answer, _ := call(t, s, inventory.RoleNetwork, http.MethodGet, "/api/v1/exports/staff", ""); answer.StatusCode != http.StatusForbidden {
		t.Errorf("export as network: %d", answer.StatusCode)
	}
}

func TestImportIsHeldAgainstWhoMayWriteEachNoun(t *testing.T) {
	s := apitest.Start(t, nil)
	refresh(t, s)
	files := map[string]string{
		"staff": "number,site\n1002,S001\n", "positions": "code,site\nX1,S001\n", "sites": "code,name\nS050,New\n", "milestones": "code,area,name\nM7,a,b\n",
	}
	may := map[string][]inventory.Role{
		"staff": {inventory.RoleProgramme, inventory.RoleAdmin}, "positions": {inventory.RoleIT, inventory.RoleAdmin},
		"sites": {inventory.RoleIT, inventory.RoleNetwork, inventory.RoleAdmin}, "milestones": {inventory.RoleProgramme, inventory.RoleAdmin},
	}
	for kind, content := range files {
		for _, role := range []inventory.Role{inventory.RoleIT, inventory.RoleNetwork, inventory.RoleProgramme, inventory.RoleAdmin} {
			want := http.StatusForbidden
			for _, r := range may[kind] {
				if r == role {
					want = http.StatusOK
				}
			}
			answer, text := call(t, s, role, http.MethodPost, "/api/v1/imports?dry_run=true&kind="+kind, content, func(r *http.Request) { r.Header.Set("Content-Type", "application/octet-stream") })
			if answer.StatusCode != want {
				t.Errorf("%s as %s: %d %s, want %d", kind, role, answer.StatusCode, text, want)
			}
		}
	}
	_, text := call(t, s, inventory.RoleIT, http.MethodGet, "/api/v1/imports?limit=1", "")
	newest := decode[api.List[inventory.Batch]](t, text).Items[0] // the milestone's
	if answer, _ := call(t, s, inventory.RoleIT, http.MethodDelete, fmt.Sprintf("/api/v1/imports/%d", newest.Number), ""); answer.StatusCode != http.StatusForbidden {
		t.Errorf("undo of the programme's import as IT: %d", answer.StatusCode)
	}
}

func TestErasureIsShownThenMade(t *testing.T) {
	s := apitest.Start(t, nil)
	refresh(t, s)
	answer, text := call(t, s, inventory.RoleProgramme, http.MethodPost, "/api/v1/staff/1001/erase?dry_run=true", "")
	would := decode[api.Erased](t, text)
	if answer.StatusCode != http.StatusOK || !would.DryRun || len(would.Fields) != 1 || would.Training != 1 || !would.ErasedAt.IsZero() {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	_, text = call(t, s, inventory.RoleProgramme, http.MethodPost, "/api/v1/staff/1001/erase", "")
	if did := decode[api.Erased](t, text); did.DryRun || did.ErasedAt.IsZero() || len(did.Fields) != 1 {
		t.Errorf("erased %s", text)
	}
	if _, text = call(t, s, inventory.RoleAdmin, http.MethodGet, "/api/v1/staff/1001", ""); strings.Contains(text, "Quarterflash") || !strings.Contains(text, `"1001"`) {
		t.Errorf("after erasing: %s", text)
	}
	if answer, text = call(t, s, inventory.RoleProgramme, http.MethodPatch, "/api/v1/staff/1001", `{"name":"Zenobia Quarterflash"}`); answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a name after erasing: %d %s", answer.StatusCode, text)
	}
	if answer, _ = call(t, s, inventory.RoleProgramme, http.MethodPost, "/api/v1/staff/9/erase", ""); answer.StatusCode != http.StatusNotFound {
		t.Errorf("erase nobody: %d", answer.StatusCode)
	}
}

func TestNamesAreRefusedWherePolicyDropsThem(t *testing.T) {
	s := apitest.Start(t, func(o *api.Options) { o.DropNames = true })
	seed(t, s)
	if answer, text := call(t, s, inventory.RoleProgramme, http.MethodPut, "/api/v1/staff/1", `{"number":"1","site":"S001","name":"Ann"}`); answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	_, text := call(t, s, inventory.RoleProgramme, http.MethodPost, "/api/v1/imports?kind=staff", "number,site,name\n1,S001,Ann\n", func(r *http.Request) { r.Header.Set("Content-Type", "application/octet-stream") })
	done := decode[api.Imported](t, text)
	if done.Made != 1 || len(done.Notices) != 1 || strings.Contains(text, "Ann") {
		t.Errorf("import: %s", text)
	}
}
