package store

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"ccms/internal/fault"
	"ccms/internal/money"
)

// listArg is a slice for {{in}}; all values have one kind.
type listArg struct{ values []any }

// array is what pgx sends for = ANY($n).
func (l listArg) array() any {
	if len(l.values) == 0 {
		return []string(nil)
	}
	switch l.values[0].(type) {
	case int64:
		return typed[int64](l.values)
	case []byte:
		return typed[[]byte](l.values)
	}
	return typed[string](l.values)
}

func typed[T any](values []any) []T {
	all := make([]T, len(values))
	for i, v := range values {
		all[i] = v.(T)
	}
	return all
}

// micros is the stored form of an instant.
func micros(t time.Time) int64 { return t.UnixMicro() }

// flatten turns Go values into the few that both drivers take: nil, int64,
// string, []byte. A money.Amount becomes two: minor units and currency.
func flatten(args []any) ([]any, error) {
	flat := make([]any, 0, len(args)+2)
	for _, a := range args {
		if m, ok := a.(money.Amount); ok {
			flat = append(flat, m.Minor, string(m.Currency))
			continue
		}
		v, err := value(a)
		if err != nil {
			return nil, err
		}
		flat = append(flat, v)
	}
	return flat, nil
}

// storable refuses text that PostgreSQL does not take, on both engines alike. Doors
// take such characters out of what must not be refused.
func storable(s string) (any, error) {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return nil, fault.New(fault.Invalid, "text_not_storable", "A text has a character that cannot be stored. Type it again.")
	}
	return s, nil
}

func value(a any) (any, error) {
	switch v := a.(type) {
	case nil:
		return nil, nil
	case int64:
		return v, nil
	case int:
		return int64(v), nil
	case string:
		return storable(v)
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case time.Time:
		if v.IsZero() {
			return nil, nil
		}
		return micros(v), nil
	case Sealed:
		return v.column(), nil
	case array:
		return v.values, nil
	case interface{ Bytes() []byte }: // ids
		return v.Bytes(), nil
	case float32, float64:
		return nil, fmt.Errorf("store: a float as argument")
	}
	v := reflect.ValueOf(a)
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint()), nil
	case reflect.String:
		return storable(v.String())
	case reflect.Bool:
		return value(v.Bool())
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return value(v.Elem().Interface())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 { // json.RawMessage and its like
			return value(v.Bytes())
		}
		l := listArg{values: make([]any, v.Len())}
		for i := range l.values {
			e, err := value(v.Index(i).Interface())
			if err != nil {
				return nil, err
			}
			l.values[i] = e
		}
		return l, nil
	}
	return nil, fmt.Errorf("store: %T as argument", a)
}
