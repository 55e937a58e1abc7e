package collect

import (
	"bytes"
	"errors"
)

var errOutput = errors.New("more output than expected")

// bounded is a buffer that refuses to grow beyond its limit: the output of a
// child process is input from outside.
type bounded struct {
	bytes.Buffer

	limit int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, errOutput
	}
	return b.Buffer.Write(p)
}
