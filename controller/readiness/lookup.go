package readiness

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

var errNoNative = errors.New("a row's map has no other form")

// Contains implements traits.Container; of a key that nobody measured it is false.
func (l *lookup[V]) Contains(key ref.Val) ref.Val {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key)
	}
	_, there := l.m[string(name)]
	return types.Bool(there)
}

// Find implements traits.Mapper.
func (l *lookup[V]) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key), true
	}
	if v, there := l.m[string(name)]; there {
		return l.as(v), true
	}
	return unknown(l.label+"['"+string(name)+"']", l.absent), true
}

// Get implements traits.Indexer.
func (l *lookup[V]) Get(key ref.Val) ref.Val {
	v, _ := l.Find(key)
	return v
}

// Iterator implements traits.Iterable: the keys in order, so that a result never
// depends on the run.
func (l *lookup[V]) Iterator() traits.Iterator {
	keys := slices.Sorted(maps.Keys(l.m))
	list, ok := types.NewStringList(types.DefaultTypeAdapter, keys).(traits.Iterable)
	if !ok {
		return types.NewStringList(types.DefaultTypeAdapter, nil).(traits.Iterable).Iterator()
	}
	return list.Iterator()
}

// Size implements traits.Sizer.
func (l *lookup[V]) Size() ref.Val { return types.Int(len(l.m)) }

// ConvertToNative implements ref.Val.
func (l *lookup[V]) ConvertToNative(reflect.Type) (any, error) { return nil, errNoNative }

// ConvertToType implements ref.Val.
func (l *lookup[V]) ConvertToType(to ref.Type) ref.Val {
	return types.NewErr("cannot convert a map to %s", to.TypeName())
}

// Equal implements ref.Val: a row's map equals nothing but itself.
func (l *lookup[V]) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(l) == other) }

// Type implements ref.Val.
func (l *lookup[V]) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (l *lookup[V]) Value() any { return l }

// object is a part of a row where CEL wants a value of its own: a variable of a
// comprehension, an operand of ==.
type object struct {
	of    any
	shape *shape
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(reflect.Type) (any, error) { return nil, errNoNative }

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(to ref.Type) ref.Val {
	return types.NewErr("cannot convert %s to %s", o.shape.name, to.TypeName())
}

// Equal implements ref.Val.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	return types.Bool(ok && p.of == o.of)
}

// Get implements traits.Indexer.
func (o *object) Get(index ref.Val) ref.Val {
	name, ok := index.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(index)
	}
	f, known := o.shape.byName[string(name)]
	if !known {
		return types.NewErr("no such field: %s", name)
	}
	return adapter{}.NativeToValue(f.get(o.of))
}

// Type implements ref.Val.
func (o *object) Type() ref.Type { return types.NewObjectType(o.shape.name) }

// Value implements ref.Val.
func (o *object) Value() any { return o.of }
