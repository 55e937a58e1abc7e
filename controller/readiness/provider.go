package readiness

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// provider tells CEL the types of rows. Whatever is not a row's is left to CEL's
// own registry.
type provider struct {
	types.Provider

	shapes map[string]*shape
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if s, ok := p.shapes[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(s.name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	s, ok := p.shapes[name]
	if !ok {
		return p.Provider.FindStructFieldNames(name)
	}
	names := make([]string, len(s.fields))
	for i := range s.fields {
		names[i] = s.fields[i].Name
	}
	return names, true
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	s, ok := p.shapes[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, field)
	}
	f, ok := s.byName[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type:    f.kind,
		IsSet:   func(of any) bool { return !types.IsUnknownOrError(asVal(f.get(of))) },
		GetFrom: func(of any) (any, error) { return f.get(of), nil },
	}, true
}

// NewValue implements types.Provider: a predicate reads rows and makes none.
func (p *provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.shapes[name]; ok {
		return types.NewErr("a predicate cannot make a %s", name)
	}
	return p.Provider.NewValue(name, fields)
}

func asVal(v any) ref.Val {
	val, _ := v.(ref.Val)
	return val
}

// adapter wraps parts of rows where CEL wants values.
type adapter struct{}

// NativeToValue implements types.Adapter.
func (adapter) NativeToValue(v any) ref.Val {
	if val, ok := v.(ref.Val); ok {
		return val
	}
	if s := shapeOf(v); s != nil {
		return &object{of: v, shape: s}
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}
