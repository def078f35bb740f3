package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const root = ".." // tests run in their package's folder

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Name, Dir, Doc                                   string
	GoFiles, TestGoFiles, XTestGoFiles, IgnoredGoFiles, CgoFiles []string
	Imports, TestImports, XTestImports                           []string
}

// tree lists the packages once; -e, because a package that does not compile is
// the compiler's business.
var tree = sync.OnceValues(func() ([]listed, error) {
	cmd := exec.Command("go", "list", "-e", "-json", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New(err.Error() + ": " + stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, p)
	}
})

func packages(t *testing.T) []listed {
	t.Helper()
	all, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("go list names no package")
	}
	return all
}

func TestPackagesAreOnTheListAndWellNamed(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if err := checkPlace(p.ImportPath); err != nil {
			t.Error(err)
		}
		if err := checkName(p.ImportPath, p.Name); err != nil {
			t.Error(err)
		}
	}
}

func TestImportsPointDownwards(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, to := range p.Imports {
			if err := checkImport(p.ImportPath, to); err != nil {
				t.Error(err)
			}
		}
		// Tests may bring the store and databases, but no door needs another.
		for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
			f, to := placeOf(p.ImportPath), placeOf(to)
			if f.layer == layerDoor && to.layer == layerDoor && f.name != to.name {
				t.Errorf("a test of %s imports the door %s: a test through two doors belongs to csmstest", p.ImportPath, to.name)
			}
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && strings.TrimSpace(p.Doc) == "" {
			t.Errorf("%s has no package doc: it says what the package owns, what it refuses and what always holds, for whoever opens the folder tomorrow", p.ImportPath)
		}
	}
}

// eachFile parses the files that pick chooses of each package.
func eachFile(t *testing.T, pick func(listed) []string, f func(p listed, file *ast.File) []flaw) {
	t.Helper()
	for _, p := range packages(t) {
		for _, name := range pick(p) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, fl := range f(p, file) {
				pos := fset.Position(fl.pos)
				t.Errorf("%s/%s:%d: %s", strings.TrimPrefix(p.ImportPath, module+"/"), name, pos.Line, fl.reason)
			}
		}
	}
}

func productFiles(p listed) []string { return slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles) }
func testFiles(p listed) []string    { return slices.Concat(p.TestGoFiles, p.XTestGoFiles) }
func allFiles(p listed) []string     { return slices.Concat(productFiles(p), testFiles(p)) }

func TestDomainTakesTimeAsAnArgument(t *testing.T) {
	t.Parallel()
	eachFile(t, productFiles, func(p listed, file *ast.File) []flaw {
		if placeOf(p.ImportPath).layer != layerDomain {
			return nil
		}
		return clockFlaws(file)
	})
}

func TestMoneyAndEnergyAreIntegers(t *testing.T) {
	t.Parallel()
	eachFile(t, productFiles, func(p listed, file *ast.File) []flaw {
		if at := placeOf(p.ImportPath); at.layer != layerDomain && at.name != "unit" && at.name != "money" {
			return nil
		}
		return floatFlaws(file)
	})
}

func TestAStationIsCalledSiteOrChargePoint(t *testing.T) {
	t.Parallel()
	own := []string{"ocpp", "ocpi", "cpsim"}
	eachFile(t, allFiles, func(p listed, file *ast.File) []flaw {
		at := placeOf(p.ImportPath)
		if slices.Contains(own, at.name) || at.name == "cmd/cpsim" {
			return nil
		}
		// This package's own tests are named after the rule.
		if at.name == "archtest" {
			return nil
		}
		return stationFlaws(file)
	})
}

func TestTestsWaitForConditionsInsteadOfSleeping(t *testing.T) {
	t.Parallel()
	eachFile(t, testFiles, func(_ listed, file *ast.File) []flaw { return sleepFlaws(file) })
	eachFile(t, productFiles, func(p listed, file *ast.File) []flaw {
		if at := placeOf(p.ImportPath); at.layer != layerCSMSTest && at.layer != layerTestDatabase {
			return nil
		}
		return sleepFlaws(file)
	})
}

// sources are the text files of the tree as a clone would have them, plus what
// is about to be added.
func sources(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("this tree is no git checkout, so its files cannot be told from what was built in it: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}

func eachText(t *testing.T, f func(name, text string)) {
	t.Helper()
	for _, name := range sources(t) {
		b, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) || bytes.IndexByte(b[:min(len(b), 8000)], 0) >= 0 {
			continue // deleted and not committed yet, or a picture
		}
		if err != nil {
			t.Error(err)
			continue
		}
		f(name, string(b))
	}
}

func TestFilesAreOneNounLong(t *testing.T) {
	t.Parallel()
	source := []string{".go", ".ts", ".tsx", ".css", ".sh", ".sql"}
	eachText(t, func(name, text string) {
		if !slices.Contains(source, filepath.Ext(name)) || generated(text) {
			return
		}
		if err := sizeFlaw(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}
