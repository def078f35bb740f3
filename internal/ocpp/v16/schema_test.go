package v16_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/v16"
)

// This test reads the schemas on its own, not with the generator, and proves
// each of their rules by a document that obeys it and one that does not.

type node map[string]any

func (n node) child(key string) node {
	c, _ := n[key].(map[string]any)
	return c
}

func (n node) resolved(root node) node {
	if ref, ok := n["$ref"].(string); ok {
		return root.child("definitions").child(strings.TrimPrefix(ref, "#/definitions/"))
	}
	return n
}

func (n node) required() []string {
	list, _ := n["required"].([]any)
	var names []string
	for _, x := range list {
		names = append(names, x.(string))
	}
	return names
}

func (n node) enum() []string {
	list, _ := n["enum"].([]any)
	var values []string
	for _, x := range list {
		values = append(values, x.(string))
	}
	return values
}

// sample is a value that obeys the schema: with all properties, or only with
// the required ones.
func sample(n, root node, full bool) any {
	n = n.resolved(root)
	switch n["type"] {
	case "object":
		o := map[string]any{}
		names := n.required()
		if full {
			names = slices.Collect(maps.Keys(n.child("properties")))
		}
		for _, name := range names {
			o[name] = sample(n.child("properties").child(name), root, full)
		}
		return o
	case "array":
		item := n.child("items")
		return []any{sample(item, root, full), sample(item, root, full)}
	case "integer":
		return 7
	case "number":
		return 16.1
	case "boolean":
		return true
	}
	if values := n.enum(); values != nil {
		return values[len(values)-1]
	}
	if n["format"] == "date-time" {
		return "2026-03-01T12:00:00.500Z"
	}
	return "abc"
}

// place is one property somewhere in a schema, with the way to it.
type place struct {
	pointer  string
	path     []any // keys and indexes
	schema   node
	required bool
}

func places(n, root node, at place, each func(place)) {
	n = n.resolved(root)
	at.schema = n
	if at.pointer != "" {
		each(at)
	}
	switch n["type"] {
	case "object":
		for name := range n.child("properties") {
			places(n.child("properties").child(name), root, place{
				pointer: at.pointer + "/" + name, path: append(slices.Clone(at.path), name),
				required: slices.Contains(n.required(), name),
			}, each)
		}
	case "array":
		places(n.child("items"), root, place{
			pointer: at.pointer + "/0", path: append(slices.Clone(at.path), 0),
		}, each)
	}
}

// with is a copy of the document with the value at the path replaced, or taken
// out if value is nil.
func with(doc any, path []any, value any) any {
	if len(path) == 0 {
		return value
	}
	switch d := doc.(type) {
	case map[string]any:
		c := maps.Clone(d)
		key := path[0].(string)
		if len(path) == 1 && value == nil {
			delete(c, key)
		} else {
			c[key] = with(c[key], path[1:], value)
		}
		return c
	case []any:
		c := slices.Clone(d)
		c[path[0].(int)] = with(c[path[0].(int)], path[1:], value)
		return c
	}
	panic("path does not fit the document")
}

func specData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CCMS_SPEC_DATA")
	if dir == "" {
		t.Skip("CCMS_SPEC_DATA is not set: the types were not checked against the schemas")
	}
	return filepath.Join(dir, "ocpp", "1.6")
}

func TestEveryRuleOfEverySchema(t *testing.T) {
	t.Parallel()
	dir := specData(t)
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	if err != nil || len(paths) != 78 {
		t.Fatalf("%d schemas found (%v), want 78", len(paths), err)
	}
	seen := map[v16.Action]int{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var root node
		if err := json.Unmarshal(raw, &root); err != nil {
			t.Fatal(err)
		}
		message := strings.TrimSuffix(filepath.Base(path), ".json")
		name, conf := strings.CutSuffix(message, "Response")
		read := v16.DecodeReq
		if conf {
			read = v16.DecodeConf
		}
		seen[v16.Action(name)]++
		if !v16.Action(name).Known() {
			t.Errorf("%s is not a known action", name)
		}
		c := checker{t: t, message: message, root: root, read: func(doc any) (v16.Message, decode.Flaws) {
			b, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			m, flaws, err := read(v16.Action(name), b)
			if err != nil {
				t.Fatalf("%s: %s: %v", message, b, err)
			}
			return m, flaws
		}}
		c.run()
	}
	if len(seen) != 39 || len(v16.Actions) != 39 {
		t.Errorf("%d actions in the schemas, %d in the package, want 39", len(seen), len(v16.Actions))
	}
	for _, a := range v16.Actions {
		if seen[a] != 2 {
			t.Errorf("%s has %d schemas", a, seen[a])
		}
	}
}

type checker struct {
	t       *testing.T
	message string
	root    node
	read    func(doc any) (v16.Message, decode.Flaws)
}

// want checks that the document has exactly the one flaw; pointer "" is none.
func (c *checker) want(why string, doc any, kind decode.Kind, pointer string) {
	c.t.Helper()
	m, flaws := c.read(doc)
	if pointer == "" {
		if flaws.Any() {
			c.t.Errorf("%s: %s: flaws %v, want none", c.message, why, flaws)
		}
		return
	}
	if flaws.Bits != 1<<kind || len(flaws.List) != 1 || !flaws.At(kind, pointer) {
		c.t.Errorf("%s: %s: flaws %v, want only %v %s", c.message, why, flaws, kind, pointer)
	}
	if m == nil {
		c.t.Errorf("%s: %s: nothing was read", c.message, why)
	}
}

// same checks that what was read is written again as it was.
func (c *checker) same(why string, doc any) {
	c.t.Helper()
	m, _ := c.read(doc)
	var got any
	if err := json.Unmarshal(m.AppendJSON(nil), &got); err != nil {
		c.t.Errorf("%s: %s: %v", c.message, why, err)
		return
	}
	want, _ := json.Marshal(doc)
	back, _ := json.Marshal(got)
	if string(back) != string(want) {
		c.t.Errorf("%s: %s: written as\n%s, want\n%s", c.message, why, back, want)
	}
}

func (c *checker) run() {
	full, least := sample(c.root, c.root, true), sample(c.root, c.root, false)
	for why, doc := range map[string]any{"all properties": full, "required properties": least} {
		c.want(why, doc, 0, "")
		c.same(why, doc)
	}
	c.want("a field of no schema", with(full, []any{"vendorExtra"}, map[string]any{"a": []any{1}}), decode.UnknownField, "/vendorExtra")
	places(c.root, c.root, place{}, func(p place) {
		_, inList := p.path[len(p.path)-1].(int)
		switch {
		case inList:
		case p.required:
			c.want("without "+p.pointer, with(full, p.path, nil), decode.Missing, p.pointer)
		default:
			c.want("without "+p.pointer, with(full, p.path, nil), 0, "")
			c.same("without "+p.pointer, with(full, p.path, nil))
		}
		switch p.schema["type"] {
		case "string":
			c.text(full, p)
		case "integer", "number", "boolean":
			c.notA(full, p)
		}
	})
}

// notA: a word where a number or a boolean should be counts as absent.
func (c *checker) notA(full any, p place) {
	_, flaws := c.read(with(full, p.path, "word"))
	if !flaws.At(decode.WrongType, p.pointer) || !flaws.At(decode.BadValue, p.pointer) || flaws.At(decode.Missing, p.pointer) != p.required {
		c.t.Errorf("%s: a word at %s: flaws %v", c.message, p.pointer, flaws)
	}
}

func (c *checker) text(full any, p place) {
	if values := p.schema.enum(); values != nil {
		for _, v := range values {
			c.want(v+" at "+p.pointer, with(full, p.path, v), 0, "")
		}
		c.want("another value at "+p.pointer, with(full, p.path, "Bogus"), decode.UnknownEnum, p.pointer)
		c.same("another value at "+p.pointer, with(full, p.path, "Bogus"))
		return
	}
	if p.schema["format"] == "date-time" {
		c.want("no time at "+p.pointer, with(full, p.path, "yesterday"), decode.BadTime, p.pointer)
		return
	}
	max, limited := p.schema["maxLength"].(float64)
	if !limited {
		long := strings.Repeat("x", 10_000)
		c.want("a long text at "+p.pointer, with(full, p.path, long), 0, "")
		return
	}
	fits, long := strings.Repeat("é", int(max)), strings.Repeat("é", int(max)+1)
	c.want(fmt.Sprintf("%v characters at %s", max, p.pointer), with(full, p.path, fits), 0, "")
	c.want(fmt.Sprintf("%v characters at %s", max+1, p.pointer), with(full, p.path, long), decode.TooLong, p.pointer)
	c.same("a text that is too long at "+p.pointer, with(full, p.path, long))
}
