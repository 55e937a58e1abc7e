package collect

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// slurp reads at most limit bytes of a file. Package os would offer each file to
// the runtime's poller first, which doubles the system calls of a short read, and
// most files here are a line of the kernel's that is read every ten seconds.
func slurp(path string, limit int64) ([]byte, error) {
	fd, err := again(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd) // opened for reading
	b := make([]byte, 0, 512)
	for int64(len(b)) < limit {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		room := b[len(b):min(int64(cap(b)), limit)]
		n, err := again(func() (int, error) { return unix.Read(fd, room) })
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if n <= 0 {
			break
		}
		b = b[:len(b)+n]
	}
	return b, nil
}

// again repeats a call that a signal has interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
