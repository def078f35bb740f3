package psptest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Fault is a way to fail.
type Fault int

// The ways: an error before anything was done, an answer that breaks off after it was
// done, and an answer that never comes although it was done.
const (
	ErrorBefore Fault = iota + 1
	LostAfter
	HangAfter
)

// faults are what the next calls of an operation meet, by its name.
type faults struct {
	mu    sync.Mutex
	next  map[string][]Fault
	down  bool
	calls map[string]int
}

// Next has the next calls of an operation fail, in this order.
func (f *faults) Next(op string, all ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next == nil {
		f.next = map[string][]Fault{}
	}
	f.next[op] = append(f.next[op], all...)
}

// Down has everything fail until it is told otherwise.
func (f *faults) Down(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// Calls is how often an operation was asked for, and reached us.
func (f *faults) Calls(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

func (f *faults) take(op string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[op]++
	if f.down {
		return ErrorBefore, true
	}
	if q := f.next[op]; len(q) > 0 {
		f.next[op] = q[1:]
		return q[0], true
	}
	return 0, false
}

// serve answers with what work gives, or fails as it was told.
func (f *faults) serve(w http.ResponseWriter, r *http.Request, op string, work func() (int, any)) {
	fault, fails := f.take(op)
	if fails && fault == ErrorBefore {
		write(w, http.StatusServiceUnavailable, map[string]any{"error": map[string]any{"type": "api_error", "message": "down"}, "name": "INTERNAL_SERVER_ERROR"})
		return
	}
	status, body := work()
	switch {
	case fails && fault == HangAfter:
		<-r.Context().Done()
	case fails:
		w.Header().Set("Content-Length", "100000")
		w.WriteHeader(status)
		w.Write([]byte(`{"id":`))
	default:
		write(w, status, body)
	}
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		w.Write(encoded(body))
	}
}

// encoded is JSON; what cannot be one is a defect of this package.
func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// show writes a page to pay on.
func show(w http.ResponseWriter, about obj) {
	if err := page.Execute(w, about); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
	}
}

// answer is one that was given under a key: it is given again.
type answer struct {
	path   string
	body   string
	status int
	said   any
}

// once gives the first answer again to the same key.
func once(kept map[string]answer, key, path, body string, work func() (int, any)) (int, any) {
	if key == "" {
		return work()
	}
	if a, found := kept[key]; found {
		if a.path != path || a.body != body {
			return http.StatusBadRequest, map[string]any{"error": map[string]any{"type": "idempotency_error", "message": "another request came with this key"},
				"name": "UNPROCESSABLE_ENTITY", "details": []any{map[string]any{"issue": "DUPLICATE_REQUEST_ID"}}}
		}
		return a.status, a.said
	}
	status, said := work()
	if status < 500 {
		kept[key] = answer{path, body, status, said}
	}
	return status, said
}

// Hook is one webhook, ready to be sent: as often, as late and in what order a test likes.
type Hook struct {
	ID     string
	Kind   string
	Header http.Header
	Body   []byte
}

// Send posts it and returns the status.
func (h Hook) Send(url string) (int, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(h.Body))
	if err != nil {
		return 0, err
	}
	r.Header = h.Header.Clone()
	r.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer a.Body.Close()
	_, err = io.Copy(io.Discard, a.Body)
	return a.StatusCode, err
}

// Map is the header as package pay takes it.
func (h Hook) Map() map[string]string {
	m := map[string]string{}
	for k := range h.Header {
		m[k] = h.Header.Get(k)
	}
	return m
}

func sign(secret string, at time.Time, body []byte) string {
	m := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(m, "%d.", at.Unix())
	m.Write(body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(m.Sum(nil)))
}

// page is where a payer pays, or does not. Nothing is typed there.
var page = template.Must(template.New("pay").Parse(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>{{.Who}} (trial)</title>
<h1>{{.Who}} (trial)</h1><p>{{.Text}}: {{.Amount}}</p>
<form method="post"><button name="do" value="pay">Pay</button> <button name="do" value="decline">Decline</button></form>{{if .Declined}}<p role="alert">The card was declined.</p>{{end}}</html>`))

// base is a server, and what both providers have.
type base struct {
	faults
	state sync.Mutex
	srv   *httptest.Server
	Now   func() time.Time
	// HookURL gets each webhook at once, where it is set.
	HookURL string
	hooks   []Hook
	kept    map[string]answer
	serial  int
}

func (b *base) id(prefix string) string {
	b.serial++
	return fmt.Sprintf("%s_%06d", prefix, b.serial)
}

// Hooks are all webhooks so far, oldest first.
func (b *base) Hooks() []Hook {
	b.state.Lock()
	defer b.state.Unlock()
	return append([]Hook(nil), b.hooks...)
}

// tell keeps a webhook, and sends it where somebody listens.
func (b *base) tell(h Hook) {
	b.hooks = append(b.hooks, h)
	if url := b.HookURL; url != "" {
		go h.Send(url) //nolint:errcheck // whoever does not listen hears it from the next look
	}
}

// URL is where the provider is.
func (b *base) URL() string { return b.srv.URL }

// Close ends it.
func (b *base) Close() { b.srv.Close() }
