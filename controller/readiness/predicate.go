package readiness

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Bounds of one predicate. The cost is CEL's own estimate of the worst case, in
// its unit: about one for each field read and each comparison.
const (
	MaxPredicate     = 2000 // characters
	MaxPredicateCost = 5000
	maxNesting       = 50
	sizeOfText       = 64 // characters of a field, for the estimate
	sizeOfList       = 64 // of a row's lists and maps
)

// predicate is a compiled CEL expression over one row. It holds no state: any
// number of goroutines may run it.
type predicate struct {
	text  string
	word  string
	prog  cel.Program
	cost  uint64
	terms []term // its conjuncts, to say which of them failed
	reads []read
}

// term is one conjunct of a predicate: `a && b` has two.
type term struct {
	text  string
	prog  cel.Program
	reads []read
}

// read is one value that a predicate looks at.
type read struct {
	path  string // access.p95_ms
	steps []step
}

// library compiles predicates; one is made for each file.
type library struct {
	envs map[Over]*cel.Env
}

func newLibrary() *library { return &library{envs: map[Over]*cel.Env{}} }

func (l *library) env(over Over) (*cel.Env, error) {
	if env, ok := l.envs[over]; ok {
		return env, nil
	}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	word := over.Word()
	env, err := cel.NewEnv(
		cel.CustomTypeProvider(&provider{Provider: registry, shapes: parts}),
		cel.CustomTypeAdapter(adapter{}),
		cel.Variable(word, cel.ObjectType(word)),
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(),
		cel.ParserExpressionSizeLimit(MaxPredicate),
		cel.ParserRecursionLimit(maxNesting),
	)
	if err != nil {
		return nil, err
	}
	l.envs[over] = env
	return env, nil
}

// fault is one thing wrong with a predicate, where it stands in its text.
type fault struct {
	line, column int // line from 1, column from 0
	what         string
}

// compile makes a predicate of text, or says everything that is wrong with it.
func (l *library) compile(over Over, text string) (*predicate, []fault) {
	env, err := l.env(over)
	if err != nil {
		return nil, []fault{{line: 1, what: err.Error()}}
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, faultsOf(issues, nil)
	}
	known := unknownFields(parsed.NativeRep(), over.Word())
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, faultsOf(issues, known)
	}
	if !checked.OutputType().IsExactType(types.BoolType) {
		return nil, []fault{{line: 1, what: fmt.Sprintf("it gives %s, want true or false", typeName(checked.OutputType()))}}
	}
	estimate, err := env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, []fault{{line: 1, what: "its cost cannot be estimated: " + err.Error()}}
	}
	if estimate.Max > MaxPredicateCost {
		return nil, []fault{{line: 1, what: fmt.Sprintf("it may cost %d for one row, the limit is %d: compare fields, or look through fewer lists", estimate.Max, MaxPredicateCost)}}
	}
	p, err := l.plan(env, over.Word(), text, checked)
	if err != nil {
		return nil, []fault{{line: 1, what: err.Error()}}
	}
	p.cost = estimate.Max
	return p, nil
}

func (l *library) plan(env *cel.Env, word, text string, checked *cel.Ast) (*predicate, error) {
	prog, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, err
	}
	p := &predicate{text: text, word: word, prog: prog}
	for _, e := range conjuncts(checked.NativeRep().Expr()) {
		t, err := l.planTerm(env, word, checked.NativeRep(), e)
		if err != nil {
			return nil, err
		}
		p.terms = append(p.terms, t)
		for _, r := range t.reads {
			if !slices.ContainsFunc(p.reads, func(o read) bool { return o.path == r.path }) {
				p.reads = append(p.reads, r)
			}
		}
	}
	return p, nil
}

func (l *library) planTerm(env *cel.Env, word string, whole *ast.AST, e ast.Expr) (term, error) {
	text, prog, err := subProgram(env, whole, e)
	if err != nil {
		return term{}, err
	}
	t := term{text: text, prog: prog}
	for _, path := range pathsOf(e, word) {
		steps, _ := stepsOf(path, word)
		pathText, err := cel.ExprToString(path, whole.SourceInfo())
		if err != nil {
			return term{}, err
		}
		if !slices.ContainsFunc(t.reads, func(o read) bool { return o.path == pathText }) {
			t.reads = append(t.reads, read{path: pathText, steps: steps})
		}
	}
	return t, nil
}

// subProgram compiles a part of a checked expression by itself.
func subProgram(env *cel.Env, whole *ast.AST, e ast.Expr) (string, cel.Program, error) {
	text, err := cel.ExprToString(e, whole.SourceInfo())
	if err != nil {
		return "", nil, err
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return "", nil, fmt.Errorf("cannot take %q by itself: %w", text, issues.Err())
	}
	prog, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	return strings.ReplaceAll(text, "\n", " "), prog, err
}

// conjuncts splits a && b && c.
func conjuncts(e ast.Expr) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.LogicalAnd {
		return []ast.Expr{e}
	}
	var all []ast.Expr
	for _, arg := range e.AsCall().Args() {
		all = append(all, conjuncts(arg)...)
	}
	return all
}

// vars is a row as CEL finds it by its name.
type vars struct {
	word string
	row  any
}

// ResolveName implements cel.Activation.
func (v *vars) ResolveName(name string) (any, bool) {
	if name == v.word {
		return v.row, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (v *vars) Parent() cel.Activation { return nil }

func run(prog cel.Program, v *vars) ref.Val {
	val, _, err := prog.Eval(v)
	if val == nil {
		return types.WrapErr(err)
	}
	return val
}

// sizes bounds what lists, maps and texts of a row cost.
type sizes struct{}

// EstimateSize implements checker.CostEstimator.
func (sizes) EstimateSize(element checker.AstNode) *checker.SizeEstimate {
	switch element.Type().Kind() {
	case types.StringKind, types.BytesKind:
		return &checker.SizeEstimate{Min: 0, Max: sizeOfText}
	default:
		return &checker.SizeEstimate{Min: 0, Max: sizeOfList}
	}
}

// EstimateCallCost implements checker.CostEstimator.
func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}
