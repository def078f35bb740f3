package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"ccms/internal/fault"
)

// More requests than there are turns wait; who waits no longer is told, and takes none.
func TestRequestsWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	s := &Server{turns: make(turns, 1)}
	done, err := s.turns.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.turns.take(gone); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("who has gone was told %v", err)
	}
	got := make(chan error)
	go func() {
		next, err := s.turns.take(t.Context())
		if err == nil {
			next()
		}
		got <- err
	}()
	select {
	case <-got:
		t.Fatal("two at work in one turn")
	default:
	}
	done()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

// A client that takes its answer slowly holds no turn: it is over when the answer begins,
// and is given back once however a handler ends.
func TestATurnIsOverWhenTheAnswerBegins(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"body":   func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("x")) },
		"none":   func(http.ResponseWriter, *http.Request) {},
		"panic":  func(http.ResponseWriter, *http.Request) { panic("as planned") },
	} {
		s := &Server{turns: make(turns, 1)}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		func() {
			defer func() { _ = recover() }() // as planned
			s.atWork(httptest.NewRecorder(), r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if len(s.turns) != 1 {
					t.Errorf("%s: no turn while it works", name)
				}
				handler(w, r)
				if want := map[string]int{"none": 1}[name]; len(s.turns) != want {
					t.Errorf("%s: %d turns held after the answer began", name, len(s.turns))
				}
			}))
		}()
		if len(s.turns) != 0 {
			t.Errorf("%s: the turn was not given back", name)
		}
	}
}
