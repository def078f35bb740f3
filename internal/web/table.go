package web

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"ccms/internal/money"
)

// The rows of a list as a table for files: a column per field of its JSON, in the
// same order under the same name. The tag export says otherwise:
//
//	export:"-"    no column
//	export:"pii"  personal data: only with the permission pii.export
//	export:"bare" an amount without a column for its currency, which has its own

// cellKind says how a spreadsheet takes a cell.
type cellKind uint8

const (
	textCell cellKind = iota
	numberCell
)

type cell struct {
	text string
	kind cellKind
}

type column struct {
	name     string
	personal bool
	cell     func(row reflect.Value, zone *time.Location) cell
}

type table struct {
	columns  []column
	zone     func(row reflect.Value) *time.Location
	currency func(row reflect.Value) money.Currency // that its prices are in; "" where none says
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	moneyType = reflect.TypeFor[Money]()
	bareType  = reflect.TypeFor[bareMoney]()
	rateType  = reflect.TypeFor[money.Rate]()
	rawType   = reflect.TypeFor[json.RawMessage]()
	textType  = reflect.TypeFor[encoding.TextMarshaler]()
	tables    sync.Map // reflect.Type → *table
)

// bareMoney stands for Money without its currency.
type bareMoney struct{}

// tableOf describes the rows of a type, a struct.
func tableOf(t reflect.Type) *table {
	if known, ok := tables.Load(t); ok {
		return known.(*table)
	}
	tb := &table{zone: func(reflect.Value) *time.Location { return time.UTC }, currency: func(reflect.Value) money.Currency { return "" }}
	tb.add(t, "", false, func(v reflect.Value) reflect.Value { return v })
	tables.Store(t, tb)
	return tb
}

// add adds the columns of a struct that get finds in a row; get gives the zero Value
// where it is absent.
func (tb *table) add(t reflect.Type, prefix string, personal bool, get func(reflect.Value) reflect.Value) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("export")
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "-" || name == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		field := func(row reflect.Value) reflect.Value {
			v := get(row)
			if !v.IsValid() {
				return v
			}
			if v = v.Field(i); v.Kind() == reflect.Pointer {
				return v.Elem()
			}
			return v
		}
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		pii := personal || tag == "pii"
		if f.Anonymous && name == "" {
			tb.add(ft, prefix, pii, field)
			continue
		}
		if tag == "bare" {
			ft = bareType
		}
		tb.field(ft, prefix+name, pii, field)
	}
}

func (tb *table) field(t reflect.Type, name string, pii bool, field func(reflect.Value) reflect.Value) {
	put := func(name string, kind cellKind, text func(v reflect.Value, zone *time.Location) string) {
		tb.columns = append(tb.columns, column{name, pii, func(row reflect.Value, zone *time.Location) cell {
			v := field(row)
			if !v.IsValid() {
				return cell{}
			}
			return cell{text(v, zone), kind}
		}})
	}
	switch {
	case t == timeType:
		put(name, textCell, func(v reflect.Value, zone *time.Location) string {
			at := v.Interface().(time.Time)
			if at.IsZero() {
				return ""
			}
			return at.In(zone).Format("2006-01-02T15:04:05-07:00")
		})
	case t == moneyType:
		put(name, numberCell, func(v reflect.Value, _ *time.Location) string { return v.Interface().(Money).Amount })
		put(name+"_currency", textCell, func(v reflect.Value, _ *time.Location) string { return string(v.Interface().(Money).Currency) })
	case t == bareType:
		put(name, numberCell, func(v reflect.Value, _ *time.Location) string { return v.Interface().(Money).Amount })
	case t == rateType:
		tb.columns = append(tb.columns, column{name, pii, func(row reflect.Value, _ *time.Location) cell {
			v := field(row)
			if !v.IsValid() {
				return cell{}
			}
			r, c := v.Interface().(money.Rate), tb.currency(row)
			if c == "" {
				return cell{r.String(), numberCell}
			}
			return cell{r.In(c), numberCell}
		}})
	case t == rawType:
		put(name, textCell, func(v reflect.Value, _ *time.Location) string { return string(v.Bytes()) })
	case t.Implements(textType):
		put(name, textCell, func(v reflect.Value, _ *time.Location) string { return marshalled(v) })
	case t.Kind() == reflect.String:
		put(name, textCell, func(v reflect.Value, _ *time.Location) string { return v.String() })
		if name == "currency" {
			tb.currency = func(row reflect.Value) money.Currency { return money.Currency(field(row).String()) }
		}
		if name == "time_zone" {
			tb.zone = func(row reflect.Value) *time.Location { return zoneOf(field(row)) }
		}
	case t.Kind() == reflect.Bool:
		put(name, textCell, func(v reflect.Value, _ *time.Location) string { return strconv.FormatBool(v.Bool()) })
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		put(name, numberCell, func(v reflect.Value, _ *time.Location) string { return strconv.FormatInt(v.Int(), 10) })
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		put(name, textCell, func(v reflect.Value, _ *time.Location) string {
			all := make([]string, v.Len())
			for i := range all {
				all[i] = v.Index(i).String()
			}
			return strings.Join(all, "; ")
		})
	case t.Kind() == reflect.Slice: // what is in them is a list of its own: how many there are
		put(name, numberCell, func(v reflect.Value, _ *time.Location) string { return strconv.Itoa(v.Len()) })
	case t.Kind() == reflect.Struct:
		tb.add(t, name+"_", pii, field)
	default: // as the API writes it
		put(name, textCell, func(v reflect.Value, _ *time.Location) string { return marshalled(v) })
	}
}

// marshalled is the text of the value's JSON.
func marshalled(v reflect.Value) string {
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return ""
	}
	var s string
	if json.Unmarshal(b, &s) == nil {
		return s
	}
	return string(b)
}

var zones sync.Map // name → *time.Location

func zoneOf(v reflect.Value) *time.Location {
	if !v.IsValid() || v.String() == "" {
		return time.UTC
	}
	if known, ok := zones.Load(v.String()); ok {
		return known.(*time.Location)
	}
	z, err := time.LoadLocation(v.String())
	if err != nil {
		z = time.UTC
	}
	zones.Store(v.String(), z)
	return z
}

// row gives the cells of the columns that may leave.
func (tb *table) row(v reflect.Value, personal bool, into []cell) []cell {
	zone := tb.zone(v)
	into = into[:0]
	for _, c := range tb.columns {
		if personal || !c.personal {
			into = append(into, c.cell(v, zone))
		}
	}
	return into
}

func (tb *table) names(personal bool) []string {
	var names []string
	for _, c := range tb.columns {
		if personal || !c.personal {
			names = append(names, c.name)
		}
	}
	return names
}

// harmless is a text that no spreadsheet takes for a formula (product §2.2).
func harmless(s string) string {
	if s == "" {
		return s
	}
	switch r := []rune(s)[0]; r {
	case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
		return "'" + s
	}
	return s
}
