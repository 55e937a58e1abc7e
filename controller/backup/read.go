package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// maxWork bounds the memory that a bundle can make its reader use: 2^20 of
// scrypt's N are 1 GiB. Bundles are written with 2^18.
const maxWork = 20

// decrypt opens the outer layers of a bundle.
func decrypt(r io.Reader, passphrase string) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	const intro = "age-encryption.org/v1\n"
	if head, err := buffered.Peek(len(intro)); err != nil || string(head) != intro {
		if len(head) > 0 && bytes.HasPrefix([]byte(intro), head) {
			return nil, ErrDamaged
		}
		return nil, ErrForeign
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPassphrase, err)
	}
	identity.SetMaxWorkFactor(maxWork)
	opened, err := age.Decrypt(buffered, identity)
	var mismatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &mismatch):
		return nil, ErrPassphrase
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return opened, nil
}

// place makes the file that an entry is written to.
type place func(File) (io.WriteCloser, error)

// unpack reads a decrypted bundle whole. Every entry must be the one that the
// manifest names next, with its size and its sum; nothing may follow the last.
// Errors of place are returned as they are, all others wrap ErrDamaged.
func unpack(ctx context.Context, r io.Reader, put place) (Manifest, error) {
	whole := reader{ctx, r}
	unzipped, err := gzip.NewReader(whole)
	if err != nil {
		return Manifest{}, damaged(ctx, err)
	}
	entries := tar.NewReader(unzipped)
	m, err := nextManifest(ctx, entries)
	if err != nil {
		return m, err
	}
	for _, file := range m.Files {
		if err := nextFile(ctx, entries, file, put); err != nil {
			return m, err
		}
	}
	if _, err := entries.Next(); !errors.Is(err, io.EOF) {
		return m, damaged(ctx, errors.Join(errors.New("something follows the last entry"), err))
	}
	// The last chunk is authenticated only when the end has been read.
	for _, layer := range []io.Reader{unzipped, whole} {
		if n, err := io.Copy(io.Discard, io.LimitReader(layer, maxPadding)); err != nil || n == maxPadding {
			return m, damaged(ctx, errors.Join(errors.New("it does not end where it should"), err))
		}
	}
	return m, nil
}

// maxPadding bounds what may follow the end of the tar: its own zero blocks.
const maxPadding = 1 << 20

func damaged(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

func nextManifest(ctx context.Context, entries *tar.Reader) (Manifest, error) {
	header, err := entries.Next()
	if err != nil {
		return Manifest{}, damaged(ctx, err)
	}
	if header.Name != entryManifest || header.Typeflag != tar.TypeReg || header.Size > maxManifest {
		return Manifest{}, fmt.Errorf("%w: it does not begin with its manifest", ErrDamaged)
	}
	content, err := io.ReadAll(io.LimitReader(entries, maxManifest))
	if err != nil {
		return Manifest{}, damaged(ctx, err)
	}
	return readManifest(content)
}

func nextFile(ctx context.Context, entries *tar.Reader, file File, put place) error {
	header, err := entries.Next()
	if err != nil {
		return damaged(ctx, err)
	}
	if header.Name != file.Name || header.Typeflag != tar.TypeReg || header.Size != file.Bytes {
		return fmt.Errorf("%w: entry %.80q is not the %q of %d bytes that the manifest names", ErrDamaged, header.Name, file.Name, file.Bytes)
	}
	target, err := put(file)
	if err != nil {
		return err
	}
	written := &failing{Writer: target}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, written), entries)
	closed := target.Close()
	switch {
	case written.err != nil: // the disk's fault, not the bundle's
		return fmt.Errorf("cannot write %s: %w", file.Name, written.err)
	case closed != nil:
		return fmt.Errorf("cannot write %s: %w", file.Name, closed)
	case err != nil:
		return damaged(ctx, err)
	case n != file.Bytes || hex.EncodeToString(sum.Sum(nil)) != file.SHA256:
		return fmt.Errorf("%w: entry %q is not what the manifest says", ErrDamaged, file.Name)
	}
	return nil
}

// failing remembers that writing failed, apart from reading.
type failing struct {
	io.Writer
	err error
}

// Write implements io.Writer.
func (f *failing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	if err != nil {
		f.err = err
	}
	return n, err
}
