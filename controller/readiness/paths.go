package readiness

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// step is one step of a path: a field of a part, or a key of a map.
type step struct {
	field *Field
	key   string
}

// pathsOf lists the longest paths from the row that e reads, each once.
func pathsOf(e ast.Expr, word string) []ast.Expr {
	if steps, ok := stepsOf(e, word); ok && len(steps) > 0 {
		return []ast.Expr{e}
	}
	var paths []ast.Expr
	for _, below := range operands(e) {
		paths = append(paths, pathsOf(below, word)...)
	}
	return paths
}

func operands(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			return append([]ast.Expr{call.Target()}, call.Args()...)
		}
		return call.Args()
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.MapKind:
		var all []ast.Expr
		for _, entry := range e.AsMap().Entries() {
			all = append(all, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		return all
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		return []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()}
	case ast.IdentKind, ast.LiteralKind, ast.StructKind, ast.UnspecifiedExprKind:
		return nil
	default:
		return nil
	}
}

// stepsOf reads e as a path from the row: fields that are known, and keys that
// are written out. ok is false where it is anything else.
func stepsOf(e ast.Expr, word string) ([]step, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return nil, e.AsIdent() == word
	case ast.SelectKind:
		s := e.AsSelect()
		before, ok := stepsOf(s.Operand(), word)
		if !ok || s.IsTestOnly() {
			return nil, false
		}
		below := shapeAfter(before, word)
		if below == nil || below.byName[s.FieldName()] == nil {
			return nil, false
		}
		return append(before, step{field: below.byName[s.FieldName()]}), true
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return nil, false
		}
		key, isText := call.Args()[1].AsLiteral().(types.String)
		before, ok := stepsOf(call.Args()[0], word)
		if !ok || !isText || len(before) == 0 {
			return nil, false
		}
		return append(before, step{key: string(key)}), true
	default:
		return nil, false
	}
}

// shapeAfter is the shape of the part that the steps lead to; nil: no part.
func shapeAfter(steps []step, word string) *shape {
	if len(steps) == 0 {
		return parts[word]
	}
	last := steps[len(steps)-1]
	if last.field != nil {
		return parts[last.field.kind.TypeName()]
	}
	if len(steps) < 2 || steps[len(steps)-2].field == nil {
		return nil
	}
	if of := steps[len(steps)-2].field.kind; of.Kind() == types.MapKind {
		return parts[of.Parameters()[1].TypeName()]
	}
	return nil
}

// follow reads the value at the end of the steps, and the part that its last
// field belongs to.
func follow(row any, steps []step) (val ref.Val, of any) {
	at := row
	for _, s := range steps {
		if s.field != nil {
			of = at
			at = s.field.get(at)
		} else if m, ok := at.(traits.Mapper); ok {
			at, _ = m.Find(types.String(s.key))
		}
		if o, ok := at.(*object); ok {
			at = o.of
		}
	}
	return adapter{}.NativeToValue(at), of
}

// why asks the field at the end of the path for more about its value.
func (r read) why(of any) string {
	last := r.steps[len(r.steps)-1].field
	if last == nil || last.why == nil || of == nil {
		return ""
	}
	return last.why(of)
}

// unknownFields finds selections of fields that a part of the row has not, and
// says by expression which it has.
func unknownFields(a *ast.AST, word string) map[int64]string {
	found := map[int64]string{}
	var walk func(e ast.Expr)
	walk = func(e ast.Expr) {
		if e.Kind() == ast.SelectKind {
			s := e.AsSelect()
			if steps, ok := stepsOf(s.Operand(), word); ok {
				if below := shapeAfter(steps, word); below != nil && below.byName[s.FieldName()] == nil {
					found[e.ID()] = fmt.Sprintf("%s has no field %q%s; known: %s", below.name, s.FieldName(), nearest(s.FieldName(), names(below)), strings.Join(names(below), ", "))
				}
			}
		}
		for _, below := range operands(e) {
			walk(below)
		}
	}
	walk(a.Expr())
	return found
}

func names(s *shape) []string {
	all := make([]string, len(s.fields))
	for i := range s.fields {
		all[i] = s.fields[i].Name
	}
	slices.Sort(all)
	return all
}

var (
	noOverload = regexp.MustCompile(`^found no matching overload for '(.+)' applied to '\((.*)\)'`)
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
)

// faultsOf says CEL's problems in our words: known holds better ones.
func faultsOf(issues *cel.Issues, known map[int64]string) []fault {
	var faults []fault
	for _, e := range issues.Errors() {
		f := fault{line: max(e.Location.Line(), 1), column: max(e.Location.Column(), 0), what: e.Message}
		if better, ok := known[e.ExprID]; ok {
			f.what = better
		} else if m := noOverload.FindStringSubmatch(e.Message); m != nil {
			f.what = fmt.Sprintf("%s cannot be used on (%s)", strings.Trim(m[1], "_"), m[2])
		} else if m := undeclared.FindStringSubmatch(e.Message); m != nil {
			f.what = fmt.Sprintf("%q is not known here", m[1])
		} else if what, ok := strings.CutPrefix(e.Message, "Syntax error: "); ok {
			f.what = "it cannot be read: " + what
		}
		faults = append(faults, f)
	}
	return faults
}

// nearest suggests a word for one that was misspelt.
func nearest(word string, known []string) string {
	best, at := "", 3
	for _, k := range known {
		if d := distance(word, k); d < at {
			best, at = k, d
		}
	}
	if i := slices.IndexFunc(known, func(k string) bool { return len(word) > 2 && strings.HasPrefix(k, word) }); best == "" && i >= 0 {
		best = known[i]
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// distance is Levenshtein's, of short words.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := left
			if a[i] != b[j] {
				cost = min(left, row[j], row[j+1]) + 1
			}
			left, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
