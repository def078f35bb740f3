package store

import (
	"fmt"
	"reflect"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
)

// cell is one value of a row: nil, int64, string or []byte. Bytes are the row's
// only until the next row is read.
type cell = any

// Row is the row at hand. Scan reads its columns from left to right.
type Row struct {
	cells []cell
	next  int
}

// Scan reads the next columns into the places given: pointers to integers, strings,
// bool, []byte, time.Time, ids, Sealed and named types of these, and *money.Amount,
// which takes two columns (minor units, currency). NULL gives the zero value; a
// pointer to a pointer (**int64) tells NULL from zero.
func (r *Row) Scan(places ...any) error {
	for _, p := range places {
		if a, ok := p.(*money.Amount); ok {
			if err := r.Scan(&a.Minor, (*string)(&a.Currency)); err != nil {
				return err
			}
			continue
		}
		if r.next >= len(r.cells) {
			return fmt.Errorf("store: the row has only %d columns", len(r.cells))
		}
		if err := put(p, r.cells[r.next]); err != nil {
			return fmt.Errorf("store: column %d: %w", r.next+1, err)
		}
		r.next++
	}
	return nil
}

func (r *Row) done() error {
	if r.next != len(r.cells) {
		return fmt.Errorf("store: %d of %d columns were read", r.next, len(r.cells))
	}
	return nil
}

func put(place any, c cell) error {
	switch p := place.(type) {
	case *int64:
		return number(c, p)
	case *int:
		var n int64
		err := number(c, &n)
		*p = int(n)
		return err
	case *string:
		return str(c, p)
	case *[]byte:
		var err error
		*p, err = raw(c, true)
		return err
	case *bool:
		var n int64
		err := number(c, &n)
		*p = n != 0
		return err
	case *time.Time:
		if c == nil {
			*p = time.Time{}
			return nil
		}
		var n int64
		err := number(c, &n)
		*p = time.UnixMicro(n).UTC()
		return err
	case *Sealed:
		b, err := raw(c, true)
		if err != nil {
			return err
		}
		*p, err = sealedColumn(b)
		return err
	}
	if ok, err := putID(place, c); ok {
		return err
	}
	v := reflect.ValueOf(place)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("%T is no place", place)
	}
	v = v.Elem()
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		if err := number(c, &n); err != nil {
			return err
		}
		if v.OverflowInt(n) {
			return fmt.Errorf("%d does not fit %s", n, v.Type())
		}
		v.SetInt(n)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		var n int64
		if err := number(c, &n); err != nil {
			return err
		}
		if n < 0 || v.OverflowUint(uint64(n)) {
			return fmt.Errorf("%d does not fit %s", n, v.Type())
		}
		v.SetUint(uint64(n))
	case reflect.String:
		var s string
		if err := str(c, &s); err != nil {
			return err
		}
		v.SetString(s)
	case reflect.Bool:
		var n int64
		if err := number(c, &n); err != nil {
			return err
		}
		v.SetBool(n != 0)
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return fmt.Errorf("%T is no place", place)
		}
		b, err := raw(c, true)
		if err != nil {
			return err
		}
		v.SetBytes(b)
	case reflect.Pointer:
		if c == nil {
			v.SetZero()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return put(v.Interface(), c)
	default:
		return fmt.Errorf("%T is no place", place)
	}
	return nil
}

func number(c cell, p *int64) error {
	switch v := c.(type) {
	case nil:
		*p = 0
	case int64:
		*p = v
	default:
		return fmt.Errorf("%T is no number", c)
	}
	return nil
}

func str(c cell, p *string) error {
	switch v := c.(type) {
	case nil:
		*p = ""
	case string:
		*p = v
	default:
		return fmt.Errorf("%T is no text", c)
	}
	return nil
}

func raw(c cell, clone bool) ([]byte, error) {
	switch v := c.(type) {
	case nil:
		return nil, nil
	case []byte:
		if clone {
			return append(make([]byte, 0, len(v)), v...), nil
		}
		return v, nil
	case string: // JSON as text into json.RawMessage
		return []byte(v), nil
	}
	return nil, fmt.Errorf("%T is no bytes", c)
}

// putID reads ids. A kind of id that is new in ident is added here.
func putID(place any, c cell) (bool, error) {
	switch p := place.(type) {
	case *ident.Operator:
		return true, id(p, c)
	case *ident.SubOperator:
		return true, id(p, c)
	case *ident.Staff:
		return true, id(p, c)
	case *ident.Role:
		return true, id(p, c)
	case *ident.APIToken:
		return true, id(p, c)
	case *ident.Site:
		return true, id(p, c)
	case *ident.ChargePoint:
		return true, id(p, c)
	case *ident.Connector:
		return true, id(p, c)
	case *ident.Command:
		return true, id(p, c)
	case *ident.Bulk:
		return true, id(p, c)
	case *ident.Event:
		return true, id(p, c)
	case *ident.Driver:
		return true, id(p, c)
	case *ident.Token:
		return true, id(p, c)
	case *ident.Account:
		return true, id(p, c)
	case *ident.Entry:
		return true, id(p, c)
	case *ident.Hold:
		return true, id(p, c)
	case *ident.Recharge:
		return true, id(p, c)
	case *ident.Plan:
		return true, id(p, c)
	case *ident.Session:
		return true, id(p, c)
	case *ident.Warning:
		return true, id(p, c)
	case *ident.Stranger:
		return true, id(p, c)
	case *ident.Model:
		return true, id(p, c)
	case *ident.Template:
		return true, id(p, c)
	case *ident.VendorRule:
		return true, id(p, c)
	case *ident.Attempt:
		return true, id(p, c)
	case *ident.View:
		return true, id(p, c)
	case *ident.Export:
		return true, id(p, c)
	case *ident.Authority:
		return true, id(p, c)
	case *ident.Certificate:
		return true, id(p, c)
	case *ident.SecurityEvent:
		return true, id(p, c)
	case *ident.SecurityChange:
		return true, id(p, c)
	case *ident.Transfer:
		return true, id(p, c)
	case *ident.Image:
		return true, id(p, c)
	case *ident.Install:
		return true, id(p, c)
	case *ident.Campaign:
		return true, id(p, c)
	case *ident.LocalList:
		return true, id(p, c)
	case *ident.Ask:
		return true, id(p, c)
	case *ident.Closing:
		return true, id(p, c)
	case *ident.Payment:
		return true, id(p, c)
	case *ident.Guest:
		return true, id(p, c)
	case *ident.Card:
		return true, id(p, c)
	case *ident.Group:
		return true, id(p, c)
	case *ident.Assignment:
		return true, id(p, c)
	case *ident.Window:
		return true, id(p, c)
	case *ident.Reservation:
		return true, id(p, c)
	}
	return false, nil
}

func id[K ident.Kind](place *ident.ID[K], c cell) error {
	b, err := raw(c, false)
	if err != nil {
		return err
	}
	*place, err = ident.FromBytes[ident.ID[K]](b)
	return err
}
