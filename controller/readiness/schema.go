package readiness

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"muster/inventory"
)

// Field is one word that a predicate may read of a row, or of a part of a row.
type Field struct {
	Name string
	Type string // bool, int, double, string, list(string), map(string, …) or a part's name
	Doc  string

	kind *types.Type
	get  func(any) any    // of a pointer to its shape's struct: a CEL value, a pointer to a part, or an unknown
	why  func(any) string // more about the value, for a person; nil: nothing
}

// shape is the type of a row, or of a part of one, as CEL sees it. Its getters
// read Go structs directly: a county is judged in milliseconds, and reflection
// would take most of them.
type shape struct {
	name   string
	fields []Field
	byName map[string]*Field
}

func newShape(name string, fields ...Field) *shape {
	s := &shape{name: name, fields: fields, byName: make(map[string]*Field, len(fields))}
	for i := range s.fields {
		f := &s.fields[i]
		f.Type = typeName(f.kind)
		s.byName[f.Name] = f
	}
	return s
}

func typeName(kind *types.Type) string {
	switch kind.Kind() {
	case types.ListKind:
		return "list(" + typeName(kind.Parameters()[0]) + ")"
	case types.MapKind:
		return "map(" + typeName(kind.Parameters()[0]) + ", " + typeName(kind.Parameters()[1]) + ")"
	default:
		return kind.TypeName()
	}
}

// because says why the value is what it is.
func (f Field) because(why func(any) string) Field {
	f.why = why
	return f
}

func because[T any](f Field, why func(*T) string) Field {
	return f.because(func(of any) string {
		if t, ok := of.(*T); ok {
			return why(t)
		}
		return ""
	})
}

// reading is a getter of T that lets an unknown through: CEL asks for the fields
// of an unknown part as if it were there.
func reading[T any](get func(*T) any) func(any) any {
	return func(of any) any {
		if t, ok := of.(*T); ok {
			return get(t)
		}
		if unknown, ok := of.(*types.Unknown); ok {
			return unknown
		}
		return types.NewErr("cannot read %T", of)
	}
}

func text[T any, S ~string](name, doc string, get func(*T) S) Field {
	return Field{Name: name, Doc: doc, kind: types.StringType, get: reading(func(t *T) any { return types.String(get(t)) })}
}

func flag[T any](name, doc string, get func(*T) bool) Field {
	return Field{Name: name, Doc: doc, kind: types.BoolType, get: reading(func(t *T) any { return types.Bool(get(t)) })}
}

func count[T any](name, doc string, get func(*T) int) Field {
	return Field{Name: name, Doc: doc, kind: types.IntType, get: reading(func(t *T) any { return types.Int(get(t)) })}
}

func texts[T any](name, doc string, get func(*T) []string) Field {
	return Field{Name: name, Doc: doc, kind: types.NewListType(types.StringType), get: reading(func(t *T) any {
		return types.NewStringList(types.DefaultTypeAdapter, get(t))
	})}
}

// part is a struct within T; a nil one is unknown, absent says why.
func part[T, U any](name, doc string, below *shape, absent string, get func(*T) *U) Field {
	label := name
	return Field{Name: name, Doc: doc, kind: types.NewObjectType(below.name), get: reading(func(t *T) any {
		if u := get(t); u != nil {
			return u
		}
		return unknown(label, absent)
	})}
}

// fact is a value that may be unknown.
func fact[T, V any](name, doc string, kind *types.Type, get func(*T) *inventory.Fact[V], as func(V) ref.Val) Field {
	label := name
	return Field{Name: name, Doc: doc, kind: kind, get: reading(func(t *T) any {
		f := get(t)
		if v, known := f.Get(); known {
			return as(v)
		}
		return unknown(label, f.Reason())
	})}
}

func factFlag[T any](name, doc string, get func(*T) *inventory.Fact[bool]) Field {
	return fact(name, doc, types.BoolType, get, func(v bool) ref.Val { return types.Bool(v) })
}

func factCount[T any](name, doc string, get func(*T) *inventory.Fact[int]) Field {
	return fact(name, doc, types.IntType, get, func(v int) ref.Val { return types.Int(v) })
}

func factNumber[T any](name, doc string, get func(*T) *inventory.Fact[float64]) Field {
	return fact(name, doc, types.DoubleType, get, func(v float64) ref.Val { return types.Double(v) })
}

func factText[T any](name, doc string, get func(*T) *inventory.Fact[string]) Field {
	return fact(name, doc, types.StringType, get, func(v string) ref.Val { return types.String(v) })
}

func factTexts[T any](name, doc string, get func(*T) *inventory.Fact[[]string]) Field {
	return fact(name, doc, types.NewListType(types.StringType), get, func(v []string) ref.Val {
		return types.NewStringList(types.DefaultTypeAdapter, v)
	})
}

// unknown is CEL's unknown that carries its reason where CEL keeps the name of
// what is missing: operators merge those of several values, and drop them where
// the result does not depend on them.
func unknown(label, reason string) *types.Unknown {
	return types.NewUnknown(0, types.NewAttributeTrail(label+": "+reason))
}

// lookup is a CEL map over a Go map of parts. A key that is not there is unknown,
// not an error: nobody measured it.
type lookup[V any] struct {
	label  string
	absent string
	m      map[string]V
	as     func(V) ref.Val
}

func table[T, V any](name, doc string, value *types.Type, absent string, get func(*T) map[string]V, as func(V) ref.Val) Field {
	label := name
	return Field{Name: name, Doc: doc, kind: types.NewMapType(types.StringType, value), get: reading(func(t *T) any {
		return &lookup[V]{label: label, absent: absent, m: get(t), as: as}
	})}
}
