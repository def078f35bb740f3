package csmstest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

const password = "correct horse battery"

// API is a member of staff in front of a browser, logged in.
type API struct {
	world  *World
	cookie string
	csrf   string
}

// Staff makes an account of the role and logs it in.
func (w *World) Staff(role authz.Role) *API {
	w.Helper()
	return w.SubStaff(role, ident.SubOperator{})
}

// SubStaff is Staff of a sub-operator.
func (w *World) SubStaff(role authz.Role, sub ident.SubOperator) *API {
	w.Helper()
	w.mu.Lock()
	w.serial++
	login := fmt.Sprintf("staff-%d", w.serial)
	w.mu.Unlock()
	_, err := w.App.Operators.CreateStaff(w.Context(), w.Scope, operator.NewStaff{Sub: sub, Login: login, Name: "Staff", Role: role, Password: password})
	w.OK(err)
	return w.Login(login)
}

// Login logs an account in.
func (w *World) Login(login string) *API {
	w.Helper()
	a := &API{world: w}
	r := a.Do("POST", "/api/v1/login", M{"login": login, "password": password}).Want(200)
	a.csrf = r.Body.Str("me", "csrf_token")
	for _, line := range r.Header.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		w.OK(err)
		a.cookie = c.Name + "=" + c.Value
	}
	return a
}

// Reply is an answer of the API.
type Reply struct {
	Status int
	Header http.Header
	Raw    []byte
	Body   M
	world  *World
	what   string
}

// Want ends the test on any other status.
func (r Reply) Want(status int) Reply {
	r.world.Helper()
	if r.Status != status {
		r.world.Fatalf("%s: status %d %v, want %d", r.what, r.Status, r.Body, status)
	}
	return r
}

// Items are the elements of a list.
func (r Reply) Items() (out []M) {
	items, _ := r.Body["items"].([]any)
	for _, i := range items {
		if m, ok := i.(map[string]any); ok {
			out = append(out, M(m))
		}
	}
	return out
}

// Do sends a request; header is name, value, …
func (a *API) Do(method, path string, body any, header ...string) Reply {
	w := a.world
	w.Helper()
	var rd io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		w.OK(err)
		rd = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(w.Context(), method, "http://"+w.Addr+path, rd)
	w.OK(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.cookie != "" {
		r.Header.Set("Cookie", a.cookie)
		r.Header.Set("X-CSRF-Token", a.csrf)
	}
	if method == http.MethodPost {
		w.mu.Lock()
		w.serial++
		r.Header.Set("Idempotency-Key", fmt.Sprint("key-", w.serial))
		w.mu.Unlock()
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(r)
	w.OK(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	w.OK(err)
	out := Reply{Status: resp.StatusCode, Header: resp.Header, Raw: b, world: w, what: method + " " + path}
	if kind := resp.Header.Get("Content-Type"); strings.Contains(kind, "json") && !strings.Contains(kind, "ndjson") && len(b) > 0 {
		out.Body, err = readM(b)
		w.OK(err)
	}
	return out
}

// client keeps no connection: a node that stops would wait for it.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// Get reads what must be there.
func (a *API) Get(path string) Reply {
	a.world.Helper()
	return a.Do("GET", path, nil).Want(200)
}

// Command asks for a command on a charge point.
func (a *API) Command(p *Point, body M) Reply {
	a.world.Helper()
	return a.Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/commands", body)
}

// StopSession clicks Stop.
func (a *API) StopSession(s *Session) Reply {
	a.world.Helper()
	return a.Do("POST", "/api/v1/sessions/"+s.ID.String()+"/stop", M{"reason": "test"})
}

// Becomes waits until a command has reached a state and returns it.
func (a *API) Becomes(command, state string) M {
	a.world.Helper()
	var last M
	a.world.Until("command "+command+" is "+state, func() bool {
		last = a.Get("/api/v1/commands/" + command).Body
		return last.Str("state") == state
	})
	return last
}

// Stream is the event stream that a screen reads.
type Stream struct {
	world *World
	lines *bufio.Scanner
}

// Watch opens the event stream.
func (a *API) Watch(query string) *Stream {
	a.world.Helper()
	return a.Stream("/api/v1/live" + query)
}

// Stream opens a stream of events.
func (a *API) Stream(path string) *Stream {
	w := a.world
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "http://"+w.Addr+path, nil)
	w.OK(err)
	r.Header.Set("Cookie", a.cookie)
	resp, err := client.Do(r)
	w.OK(err)
	w.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		w.Fatalf("the stream answers %d", resp.StatusCode)
	}
	s := &Stream{w, bufio.NewScanner(resp.Body)}
	if name, _ := s.Next(); name != "hello" {
		w.Fatalf("the stream begins with %q", name)
	}
	return s
}

// Next is the next event; its name is empty where the stream has ended.
func (s *Stream) Next() (name string, data M) {
	s.world.Helper()
	for s.lines.Scan() {
		line := s.lines.Text()
		if n, ok := strings.CutPrefix(line, "event: "); ok {
			name = n
		}
		if d, ok := strings.CutPrefix(line, "data: "); ok {
			data, _ = readM([]byte(d)) // what is no object stays nil
		}
		if line == "" && name != "" {
			return name, data
		}
	}
	return "", nil
}

// Until reads events until one fits.
func (s *Stream) Until(what string, fits func(name string, data M) bool) {
	s.world.Helper()
	for {
		name, data := s.Next()
		if name == "" {
			s.world.Fatalf("the stream ended before %s", what)
		}
		if fits(name, data) {
			return
		}
	}
}
