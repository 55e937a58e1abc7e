package importer

import (
	"errors"
	"io"
	"time"

	"muster/inventory"
)

type (
	binding struct{}
	layout  struct{}
)

// Map is a saved column mapping.
type Map struct{}

// Column describes one column for people: docs and templates are made of it.
type Column struct {
	Name      string
	Synonyms  []string
	Required  bool
	Authority string
	Help      string
	Example   string
}

// ExportOptions say what to export.
type ExportOptions struct {
	Kind     Kind
	Format   Format
	Observed map[string]Observed
}

// Read decodes one sheet.
func Read(name string, content []byte, options ReadOptions) (*Table, error) {
	return nil, errors.New("cannot read: not built yet")
}

// ParseMap reads a mapping; errors name file and line.
func ParseMap(name string, content []byte) (*Map, error) {
	return nil, errors.New("cannot read: not built yet")
}

// NewPlan sets tables against the register.
func NewPlan(tables []*Table, register inventory.Register, options PlanOptions) *Plan { return &Plan{} }

// Batch is what the store applies; ErrProblems or ErrNoChanges otherwise.
func (p *Plan) Batch(author string, madeAt time.Time) (inventory.Batch, error) {
	return inventory.Batch{}, ErrNoChanges
}

// WriteText prints the difference for a person.
func (p *Plan) WriteText(w io.Writer) error { return nil }

// MarshalJSON is the difference for a program.
func (p *Plan) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }

// RejectedRows is how many rows of a table were rejected.
func (p *Plan) RejectedRows(table int) int { return 0 }

// WriteRejected writes the rejected rows of one table (0 where there is one) as
// the same file with a problem column.
func (p *Plan) WriteRejected(w io.Writer, table int) error { return nil }

// Export writes the register's rows of one kind.
func Export(w io.Writer, register inventory.Register, options ExportOptions) error { return nil }

// Invert is the batch that takes another one back.
func Invert(batch inventory.Batch, author string, madeAt time.Time) inventory.Batch {
	return inventory.Batch{}
}

// Columns lists the columns of a kind.
func Columns(kind Kind) []Column { return nil }
