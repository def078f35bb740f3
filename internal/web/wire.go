package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/operator"
)

// Money is an amount on the wire.
type Money struct {
	Amount   string         `json:"amount" pattern:"^-?[0-9]{1,15}([.][0-9]{1,3})?$" maxLength:"20" doc:"Decimal number with the decimals of the currency." example:"12.34"`
	Currency money.Currency `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217" example:"EUR"`
}

func amount(a money.Amount) Money { return Money{Amount: a.Decimal(), Currency: a.Currency} }

// someAmount is absent for the amount of no currency.
func someAmount(a money.Amount) *Money {
	if a.Currency == "" {
		return nil
	}
	m := amount(a)
	return &m
}

func (m Money) parse(pointer string) (money.Amount, error) {
	a, err := money.ParseAmount(m.Amount, m.Currency)
	if err != nil {
		return money.Amount{}, fault.BadInput(pointer+"/amount", "must be a decimal number with at most %d decimals", m.Currency.Exponent())
	}
	return a, nil
}

// List is one page of T.
type List[T any] struct {
	Items       []T    `json:"items"`
	NextCursor  string `json:"next_cursor,omitempty" doc:"Give it as cursor to get the next page; absent on the last."`
	Total       int    `json:"total" doc:"How many there are, as far as they were counted."`
	TotalCapped bool   `json:"total_capped" doc:"There are more than total."`
}

// Paging is part of the input of every list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Rows per page."`
	Cursor string `query:"cursor" maxLength:"500" doc:"next_cursor of the page before."`
	Sort   string `query:"sort" maxLength:"40" doc:"A column, with - before it for descending."`

	whole bool // an export asks for page after page
}

func (p *Paging) paging() *Paging { return p }

func (p Paging) page() operator.Page {
	return operator.Page{Limit: p.Limit, Cursor: p.Cursor, Sort: p.Sort, Whole: p.whole}
}

// found is the answer of a list.
type found[T any] struct{ Body List[T] }

func foundOf[T, D any](l operator.List[D], one func(D) T) *found[T] {
	out := &found[T]{Body: List[T]{Items: make([]T, 0, len(l.Items)), NextCursor: l.Next, Total: l.Total, TotalCapped: l.Capped}}
	for _, d := range l.Items {
		out.Body.Items = append(out.Body.Items, one(d))
	}
	return out
}

// single is the answer with one object.
type single[T any] struct {
	ETag string `header:"ETag" doc:"The version, to be given back in If-Match."`
	Body T
}

func singleOf[T any](v T, version int64) *single[T] { return &single[T]{ETag: etag(version), Body: v} }

// made is the answer to a POST that made an object.
type made[T any] struct {
	ETag     string `header:"ETag" doc:"The version, to be given back in If-Match."`
	Location string `header:"Location" doc:"Where the object is."`
	Body     T
}

func (*made[T]) status() int { return http.StatusCreated }

func madeOf[T any](v T, version int64, location string) *made[T] {
	return &made[T]{ETag: etag(version), Location: location, Body: v}
}

// accepted is the answer to a POST whose effect comes later.
type accepted[T any] struct {
	Location string `header:"Location" doc:"Where to see what became of it."`
	Body     T
}

func (*accepted[T]) status() int { return http.StatusAccepted }

// nothing is the answer 204.
type nothing struct{}

func etag(version int64) string {
	if version == 0 {
		return ""
	}
	return `"` + strconv.FormatInt(version, 10) + `"`
}

// Opt is a field of a merge patch: absent, null, or a value.
type Opt[T any] struct {
	Set   bool // it was there
	Value T    // zero for null
}

// UnmarshalJSON is called for null too.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	o.Set = true
	if string(b) == "null" {
		return nil
	}
	return json.Unmarshal(b, &o.Value)
}

// Schema is that of T, or null.
func (o Opt[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), false, "") // a reference cannot be null
	s.Nullable = true
	return &s
}

// ptr is nil for an absent field, and points at zero for null.
func (o Opt[T]) ptr() *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}

// optional is a parameter that tells "not there" from its zero value.
type optional[T any] struct {
	Value T
	Set   bool
}

// Schema is that of T.
func (o optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Receiver is where huma puts the value.
func (o *optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet is called by huma when the parameter was there.
func (o *optional[T]) OnParamSet(set bool, _ any) { o.Set = set }

// at is an instant on the wire: UTC, to the millisecond; the zero time stays absent.
func at(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}

// some points at v where it is there.
func some[T any](v T, there bool) *T {
	if !there {
		return nil
	}
	return &v
}
