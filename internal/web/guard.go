package web

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

// MaxBody is the largest body a request may have.
const MaxBody = 1 << 20

const (
	cookieName = "ccms_session"
	csrfHeader = "X-CSRF-Token"
	keyHeader  = "Idempotency-Key"
	maxKey     = 100
)

type callerKey struct{}

// callerOf is who asks. Behind authz.Open it may be nobody: the zero Caller.
func callerOf(ctx context.Context) operator.Caller {
	c, _ := ctx.Value(callerKey{}).(operator.Caller)
	return c
}

// scopeOf is how far the caller sees.
func scopeOf(ctx context.Context) authz.Scope { return callerOf(ctx).Scope }

type versionKey struct{}

// versionOf is what If-Match says. The guard has refused versioned requests
// without it.
func versionOf(ctx context.Context) int64 {
	v, _ := ctx.Value(versionKey{}).(int64)
	return v
}

// guard stands before a route: who asks, may they, is the request complete. Only
// then is the body read.
func (s *Server) guard(rt Route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := requestOf(r.Context())
		req.route = rt.Pattern()
		if err := s.pace.address(w, req.IP); err != nil {
			writeProblem(w, r, err)
			return
		}
		most := int64(MaxBody)
		if rt.Carries {
			most = upkeep.MaxImage
		}
		if r.ContentLength > most {
			w.Header().Set("Connection", "close") // what follows is not read
			writeProblem(w, r, errTooLarge())
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		if rt.Permission != authz.Open {
			done, err := s.turns.take(r.Context())
			if err != nil {
				writeProblem(w, r, err)
				return
			}
			c, err := s.authenticate(r)
			done()
			if err != nil {
				writeProblem(w, r, err)
				return
			}
			req.staff = c.Staff.ID.String()
			if err := s.pace.account(w, req.IP, req.staff); err != nil {
				writeProblem(w, r, err)
				return
			}
			if err := allowed(rt, c, r); err != nil {
				writeProblem(w, r, err)
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
		}
		if rt.Versioned {
			v, err := ifMatch(r.Header.Get("If-Match"))
			if err != nil {
				writeProblem(w, r, err)
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), versionKey{}, v))
		}
		if rt.Method != http.MethodGet && !rt.Carries {
			if err := jsonOnly(r); err != nil {
				writeProblem(w, r, err)
				return
			}
		}
		work := next
		if rt.Method == http.MethodPost && !rt.Fleeting {
			work = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.once(rt, w, r, next) })
		}
		switch {
		case rt.Streams, rt.Carries:
			work.ServeHTTP(w, r)
		case rt.Method == http.MethodGet:
			s.atWork(w, r, work)
		default:
			if err := wholeBody(w, r); err != nil {
				writeProblem(w, r, err)
				return
			}
			if rt.Permission != authz.Open { // a webhook is signed as it is, a password is what it is
				all := withoutPANs(r.Body.(*arrived).all)
				r.Body = &arrived{bytes.NewReader(all), all}
			}
			s.atWork(w, r, work)
		}
	})
}

// authenticate finds the caller by bearer token or cookie.
func (s *Server) authenticate(r *http.Request) (operator.Caller, error) {
	req := requestOf(r.Context())
	a := authz.Actor{IP: req.IP, RequestID: req.ID}
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			token = ""
		}
		return s.svc.Operator.AuthenticateAPI(r.Context(), strings.TrimSpace(token), a)
	}
	token := ""
	if c, err := r.Cookie(cookieName); err == nil {
		token = c.Value
	}
	return s.svc.Operator.Authenticate(r.Context(), token, a)
}

// allowed checks the CSRF token of a browser and the permission. A browser sends
// the cookie along with a form of any site; it does not send our header.
func allowed(rt Route, c operator.Caller, r *http.Request) error {
	if !c.API && rt.Method != http.MethodGet {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get(csrfHeader)), []byte(c.Login.CSRF)) != 1 {
			return fault.New(fault.Denied, "csrf", "The header X-CSRF-Token is missing or old. Load the page again.")
		}
	}
	if !c.May(rt.Permission) {
		return fault.New(fault.Denied, "forbidden", "Your role does not allow this.")
	}
	return nil
}

func ifMatch(h string) (int64, error) {
	if h == "" {
		return 0, fault.New(fault.Conflict, "if_match_missing", "Send the version you last saw in the header If-Match.")
	}
	h = strings.TrimPrefix(strings.TrimSpace(h), "W/")
	if len(h) > 1 && h[0] == '"' && h[len(h)-1] == '"' {
		h = h[1 : len(h)-1]
	}
	v, err := strconv.ParseInt(h, 10, 64)
	if err != nil || v < 1 {
		return 0, fault.BadInput("/header/If-Match", "must be one version in quotes, like \"3\"")
	}
	return v, nil
}

func jsonOnly(r *http.Request) error {
	ct := r.Header.Get("Content-Type")
	if ct == "" {
		return nil
	}
	if t, _, err := mime.ParseMediaType(ct); err != nil || (t != "application/json" && t != "application/merge-patch+json") {
		return fault.New(fault.Invalid, "unknown_media_type", "The body must be application/json.")
	}
	return nil
}

func errTooLarge() error {
	return fault.New(fault.Limit, "body_too_large", "The body is larger than 1 MiB.")
}

// once honours the Idempotency-Key: a request that was answered before gets that
// answer; another gets its key claimed in the commit that has its effect, and its
// answer kept before it is given.
func (s *Server) once(rt Route, w http.ResponseWriter, r *http.Request, next http.Handler) {
	key := r.Header.Get(keyHeader)
	switch {
	case key == "" && rt.Keyed:
		writeProblem(w, r, fault.New(fault.Invalid, "idempotency_key_missing", "Send a new random text in the header Idempotency-Key."))
		return
	case key == "":
		next.ServeHTTP(w, r)
		return
	case len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c < 0x21 || c > 0x7e }):
		writeProblem(w, r, fault.BadInput("/header/Idempotency-Key", "must be 1 to 100 visible ASCII characters"))
		return
	}
	c := callerOf(r.Context())
	k := operator.RequestKey{Operator: c.Scope.Operator(), Sub: c.Scope.Sub(), Staff: c.Staff.ID, Key: key, Request: describe(r)}
	kept, found, err := s.svc.Operator.Kept(r.Context(), c.Scope, k)
	if err != nil {
		writeProblem(w, r, err)
		return
	}
	if found {
		for name, v := range kept.Header {
			w.Header().Set(name, v)
		}
		w.Header().Set("Idempotency-Replayed", "true")
		w.WriteHeader(kept.Status)
		w.Write(kept.Body)
		return
	}
	rec := &recorder{header: http.Header{}}
	ctx, claimed := operator.WithRequestKey(r.Context(), k)
	next.ServeHTTP(rec, r.WithContext(ctx))
	if claimed.Done() && rec.status < 500 {
		// An answer that cannot be kept is given all the same: the effect is there,
		// and the claim makes a repeated request a conflict instead of a second effect.
		if err := s.svc.Operator.Keep(context.WithoutCancel(r.Context()), c.Scope, k, rec.answer()); err != nil {
			requestOf(r.Context()).fail(err)
		}
	}
	rec.copyTo(w)
}

// describe is what makes a request this request. Its body is there, and stays.
func describe(r *http.Request) []byte {
	return append([]byte(r.Method+" "+r.URL.RequestURI()+"\x00"), r.Body.(*arrived).all...)
}

// arrived is a body that has been read to its end.
type arrived struct {
	*bytes.Reader
	all []byte
}

func (*arrived) Close() error { return nil }

// wholeBody waits for the body, before anything is held for the request.
func wholeBody(w http.ResponseWriter, r *http.Request) error {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // the socket's clock
	all, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		r.Body = &arrived{bytes.NewReader(all), all}
		return nil
	case errors.As(err, &tooLarge):
		return errTooLarge()
	}
	return fault.New(fault.Invalid, "body_too_slow", "The body did not arrive.").Because(err)
}

// recorder holds an answer back until it is kept.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (rec *recorder) Header() http.Header { return rec.header }

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
	}
}

func (rec *recorder) Write(b []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	return rec.body.Write(b)
}

func (rec *recorder) answer() operator.Answer {
	a := operator.Answer{Status: rec.status, Header: map[string]string{}, Body: rec.body.Bytes()}
	for _, name := range []string{"Content-Type", "Location", "ETag", "Retry-After"} {
		if v := rec.header.Get(name); v != "" {
			a.Header[name] = v
		}
	}
	return a
}

func (rec *recorder) copyTo(w http.ResponseWriter) {
	for name, v := range rec.header {
		w.Header()[name] = v
	}
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	w.WriteHeader(rec.status)
	w.Write(rec.body.Bytes())
}
