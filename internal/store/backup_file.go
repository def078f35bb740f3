package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"ccms/internal/fault"
)

// A backup is one file: a line that names the format, a line of JSON that says what
// it is (BackupInfo), the rows, and a line of JSON that says what must have come
// (backupEnd). Rows are compressed with gzip. Each table's rows stand together, in
// the order of BackupInfo.Tables:
//
//	0x01 and a value for each column     a row
//	0x02                                 the end of the table
//
// A value is 0x00 (null), 0x01 and a zigzag varint (a number), or 0x02 (text) or 0x03
// (bytes) with an unsigned varint of the length and as many bytes.
const (
	backupName   = "ccms-backup"
	backupFormat = 1

	maxBackupLine  = 1 << 20
	maxBackupValue = 64 << 20 // nothing we store comes near
)

const (
	markRow = 1 + iota
	markEnd
)

const (
	tagNull = iota
	tagNumber
	tagText
	tagBytes
)

// BackupInfo says what a backup is.
type BackupInfo struct {
	Program   string           `json:"program"` // the version of ccms that made it
	Schema    int64            `json:"schema"`
	Engine    string           `json:"engine"`
	TakenAt   time.Time        `json:"taken_at"`  // it holds what was committed before
	KeyIDs    []string         `json:"key_ids"`   // master keys that it needs
	KeyCheck  string           `json:"key_check"` // tells whether a key file's first key is the right one
	Sequences map[string]int64 `json:"sequences"` // last number given
	Counters  map[string]int64 `json:"counters"`  // last number that the database gave in a table
	Tables    []BackupTable    `json:"tables"`    // in the order of the rows
	Rows      map[string]int64 `json:"-"`         // per table; stands at the end of the file
	Bytes     int64            `json:"-"`         // size of the file
	SHA256    string           `json:"-"`         // of all but the last line
}

// BackupTable names the columns of a table's rows.
type BackupTable struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// Total is how many rows it holds.
func (i BackupInfo) Total() (n int64) {
	for _, rows := range i.Rows {
		n += rows
	}
	return n
}

// backupEnd is the last line: without it the file is not whole.
type backupEnd struct {
	Rows   map[string]int64 `json:"rows"`
	SHA256 string           `json:"sha256"`
}

// backupWriter writes a backup from front to back.
type backupWriter struct {
	out   *bufio.Writer
	sum   hash.Hash
	bytes int64
	gz    *gzip.Writer
	rows  *bufio.Writer
	buf   []byte
	end   backupEnd
}

func newBackupWriter(w io.Writer, info BackupInfo) (*backupWriter, error) {
	b := &backupWriter{out: bufio.NewWriterSize(w, 256<<10), sum: sha256.New(), end: backupEnd{Rows: map[string]int64{}}}
	head, err := json.Marshal(info)
	if err != nil {
		return nil, err
	}
	if len(head) > maxBackupLine {
		return nil, errors.New("store: the backup's head is too long")
	}
	if _, err := fmt.Fprintf(summed{b}, "%s %d\n%s\n", backupName, backupFormat, head); err != nil {
		return nil, err
	}
	// The quickest level: most of the volume is encrypted or hashed and does not shrink.
	if b.gz, err = gzip.NewWriterLevel(summed{b}, gzip.BestSpeed); err != nil {
		return nil, err
	}
	b.rows = bufio.NewWriterSize(b.gz, 64<<10)
	return b, nil
}

// summed writes to the file and adds to its sum.
type summed struct{ b *backupWriter }

func (s summed) Write(p []byte) (int, error) {
	s.b.sum.Write(p)
	n, err := s.b.out.Write(p)
	s.b.bytes += int64(n)
	return n, err
}

func (b *backupWriter) row(t layoutTable, cells []cell) error {
	b.buf = append(b.buf[:0], markRow)
	for i, c := range cells {
		c, err := t.columns[i].kind.fits(c)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t.name, t.columns[i].name, err)
		}
		switch v := c.(type) {
		case nil:
			b.buf = append(b.buf, tagNull)
		case int64:
			b.buf = binary.AppendVarint(append(b.buf, tagNumber), v)
		case string:
			b.buf = binary.AppendUvarint(append(b.buf, tagText), uint64(len(v)))
			b.buf = append(b.buf, v...)
		case []byte:
			b.buf = binary.AppendUvarint(append(b.buf, tagBytes), uint64(len(v)))
			b.buf = append(b.buf, v...)
		}
	}
	b.end.Rows[t.name]++
	_, err := b.rows.Write(b.buf)
	return err
}

func (b *backupWriter) endTable() error { return b.rows.WriteByte(markEnd) }

// finish writes the end. Without it there is no backup.
func (b *backupWriter) finish() error {
	if err := errors.Join(b.rows.Flush(), b.gz.Close()); err != nil {
		return err
	}
	b.end.SHA256 = hex.EncodeToString(b.sum.Sum(nil))
	line, err := json.Marshal(b.end)
	if err != nil {
		return err
	}
	n, err := fmt.Fprintf(b.out, "\n%s\n", line)
	b.bytes += int64(n)
	return errors.Join(err, b.out.Flush())
}

func damaged(path, what string, args ...any) error {
	return fault.New(fault.Invalid, "backup_damaged", "%s is no whole backup: %s. Take another one; nothing was changed.", path, fmt.Sprintf(what, args...))
}

// backupReader reads a backup that was found to be whole.
type backupReader struct {
	path string
	info BackupInfo
	file *os.File
	rows *bufio.Reader // decompressed
}

// openBackup reads the whole file once and compares its sum before anything of it is
// believed.
func openBackup(path string) (*backupReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.New(fault.Missing, "no_backup", "The backup cannot be opened.").Because(err)
	}
	b := &backupReader{path: path, file: f}
	if err := b.open(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

func (b *backupReader) close() { _ = b.file.Close() } // it was only read

func (b *backupReader) open() error {
	st, err := b.file.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fault.New(fault.Invalid, "backup_not_a_file", "%s is no file. A backup is read twice, first to see that it is whole: save it in a file.", b.path)
	}
	if err := b.checkName(); err != nil {
		return err
	}
	end, content, err := b.readEnd(st.Size())
	if err != nil {
		return err
	}
	sum := sha256.New()
	if n, err := io.Copy(sum, io.NewSectionReader(b.file, 0, content)); err != nil || n != content {
		return damaged(b.path, "it cannot be read to its end (%v)", err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != end.SHA256 {
		return damaged(b.path, "its content does not have the sum that stands at its end")
	}
	body := bufio.NewReaderSize(io.NewSectionReader(b.file, 0, content), 256<<10)
	if _, err := body.ReadSlice('\n'); err != nil {
		return damaged(b.path, "its first line does not end")
	}
	head, err := body.ReadBytes('\n')
	if err != nil || json.Unmarshal(head, &b.info) != nil {
		return damaged(b.path, "its second line is not understood")
	}
	b.info.Rows, b.info.Bytes, b.info.SHA256 = end.Rows, st.Size(), end.SHA256
	gz, err := gzip.NewReader(body)
	if err != nil {
		return damaged(b.path, "its rows cannot be unpacked")
	}
	gz.Multistream(false)
	b.rows = bufio.NewReaderSize(gz, 64<<10)
	return nil
}

// checkName tells another format and another kind of file from a damaged backup.
func (b *backupReader) checkName() error {
	start := make([]byte, 64)
	n, err := b.file.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	line, _, whole := bytes.Cut(start[:n], []byte("\n"))
	var format int
	if _, err := fmt.Sscanf(string(line), backupName+" %d", &format); err != nil || !whole {
		return fault.New(fault.Invalid, "not_a_backup", "%s is not a file that ccms backup has made. Nothing was changed.", b.path)
	}
	if format != backupFormat {
		return fault.New(fault.Unsupported, "backup_format",
			"%s has the backup format %d, and this ccms reads format %d: restore it with the version of ccms that made it. Nothing was changed.", b.path, format, backupFormat)
	}
	return nil
}

// readEnd reads the last line and tells how long the content before it is.
func (b *backupReader) readEnd(size int64) (end backupEnd, content int64, err error) {
	last := make([]byte, min(size, maxBackupLine))
	if _, err := b.file.ReadAt(last, size-int64(len(last))); err != nil {
		return end, 0, err
	}
	noEnd := damaged(b.path, "its end is missing")
	line, ok := bytes.CutSuffix(last, []byte("\n"))
	i := bytes.LastIndexByte(line, '\n')
	if !ok || i < 0 {
		return end, 0, noEnd
	}
	line = line[i+1:]
	if json.Unmarshal(line, &end) != nil {
		return end, 0, noEnd
	}
	// Written again it must be the same: no damage hides in what JSON ignores.
	if again, err := json.Marshal(end); err != nil || !bytes.Equal(again, line) {
		return end, 0, damaged(b.path, "its last line is not as it was written")
	}
	return end, size - int64(len(line)) - 2, nil
}

// tableRows are the rows of the next table of the file.
type tableRows struct {
	b     *backupReader
	table BackupTable
	n     int64
}

// next gives the next row, which is the caller's, and nil at the end.
func (r *tableRows) next() ([]cell, error) {
	path, name := r.b.path, r.table.Name
	mark, err := r.b.rows.ReadByte()
	if err != nil {
		return nil, damaged(path, "the rows of %s do not end", name)
	}
	switch mark {
	case markEnd:
		if want := r.b.info.Rows[name]; r.n != want {
			return nil, damaged(path, "%s has %d rows instead of %d", name, r.n, want)
		}
		return nil, nil
	case markRow:
	default:
		return nil, damaged(path, "the rows of %s are not understood", name)
	}
	r.n++
	cells := make([]cell, len(r.table.Columns))
	for i := range cells {
		if cells[i], err = r.b.value(); err != nil {
			return nil, damaged(path, "row %d of %s is not understood", r.n, name)
		}
	}
	return cells, nil
}

func (b *backupReader) value() (cell, error) {
	tag, err := b.rows.ReadByte()
	if err != nil {
		return nil, err
	}
	switch tag {
	case tagNull:
		return nil, nil
	case tagNumber:
		return binary.ReadVarint(b.rows)
	case tagText, tagBytes:
		n, err := binary.ReadUvarint(b.rows)
		if err != nil || n > maxBackupValue {
			return nil, errors.New("a length that nothing has")
		}
		v := make([]byte, n)
		if _, err := io.ReadFull(b.rows, v); err != nil {
			return nil, err
		}
		if tag == tagText {
			return string(v), nil
		}
		return v, nil
	}
	return nil, errors.New("a tag that nothing has")
}

// ReadBackup says what a backup is, after reading it to its end and finding it whole.
func ReadBackup(path string) (BackupInfo, error) {
	b, err := openBackup(path)
	if err != nil {
		return BackupInfo{}, err
	}
	defer b.close()
	for _, t := range b.info.Tables {
		rows := &tableRows{b: b, table: t}
		for {
			row, err := rows.next()
			if err != nil {
				return BackupInfo{}, err
			}
			if row == nil {
				break
			}
		}
	}
	return b.info, nil
}
