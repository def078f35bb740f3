package store

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Keys are the master keys of an installation. They wrap the operators' data keys
// and give, by derivation, the keys that are nobody's data: for station keys,
// cookies and cursors.
type Keys struct {
	masters []master // newest first
}

type master struct {
	id  string
	key []byte
}

// masterLine is one line of the key file, newest first.
type masterLine struct {
	ID  string `json:"id"`
	Key string `json:"key"` // 32 bytes, hex
}

// LoadKeys reads a key file, JSON lines {"id","key"}, the newest first. With create
// it makes one that is missing. A file that others may read is refused. Whoever
// loses the file loses what is sealed; backups leave it out.
func LoadKeys(path string, create bool) (*Keys, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if b, err = makeKeys(path); errors.Is(err, fs.ErrExist) {
			b, err = os.ReadFile(path) // another process was faster
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key file %s: others may read it (mode %o); chmod 600", path, info.Mode().Perm())
	}
	return parseKeys(b)
}

func makeKeys(path string) ([]byte, error) {
	key := make([]byte, 32)
	rand.Read(key)
	name := make([]byte, 4)
	rand.Read(name)
	b, err := json.Marshal(masterLine{ID: "m" + hex.EncodeToString(name), Key: hex.EncodeToString(key)})
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(b)
	// What is sealed before the file is on the disk would be lost with it.
	if err = errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path))); err != nil {
		return nil, err
	}
	return b, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func parseKeys(b []byte) (*Keys, error) {
	k := &Keys{}
	sc := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; sc.Scan(); n++ {
		if len(bytes.TrimSpace(sc.Bytes())) == 0 {
			continue
		}
		var l masterLine
		// The error of json would quote the line.
		if json.Unmarshal(sc.Bytes(), &l) != nil || l.ID == "" {
			return nil, fmt.Errorf("key file: line %d is not {\"id\":…,\"key\":…}", n)
		}
		key, err := hex.DecodeString(l.Key)
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("key file: the key of %s is not 32 bytes in hex", l.ID)
		}
		for _, m := range k.masters {
			if m.id == l.ID {
				return nil, fmt.Errorf("key file: %s is there twice", l.ID)
			}
		}
		k.masters = append(k.masters, master{l.ID, key})
	}
	if len(k.masters) == 0 {
		return nil, errors.New("key file: it holds no key")
	}
	return k, nil
}

// RandomKeys are keys that are kept nowhere, for tests and trials.
func RandomKeys() *Keys {
	key := make([]byte, 32)
	rand.Read(key)
	return &Keys{masters: []master{{"random", key}}}
}

// first is the key that was made first. What is derived from it stays the same
// when newer keys are put before it to wrap data keys.
func (k *Keys) first() []byte { return k.masters[len(k.masters)-1].key }

func derive(key []byte, purpose string) []byte {
	b, err := hkdf.Key(sha256.New, key, nil, "ccms "+purpose, 32)
	if err != nil {
		panic(err) // only for lengths beyond 255 hashes
	}
	return b
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// PointMAC is the stored form of a charge point's key: 16 to 20 random bytes need
// no slow hash.
func (k *Keys) PointMAC(secret []byte) []byte { return mac(derive(k.first(), "station"), secret) }

// CookieKey signs and seals what browsers keep.
func (k *Keys) CookieKey() []byte { return derive(k.first(), "cookie") }

func (k *Keys) tag(purpose string, message []byte) []byte {
	return mac(derive(k.first(), purpose), message)
}

// wrap seals a data key under the newest master key.
func (k *Keys) wrap(dataKey, about []byte) (masterID string, wrapped []byte) {
	m := k.masters[0]
	return m.id, seal(derive(m.key, "wrap"), dataKey, about)
}

func (k *Keys) unwrap(masterID string, wrapped, about []byte) ([]byte, error) {
	for _, m := range k.masters {
		if m.id == masterID {
			return unseal(derive(m.key, "wrap"), wrapped, about)
		}
	}
	return nil, fmt.Errorf("the key file has no key %s", masterID)
}

// seal is AES-256-GCM with a random nonce in front; about is bound to it.
func seal(key, plain, about []byte) []byte {
	g := gcm(key)
	nonce := make([]byte, g.NonceSize(), g.NonceSize()+len(plain)+g.Overhead())
	rand.Read(nonce)
	return g.Seal(nonce, nonce, plain, about)
}

func unseal(key, sealed, about []byte) ([]byte, error) {
	g := gcm(key)
	if len(sealed) < g.NonceSize() {
		return nil, errors.New("too short to be sealed")
	}
	return g.Open(nil, sealed[:g.NonceSize()], sealed[g.NonceSize():], about)
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // keys are made and checked to be 32 bytes
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return g
}
