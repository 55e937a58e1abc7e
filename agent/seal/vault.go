package seal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"muster/inventory/wire"
)

// Names of the files in the state folder.
const (
	sealFile     = "seal.json"
	settingsFile = "settings.json"
	tokenFile    = "join-token"
	placedFile   = "placed-at"
)

// maxFile bounds what is read back: a full settings file has about 8 kB.
const maxFile = 1 << 20

// ErrDamaged is wrapped when a file is there and cannot be understood.
var ErrDamaged = errors.New("damaged")

// Vault is a state folder. Its methods are not safe for concurrent use on one
// file.
type Vault struct {
	dir     string
	relaxed bool
}

// Relax stops the vault from syncing what it writes: a power cut may then lose
// it. The demo's agents live on one disk by the thousand, and end with it.
func (v *Vault) Relax() { v.relaxed = true }

// Open makes the folder if need be, for its owner only.
func Open(dir string) (*Vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot open state folder: %w", err)
	}
	if err := protectFolder(dir); err != nil {
		return nil, fmt.Errorf("cannot keep others out of the state folder %s: %w", dir, err)
	}
	return &Vault{dir: dir}, nil
}

// Seal reads the seal; nil means that there is none. It wraps ErrDamaged.
func (v *Vault) Seal() (*Seal, error) {
	b, err := v.read(sealFile)
	if b == nil || err != nil {
		return nil, err
	}
	s, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w: %w", filepath.Join(v.dir, sealFile), ErrDamaged, err)
	}
	return s, nil
}

// PutSeal replaces the seal.
func (v *Vault) PutSeal(s Seal) error {
	b, err := s.encode()
	if err != nil {
		return fmt.Errorf("cannot keep the key: %w", err)
	}
	return v.replace(sealFile, b)
}

// Settings reads the last settings; nil means that there are none.
func (v *Vault) Settings() (*wire.Settings, error) {
	b, err := v.read(settingsFile)
	if b == nil || err != nil {
		return nil, err
	}
	var s wire.Settings
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w: %w", filepath.Join(v.dir, settingsFile), ErrDamaged, err)
	}
	return &s, nil
}

// PutSettings replaces the settings, the pool's keys among them.
func (v *Vault) PutSettings(s wire.Settings) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("cannot keep settings: %w", err)
	}
	return v.replace(settingsFile, b)
}

// Token reads the kept join token; empty means that there is none.
func (v *Vault) Token() (string, error) {
	b, err := v.read(tokenFile)
	return strings.TrimSpace(string(b)), err
}

// PutToken keeps the join token: a machine imaged from this one needs it.
func (v *Vault) PutToken(token string) error {
	return v.replace(tokenFile, []byte(token+"\n"))
}

// Placed reads the address at which the controller last placed the machine; the
// zero Addr means none.
func (v *Vault) Placed() (netip.Addr, error) {
	b, err := v.read(placedFile)
	if text := strings.TrimSpace(string(b)); text == "" || err != nil {
		return netip.Addr{}, err
	}
	addr, err := netip.ParseAddr(strings.TrimSpace(string(b)))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("cannot read %s: %w: %w", filepath.Join(v.dir, placedFile), ErrDamaged, err)
	}
	return addr, nil
}

// PutPlaced replaces the address; the zero Addr forgets it.
func (v *Vault) PutPlaced(addr netip.Addr) error {
	if !addr.IsValid() {
		return v.Remove(placedFile)
	}
	return v.replace(placedFile, []byte(addr.String()+"\n"))
}

// Wipe removes all that is about this machine and leaves the token.
func (v *Vault) Wipe() error {
	return v.Remove(sealFile, settingsFile, placedFile)
}

// Remove removes files of the folder by name; one that is not there is no error.
func (v *Vault) Remove(names ...string) error {
	var errs []error
	for _, name := range names {
		if err := os.Remove(filepath.Join(v.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("cannot wipe: %w", err))
		}
	}
	return errors.Join(errs...)
}

// read returns nil without an error when there is no such file.
func (v *Vault) read(name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(v.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read state: %w", err)
	}
	defer f.Close() // opened for reading
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read state: %w", err)
	case len(b) > maxFile:
		return nil, fmt.Errorf("cannot read %s: %w: more than %d bytes", f.Name(), ErrDamaged, maxFile)
	}
	return b, nil
}

// replace puts content in place of a file, whole or not at all.
func (v *Vault) replace(name string, content []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot replace %s: %w", filepath.Join(v.dir, name), err)
		}
	}()
	f, err := os.CreateTemp(v.dir, name+".*.new") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(content)
	if err == nil && !v.relaxed {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(v.dir, name)); err != nil {
		return err
	}
	if v.relaxed {
		return nil
	}
	return syncFolder(v.dir)
}
