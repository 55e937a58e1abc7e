package importer

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// checkSheets refuses a workbook with a sheet that is not well-formed: the
// library ends such a sheet at the fault without a word, and half a list would
// pass for the whole.
func checkSheets(book *excelize.File) (err error) {
	book.Pkg.Range(func(key, part any) bool {
		name, _ := key.(string)
		content, ok := part.([]byte)
		if !ok || !strings.HasPrefix(name, "xl/worksheets/") || !strings.HasSuffix(name, ".xml") {
			return true
		}
		if wrong := wellFormed(content, book.CharsetReader); wrong != nil {
			err = fmt.Errorf("damaged workbook: %s: %w", name, wrong)
		}
		return err == nil
	})
	return err
}

var errCutShort = errors.New("cut short")

func wellFormed(content []byte, charset func(string, io.Reader) (io.Reader, error)) error {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	decoder.CharsetReader = charset
	depth := 0
	for {
		token, err := decoder.RawToken()
		switch {
		case errors.Is(err, io.EOF) && depth == 0:
			return nil
		case errors.Is(err, io.EOF):
			return errCutShort
		case err != nil:
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
}
