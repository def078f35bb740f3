package web

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"ccms/internal/fault"
	"ccms/internal/operator"
)

// sheet takes rows and writes a file of them, with no more than a few of them in memory.
type sheet interface {
	row([]cell) error
	// end writes what is not written yet.
	end() error
	// close frees what the sheet holds, ended or not.
	close()
}

const (
	csvType  = "text/csv; charset=utf-8"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

func contentType(f operator.ExportFormat) string {
	if f == operator.XLSX {
		return xlsxType
	}
	return csvType
}

// newSheet begins a file with its head. scratch is the folder for what does not fit
// into memory.
func newSheet(f operator.ExportFormat, w io.Writer, names []string, scratch string) (sheet, error) {
	if f == operator.XLSX {
		return newXLSX(w, names, scratch)
	}
	// Spreadsheets take a CSV without the mark for one in the machine's old code page.
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return nil, err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true // RFC 4180
	return &csvSheet{w: c}, c.Write(names)
}

type csvSheet struct {
	w    *csv.Writer
	line []string
}

func (s *csvSheet) row(cells []cell) error {
	s.line = s.line[:0]
	for _, c := range cells {
		if c.kind == textCell {
			c.text = harmless(c.text)
		}
		s.line = append(s.line, c.text)
	}
	return s.w.Write(s.line)
}

func (s *csvSheet) end() error {
	s.w.Flush()
	return s.w.Error()
}

func (s *csvSheet) close() {}

type xlsxSheet struct {
	w    io.Writer
	f    *excelize.File
	s    *excelize.StreamWriter
	n    int
	line []any
}

// A sheet has no more rows than this.
const maxXLSXRows = excelize.TotalRows - 1

func newXLSX(w io.Writer, names []string, scratch string) (sheet, error) {
	f := excelize.NewFile(excelize.Options{TmpDir: scratch})
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	x := &xlsxSheet{w: w, f: f, s: s}
	if err := s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	head := make([]cell, len(names))
	for i, n := range names {
		head[i] = cell{text: n}
	}
	return x, x.row(head)
}

func (x *xlsxSheet) row(cells []cell) error {
	if x.n > maxXLSXRows {
		return errTooLong()
	}
	x.line = x.line[:0]
	for _, c := range cells {
		switch {
		case c.text == "":
			x.line = append(x.line, nil)
		case c.kind == numberCell:
			x.line = append(x.line, number(c.text))
		default:
			x.line = append(x.line, harmless(c.text))
		}
	}
	x.n++
	return x.s.SetRow(fmt.Sprintf("A%d", x.n), x.line)
}

// number is the value of a cell. A spreadsheet keeps 15 digits: what has more stays
// the text it is. Up to there the shortest text of the float is the one it came from.
func number(text string) any {
	digits := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits > 15 {
		return text
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f
	}
	return harmless(text)
}

func errTooLong() error {
	return fault.New(fault.Limit, "too_many_rows", "A spreadsheet has at most %d rows. Narrow the filter, or take CSV.", maxXLSXRows)
}

func (x *xlsxSheet) end() error {
	if err := x.s.Flush(); err != nil {
		return err
	}
	return x.f.Write(x.w)
}

func (x *xlsxSheet) close() { _ = x.f.Close() }
