package report

import (
	"os"

	"golang.org/x/sys/unix"
)

func syncContent(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err != unix.EINTR { //nolint:errorlint // an errno as the kernel gave it
			return err
		}
	}
}
