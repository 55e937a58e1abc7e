// Package importer turns files that people keep into changes of the register,
// and the register back into files.
//
// A file walks through three pure steps. Read decodes bytes (CSV in any common
// encoding, or XLSX) into a Table whose headers are bound to our columns.
// NewPlan sets tables against the register and decides: what is new, what
// changes, what is wrong and where. Plan.Batch is what the store applies, or an
// error that says why nothing may be applied.
//
// What it promises:
//   - every problem names the file, the sheet, the line and the column;
//   - nothing is applied while a row is wrong, unless AcceptGood is set;
//   - a blank cell leaves a value, "(clear)" clears it, rows that are missing
//     from a file remove nothing;
//   - importing twice changes nothing, and every export re-imports unchanged;
//   - size, rows, columns and cells are bounded before anything is built.
//
// NetBox's exports of sites, circuits, terminations and prefixes and Snipe-IT's
// export of assets are recognised by their headers. The package does no I/O and
// knows nothing of the store; it is safe to use from several goroutines.
package importer
