package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// importedAs is the name under which a file knows a package, "" if it does not.
func importedAs(file *ast.File, path string) string {
	for _, spec := range file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err != nil || p != path {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path[strings.LastIndexByte(path, '/')+1:]
	}
	return ""
}

// selectors calls f for each use of a name of the package, such as time.Now.
func selectors(file *ast.File, path string, f func(pos token.Pos, name string)) {
	pkg := importedAs(file, path)
	if pkg == "" {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
				f(sel.Pos(), sel.Sel.Name)
			}
		}
		return true
	})
}

type flaw struct {
	pos    token.Pos
	reason string
}

var clockReaders = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// clockFlaws: for domain packages.
func clockFlaws(file *ast.File) (flaws []flaw) {
	selectors(file, "time", func(pos token.Pos, name string) {
		if slices.Contains(clockReaders, name) {
			flaws = append(flaws, flaw{pos, "time." + name + " in a domain package: time is an argument, a timer is a due_at column, so that a decision can be repeated"})
		}
	})
	return flaws
}

// floatFlaws: for domain packages and for unit and money.
func floatFlaws(file *ast.File) (flaws []flaw) {
	const reason = ": money, energy and everything counted from them are integers, because a bill must be right to the cent and the same tomorrow"
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if n.Name == "float64" || n.Name == "float32" {
				flaws = append(flaws, flaw{n.Pos(), n.Name + reason})
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT {
				flaws = append(flaws, flaw{n.Pos(), n.Value + reason})
			}
		}
		return true
	})
	selectors(file, "strconv", func(pos token.Pos, name string) {
		if strings.Contains(name, "Float") {
			flaws = append(flaws, flaw{pos, "strconv." + name + reason})
		}
	})
	selectors(file, "math", func(pos token.Pos, name string) {
		// math.MaxInt64 and its like are integers; every function there is not.
		integer := (strings.HasPrefix(name, "Max") || strings.HasPrefix(name, "Min")) && strings.Contains(name, "nt")
		if !integer {
			flaws = append(flaws, flaw{pos, "math." + name + reason})
		}
	})
	return flaws
}

// stationFlaws: for packages that are not OCPP's or OCPI's. Only names that the
// file declares count; using OCPP's own names is not its fault.
func stationFlaws(file *ast.File) (flaws []flaw) {
	check := func(id *ast.Ident) {
		if id != nil && strings.Contains(id.Name, "Station") {
			flaws = append(flaws, flaw{id.Pos(), id.Name + `: "station" means a place to some and a device to others; a device is a ChargePoint, a place is a Site (docs/words.md)`})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			check(n.Name)
		case *ast.TypeSpec:
			check(n.Name)
		case *ast.ImportSpec:
			check(n.Name)
		case *ast.ValueSpec:
			for _, id := range n.Names {
				check(id)
			}
		case *ast.Field:
			for _, id := range n.Names {
				check(id)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					if id, ok := e.(*ast.Ident); ok {
						check(id)
					}
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					check(id)
				}
			}
		}
		return true
	})
	return flaws
}

// sleepFlaws: for tests. Inside testing/synctest time is virtual and sleeping is
// how it passes.
func sleepFlaws(file *ast.File) (flaws []flaw) {
	if importedAs(file, "testing/synctest") != "" {
		return nil
	}
	selectors(file, "time", func(pos token.Pos, name string) {
		if name == "Sleep" {
			flaws = append(flaws, flaw{pos, "time.Sleep in a test: it is too short on a loaded machine and too long on any other; wait for the condition, with a deadline"})
		}
	})
	return flaws
}

const maxLines = 800

// sizeFlaw judges a file of any language.
func sizeFlaw(text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) <= maxLines {
		return nil
	}
	for _, l := range lines[:30] {
		if strings.Contains(l, "size: ") {
			return nil
		}
	}
	return fmt.Errorf("%d lines: a file is one noun, 100 to 300 lines; above %d one of the first 30 lines says why, after \"size: \"", len(lines), maxLines)
}

func generated(text string) bool {
	for i, l := range strings.SplitN(text, "\n", 8) {
		if i < 7 && strings.Contains(l, "enerated") && (strings.Contains(l, "DO NOT EDIT") || strings.Contains(l, "auto-generated")) {
			return true
		}
	}
	return false
}
