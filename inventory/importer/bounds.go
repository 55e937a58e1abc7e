package importer

import "errors"

// Bounds of a file, checked before or while it is read. Measured: 200,000 new
// assets of eight columns, 13 MiB of CSV, take 3.2 CPU seconds and 0.9 GiB for
// as long as they are planned; 10,000 take a twentieth of both.
const (
	MaxFileBytes     = 20 << 20
	MaxRows          = 200_000
	MaxColumns       = 200
	MaxCellBytes     = 4 << 10
	MaxLongCellBytes = 32 << 10  // of the few lists that may be long; what a workbook's cell takes
	MaxCells         = 4_000_000 // cells kept of one sheet, empty ones included
	MaxUnzippedBytes = 160 << 20 // all parts of a workbook
	MaxMapBytes      = 256 << 10
)

// ErrTooLarge is wrapped by errors about a file that exceeds a bound.
var ErrTooLarge = errors.New("too large")
