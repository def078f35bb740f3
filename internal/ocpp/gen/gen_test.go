package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func specData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CCMS_SPEC_DATA")
	if dir == "" {
		t.Skip("CCMS_SPEC_DATA is not set: the generated code was not compared with the schemas")
	}
	return filepath.Join(dir, "ocpp", "1.6")
}

func TestTheCommittedFilesAreTheGeneratedOnes(t *testing.T) {
	t.Parallel()
	files, err := generate(specData(t))
	if err != nil {
		t.Fatal(err)
	}
	differ, err := compare(filepath.Join("..", "v16"), files)
	if err != nil || len(differ) > 0 {
		t.Fatalf("%v %v; run go generate ./internal/ocpp/v16", differ, err)
	}
}

func TestDriftIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := map[string][]byte{"a_gen.go": []byte("a"), "b_gen.go": []byte("b")}
	if err := write(dir, files); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a_gen.go": "changed", "old_gen.go": "", "own.go": "by hand"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	differ, err := compare(dir, files)
	if err != nil || strings.Join(differ, ", ") != "a_gen.go differs, old_gen.go is not generated any more" {
		t.Fatalf("%q %v", differ, err)
	}
	if err := write(dir, files); err != nil {
		t.Fatal(err)
	}
	if differ, err := compare(dir, files); err != nil || differ != nil {
		t.Fatalf("after writing: %q %v", differ, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "own.go")); err != nil {
		t.Fatalf("a file written by hand is gone: %v", err)
	}
}

func TestWhatTheGeneratorDoesNotKnowIsAnError(t *testing.T) {
	t.Parallel()
	for why, text := range map[string]string{
		"a keyword":            `{"type":"object","properties":{"a":{"type":"string","pattern":"x"}}}`,
		"a type":               `{"type":"object","properties":{"a":{"type":"null"}}}`,
		"a format":             `{"type":"object","properties":{"a":{"type":"string","format":"email"}}}`,
		"an enum without name": `{"type":"object","properties":{"nameless":{"type":"string","enum":["A"]}}}`,
		"an object of no name": `{"type":"object","properties":{"nameless":{"type":"object"}}}`,
		"a reference":          `{"type":"object","properties":{"a":{"$ref":"#/definitions/B"}}}`,
		"a required stranger":  `{"type":"object","properties":{},"required":["a"]}`,
		"no object":            `{"type":"array"}`,
	} {
		var root schema
		err := strict([]byte(text), &root)
		if err == nil {
			m := &model{objects: map[string]*object{}, enums: map[string]*enum{}}
			_, err = m.object("Test", "Test", "TestReq", &root, &root)
		}
		if err == nil {
			t.Errorf("%s is accepted", why)
		}
	}
}

func TestGoNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"idTag": "IDTag", "parentIdTag": "ParentIDTag", "L1-N": "L1N", "Energy.Active.Import.Register": "EnergyActiveImportRegister",
		"csChargingProfiles": "CSChargingProfiles", "iccid": "ICCID", "transactionId": "TransactionID", "SoC": "SoC", "connectorId": "ConnectorID",
		"EVCommunicationError": "EVCommunicationError", "requestedMessage": "RequestedMessage", "csr": "CSR",
	} {
		if got := goName(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
