package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"

	"ccms/internal/fault"
)

// request is what is known about a request beside its input. One line of the log
// tells it when the request is over.
type request struct {
	ID     string
	IP     string // of the client, as far as known
	Secure bool   // it came by TLS, here or at a proxy
	staff  string // id of who asked, when known
	route  string // pattern of the route, when known
	cause  error  // why the answer is 5xx
	logger *slog.Logger
}

type requestKey struct{}

// requestOf is never nil; outside of a request it is empty.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

func (r *request) fail(err error) { r.cause = err }

func (r *request) log(level slog.Level, msg string, args ...any) {
	if r.logger != nil {
		r.logger.Log(context.Background(), level, msg, append([]any{"request_id", r.ID}, args...)...)
	}
}

// begin stamps each request, catches panics and writes the one line. Neither the
// query nor the path is logged: both may hold what people typed; the route's
// pattern tells enough.
func (s *Server) begin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.now()
		req := &request{ID: newRequestID(), IP: s.ClientIP(r), logger: s.log}
		req.Secure = r.TLS != nil || (s.opt.TrustProxy && r.Header.Get("X-Forwarded-Proto") == "https")
		w.Header().Set("X-Request-Id", req.ID)
		rec := &statusWriter{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, req))
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				req.log(slog.LevelError, "panic", "value", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					writeProblem(rec, r, fault.New(fault.Internal, "internal", ""))
				}
			}
			took := s.now().Sub(start)
			s.metrics.observe(r.Method, req.route, rec.code(), took)
			level, args := slog.LevelInfo, []any{"method", r.Method, "route", req.route, "status", rec.code(),
				"ms", took.Milliseconds(), "bytes", rec.bytes, "ip", req.IP}
			if req.staff != "" {
				args = append(args, "staff", req.staff)
			}
			switch {
			case req.cause == nil:
			case r.Context().Err() != nil: // the client went away, which may be the cause
				level, args = slog.LevelWarn, append(args, "cause", req.cause.Error())
			default:
				level, args = slog.LevelError, append(args, "cause", req.cause.Error())
			}
			req.log(level, "request", args...)
		}()
		next.ServeHTTP(rec, r)
	})
}

func newRequestID() string {
	var b [12]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// ClientIP is the peer, or what the last proxy says where it is trusted.
func (s *Server) ClientIP(r *http.Request) string {
	if s.opt.TrustProxy {
		all := r.Header.Values("X-Forwarded-For")
		if len(all) > 0 {
			last := all[len(all)-1]
			if ip := net.ParseIP(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])); ip != nil {
				return ip.String()
			}
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *statusWriter) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController flush and set deadlines.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// headers says to browsers how little they may do with our pages.
func (s *Server) headers(next http.Handler) http.Handler {
	tiles, err := s.opt.MapTiles.Origin()
	if err != nil {
		tiles = ""
	}
	csp := strings.Join([]string{
		"default-src 'self'",
		"script-src 'self'",
		"style-src 'self' 'unsafe-inline'", // the portal's kit writes its styles at run time
		strings.TrimSpace("img-src 'self' data: blob: " + tiles),
		"font-src 'self' data:",
		"connect-src 'self'",
		"object-src 'none'",
		"base-uri 'self'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if requestOf(r.Context()).Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store") // answers differ by who asks
		}
		next.ServeHTTP(w, r)
	})
}
