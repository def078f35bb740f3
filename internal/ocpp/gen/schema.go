package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// schema is the part of JSON Schema that the OCPP 1.6 files use.
type schema struct {
	Ref         string             `json:"$ref"`
	Definitions map[string]*schema `json:"definitions"`
	Type        string             `json:"type"`
	Format      string             `json:"format"`
	MultipleOf  float64            `json:"multipleOf"`
	MaxLength   int                `json:"maxLength"`
	Enum        []string           `json:"enum"`
	Properties  properties         `json:"properties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`

	// Read to be known, and of no consequence for a tolerant reader.
	Additional     json.RawMessage `json:"additionalProperties"`
	AdditionalItem json.RawMessage `json:"additionalItems"`
	MinItems       int             `json:"minItems"`
	Draft          string          `json:"$schema"`
	ID4            string          `json:"id"`
	ID6            string          `json:"$id"`
	Title          string          `json:"title"`
	JavaType       string          `json:"javaType"`
}

// properties keeps the order of the file.
type properties []property

type property struct {
	name string
	schema
}

func (ps *properties) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		p := property{name: name.(string)}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		if err := strict(raw, &p.schema); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		*ps = append(*ps, p)
	}
	return nil
}

// strict refuses a keyword that schema does not have.
func strict(b []byte, to *schema) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

// resolve follows a reference into the definitions of root and returns the name
// of the definition.
func (s *schema) resolve(root *schema) (*schema, string, error) {
	if s.Ref == "" {
		return s, "", nil
	}
	name, ok := strings.CutPrefix(s.Ref, "#/definitions/")
	def := root.Definitions[name]
	if !ok || def == nil {
		return nil, "", fmt.Errorf("unknown reference %s", s.Ref)
	}
	return def, name, nil
}
