package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The folders of the schemas, and how many messages they hold: a file that gets
// lost must not make an action disappear without a word.
var folders = map[string]int{"core": 56, "security": 22}

type kind int

const (
	kindString kind = iota
	kindEnum
	kindInt
	kindDecimal
	kindBool
	kindTime
	kindObject
)

// field is one property of an object.
type field struct {
	json     string
	name     string
	kind     kind
	list     bool
	required bool
	max      int    // characters, 0: any
	ref      string // name of the enum or object
}

type object struct {
	name   string
	fields []field
	users  users
}

// users are the actions that a shared type belongs to.
type users map[string]bool

// only is the action if there is just one, else empty.
func (u users) only() string {
	if len(u) != 1 {
		return ""
	}
	for name := range u {
		return name
	}
	return ""
}

// leaf reports whether the object holds no list of objects.
func (o *object) leaf() bool {
	return !slices.ContainsFunc(o.fields, func(f field) bool { return f.list && f.kind == kindObject })
}

type enum struct {
	name   string
	values []string
	users  users
}

// action is one action with both its messages.
type action struct {
	name      string
	req, conf *object
}

type model struct {
	actions []*action
	objects map[string]*object // shared ones
	enums   map[string]*enum
}

func load(dir string) (*model, error) {
	m := &model{objects: map[string]*object{}, enums: map[string]*enum{}}
	byName := map[string]*action{}
	for folder, count := range folders {
		paths, err := filepath.Glob(filepath.Join(dir, folder, "*.json"))
		if err != nil {
			return nil, err
		}
		if len(paths) != count {
			return nil, fmt.Errorf("%s: %d schemas, want %d", filepath.Join(dir, folder), len(paths), count)
		}
		for _, path := range paths {
			message := strings.TrimSuffix(filepath.Base(path), ".json")
			raw, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			var root schema
			if err := strict(raw, &root); err != nil {
				return nil, fmt.Errorf("%s: %w", message, err)
			}
			name := actionOf(message)
			isConf := name != message
			goType := name + "Req"
			if isConf {
				goType = name + "Conf"
			}
			obj, err := m.object(message, message, goType, &root, &root)
			if err != nil {
				return nil, err
			}
			a := byName[name]
			if a == nil {
				a = &action{name: name}
				byName[name] = a
				m.actions = append(m.actions, a)
			}
			if isConf {
				a.conf = obj
			} else {
				a.req = obj
			}
		}
	}
	slices.SortFunc(m.actions, func(a, b *action) int { return strings.Compare(a.name, b.name) })
	for _, a := range m.actions {
		if a.req == nil || a.conf == nil {
			return nil, fmt.Errorf("%s: request or response is missing", a.name)
		}
	}
	return m, nil
}

// actionOf is the action that a message is the request or response of.
func actionOf(message string) string { return strings.TrimSuffix(message, "Response") }

// object translates a schema of type object. owner is the property that holds
// it.
func (m *model) object(message, owner, name string, s, root *schema) (*object, error) {
	if s.Type != "object" {
		return nil, fmt.Errorf("%s: %s is %q, want an object", message, owner, s.Type)
	}
	o := &object{name: name, users: users{}}
	for i := range s.Properties {
		p := &s.Properties[i]
		f := field{json: p.name, name: goName(p.name), required: slices.Contains(s.Required, p.name)}
		if err := m.field(&f, message, owner, &p.schema, root); err != nil {
			return nil, err
		}
		o.fields = append(o.fields, f)
	}
	for _, r := range s.Required {
		if !slices.ContainsFunc(o.fields, func(f field) bool { return f.json == r }) {
			return nil, fmt.Errorf("%s: required %s is not a property", message, r)
		}
	}
	return o, nil
}

func (m *model) field(f *field, message, owner string, s, root *schema) error {
	s, def, err := s.resolve(root)
	if err != nil {
		return fmt.Errorf("%s/%s: %w", message, f.json, err)
	}
	unknown := fmt.Errorf("%s/%s: type %q format %q is not known", message, f.json, s.Type, s.Format)
	if s.Type == "array" {
		if f.list || s.Items == nil {
			return unknown
		}
		f.list = true
		return m.field(f, message, owner, s.Items, root)
	}
	switch {
	case s.Type == "string" && len(s.Enum) > 0:
		f.kind = kindEnum
		f.ref = definitionName(def)
		if def == "" {
			if f.ref, err = enumName(message, owner, f.json); err != nil {
				return err
			}
		}
		e := m.enums[f.ref]
		if e == nil {
			e = &enum{f.ref, s.Enum, users{}}
			m.enums[e.name] = e
		}
		if !slices.Equal(e.values, s.Enum) {
			return fmt.Errorf("%s/%s: enum %s has two sets of values", message, f.json, e.name)
		}
		e.users[actionOf(message)] = true
	case s.Type == "string" && s.Format == "date-time":
		f.kind = kindTime
	case s.Type == "string" && (s.Format == "" || s.Format == "uri"):
		f.kind, f.max = kindString, s.MaxLength
	case s.Type == "integer":
		f.kind = kindInt
	case s.Type == "number" && s.MultipleOf == 0.1:
		f.kind = kindDecimal
	case s.Type == "boolean":
		f.kind = kindBool
	case s.Type == "object":
		f.kind = kindObject
		f.ref = definitionName(def)
		if def == "" {
			if f.ref = objectNames[f.json]; f.ref == "" {
				return fmt.Errorf("%s/%s: no name for this object", message, f.json)
			}
		}
		o, err := m.object(message, f.json, f.ref, s, root)
		if err != nil {
			return err
		}
		if old := m.objects[o.name]; old == nil {
			m.objects[o.name] = o
		} else if !slices.Equal(old.fields, o.fields) {
			return fmt.Errorf("%s/%s: object %s has two shapes", message, f.json, o.name)
		}
		m.objects[o.name].users[actionOf(message)] = true
	default:
		return unknown
	}
	if f.list && f.kind != kindObject && f.kind != kindString {
		return unknown
	}
	return nil
}
