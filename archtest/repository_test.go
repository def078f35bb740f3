package archtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheRepositoryExplainsItself(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]string{
		"README.md":            "what it is and how it starts",
		"LICENSE":              "under which terms",
		"CONTRIBUTING.md":      "how to change it",
		"CHANGELOG.md":         "what changed, in the user's words",
		"SECURITY.md":          "where to report a hole",
		"docs/words.md":        "one word per thing",
		"docs/dependencies.md": "why each dependency is there",
		"docs/decisions":       "why it is the way it is",
		"docs/operations":      "how to run it",
	} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("%s (%s): %v", name, why, err)
		}
	}
}

// machinePath finds folders of somebody's machine. The expression is in pieces,
// so that it does not find itself.
var machinePath = regexp.MustCompile(`(^|[\s"'=:(` + "`" + `])/(work|root|Users|home/[a-z][a-z0-9]*)/[\w.-]`)

// unfinished finds marks of work left for later, in comments.
var unfinished = regexp.MustCompile(`(//|#|/\*|<!--|--).*\b(TO` + `DO|FIX` + `ME|X` + `XX)\b`)

func TestTheTreeNamesNoFolderOfSomebodysMachine(t *testing.T) {
	t.Parallel()
	if !machinePath.MatchString(`open("/`+`home/ann/x")`) || machinePath.MatchString("see docs/home/x or /var/lib") {
		t.Fatal("the expression is wrong")
	}
	eachText(t, func(name, text string) {
		for i, l := range strings.Split(text, "\n") {
			if machinePath.MatchString(l) {
				t.Errorf("%s:%d: %s: an absolute path works on one machine only", name, i+1, strings.TrimSpace(l))
			}
		}
	})
}

func TestNothingIsMarkedAsUnfinished(t *testing.T) {
	t.Parallel()
	if !unfinished.MatchString("x() // TO"+"DO later") || unfinished.MatchString("ctx := context.TO"+"DO()") {
		t.Fatal("the expression is wrong")
	}
	eachText(t, func(name, text string) {
		if ext := filepath.Ext(name); !slices.Contains([]string{".go", ".ts", ".tsx", ".sql", ".sh", ".md"}, ext) || generated(text) {
			return
		}
		for i, l := range strings.Split(text, "\n") {
			if unfinished.MatchString(l) {
				t.Errorf("%s:%d: %s: work that is left goes where work is planned, not into the code", name, i+1, strings.TrimSpace(l))
			}
		}
	})
}

// dependencies reads docs/dependencies.md: in each table row the first cell is
// the name in backquotes.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "docs/dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for l := range strings.Lines(string(b)) {
		if !strings.HasPrefix(l, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(l), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[strings.Trim(cells[0], "`")] = cells[1:]
	}
	return rows
}

// directGo returns the modules that packages of this tree or the toolchain
// import (go mod tidy's comments follow that, sometimes later), and all that
// go.mod requires, here and in tools.
func directGo(t *testing.T) (direct, required []string) {
	t.Helper()
	direct, required = directOf(t, "go.mod")
	directTools, requiredTools := directOf(t, "tools/go.mod")
	direct = slices.Concat(direct, directTools)
	slices.Sort(direct)
	return slices.Compact(direct), slices.Concat(required, requiredTools)
}

func directOf(t *testing.T, file string) (direct, required []string) {
	t.Helper()
	cmd := exec.Command("go", "mod", "edit", "-json", file)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require, Tool []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	var imports []string
	for _, tool := range mod.Tool {
		imports = append(imports, tool.Path)
	}
	for _, p := range packages(t) {
		if file != "go.mod" {
			break // the product's packages are built with its own modules
		}
		imports = slices.Concat(imports, p.Imports, p.TestImports, p.XTestImports)
	}
	for _, r := range mod.Require {
		required = append(required, r.Path)
		if slices.ContainsFunc(imports, func(path string) bool { return under(path, r.Path) }) {
			direct = append(direct, r.Path)
		}
	}
	return direct, required
}

func directNode(t *testing.T) []string {
	t.Helper()
	var manifests []string
	for _, pattern := range []string{"portal/package.json", "portal/*/package.json"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		manifests = append(manifests, found...)
	}
	var direct []string
	for _, m := range manifests {
		b, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		var pkg struct{ Dependencies, DevDependencies map[string]string }
		if err := json.Unmarshal(b, &pkg); err != nil {
			t.Fatalf("%s: %v", m, err)
		}
		for _, deps := range []map[string]string{pkg.Dependencies, pkg.DevDependencies} {
			for name, version := range deps {
				if !strings.HasPrefix(version, "file:") && version != "*" && !strings.HasPrefix(version, "workspace:") {
					direct = append(direct, name)
				}
			}
		}
	}
	slices.Sort(direct)
	return slices.Compact(direct)
}

func TestEachDependencyHasAReason(t *testing.T) {
	t.Parallel()
	rows := dependencies(t)
	goDirect, goRequired := directGo(t)
	node := directNode(t)
	for _, d := range slices.Concat(goDirect, node) {
		cells, ok := rows[d]
		if !ok {
			t.Errorf("%s is not in docs/dependencies.md: whoever adds a dependency writes why, its licence and its last release", d)
			continue
		}
		if len(cells) != 3 || slices.Contains(cells, "") {
			t.Errorf("docs/dependencies.md: the row of %s is not | name | why | licence | last release |", d)
		}
	}
	for d := range rows {
		if !slices.Contains(goRequired, d) && !slices.Contains(node, d) {
			t.Errorf("docs/dependencies.md explains %s, which nothing requires any more", d)
		}
	}
}
