package junk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Schema is as much of JSON Schema as OCA's files for OCPP 1.6 use.
type Schema struct {
	Ref                  string            `json:"$ref"`
	Type                 string            `json:"type"`
	Properties           map[string]Schema `json:"properties"`
	Required             []string          `json:"required"`
	AdditionalProperties *bool             `json:"additionalProperties"`
	Items                *Schema           `json:"items"`
	Enum                 []string          `json:"enum"`
	MaxLength            int               `json:"maxLength"`
	MinItems             int               `json:"minItems"`
	MultipleOf           float64           `json:"multipleOf"`
	Format               string            `json:"format"`
	Definitions          map[string]Schema `json:"definitions"`
}

// Schemas are OCA's schemas for OCPP 1.6 by name: Authorize, AuthorizeResponse, … Without
// the data the test is skipped, and says so.
func Schemas(t testing.TB) map[string]*Schema {
	t.Helper()
	all, err := LoadSchemas()
	switch {
	case err != nil:
		t.Fatal(err)
	case all == nil:
		t.Skip("CCMS_SPEC_DATA is not set: nothing was checked against the schemas")
	}
	return all
}

// LoadSchemas is Schemas without a test; nil where the data is not there.
func LoadSchemas() (map[string]*Schema, error) {
	dir := os.Getenv("CCMS_SPEC_DATA")
	if dir == "" {
		return nil, nil
	}
	paths, err := filepath.Glob(filepath.Join(dir, "ocpp", "1.6", "*", "*.json"))
	if err != nil || len(paths) != 78 {
		return nil, fmt.Errorf("%d schemas found (%w), want 78", len(paths), err)
	}
	all := map[string]*Schema{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		s := new(Schema)
		if err := json.Unmarshal(raw, s); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = s
	}
	return all, nil
}

func (s *Schema) resolved(n Schema) Schema {
	if name, ok := strings.CutPrefix(n.Ref, "#/definitions/"); ok {
		return s.Definitions[name]
	}
	return n
}

// Faults says where a document is not what the schema wants.
func (s *Schema) Faults(doc []byte) []string {
	d := json.NewDecoder(bytes.NewReader(doc))
	var v any
	if err := d.Decode(&v); err != nil {
		return []string{err.Error()}
	}
	return s.faults("", *s, v)
}

func (s *Schema) faults(path string, n Schema, v any) (out []string) {
	n = s.resolved(n)
	fault := func(format string, a ...any) { out = append(out, path+": "+fmt.Sprintf(format, a...)) }
	switch n.Type {
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			fault("is no object")
			return out
		}
		for _, k := range n.Required {
			if _, ok := m[k]; !ok {
				fault("%s is missing", k)
			}
		}
		for k, e := range m {
			if p, known := n.Properties[k]; known {
				out = append(out, s.faults(path+"/"+k, p, e)...)
			} else if n.AdditionalProperties != nil && !*n.AdditionalProperties {
				fault("%s is not a field", k)
			}
		}
	case "array":
		l, ok := v.([]any)
		if !ok || len(l) < n.MinItems {
			fault("is no array of %d or more", n.MinItems)
		}
		for i, e := range l {
			out = append(out, s.faults(fmt.Sprint(path, "/", i), *n.Items, e)...)
		}
	case "string":
		out = append(out, n.textFaults(path, v)...)
	case "integer", "number":
		f, ok := v.(float64)
		switch {
		case !ok || n.Type == "integer" && f != math.Trunc(f):
			fault("%v is no %s", v, n.Type)
		case n.MultipleOf > 0 && math.Abs(f/n.MultipleOf-math.Round(f/n.MultipleOf)) > 1e-6:
			fault("%v is no multiple of %v", v, n.MultipleOf)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			fault("%v is no boolean", v)
		}
	default:
		fault("the schema has type %q", n.Type)
	}
	return out
}

func (s Schema) textFaults(path string, v any) (out []string) {
	t, ok := v.(string)
	switch {
	case !ok:
		out = append(out, path+": is no string")
	case s.MaxLength > 0 && utf8.RuneCountInString(t) > s.MaxLength:
		out = append(out, fmt.Sprintf("%s: is longer than %d", path, s.MaxLength))
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, t):
		out = append(out, fmt.Sprintf("%s: %q is not of the list", path, t))
	case s.Format == "date-time":
		if _, err := time.Parse(time.RFC3339, t); err != nil {
			out = append(out, fmt.Sprintf("%s: %q is no time", path, t))
		}
	}
	return out
}

// Valid is any document that the schema allows; lists have up to most elements.
func (s *Schema) Valid(r *rand.Rand, most int) []byte {
	return text(s.valid(r, *s, most))
}

func text(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps, lists, strings and numbers
	}
	return b
}

func (s *Schema) valid(r *rand.Rand, n Schema, most int) any {
	n = s.resolved(n)
	switch n.Type {
	case "object":
		o := map[string]any{}
		for _, k := range slices.Sorted(maps.Keys(n.Properties)) {
			if slices.Contains(n.Required, k) || r.IntN(3) > 0 {
				o[k] = s.valid(r, n.Properties[k], most)
			}
		}
		return o
	case "array":
		l := make([]any, n.MinItems+r.IntN(most+1))
		for i := range l {
			l[i] = s.valid(r, *n.Items, most)
		}
		return l
	case "integer":
		return []int64{0, 1, -1, 7, 1<<31 - 1, -1 << 31, r.Int64N(1 << 40)}[r.IntN(7)]
	case "number":
		return json.Number(fmt.Sprintf("%d.%d", r.IntN(100_000), r.IntN(10)))
	case "boolean":
		return r.IntN(2) == 0
	}
	switch {
	case len(n.Enum) > 0:
		return n.Enum[r.IntN(len(n.Enum))]
	case n.Format == "date-time":
		at := time.Unix(1_600_000_000+r.Int64N(1<<29), r.Int64N(1000)*1e6).In(time.FixedZone("", 1800*(r.IntN(53)-28)))
		return at.Format([]string{time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00"}[r.IntN(3)])
	}
	return validText(r, n.MaxLength)
}

// validText is a text of at most limit characters that says something: it does not look
// like a placeholder.
func validText(r *rand.Rand, limit int) string {
	if limit == 0 {
		limit = 60
	}
	letters := []rune("abcXYZ0189 _-:|@.\"\\/\n\t\u00e9\u2028\U0001f600")
	out := []rune{'a'}
	for range r.IntN(limit) {
		out = append(out, letters[r.IntN(len(letters))])
	}
	return string(out[:min(len(out), limit)])
}

// Lists gives a document per list of the schema, with that list as long as fits into size
// bytes, of elements like elem; what else is required is there.
func (s *Schema) Lists(r *rand.Rand, size int, elem func(valid []byte) string) [][]byte {
	var out [][]byte
	var walk func(n Schema, wrap func(string) string)
	walk = func(n Schema, wrap func(string) string) {
		n = s.resolved(n)
		switch n.Type {
		case "object":
			for _, k := range slices.Sorted(maps.Keys(n.Properties)) {
				walk(n.Properties[k], func(inner string) string {
					parts := []string{}
					for _, q := range n.Required {
						if q != k {
							parts = append(parts, fmt.Sprintf("%q:%s", q, text(s.valid(r, n.Properties[q], 0))))
						}
					}
					return wrap("{" + strings.Join(append(parts, fmt.Sprintf("%q:%s", k, inner)), ",") + "}")
				})
			}
		case "array":
			walk(*n.Items, func(inner string) string { return wrap("[" + inner + "]") })
			one := elem(text(s.valid(r, *n.Items, 0)))
			out = append(out, []byte(wrap("["+strings.TrimSuffix(strings.Repeat(one+",", max(1, size/(len(one)+1))), ",")+"]")))
		}
	}
	walk(*s, func(inner string) string { return inner })
	return out
}
