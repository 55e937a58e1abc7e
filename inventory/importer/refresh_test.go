package importer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
	"muster/inventory/importer"
)

// refreshing is the county with something of its refresh.
func refreshing() inventory.Register {
	r := county
	r.Programmes = []inventory.Programme{{Code: "P1", Name: "The refresh"}}
	r.Waves = []inventory.Wave{{Code: "W1", Programme: "P1", Name: "First", Sites: []string{"S001"}}}
	r.Positions = []inventory.Position{
		{Code: "D-7", Site: "S001", Room: "Front Office", Desk: "7"},
		{Code: "D-8", Site: "S002", Room: "Hall"},
		{Code: "D-9", Site: "S002", Room: "hall"},
		{Code: "S001-STORE-1", Site: "S002"},
	}
	r.Staff = []inventory.Staff{{Number: "1001", Site: "S001", Name: "Ann"}, {Number: "a/1002", Site: "S001"}}
	r.Courses = []inventory.Course{{Code: "records", Name: "Records"}}
	r.Milestones = []inventory.Milestone{{Code: "M1", Area: "adults", Name: "Move"}, {Code: "M2", Area: "adults", Name: "Check", After: []string{"M1"}}}
	return r
}

func table(t testing.TB, kind importer.Kind, content string) *importer.Table {
	t.Helper()
	return read(t, string(kind)+".csv", content, importer.ReadOptions{Kind: kind})
}

// whys is what is wrong, as "line: why".
func whys(plan *importer.Plan) (found []string) {
	for _, p := range plan.Problems {
		found = append(found, fmt.Sprintf("%s %d: %s", p.File, p.Row, strings.TrimSpace(p.Why+" "+p.Suggestion)))
	}
	return found
}

func keysOf(plan *importer.Plan) (keys []string) {
	for _, c := range plan.Changes {
		keys = append(keys, string(c.Noun)+" "+c.Key)
	}
	return keys
}

// TestFilesOfOneImportMayNameEachOther gives the files in the wrong order.
func TestFilesOfOneImportMayNameEachOther(t *testing.T) {
	plan := importer.NewPlan([]*importer.Table{
		table(t, importer.Milestones, "code,area,name,wave,after\nM2,adults,Check,w1,m1\nM1,adults,Move,W1,\n"),
		table(t, importer.Training, "staff no,course,completed\n1001,Records,2026-11-02\n"),
		table(t, importer.Courses, "code,name,programme\nRECORDS,Records,p1\n"),
		table(t, importer.Staff, "number,site\n1001,new hall\n"),
		table(t, importer.Waves, "code,programme,name,sites\nw1,P1,First,New Hall; s001\n"),
		table(t, importer.Programmes, "code,name\np1,The refresh\n"),
		table(t, importer.Sites, "code,name\nN1,New Hall\n"),
	}, county, importer.PlanOptions{})
	if wrong := whys(plan); wrong != nil {
		t.Fatal(wrong)
	}
	want := []string{
		"site N1", "programme P1", "wave W1", "staff 1001", "course records", "training 1001/records", "milestone M2", "milestone M1",
	}
	if diff := cmp.Diff(want, keysOf(plan)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	for _, c := range plan.Changes {
		if c.Key == "M2" && !strings.Contains(string(c.After), `"after":["M1"]`) {
			t.Errorf("the key is not as it is written: %s", c.After)
		}
	}
}

// TestOneBadRowChangesNothingAndEveryBadRowIsListed is the promise of every import.
func TestOneBadRowChangesNothingAndEveryBadRowIsListed(t *testing.T) {
	plan := importer.NewPlan([]*importer.Table{
		table(t, importer.Waves, "code,programme,name,sites\nW2,P1,Second,S001\nW3,P2,Third,S001; Nowhere\n"),
		table(t, importer.Positions, "code,site\nX,S009\nY,S001\n"),
		table(t, importer.Training, "staff,course,on\n1001,record,2026-11-02\n7,records,2026-11-02\n1001,records,soon\n,records,2026-11-02\n"),
		table(t, importer.Milestones, "code,area,name,wave,actual,expected,moved\nM3,a,b,W7,,,\nM4,a,b,W2,2026-11-02,5,4\n"),
	}, refreshing(), importer.PlanOptions{})
	want := []string{
		"waves.csv 3: there is no such programme did you mean P1?",
		`waves.csv 3: "Nowhere": no site has this code, name or alias`,
		"positions.csv 2: no site has this code, name or alias did you mean S001 (Mill Lane Library) or S002 (St. John's Day Centre) or S003 (Library)?",
		`training.csv 2: course "record": there is no such course did you mean records?`,
		`training.csv 3: staff "7": there is no such staff`,
		"training.csv 4: not a date such as 2026-11-23 or 23 Nov 2026",
		"training.csv 5: staff is missing",
		"milestones.csv 2: there is no such wave did you mean W1 or W2?",
		"milestones.csv 3: done, and 4 moved and 0 rejected are not the 5 expected",
	}
	if diff := cmp.Diff(want, whys(plan)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if _, err := plan.Batch("ann", time.Time{}); err == nil || plan.Applies() {
		t.Errorf("the batch was made: %v", err)
	}
}

func TestPositionIsKnownByItsRoomAndDesk(t *testing.T) {
	plan := importer.NewPlan([]*importer.Table{table(t, importer.Positions, strings.Join([]string{
		"site,room,desk,role",
		"Old Mill,front office,7,clerk", // D-7, by an alias of its site
		"S001,Front Office,8,clerk",     // new
		"S002,HALL,,clerk",              // D-8 or D-9
		"S001,Store,1,clerk",            // its code is taken by a position elsewhere
		"S001,,,clerk",
		"Nowhere,Hall,1,clerk",
		"S001,Front Office,8,manager", // again
		"S001,!,,clerk",
	}, "\n"))}, refreshing(), importer.PlanOptions{AcceptGood: true})
	want := []string{
		`positions.csv 3: contradicts positions.csv, line 8, column 4 (role), which says "manager"`,
		"positions.csv 4: several positions stand there: write one of the codes D-8, D-9",
		"positions.csv 5: the code made of this room and desk, S001-STORE-1, is another position's: write one",
		"positions.csv 6: code is missing",
		`positions.csv 7: code is missing, and site "Nowhere": no site has this code, name or alias`,
		`positions.csv 8: contradicts positions.csv, line 3, column 4 (role), which says "clerk"`,
		"positions.csv 9: no code can be made of this room and desk: write one",
	}
	if diff := cmp.Diff(want, whys(plan)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"position D-7"}, keysOf(plan)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	fresh := importer.NewPlan([]*importer.Table{table(t, importer.Positions, "site,room,desk\nS001,Front Office,8\n")}, refreshing(), importer.PlanOptions{})
	if diff := cmp.Diff([]string{"position S001-FRONT-OFFICE-8"}, keysOf(fresh)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if _, err := importer.Read("x.csv", []byte("room,role\nHall,clerk\n"), importer.ReadOptions{Kind: importer.Positions}); err == nil || !strings.Contains(err.Error(), "no column is the code") {
		t.Errorf("without code or site: %v", err)
	}
}

func TestCompletionIsKnownByNumberAndCourse(t *testing.T) {
	r := refreshing()
	r.Training = []inventory.Training{{Staff: "a/1002", Course: "records", On: "2025-01-01"}}
	plan := importer.NewPlan([]*importer.Table{table(t, importer.Training, "employee id,module,date completed\nA/1002,RECORDS,2026-11-02\n")}, r, importer.PlanOptions{})
	if len(plan.Problems) > 0 || len(plan.Edits) != 1 || plan.Edits[0].New || plan.Edits[0].Key != "a/1002/records" ||
		plan.Edits[0].Fields[0] != (importer.FieldEdit{Column: "on", Before: "2025-01-01", After: "2026-11-02"}) {
		t.Errorf("problems %v, edits %+v", plan.Problems, plan.Edits)
	}
	if _, err := importer.Read("x.csv", []byte("employee id,date completed\n7,2026-11-02\n"), importer.ReadOptions{Kind: importer.Training}); err == nil || !strings.Contains(err.Error(), "no column is the course") {
		t.Errorf("without a course: %v", err)
	}
}

func TestNamesAreTakenAsPolicyAndErasureAllow(t *testing.T) {
	r := refreshing()
	r.Erased = []string{"1003"}
	file := table(t, importer.Staff, "number,site,full name\n1001,S001,Anne\n1003,S001,Zoe\n1004,S001,Bob\n")
	said := func(o importer.PlanOptions) (changes string, notices []string) {
		plan := importer.NewPlan([]*importer.Table{file}, r, o)
		if len(plan.Problems) > 0 {
			t.Fatal(plan.Problems)
		}
		for _, n := range plan.Notices {
			notices = append(notices, fmt.Sprintf("%d: %s", n.Row, n.Why))
		}
		for _, c := range plan.Changes {
			changes += string(c.After)
		}
		return changes, notices
	}
	changes, notices := said(importer.PlanOptions{})
	if !strings.Contains(changes, "Anne") || !strings.Contains(changes, "Bob") || strings.Contains(changes, "Zoe") ||
		len(notices) != 1 || notices[0] != "3: this person's personal values were erased: the name is not taken again" {
		t.Errorf("changes %s, notices %q", changes, notices)
	}
	changes, notices = said(importer.PlanOptions{DropNames: true})
	if strings.Contains(changes, "Anne") || strings.Contains(changes, "Bob") || strings.Contains(changes, "Zoe") || len(notices) != 1 {
		t.Errorf("changes %s, notices %q", changes, notices)
	}
	var file2 bytes.Buffer
	must(t, importer.Export(&file2, r, importer.ExportOptions{Kind: importer.Staff, Format: importer.CSV, WithoutNames: true}))
	if strings.Contains(file2.String(), "name") || strings.Contains(file2.String(), "Ann") {
		t.Errorf("an export without names is %s", file2.String())
	}
	again := importer.NewPlan([]*importer.Table{table(t, importer.Staff, file2.String())}, r, importer.PlanOptions{})
	if len(again.Changes)+len(again.Problems)+len(again.Notices) > 0 {
		t.Errorf("it re-imports as %+v, %v", again.Changes, again.Problems)
	}
}

// TestMilestonesThatWaitInARingAreAllRejected also rejects what would wait for them,
// and nothing else.
func TestMilestonesThatWaitInARingAreAllRejected(t *testing.T) {
	plan := importer.NewPlan([]*importer.Table{table(t, importer.Milestones, strings.Join([]string{
		"code,area,name,after",
		"A,a,n,C", "B,a,n,A", "C,a,n,B", // a ring
		"D,a,n,C",  // waits for one of it
		"E,a,n,D",  // and for that
		"M1,a,n,E", // known: stays as it is
		"F,a,n,M2", // right
		"G,a,n,H",
	}, "\n"))}, refreshing(), importer.PlanOptions{AcceptGood: true})
	want := []string{
		"milestones.csv 2: waits for itself, by way of C", "milestones.csv 3: waits for itself, by way of A", "milestones.csv 4: waits for itself, by way of B",
		"milestones.csv 5: waits for C: there is no such milestone", "milestones.csv 6: waits for D: there is no such milestone",
		"milestones.csv 7: waits for E: there is no such milestone", "milestones.csv 9: waits for H: there is no such milestone",
	}
	got := whys(plan)
	for i := range got { // which of the ring is named is of no weight
		for _, w := range []string{"A", "B", "C"} {
			if strings.Contains(got[i], "itself") {
				got[i] = strings.ReplaceAll(got[i], "way of "+w, "way of")
				want[i] = strings.ReplaceAll(want[i], "way of "+w, "way of")
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"milestone F"}, keysOf(plan)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// TestAcceptedMilestonesNeverWaitInARing plans random files over random registers.
func TestAcceptedMilestonesNeverWaitInARing(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 9))
		var r inventory.Register
		for i := range 8 {
			m := inventory.Milestone{Code: fmt.Sprint("M", i), Area: "a", Name: "n"}
			if i > 0 && random.IntN(2) == 0 {
				m.After = []string{fmt.Sprint("M", random.IntN(i))}
			}
			r.Milestones = append(r.Milestones, m)
		}
		var b strings.Builder
		b.WriteString("code,area,name,after\n")
		for _, i := range random.Perm(14)[:10] {
			fmt.Fprintf(&b, "M%d,a,n,M%d; M%d\n", i, random.IntN(15), (i+1+random.IntN(13))%14)
		}
		plan := importer.NewPlan([]*importer.Table{table(t, importer.Milestones, b.String())}, r, importer.PlanOptions{AcceptGood: true})
		after := map[string][]string{}
		for _, m := range apply(t, r, inventory.Batch{Changes: plan.Changes}).Milestones {
			after[m.Code] = m.After
		}
		for round := 0; len(after) > 0; round++ { // strip what waits for nothing that is left
			before := len(after)
			for code, waits := range after {
				free := true
				for _, w := range waits {
					_, left := after[w]
					free = free && !left
				}
				if free {
					delete(after, code)
				}
			}
			if len(after) == before {
				t.Fatalf("seed %d: %v wait for one another:\n%s", seed, after, b.String())
			}
		}
	}
}

func TestAWaveOfManySitesFitsACell(t *testing.T) {
	var r inventory.Register
	wave := inventory.Wave{Code: "W1", Programme: "P1", Name: "All"}
	for i := range inventory.MaxSitesOfWave {
		code := fmt.Sprintf("ABCDEFGHIJK%05d", i)
		r.Sites = append(r.Sites, inventory.Site{Code: code, Name: code})
		wave.Sites = append(wave.Sites, code)
	}
	r.Programmes, r.Waves = []inventory.Programme{{Code: "P1", Name: "P"}}, []inventory.Wave{wave}
	valid(t, r.Waves)
	for _, format := range []importer.Format{importer.CSV, importer.XLSX} {
		content := export(t, r, importer.Waves, format)
		plan := planOne(t, read(t, "waves", string(content), importer.ReadOptions{Kind: importer.Waves}), r)
		if len(plan.Problems)+len(plan.Changes) > 0 || plan.Unchanged != 1 {
			t.Errorf("%s: problems %v", format, plan.Problems)
		}
	}
}
