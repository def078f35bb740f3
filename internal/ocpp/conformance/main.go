// Command conformance writes docs/conformance/ocpp16.md from the names of the tests: which
// test shows which action of OCPP 1.6, which real behaviour, which case of OCA's.
//
// Owns: that page, whole.
// Refuses: a claim without a test. A test says what it shows in its comment or its name,
// and what nothing shows is an empty place on the page, in sight.
//
// A test shows
//   - an action by a line of its comment: `// shows: ReserveNow, CancelReservation`; for
//     DataTransfer, which goes both ways, `DataTransfer in` or `DataTransfer out`, or
//     both by the name alone;
//   - a behaviour by its name: TestRow41_… or TestField_41_…, for several TestRow41_42_…;
//   - a case of OCA's by its id in the name: …TC_001_CSMS….
//
// With -check nothing is written; it fails if the committed page differs.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "the repository")
	check := flag.Bool("check", false, "compare with the committed page and write nothing")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	tests, err := read(root)
	if err != nil {
		return err
	}
	page := render(tests)
	path := filepath.Join(root, "docs", "conformance", "ocpp16.md")
	if !check {
		return os.WriteFile(path, page, 0o644)
	}
	have, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, page) {
		return fmt.Errorf("%s is not what the tests say: make generate", path)
	}
	return nil
}
