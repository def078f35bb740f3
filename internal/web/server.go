package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ledger"
	"ccms/internal/live"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/pay"
	"ccms/internal/report"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/upkeep"
)

// Services are the domain services behind the routes.
type Services struct {
	Operator *operator.Service
	Asset    *asset.Service
	Member   *member.Service
	Tariff   *tariff.Service
	Ledger   *ledger.Service
	Pay      *pay.Service
	Session  *session.Service
	Upkeep   *upkeep.Service
	Report   *report.Service
	Live     *live.Bus
	Frames   *live.Frames // nil: no frames are shown live
}

// Options of a Server; zero fields take the defaults.
type Options struct {
	Log *slog.Logger
	Now func() time.Time // the clock of durations in log and metrics; default time.Now
	// Ready says why the server cannot work now, nil when it can; for /readyz.
	Ready func(context.Context) error
	// Portal serves what is neither API nor health; nil is 404.
	Portal http.Handler
	// Metrics is shared with the rest of the process; default a registry of its own.
	Metrics *prometheus.Registry
	// MetricsForAll lets others than this machine read /metrics.
	MetricsForAll bool
	// TrustProxy takes the client's address and TLS from the headers of a proxy.
	TrustProxy bool
	// AccountRate and CallerRate are how often the API may be called by an account and
	// from an address.
	AccountRate, CallerRate operator.Rate
	// MapTiles is where the map's pictures come from. An address that is none is as good
	// as none; who starts the server checks it.
	MapTiles MapTiles
	// Files keeps what jobs export; nil: larger exports are refused.
	Files Files
	// PointFiles keeps what charge points bring and fetch; nil: nothing is kept.
	PointFiles PointVault
	// Tick gives the beats of event streams; default a ticker. Tests send their own.
	Tick func(time.Duration) (c <-chan time.Time, stop func())
}

// Server is the HTTP door. It is an http.Handler.
type Server struct {
	svc     Services
	opt     Options
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	pace    *pace
	turns   turns
	feeds   feeds
	// liveWrite is how long a screen may take no bytes.
	liveWrite time.Duration
	handler   http.Handler
	closing   chan struct{} // closed when streams must end
	exports   chan struct{} // one token per file that is being sent
	cargos    chan struct{} // one token per file that is arriving
	// imagesArriving are the images (ident.Image) whose file is arriving.
	imagesArriving sync.Map
	// exporters are the handlers that write files; byPattern are the routes.
	exporters *http.ServeMux
	byPattern map[string]Route
	drain     sync.Once
}

// New makes the server of the services.
func New(svc Services, o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if o.Portal == nil {
		o.Portal = http.NotFoundHandler()
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Tick == nil {
		o.Tick = func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		}
	}
	s := &Server{svc: svc, opt: o, log: o.Log, now: o.Now, metrics: newMetrics(o.Metrics), pace: newPace(o.AccountRate, o.CallerRate), turns: make(turns, MaxAtWork), closing: make(chan struct{}), liveWrite: liveWrite,
		exports: make(chan struct{}, exportsAtOnce), cargos: make(chan struct{}, imageUploads), exporters: http.NewServeMux(), byPattern: map[string]Route{}}
	s.handler = s.begin(s.headers(s.mux()))
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain ends the event streams, which would else keep a shutdown waiting. Other
// requests finish on their own.
func (s *Server) Drain() { s.drain.Do(func() { close(s.closing) }) }

// Routes is the route table, for tests and the roles screen.
func Routes() []Route { return (&handlers{}).routes() }

func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	h := &handlers{Server: s}
	routes := h.routes()
	for _, r := range routes {
		s.byPattern[r.Pattern()] = r
	}
	newAPI(&adapter{mux: mux, files: s.exporters,
		guard: func(pattern string, next http.Handler) http.Handler { return s.guard(s.byPattern[pattern], next) },
		file: func(pattern string, list http.Handler) http.Handler {
			if !s.byPattern[pattern].Exports {
				return list
			}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f := formatOf(r)
				if f == "" {
					list.ServeHTTP(w, r)
					return
				}
				s.exporters.ServeHTTP(w, s.wantsFile(r, &exporting{format: f, path: r.URL.Path, query: r.URL.RawQuery}))
			})
		}}, routes)

	doc := OpenAPI()
	mux.HandleFunc("GET /api/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		requestOf(r.Context()).route = "GET /api/openapi.json"
		w.Header().Set("Content-Type", "application/json")
		w.Write(doc)
	})
	s.serveReference(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		requestOf(r.Context()).route = "GET /healthz"
		writeState(w, http.StatusOK, "ok", "")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		req := requestOf(r.Context())
		req.route = "GET /readyz"
		if err := s.opt.Ready(r.Context()); err != nil {
			req.fail(err)
			reason := ""
			if f := fault.Of(err); f.Kind == fault.Unavailable {
				reason = f.Detail
			}
			writeState(w, http.StatusServiceUnavailable, "not ready", reason)
			return
		}
		writeState(w, http.StatusOK, "ready", "")
	})
	mux.Handle("GET /metrics", s.serveMetrics(s.opt.Metrics))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { s.noRoute(mux, w, r) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		requestOf(r.Context()).route = "portal"
		s.opt.Portal.ServeHTTP(w, r)
	})
	return mux
}

func writeState(w http.ResponseWriter, status int, state, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(struct {
		Status string `json:"status"`
		Reason string `json:"reason,omitempty"`
	}{state, reason})
}

// noRoute answers 405 where the path has other methods, else 404.
func (s *Server) noRoute(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	allow := ""
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, pattern := mux.Handler(probe); pattern != "/api/" && pattern != "" {
			if allow != "" {
				allow += ", "
			}
			allow += m
		}
	}
	if allow == "" {
		writeProblem(w, r, fault.NotFound("path in this API"))
		return
	}
	w.Header().Set("Allow", allow)
	writeProblem(w, r, fault.New(fault.Invalid, "method_not_allowed", "This path has other methods; see the header Allow."))
}

// handlers hold one method per route.
type handlers struct{ *Server }
