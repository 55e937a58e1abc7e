package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"muster/inventory"
)

// Estate is the declared estate at one moment, without the nouns of its refresh,
// each noun by its key.
func (s *Store) Estate(ctx context.Context) (r inventory.Register, err error) {
	err = s.look(ctx, "read the register", func(t tx) error { return readEstate(t, &r) })
	return r, err
}

// Register is everything that is declared at one moment, each noun by its key,
// people with their names.
func (s *Store) Register(ctx context.Context) (r inventory.Register, err error) {
	err = s.look(ctx, "read the register", func(t tx) error {
		if err := readEstate(t, &r); err != nil {
			return err
		}
		return readRefresh(t, &r)
	})
	return r, err
}

func readEstate(t tx, r *inventory.Register) (err error) {
	all := selection{limit: everything}
	if r.Sites, _, err = list(t, "sites", "code", all, codeOf); err != nil {
		return err
	}
	if r.Subnets, _, err = list(t, "subnets", "prefix", all, prefixOf); err != nil {
		return err
	}
	if r.Links, _, err = list(t, "links", "circuit", all, circuitOf); err != nil {
		return err
	}
	r.Assets, _, err = list(t, "assets", "tag", all, tagOf)
	return err
}

func readRefresh(t tx, r *inventory.Register) (err error) {
	for _, read := range []func() error{
		func() error { return whole(t, inventory.NounProgramme, &r.Programmes) },
		func() error { return whole(t, inventory.NounWave, &r.Waves) },
		func() error { return whole(t, inventory.NounPosition, &r.Positions) },
		func() error { return whole(t, inventory.NounVisit, &r.Visits) },
		func() error { return whole(t, inventory.NounConsignment, &r.Consignments) },
		func() error { return whole(t, inventory.NounStaff, &r.Staff) },
		func() error { return whole(t, inventory.NounCourse, &r.Courses) },
		func() error { return whole(t, inventory.NounTraining, &r.Training) },
		func() error { return whole(t, inventory.NounMilestone, &r.Milestones) },
	} {
		if err := read(); err != nil {
			return err
		}
	}
	names, err := allNames(t)
	if err != nil {
		return err
	}
	for i := range r.Staff {
		r.Staff[i].Name = names[r.Staff[i].Number]
	}
	r.Erased, err = erasedNumbers(t)
	return err
}

// whole reads every noun of a kind by key.
func whole[T any](t tx, noun inventory.Noun, into *[]T) error {
	k, err := keeperOf(noun)
	if err != nil {
		return err
	}
	*into, _, err = list(t, k.table, k.key, selection{limit: everything}, func(T) string { return "" })
	return err
}

// Sites is a page of sites by code.
func (s *Store) Sites(ctx context.Context, page inventory.Page) (sites []inventory.Site, next string, err error) {
	err = s.look(ctx, "list sites", func(t tx) (err error) {
		sites, next, err = list(t, "sites", "code", selectPage(page), codeOf)
		return err
	})
	return sites, next, err
}

// Site is one site; ErrNotFound.
func (s *Store) Site(ctx context.Context, code string) (site inventory.Site, err error) {
	err = s.look(ctx, fmt.Sprintf("read site %q", code), func(t tx) (err error) {
		site, err = find[inventory.Site](t, "sites", "code", code)
		return err
	})
	return site, err
}

// Subnets is every subnet by prefix.
func (s *Store) Subnets(ctx context.Context) (subnets []inventory.Subnet, err error) {
	err = s.look(ctx, "list subnets", func(t tx) (err error) {
		subnets, _, err = list(t, "subnets", "prefix", selection{limit: everything}, prefixOf)
		return err
	})
	return subnets, err
}

// Links is a page of links by circuit.
func (s *Store) Links(ctx context.Context, f inventory.LinkFilter) (links []inventory.Link, next string, err error) {
	err = s.look(ctx, "list links", func(t tx) (err error) {
		chosen := selectPage(f.Page)
		chosen.equal("site", f.Site)
		chosen.equal("carrier", f.Carrier)
		links, next, err = list(t, "links", "circuit", chosen, circuitOf)
		return err
	})
	return links, next, err
}

// Link is one link; ErrNotFound.
func (s *Store) Link(ctx context.Context, circuit string) (link inventory.Link, err error) {
	err = s.look(ctx, fmt.Sprintf("read link %q", circuit), func(t tx) (err error) {
		link, err = find[inventory.Link](t, "links", "circuit", circuit)
		return err
	})
	return link, err
}

// Assets is a page of assets by tag.
func (s *Store) Assets(ctx context.Context, f inventory.AssetFilter) (assets []inventory.Asset, next string, err error) {
	err = s.look(ctx, "list assets", func(t tx) (err error) {
		chosen := selectPage(f.Page)
		chosen.equal("site", f.Site)
		chosen.equal("kind", string(f.Kind))
		chosen.equal("state", string(f.State))
		if err := chosen.search(t, column{"assets", "assets", "tag"}, "asset_words", "tag", f.Query); err != nil {
			return err
		}
		assets, next, err = list(t, "assets", "tag", chosen, tagOf)
		return err
	})
	return assets, next, err
}

// Asset is one asset; ErrNotFound.
func (s *Store) Asset(ctx context.Context, tag string) (asset inventory.Asset, err error) {
	err = s.look(ctx, fmt.Sprintf("read asset %q", tag), func(t tx) (err error) {
		asset, err = find[inventory.Asset](t, "assets", "tag", tag)
		return err
	})
	return asset, err
}

func codeOf(site inventory.Site) string       { return site.Code }
func prefixOf(subnet inventory.Subnet) string { return subnet.Prefix.String() }
func circuitOf(link inventory.Link) string    { return link.Circuit }
func tagOf(asset inventory.Asset) string      { return asset.Tag }

// find reads one noun by its key.
func find[T any](t tx, table, key, value string) (noun T, err error) {
	var body string
	if err := t.one("SELECT body FROM "+table+" WHERE "+key+" = $1", []any{value}, &body); err != nil {
		return noun, err
	}
	err = json.Unmarshal([]byte(body), &noun)
	return noun, err
}

// list reads a page of nouns in the order of their key, and the cursor of the
// next page where there is one.
func list[T any](t tx, table, key string, chosen selection, keyOf func(T) string) (nouns []T, next string, err error) {
	nouns = []T{}
	if chosen.empty {
		return nouns, "", nil
	}
	query := "SELECT body FROM " + table + chosen.where(key) + " ORDER BY " + key
	if chosen.limit != everything {
		query += fmt.Sprintf(" LIMIT %d", chosen.limit+1)
	}
	err = t.each(query, chosen.args, func(row scanner) error {
		var body string
		var noun T
		if err := row.Scan(&body); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(body), &noun)
		nouns = append(nouns, noun)
		return err
	})
	if err == nil && chosen.limit != everything && len(nouns) > chosen.limit {
		nouns = nouns[:chosen.limit]
		next = keyOf(nouns[chosen.limit-1])
	}
	return nouns, next, err
}

// everything is the limit of a list that is read whole.
const everything = -1

// defaultPage is the size of a page that names none.
const defaultPage = 100

// selection is the conditions of a list.
type selection struct {
	limit      int
	after      string
	conditions []string
	args       []any
	empty      bool // nothing can match
}

func selectPage(page inventory.Page) selection {
	limit := page.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	return selection{limit: min(limit, inventory.MaxPage), after: page.After}
}

// arg takes a parameter and returns its placeholder.
func (c *selection) arg(value any) string {
	c.args = append(c.args, value)
	return fmt.Sprintf("$%d", len(c.args))
}

// equal adds a condition, unless value is empty.
func (c *selection) equal(column, value string) {
	if value != "" {
		c.conditions = append(c.conditions, column+" = "+c.arg(value))
	}
}

// among adds the condition that column is one of values.
func (c *selection) among(column string, values []string) {
	marks := placeholders(len(c.args), len(values))
	c.args = append(c.args, anys(values)...)
	c.conditions = append(c.conditions, column+" IN ("+marks+")")
}

// where is the WHERE clause; the page's cursor is on key.
func (c *selection) where(key string) string {
	if c.after != "" {
		c.conditions = append(c.conditions, key+" > "+c.arg(c.after))
	}
	if len(c.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.conditions, " AND ")
}
