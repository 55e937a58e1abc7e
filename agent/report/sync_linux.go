package report

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func syncContent(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
