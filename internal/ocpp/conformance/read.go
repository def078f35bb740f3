package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ccms/internal/ocpp/v16"
)

// shown is one thing that a test shows: an action in a direction.
type shown struct {
	action v16.Action
	in     bool // from the charge point
}

// test is a test and what it shows.
type test struct {
	pkg, name string // folder and name
	actions   []shown
	rows      []int
	cases     []string
}

func (t test) String() string { return "`" + t.pkg + "` " + t.name }

var (
	rowName  = regexp.MustCompile(`^Test(?:Row|Field_)(\d{2}(?:_\d{2})*)_`)
	caseName = regexp.MustCompile(`TC_[0-9]+(?:_[0-9]+)?_CSMS`)
)

// read finds the tests of the tree that show something, in order of folder and name.
func read(root string) ([]test, error) {
	var out []test
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if n := d.Name(); n != "." && file != root && (strings.HasPrefix(n, ".") || n == "node_modules" || n == "testdata" || n == "dist") {
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(file, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") {
				continue
			}
			t, err := testOf(path.Dir(filepath.ToSlash(rel)), fn.Name.Name, fn.Doc)
			if err != nil {
				return fmt.Errorf("%s: %w", rel, err)
			}
			if len(t.actions)+len(t.rows)+len(t.cases) > 0 {
				out = append(out, t)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b test) int { return strings.Compare(a.pkg+" "+a.name, b.pkg+" "+b.name) })
	return out, err
}

func testOf(pkg, name string, doc *ast.CommentGroup) (test, error) {
	t := test{pkg: pkg, name: name, cases: caseName.FindAllString(name, -1)}
	if m := rowName.FindStringSubmatch(name); m != nil {
		for n := range strings.SplitSeq(m[1], "_") {
			row, _ := strconv.Atoi(n)
			if row < 1 || row > len(rows) {
				return t, fmt.Errorf("%s names the behaviour %d, and there are %d", name, row, len(rows))
			}
			t.rows = append(t.rows, row)
		}
	}
	if doc == nil {
		return t, nil
	}
	for _, line := range doc.List {
		list, found := strings.CutPrefix(line.Text, "// shows: ")
		if !found {
			continue
		}
		for word := range strings.SplitSeq(list, ",") {
			s, err := shownBy(strings.TrimSpace(word))
			if err != nil {
				return t, fmt.Errorf("%s: %w", name, err)
			}
			t.actions = append(t.actions, s...)
		}
	}
	return t, nil
}

func shownBy(word string) ([]shown, error) {
	name, way, given := strings.Cut(word, " ")
	a := v16.Action(name)
	var out []shown
	if a.FromChargePoint() && (!given || way == "in") {
		out = append(out, shown{a, true})
	}
	if a.ToChargePoint() && (!given || way == "out") {
		out = append(out, shown{a, false})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%q is no action of OCPP 1.6 in that direction", word)
	}
	return out, nil
}
