package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// describe is the head of the OpenAPI document. The document is served by a row
// of our own table, so huma's own addresses are left empty.
func describe(version string) huma.Config {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "Muster",
				Version: version,
				Description: "Sites, workstations, assets, links, subnets, join tokens and the mesh of one estate. " +
					"Lists answer {items, next}; a refusal is a problem of RFC 9457. " +
					"A fact is its bare value, or {\"unknown\": \"why\"}.",
			},
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", Description: "An API token, as `muster serve` and `muster demo` print it."},
				},
			},
		},
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
	}
}

// fact is what every inventory.Fact[T] is.
type fact interface {
	Known() bool
	Reason() string
}

// describeFacts replaces the schema of each Fact[T], which reflection sees as an
// object without fields, by what it is: a T or {"unknown": reason}.
func describeFacts(schemas huma.Registry) {
	done := map[string]bool{}
	for more := true; more; { // describing one may bring in another
		more = false
		for name, schema := range schemas.Map() {
			if done[name] {
				continue
			}
			done[name], more = true, true
			t := schemas.TypeFromRef("#/components/schemas/" + name)
			if t == nil || !t.Implements(reflect.TypeFor[fact]()) {
				continue
			}
			get, ok := t.MethodByName("Get")
			if !ok {
				continue
			}
			*schema = huma.Schema{
				OneOf: []*huma.Schema{schemas.Schema(get.Type.Out(0), true, name+"Value"), unknownSchema()},
			}
			break // the map may have changed
		}
	}
}

func unknownSchema() *huma.Schema {
	return &huma.Schema{
		Type:                 huma.TypeObject,
		Required:             []string{"unknown"},
		AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"unknown": {Type: huma.TypeString, Description: "why the value is not known"},
		},
	}
}
