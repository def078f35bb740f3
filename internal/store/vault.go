package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// Vault keeps files that hold personal data: sealed with the operator's data key in
// pieces, each bound to its file and its place in it, in a folder that only the
// server's user may read. A file that was cut off cannot be read to its end.
type Vault struct {
	st  *Store
	dir string
}

// NewVault makes the folder where it is missing and clears away what a server that
// died left half written.
func NewVault(st *Store, dir string) (*Vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	v := &Vault{st: st, dir: dir}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, partEnd) || strings.HasPrefix(name, "excelize-") {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

const (
	partEnd    = ".part"
	pieceBytes = 64 << 10
)

// Scratch is the folder for temporary files of this kind; they are gone at the next start.
func (v *Vault) Scratch() string { return v.dir }

func (v *Vault) path(name string) string { return filepath.Join(v.dir, filepath.Base(name)) }

func (v *Vault) keys(ctx context.Context, op ident.Operator) (keys []dataKey, err error) {
	err = v.st.Write(ctx, authz.Everything("sealed file"), func(tx *Tx) error {
		keys, err = tx.dataKeys(op, true)
		return err
	})
	if err == nil && len(keys) == 0 {
		err = errors.New("store: the operator's data key is not visible")
	}
	return keys, err
}

// Create begins a file; it is there when it is closed with Commit.
func (v *Vault) Create(ctx context.Context, op ident.Operator, name string) (*VaultWriter, error) {
	keys, err := v.keys(ctx, op)
	if err != nil {
		return nil, err
	}
	// Each writer has a file of its own: two of one name must not write into each other's.
	f, err := os.CreateTemp(v.dir, filepath.Base(name)+".*"+partEnd)
	if err != nil {
		return nil, err
	}
	return &VaultWriter{f: f, w: bufio.NewWriterSize(f, pieceBytes), op: op, name: name, key: keys[len(keys)-1], path: v.path(name)}, nil
}

// VaultWriter writes one file.
type VaultWriter struct {
	f          *os.File
	w          *bufio.Writer
	op         ident.Operator
	name, path string
	key        dataKey
	piece      []byte
	number     int
	Bytes      int64 // of the content, so far
}

func pieceColumn(name string, number int, last bool) string {
	return fmt.Sprintf("file/%s/%d/%v", name, number, last)
}

func (w *VaultWriter) Write(b []byte) (int, error) {
	w.Bytes += int64(len(b))
	for n := 0; n < len(b); {
		take := min(pieceBytes-len(w.piece), len(b)-n)
		w.piece = append(w.piece, b[n:n+take]...)
		n += take
		if len(w.piece) == pieceBytes {
			if err := w.flush(false); err != nil {
				return n, err
			}
		}
	}
	return len(b), nil
}

func (w *VaultWriter) flush(last bool) error {
	sealed := seal(w.key.key, w.piece, about(w.op, pieceColumn(w.name, w.number, last)))
	head := binary.BigEndian.AppendUint32(nil, w.key.number)
	head = binary.BigEndian.AppendUint32(head, uint32(len(sealed)))
	if last {
		head[4] |= 0x80
	}
	w.piece, w.number = w.piece[:0], w.number+1
	if _, err := w.w.Write(head); err != nil {
		return err
	}
	_, err := w.w.Write(sealed)
	return err
}

// Commit ends the file and puts it into its place.
func (w *VaultWriter) Commit() error {
	err := w.flush(true)
	if err == nil {
		err = w.w.Flush()
	}
	if err == nil {
		err = w.f.Sync()
	}
	if err = errors.Join(err, w.f.Close()); err != nil {
		return errors.Join(err, os.Remove(w.f.Name()))
	}
	if err = os.Rename(w.f.Name(), w.path); err != nil {
		return errors.Join(err, os.Remove(w.f.Name()))
	}
	return nil
}

// Abort forgets the file.
func (w *VaultWriter) Abort() { _, _ = w.f.Close(), os.Remove(w.f.Name()) }

// Open reads a file; fs.ErrNotExist where there is none.
func (v *Vault) Open(ctx context.Context, op ident.Operator, name string) (io.ReadCloser, error) {
	return v.open(ctx, op, name)
}

func (v *Vault) open(ctx context.Context, op ident.Operator, name string) (*vaultReader, error) {
	f, err := os.Open(v.path(name))
	if err != nil {
		return nil, err
	}
	keys, err := v.keys(ctx, op)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &vaultReader{f: f, r: bufio.NewReaderSize(f, pieceBytes), op: op, name: name, keys: keys}, nil
}

// OpenAt is Open of a file of which any part may be read; size is that of its content.
func (v *Vault) OpenAt(ctx context.Context, op ident.Operator, name string, size int64) (io.ReadSeekCloser, error) {
	r, err := v.open(ctx, op, name)
	if err != nil {
		return nil, err
	}
	return &vaultSeeker{vaultReader: r, size: size}, nil
}

// vaultSeeker goes to a piece without unsealing those before it: all but the last are of
// one length.
type vaultSeeker struct {
	*vaultReader
	size, at, want int64
}

// Seek implements io.Seeker. Nothing is read before the next Read.
func (s *vaultSeeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.want
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("store: before the beginning of a file")
	}
	s.want = offset
	return offset, nil
}

func (s *vaultSeeker) Read(b []byte) (int, error) {
	if s.want >= s.size {
		return 0, io.EOF
	}
	if s.want != s.at {
		if err := s.jump(s.want); err != nil {
			return 0, err
		}
	}
	n, err := s.vaultReader.Read(b)
	s.at += int64(n)
	s.want = s.at
	return n, err
}

func (s *vaultSeeker) jump(to int64) error {
	number := to / pieceBytes
	if number > 0 {
		var head [8]byte
		if _, err := s.f.ReadAt(head[:], 0); err != nil {
			return errors.Join(errCutOff, err)
		}
		whole := int64(len(head)) + int64(binary.BigEndian.Uint32(head[4:])&^(1<<31))
		number *= whole
	}
	if _, err := s.f.Seek(number, io.SeekStart); err != nil {
		return err
	}
	s.r.Reset(s.f)
	s.plain, s.done, s.number = nil, false, int(to/pieceBytes)
	s.at = to - to%pieceBytes
	for s.at < to {
		n, err := s.vaultReader.Read(make([]byte, min(pieceBytes, to-s.at)))
		if s.at += int64(n); err != nil {
			return err
		}
	}
	return nil
}

type vaultReader struct {
	f      *os.File
	r      *bufio.Reader
	op     ident.Operator
	name   string
	keys   []dataKey
	plain  []byte
	number int
	done   bool
}

var errCutOff = errors.New("store: a sealed file is damaged")

func (r *vaultReader) Read(b []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.done {
			return 0, io.EOF
		}
		var head [8]byte
		if _, err := io.ReadFull(r.r, head[:]); err != nil {
			return 0, errors.Join(errCutOff, err)
		}
		last := head[4]&0x80 != 0
		head[4] &^= 0x80
		number, size := binary.BigEndian.Uint32(head[:4]), binary.BigEndian.Uint32(head[4:])
		at := slices.IndexFunc(r.keys, func(k dataKey) bool { return k.number == number })
		if at < 0 || size > pieceBytes+1024 {
			return 0, errCutOff
		}
		sealed := make([]byte, size)
		if _, err := io.ReadFull(r.r, sealed); err != nil {
			return 0, errors.Join(errCutOff, err)
		}
		plain, err := unseal(r.keys[at].key, sealed, about(r.op, pieceColumn(r.name, r.number, last)))
		if err != nil {
			return 0, errors.Join(errCutOff, err)
		}
		r.plain, r.done, r.number = plain, last, r.number+1
	}
	n := copy(b, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

func (r *vaultReader) Close() error { return r.f.Close() }

// Has reports whether a file is there.
func (v *Vault) Has(name string) bool {
	_, err := os.Stat(v.path(name))
	return err == nil
}

// NamesBefore lists the files that nobody wrote to since the instant of the machine's clock.
func (v *Vault) NamesBefore(than time.Time) ([]string, error) {
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().Before(than) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Remove forgets a file; one that is not there is no error.
func (v *Vault) Remove(name string) error {
	if err := os.Remove(v.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveOlder forgets files that nobody wrote to since the instant of the machine's
// clock: those whose rows went without them.
func (v *Vault) RemoveOlder(than time.Time) error {
	names, err := v.NamesBefore(than)
	errs := []error{err}
	for _, name := range names {
		errs = append(errs, v.Remove(name))
	}
	return errors.Join(errs...)
}
