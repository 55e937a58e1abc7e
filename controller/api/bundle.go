package api

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"muster/inventory/importer"
)

// Several files go into one import as a ZIP archive whose name ends in .zip: a
// system like NetBox keeps in three exports what is one register.
const (
	maxBundled      = 16
	maxBundledBytes = 4 * importer.MaxFileBytes // of all files together
)

func isBundle(in *importFile) bool { return strings.EqualFold(filepath.Ext(in.Name), ".zip") }

// readTables reads the file, or each of a bundle's.
func readTables(in *importFile, options importer.ReadOptions) ([]*importer.Table, error) {
	if !isBundle(in) {
		options.Kind = importer.Kind(in.Kind)
		table, err := importer.Read(fileName(in), in.RawBody, options)
		return []*importer.Table{table}, err
	}
	if in.Sheet != "" || in.HeaderRow > 0 || in.Map != "" {
		return nil, errors.New("cannot import several files at once with a map, a sheet or a header row: they are of one file, so import it alone")
	}
	archive, err := zip.NewReader(bytes.NewReader(in.RawBody), int64(len(in.RawBody)))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", fileName(in), err)
	}
	if n := len(archive.File); n == 0 || n > maxBundled {
		return nil, fmt.Errorf("cannot read %s: it holds %d files, want 1 to %d", fileName(in), n, maxBundled)
	}
	var tables []*importer.Table
	named, left := map[string]bool{}, int64(maxBundledBytes)
	for _, file := range archive.File {
		name := path.Base(strings.ReplaceAll(file.Name, `\`, "/"))
		if named[name] {
			return nil, fmt.Errorf("cannot read %s: it holds two files called %q, and a problem could not say which", fileName(in), name)
		}
		named[name] = true
		content, err := unzipped(file, left)
		if err != nil {
			return nil, fmt.Errorf("cannot read %q in %s: %w", name, fileName(in), err)
		}
		left -= int64(len(content))
		table, err := readBundled(name, content, importer.Kind(in.Kind), options)
		if err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, nil
}

func unzipped(file *zip.File, left int64) ([]byte, error) {
	r, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() // it was only read
	most := min(left, importer.MaxFileBytes)
	content, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("more than %d bytes: %w", most, importer.ErrTooLarge)
	}
	return content, err
}

// readBundled reads one of several files. Another system's export is known by its
// headers; our own says by its name what it holds, else it holds what was asked for.
func readBundled(name string, content []byte, asked importer.Kind, options importer.ReadOptions) (*importer.Table, error) {
	table, err := importer.Read(name, content, options)
	if err == nil {
		return table, nil
	}
	word, _, _ := strings.Cut(strings.TrimSuffix(name, filepath.Ext(name)), ".") // sites.rejected.csv holds sites
	if kind, unnamed := importer.ParseKind(word); unnamed == nil {
		asked = kind
	}
	if asked == "" {
		return nil, err
	}
	options.Kind = asked
	return importer.Read(name, content, options)
}

// rejectedOf is the wrong rows, ready to correct and send again: a file, or of
// several files an archive of those that had some. It is nil where none is wrong.
func rejectedOf(plan *importer.Plan, in *importFile) (*RejectedFile, error) {
	var files []RejectedFile
	for i, table := range plan.Tables {
		rows := plan.RejectedRows(i)
		if rows == 0 {
			continue
		}
		var file bytes.Buffer
		if err := plan.WriteRejected(&file, i); err != nil {
			return nil, fmt.Errorf("cannot write the rejected rows: %w", err)
		}
		ending := filepath.Ext(table.File)
		files = append(files, RejectedFile{strings.TrimSuffix(table.File, ending) + ".rejected" + ending, rows, file.Bytes()})
	}
	if len(files) == 0 {
		return nil, nil
	}
	if !isBundle(in) {
		return &files[0], nil
	}
	var archive bytes.Buffer
	bundle := &RejectedFile{Name: "rejected.zip"}
	w := zip.NewWriter(&archive)
	for _, file := range files {
		entry, err := w.Create(file.Name)
		if err == nil {
			_, err = entry.Write(file.Content)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot write the rejected rows: %w", err)
		}
		bundle.Rows += file.Rows
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("cannot write the rejected rows: %w", err)
	}
	bundle.Content = archive.Bytes()
	return bundle, nil
}
