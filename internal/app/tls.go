package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

// CertificateFiles are one certificate, with those between it and its root behind it,
// and its key; both PEM.
type CertificateFiles struct{ Certificate, Key string }

// Certificates are what the server shows to charge points. They are read again when a
// file has changed, so that a renewed one needs no restart.
type Certificates struct {
	files []CertificateFiles
	now   func() time.Time

	mu      sync.Mutex // of Reload
	read    [sha256.Size]byte
	current atomic.Pointer[[]tls.Certificate]
}

// LoadCertificates reads the files.
func LoadCertificates(files []CertificateFiles, now func() time.Time) (*Certificates, error) {
	c := &Certificates{files: files, now: now}
	_, err := c.Reload()
	return c, err
}

// Reload reads the files and reports whether one has changed. What cannot be read, a
// certificate without its new key for instance, leaves those that were there.
func (c *Certificates) Reload() (changed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := sha256.New()
	var all []tls.Certificate
	for _, f := range c.files {
		cert, err := os.ReadFile(f.Certificate)
		if err != nil {
			return false, err
		}
		key, err := os.ReadFile(f.Key)
		if err != nil {
			return false, err
		}
		h.Write(cert)
		h.Write(key)
		one, err := tls.X509KeyPair(cert, key) // with its Leaf
		if err != nil {
			return false, fmt.Errorf("%s with %s: %w", f.Certificate, f.Key, err)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return false, errors.New("no certificate is named")
	}
	sum := h.Sum(nil)
	if c.current.Load() != nil && bytes.Equal(sum, c.read[:]) {
		return false, nil
	}
	copy(c.read[:], sum)
	c.current.Store(&all)
	return true, nil
}

// All are the leaves in the order of the files.
func (c *Certificates) All() (all []*x509.Certificate) {
	for _, one := range *c.current.Load() {
		all = append(all, one.Leaf)
	}
	return all
}

// choose gives the first certificate that the client can use and that has the name it
// asks for; else the first that it can use. Many charge points ask for no name, or for an
// address.
func (c *Certificates) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	all := *c.current.Load()
	nameless := *hello
	nameless.ServerName = ""
	usable := -1
	for i := range all {
		if nameless.SupportsCertificate(&all[i]) != nil {
			continue
		}
		if usable < 0 {
			usable = i
		}
		if hello.ServerName == "" || all[i].Leaf.VerifyHostname(hello.ServerName) == nil {
			return &all[i], nil
		}
	}
	return &all[max(usable, 0)], nil
}

// config is the TLS that charge points get (OCPP 1.6 security whitepaper §3.3): many know
// 1.2 alone, some with AES-256 alone (behaviour 16), and RSA or ECDSA alone. A
// certificate of the client is asked for and not judged here: the door does, and can tell
// whose it is and what is wrong with it.
func (c *Certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
		ClientAuth:     tls.RequestClientCert,
		GetCertificate: c.choose,
		Time:           c.now,
	}
}

// SecureFront is Front for charge points alone that come by TLS without a proxy. It must
// not be called where no certificate is configured.
func (a *App) SecureFront(ln net.Listener) (*http.Server, net.Listener) {
	srv, in := a.Front(ln)
	in.(*gate).mostOfOne = orDefault(a.cfg.Front.GuestsOfOne, DefaultGuestsOfOne) // no proxy is between
	srv.Handler = http.HandlerFunc(a.servePoints)
	srv.ErrorLog = slog.NewLogLogger(a.handshakes, slog.LevelInfo)
	return srv, tls.NewListener(in, a.certificates.config())
}

// servePoints serves nobody but charge points, and what they bring and fetch by HTTPS: a
// browser would be asked for a certificate. What a proxy would say of the client is not believed, for there is none.
func (a *App) servePoints(w http.ResponseWriter, r *http.Request) {
	file := strings.HasPrefix(r.URL.Path, upkeep.WebPath)
	if !file && !forDoor(r) {
		http.Error(w, "This address is for charge points speaking OCPP over WebSocket.", http.StatusNotFound)
		return
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip"} {
		r.Header.Del(h)
	}
	if file {
		a.Files.ServeHTTP(w, r)
		return
	}
	a.Door.ServeHTTP(w, r)
}

// Certificates are those that the server shows to charge points; nil without TLS.
func (a *App) Certificates() *Certificates { return a.certificates }

// renewCertificates takes note of changed files.
func (a *App) renewCertificates() error {
	changed, err := a.certificates.Reload()
	if err != nil {
		return fmt.Errorf("the certificates for charge points stay as they were: %w", err)
	}
	if changed {
		for _, c := range a.certificates.All() {
			a.cfg.Log.Info("a certificate for charge points was read", "subject", c.Subject, "until", c.NotAfter.UTC().Format(time.RFC3339), "sha256", fingerprint(c))
		}
	}
	return nil
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// handshakeRate bounds what is told of one address whose handshakes fail: a charge point
// without the right root tries for ever (behaviour 15).
var handshakeRate = operator.Rate{Burst: 3, Every: 10 * time.Minute}

// handshakes is told by the HTTP server what goes wrong before a request.
type handshakes struct {
	slog.Handler
	log    *slog.Logger
	told   *operator.Crowd
	failed atomic.Int64
}

func newHandshakes(log *slog.Logger) *handshakes {
	return &handshakes{Handler: log.Handler(), log: log, told: operator.NewCrowd(handshakeRate)}
}

const handshakePrefix = "http: TLS handshake error from "

// Handle implements slog.Handler.
func (h *handshakes) Handle(ctx context.Context, r slog.Record) error {
	rest, ok := strings.CutPrefix(r.Message, handshakePrefix)
	if !ok {
		r.Level = slog.LevelError
		return h.Handler.Handle(ctx, r)
	}
	from, why, _ := strings.Cut(rest, ": ")
	host, _, err := net.SplitHostPort(from)
	if err != nil {
		host = from
	}
	h.failed.Add(1)
	if _, _, ok := h.told.Spend(operator.OriginName(host), r.Time); ok {
		h.log.Warn("no TLS with somebody", "from", host, "why", inWords(why))
	}
	return nil
}

// inWords says what may be the matter where that is known.
func inWords(why string) string {
	switch {
	case strings.Contains(why, "unknown certificate"), strings.Contains(why, "bad certificate"), strings.Contains(why, "unknown certificate authority"):
		return why + "; it does not trust our certificate: install its root on the charge point, and see that it trusts the name it connects to"
	case strings.Contains(why, "unsupported versions"), strings.Contains(why, "protocol version"):
		return why + "; it knows TLS before 1.2 alone"
	case strings.Contains(why, "cipher suite"):
		return why + "; it knows none of ECDHE with AES-GCM, or needs a certificate of the other kind (RSA, ECDSA)"
	case why == "EOF", strings.Contains(why, "reset by peer"):
		return why + "; it went without a word: some do so where the root of our certificate is not installed"
	case strings.Contains(why, "first record does not look like a TLS handshake"):
		return why + "; it speaks ws:// to the address for wss://"
	}
	return why
}
