package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// entry is one file of a bundle made by hand.
type entry struct {
	name, content string
}

func file(e entry) File {
	sum := sha256.Sum256([]byte(e.content))
	return File{Name: e.name, Bytes: int64(len(e.content)), SHA256: hex.EncodeToString(sum[:])}
}

// packed is the inner layers of a bundle: what lies in the tar, whatever the
// manifest says.
func packed(t testing.TB, m Manifest, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	encoded, err := json.Marshal(m)
	must(t, err)
	for _, e := range append([]entry{{entryManifest, string(encoded)}}, entries...) {
		must(t, tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.content)), Mode: 0o600}))
		_, err := io.WriteString(tw, e.content)
		must(t, err)
	}
	must(t, tw.Close())
	must(t, zw.Close())
	return b.Bytes()
}

func manifest(files ...File) Manifest {
	return Manifest{Format: Format, Engine: "sqlite", Files: files}
}

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

func TestEntriesThatTheManifestDoesNotNameAreRefused(t *testing.T) {
	database := entry{entryDatabase, "db"}
	key := entry{"ca/ca.key", "key"}
	other := entry{"ca/ca.key", "kez"}
	long := file(key)
	long.Bytes = maxFile + 1
	noSum := file(key)
	noSum.SHA256 = "00"
	for name, c := range map[string]struct {
		manifest Manifest
		entries  []entry
		text     string
	}{
		"more than named": {manifest(file(database)), []entry{database, key}, "follows the last"},
		"less than named": {manifest(file(database), file(key)), []entry{database}, "damaged"},
		"other content":   {manifest(file(database), file(key)), []entry{database, other}, "not what the manifest says"},
		"other order":     {manifest(file(database), file(key)), []entry{key, database}, "is not the"},
		"no database":     {manifest(file(key)), []entry{key}, "no database"},
		"twice":           {manifest(file(database), file(database)), nil, "twice"},
		"too large":       {manifest(file(database), long), nil, "the limit is"},
		"no sum":          {manifest(file(database), noSum), nil, "SHA-256"},
		"leads out":       {manifest(file(database), file(entry{"ca/../../x", ""})), nil, "leads elsewhere"},
		"absolute":        {manifest(file(database), file(entry{"/etc/passwd", ""})), nil, "none that a backup holds"},
		"drive":           {manifest(file(database), file(entry{"ca/C:x", ""})), nil, "not usable"},
		"folder":          {manifest(file(database), file(entry{"ca/", ""})), nil, "leads elsewhere"},
		"deep":            {manifest(file(database), file(entry{"ca/" + strings.Repeat("x/", 9) + "x", ""})), nil, "too deep"},
		"later form":      {Manifest{Format: 2, Program: "9.9"}, nil, "muster 9.9"},
	} {
		_, err := unpack(t.Context(), bytes.NewReader(packed(t, c.manifest, c.entries...)), func(File) (io.WriteCloser, error) {
			return nowhere{io.Discard}, nil
		})
		if err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v does not say %q", name, err, c.text)
		}
	}
}

// FuzzUnpack feeds the reader what lies under the encryption: whoever knows the
// passphrase could hand an operator anything.
func FuzzUnpack(f *testing.F) {
	database, key := entry{entryDatabase, "db"}, entry{"ca/ca.key", "key"}
	f.Add(packed(f, manifest(file(database), file(key)), database, key))
	f.Add(packed(f, manifest(file(database)), key))
	f.Add([]byte("Dear Sir or Madam"))
	f.Fuzz(func(t *testing.T, content []byte) {
		root := filepath.Join(string(filepath.Separator), "restored")
		m, err := unpack(context.Background(), bytes.NewReader(content), func(file File) (io.WriteCloser, error) {
			path := filepath.Join(root, filepath.FromSlash(file.Name))
			if !strings.HasPrefix(path, root+string(filepath.Separator)) {
				t.Fatalf("entry %q leads to %s", file.Name, path)
			}
			if file.Bytes > 1<<20 {
				return nil, errors.New("too large for a fuzz run")
			}
			return nowhere{io.Discard}, nil
		})
		if err == nil && len(m.Files) == 0 {
			t.Fatal("a bundle without files was taken")
		}
	})
}
