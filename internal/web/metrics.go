package web

import (
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	streams  prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ccms_http_requests_total",
			Help: "Requests by route and status."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ccms_http_request_seconds",
			Help: "Time to answer by route; event streams are left out.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ccms_http_event_streams", Help: "Open event streams."}),
	}
	reg.MustRegister(m.requests, m.seconds, m.streams)
	return m
}

// observe counts one request. Routes come from the table, so that nobody can make
// labels by asking for odd paths; so do methods, where there is no route.
func (m *metrics) observe(method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = "", "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if route != livePattern {
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}

// serveMetrics answers this machine only, unless told otherwise. A proxy on this
// machine speaks for somebody else.
func (s *Server) serveMetrics(g prometheus.Gatherer) http.Handler {
	h := promhttp.HandlerFor(g, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requestOf(r.Context()).route = "GET /metrics"
		if !s.opt.MetricsForAll && !local(r) {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func local(r *http.Request) bool {
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback()
}
