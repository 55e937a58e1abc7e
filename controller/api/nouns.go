package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"muster/inventory"
)

// declared is one noun of the refresh: how it is listed, who may read and write it.
// All are served alike, from this table.
type declared[T any] struct {
	noun     inventory.Noun
	path     string // below the prefix
	readers  who
	writers  who
	keyOf    func(T) string
	siteOf   func(T) string
	validate func(T) error
}

// refreshRoutes is the rows of every noun of the refresh.
func (a *API) refreshRoutes() []route {
	const roleIT, roleProgramme = inventory.RoleIT, inventory.RoleProgramme
	var rows []route
	rows = append(rows, nounRoutes[programmeList](a, declared[inventory.Programme]{
		noun: inventory.NounProgramme, path: "/programmes", readers: desks(), writers: only(roleProgramme),
		keyOf: func(n inventory.Programme) string { return n.Code }, validate: inventory.Programme.Validate,
	})...)
	rows = append(rows, nounRoutes[waveList](a, declared[inventory.Wave]{
		noun: inventory.NounWave, path: "/waves", readers: desks(), writers: only(roleProgramme),
		keyOf: func(n inventory.Wave) string { return n.Code }, validate: inventory.Wave.Validate,
	})...)
	rows = append(rows, nounRoutes[positionList](a, declared[inventory.Position]{
		noun: inventory.NounPosition, path: "/positions", readers: desks(), writers: only(roleIT),
		keyOf:  func(n inventory.Position) string { return n.Code },
		siteOf: func(n inventory.Position) string { return n.Site }, validate: inventory.Position.Validate,
	})...)
	rows = append(rows, nounRoutes[visitList](a, declared[inventory.Visit]{
		noun: inventory.NounVisit, path: "/visits", readers: desks(), writers: only(roleIT),
		keyOf:  func(n inventory.Visit) string { return n.Code },
		siteOf: func(n inventory.Visit) string { return n.Site }, validate: inventory.Visit.Validate,
	})...)
	rows = append(rows, nounRoutes[consignmentList](a, declared[inventory.Consignment]{
		noun: inventory.NounConsignment, path: "/consignments", readers: desks(), writers: only(roleIT),
		keyOf:  func(n inventory.Consignment) string { return n.Code },
		siteOf: func(n inventory.Consignment) string { return n.Site }, validate: inventory.Consignment.Validate,
	})...)
	rows = append(rows, nounRoutes[staffList](a, declared[inventory.Staff]{
		noun: inventory.NounStaff, path: "/staff", readers: only(roleIT, roleProgramme), writers: only(roleProgramme),
		keyOf:  func(n inventory.Staff) string { return n.Number },
		siteOf: func(n inventory.Staff) string { return n.Site }, validate: a.validStaff,
	})...)
	rows = append(rows, nounRoutes[courseList](a, declared[inventory.Course]{
		noun: inventory.NounCourse, path: "/courses", readers: desks(), writers: only(roleProgramme),
		keyOf: func(n inventory.Course) string { return n.Code }, validate: inventory.Course.Validate,
	})...)
	rows = append(rows, nounRoutes[trainingList](a, declared[inventory.Training]{
		noun: inventory.NounTraining, path: "/training", readers: only(roleIT, roleProgramme), writers: only(roleProgramme),
		keyOf: inventory.Training.Key, validate: inventory.Training.Validate,
	})...)
	rows = append(rows, nounRoutes[milestoneList](a, declared[inventory.Milestone]{
		noun: inventory.NounMilestone, path: "/milestones", readers: desks(), writers: only(roleProgramme),
		keyOf:  func(n inventory.Milestone) string { return n.Code },
		siteOf: func(n inventory.Milestone) string { return n.Site }, validate: inventory.Milestone.Validate,
	})...)
	return append(rows, route{
		http.MethodPost, prefix + "/staff/{key}/erase", nobody(), only(roleProgramme),
		typed(a, "Erase what is personal of a member of staff, for good; dry_run only says what that is", a.eraseStaff),
	})
}

// filtered is the input of a noun's list.
type filtered[I any] interface {
	paged[I]
	filter() inventory.NounFilter
}

// NounKey names a noun in an address. It is exported because huma reads the tags of
// exported embedded structs only.
type NounKey struct {
	Key string `path:"key" maxLength:"300"`
}

type nounPut[T any] struct {
	NounKey
	IfMatch string `header:"If-Match" doc:"the ETag that a GET gave: refused where the noun was changed since"`
	Body    T
}

type nounPatch struct {
	NounKey
	IfMatch string `header:"If-Match" doc:"the ETag that a GET gave: refused where the noun was changed since"`
	Body    json.RawMessage
}

type nounDelete struct {
	NounKey
	IfMatch string `header:"If-Match" doc:"the ETag that a GET gave: refused where the noun was changed since"`
}

// nounRoutes is the rows of one noun: list, show, put, patch, delete.
func nounRoutes[I, T any, P filtered[I]](a *API, d declared[T]) []route {
	one := prefix + d.path + "/{key}"
	none := nobody()
	return []route{
		{http.MethodGet, prefix + d.path, d.readers, none, list[I, T, P](a, "List "+strings.TrimPrefix(d.path, "/"), fieldColumns[T](), listNouns[I, T, P](a, d))},
		{http.MethodGet, one, d.readers, none, typed(a, "Show one of "+d.path[1:], func(ctx context.Context, in *NounKey) (T, error) {
			return d.find(ctx, a, plainKey(in.Key))
		})},
		{http.MethodPut, one, none, d.writers, typed(a, "Make or replace one of "+d.path[1:], func(ctx context.Context, in *nounPut[T]) (Edited[T], error) {
			return put(ctx, a, d.subject(a, in.Key, in.IfMatch), in.Body)
		})},
		{http.MethodPatch, one, none, d.writers, typed(a, "Change fields of one of "+d.path[1:], func(ctx context.Context, in *nounPatch) (Edited[T], error) {
			return merge(ctx, a, d.subject(a, in.Key, in.IfMatch), in.Body)
		})},
		{http.MethodDelete, one, none, d.writers, typed(a, "Remove one of "+d.path[1:], func(ctx context.Context, in *nounDelete) (Edited[T], error) {
			return remove(ctx, a, d.subject(a, in.Key, in.IfMatch))
		})},
	}
}

func listNouns[I, T any, P filtered[I]](a *API, d declared[T]) func(ctx context.Context, in *I) ([]T, string, error) {
	return func(ctx context.Context, in *I) ([]T, string, error) {
		f := P(in).filter()
		f.Page, f.Names = P(in).paging().page(), seesNames(callerOf(ctx).Role)
		bodies, next, err := a.Store.Nouns(ctx, d.noun, f)
		if err != nil {
			return nil, "", err
		}
		nouns := make([]T, len(bodies))
		for i, body := range bodies {
			if err := json.Unmarshal(body, &nouns[i]); err != nil {
				return nil, "", fmt.Errorf("cannot read a stored %s: %w", d.noun, err)
			}
		}
		return nouns, next, nil
	}
}

// find reads one noun, without names for those who may not see them.
func (d declared[T]) find(ctx context.Context, a *API, key string) (noun T, err error) {
	body, err := a.Store.Noun(ctx, d.noun, key)
	if err != nil {
		return noun, err
	}
	if err := json.Unmarshal(body, &noun); err != nil {
		return noun, fmt.Errorf("cannot read a stored %s: %w", d.noun, err)
	}
	if person, ok := any(&noun).(*inventory.Staff); ok && !seesNames(callerOf(ctx).Role) {
		person.Name = ""
	}
	return noun, nil
}

// subject is the noun as an edit sees it.
func (d declared[T]) subject(a *API, key, ifMatch string) subject[T] {
	key = plainKey(key)
	siteOf := d.siteOf
	if siteOf == nil {
		siteOf = func(T) string { return "" }
	}
	return subject[T]{
		noun: d.noun, key: key, match: ifMatch,
		get:   func(ctx context.Context) (T, error) { return d.find(ctx, a, key) },
		keyOf: d.keyOf, siteOf: siteOf, validate: d.validate,
	}
}

// fieldColumns is a column for each field of a noun, by its JSON name.
func fieldColumns[T any]() []column[T] {
	var columns []column[T]
	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		columns = append(columns, column[T]{name, func(noun T) string {
			switch v := reflect.ValueOf(noun).FieldByIndex(field.Index); v.Kind() {
			case reflect.Slice:
				texts := make([]string, v.Len())
				for i := range texts {
					texts[i] = v.Index(i).String()
				}
				return strings.Join(texts, "; ")
			case reflect.Int:
				return strconv.FormatInt(v.Int(), 10)
			default:
				return v.String()
			}
		}})
	}
	return columns
}
