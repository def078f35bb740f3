// Command gen writes the OCPP 1.6 types of internal/ocpp/v16 from the schemas of
// the Open Charge Alliance.
//
// Owns: the files named *_gen.go there, all of them: one that it does not write
// any more is removed.
// Refuses: to guess. A schema keyword, a type or a name it does not know is an
// error, not a comment in the output.
//
// The schemas are found by CCMS_SPEC_DATA and never copied. Run it by
//
//	go generate ./internal/ocpp/v16
//
// With -check nothing is written; it fails if the committed files differ.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// suffix marks the files that belong to the generator.
const suffix = "_gen.go"

func main() {
	out := flag.String("out", filepath.FromSlash("internal/ocpp/v16"), "the package's folder")
	check := flag.Bool("check", false, "compare with the committed files and write nothing")
	flag.Parse()

	data := os.Getenv("CCMS_SPEC_DATA")
	if data == "" {
		if *check {
			fmt.Println("gen: CCMS_SPEC_DATA is not set; the generated OCPP code was not checked")
			return
		}
		fail(fmt.Errorf("CCMS_SPEC_DATA is not set; it must name the folder with ocpp/1.6"))
	}
	files, err := generate(filepath.Join(data, "ocpp", "1.6"))
	if err != nil {
		fail(err)
	}
	if *check {
		differ, err := compare(*out, files)
		if err != nil {
			fail(err)
		}
		if len(differ) > 0 {
			fail(fmt.Errorf("run go generate ./internal/ocpp/v16: %s", strings.Join(differ, ", ")))
		}
		return
	}
	if err := write(*out, files); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gen:", err)
	os.Exit(1)
}

// compare lists what write would change.
func compare(dir string, files map[string][]byte) ([]string, error) {
	var differ []string
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case os.IsNotExist(err):
			differ = append(differ, name+" is missing")
		case err != nil:
			return nil, err
		case !bytes.Equal(got, want):
			differ = append(differ, name+" differs")
		}
	}
	stale, err := surplus(dir, files)
	if err != nil {
		return nil, err
	}
	for _, name := range stale {
		differ = append(differ, name+" is not generated any more")
	}
	slices.Sort(differ)
	return differ, nil
}

func write(dir string, files map[string][]byte) error {
	stale, err := surplus(dir, files)
	if err != nil {
		return err
	}
	for _, name := range stale {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// surplus lists generated files that are not among files.
func surplus(dir string, files map[string][]byte) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, suffix) && files[name] == nil {
			names = append(names, name)
		}
	}
	return names, nil
}
