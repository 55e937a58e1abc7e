package importer

import "errors"

// Bounds of a file. They are checked before or while it is read, so that no
// input costs more than a few hundred MiB.
const (
	MaxFileBytes     = 20 << 20
	MaxRows          = 200_000
	MaxColumns       = 200
	MaxCellBytes     = 4 << 10
	MaxCells         = 4_000_000 // cells kept of one sheet, empty ones included
	MaxUnzippedBytes = 160 << 20 // all parts of a workbook
	MaxMapBytes      = 256 << 10
)

// ErrTooLarge is wrapped by errors about a file that exceeds a bound.
var ErrTooLarge = errors.New("too large")
