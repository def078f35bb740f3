package web

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"ccms/internal/authz"
)

type document struct {
	OpenAPI    string `json:"openapi"`
	Paths      map[string]map[string]operationDoc
	Components struct {
		Schemas         map[string]any
		SecuritySchemes map[string]any
	}
}

type operationDoc struct {
	OperationID string `json:"operationId"`
	Summary     string
	Parameters  []struct {
		Name, In string
		Required bool
	}
	Security  *[]map[string][]string
	Responses map[string]any
}

func readDocument(t *testing.T) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheDocumentIsTheRouteTable(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("openapi %q", d.OpenAPI)
	}
	n := 0
	ids := map[string]bool{}
	for _, methods := range d.Paths {
		n += len(methods)
	}
	routes := Routes()
	if n != len(routes) {
		t.Errorf("%d operations for %d routes", n, len(routes))
	}
	for _, rt := range routes {
		op, ok := d.Paths[rt.Path][strings.ToLower(rt.Method)]
		if !ok {
			t.Errorf("%s is not in the document", rt.Pattern())
			continue
		}
		if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" {
			t.Errorf("%s: operation id %q, summary %q", rt.Pattern(), op.OperationID, op.Summary)
		}
		ids[op.OperationID] = true
		if open := op.Security != nil && len(*op.Security) == 0; open != (rt.Permission == authz.Open) {
			t.Errorf("%s: open %v", rt.Pattern(), open)
		}
		params := map[string]bool{}
		for _, p := range op.Parameters {
			params[p.In+" "+p.Name] = p.Required
		}
		for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(rt.Path, -1) {
			if !params["path "+m[1]] {
				t.Errorf("%s: parameter %s is not declared", rt.Pattern(), m[1])
			}
		}
		if rt.Versioned != params["header If-Match"] {
			t.Errorf("%s: If-Match %v", rt.Pattern(), params["header If-Match"])
		}
		if rt.Keyed != params["header Idempotency-Key"] {
			t.Errorf("%s: Idempotency-Key %v", rt.Pattern(), params["header Idempotency-Key"])
		}
		if _, ok := op.Responses["default"]; !ok {
			t.Errorf("%s: no word about errors", rt.Pattern())
		}
	}
}

func TestEveryReferenceOfTheDocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`"\$ref": "#/components/schemas/([^"]+)"`).FindAllStringSubmatch(string(OpenAPI()), -1) {
		used[m[1]] = true
		if d.Components.Schemas[m[1]] == nil {
			t.Errorf("there is no schema %s", m[1])
		}
	}
	if len(used) < 30 {
		t.Errorf("only %d references", len(used))
	}
	for name := range d.Components.Schemas {
		if !regexp.MustCompile(`^[A-Z][A-Za-z]*$`).MatchString(name) {
			t.Errorf("schema %q", name)
		}
	}
}

// The portal's client and the check for drift depend on it.
func TestTheDocumentIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	first := OpenAPI()
	for range 5 {
		if !bytes.Equal(first, OpenAPI()) {
			t.Fatal("two documents of one table differ")
		}
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	lite(t, func(w *world) {
		if a := w.call("GET", "/api/openapi.json", "").want(w, 200); !bytes.Equal(a.body, OpenAPI()) {
			w.Error("another document")
		}
	})
}

// A permission that no route asks for, or a route that asks for one nobody holds,
// is a slip.
func TestPermissionsAndRoutesMeet(t *testing.T) {
	t.Parallel()
	asked := map[authz.Permission]bool{authz.PIIView: true, authz.PIIExport: true} // asked for inside handlers
	for _, rt := range Routes() {
		asked[rt.Permission] = true
		for _, p := range rt.Also {
			asked[p] = true
		}
		if rt.Permission == authz.Open || rt.Permission == authz.SignedIn {
			continue
		}
		held := false
		for _, r := range authz.Roles {
			held = held || r.May(rt.Permission)
		}
		if !held {
			t.Errorf("%s: nobody holds %s", rt.Pattern(), rt.Permission)
		}
	}
	for _, p := range authz.Permissions {
		if !asked[p] {
			t.Errorf("no route asks for %s", p)
		}
	}
}
