package operator

// Page asks for one page of a list. Every list of every domain package takes it.
type Page struct {
	Limit  int    // 20, 50 or 100; 0 means 20
	Cursor string // Next of the page before; "" is the first page
	Sort   string // a column the list allows, "-" before it for descending; "" is the list's own order
	Quick  bool   // nobody counts
	Whole  bool   // one of all pages, one after the other: WholeLimit rows, and nobody counts
}

// List is one page of a list.
type List[T any] struct {
	Items  []T
	Next   string // cursor of the next page; "" when this is the last
	Total  int    // rows the filter matches, counted up to 10,000
	Capped bool   // there are more than Total
}
