package csmstest

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"
	"time"
)

// A device with TLS 1.2 and one suite alone, and one that knows certificates of one kind
// alone, connect beside those with 1.3.
func TestRow16_OldTLSAndEitherKindOfCertificate(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		p := w.Point("CP1")
		for _, suite := range []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 0,
		} {
			cfg := w.TLS()
			if suite != 0 {
				cfg.MaxVersion, cfg.CipherSuites = tls.VersionTLS12, []uint16{suite}
			}
			c, err := p.Knock(Handshake{TLS: cfg})
			if err != nil {
				w.Fatalf("with %s: %v", tls.CipherSuiteName(suite), err)
			}
			c.Boot()
			c.Drop()
		}
		cfg := w.TLS()
		cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		if _, err := p.Knock(Handshake{TLS: cfg}); err == nil {
			w.Error("TLS 1.1 is taken")
		}
		w.Until("the log says why", func() bool { return len(w.Server.Lines("knows TLS before 1.2 alone")) > 0 })
	})
}

// A device that drops the connection because it does not trust us: the log says what to
// do, and does not fill with it.
func TestRow15_AHandshakeThatFailsIsExplained(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		p := w.Point("CP1")
		for range 10 {
			if _, err := p.Knock(Handshake{TLS: &tls.Config{Time: w.Now}}); err == nil {
				w.Fatal("it trusts a root that it does not know")
			}
		}
		w.Until("the log says what to do", func() bool { return len(w.Server.Lines("install its root on the charge point")) > 0 })
		if n := len(w.Server.Lines("no TLS with somebody")); n > 3 {
			w.Errorf("one device fills the log with %d lines", n)
		}
	})
}

// A renewed certificate is shown without a restart; one that does not fit its key leaves
// the old one in place.
func TestARenewedServerCertificateNeedsNoRestart(t *testing.T) {
	EachWith(t, Options{TLS: true, Errors: true}, func(w *World) {
		shown := func() string {
			w.Helper()
			nc, err := tls.Dial("tcp", w.Secure, &tls.Config{InsecureSkipVerify: true})
			w.OK(err)
			defer nc.Close()
			return nc.ConnectionState().PeerCertificates[0].SerialNumber.String()
		}
		files := w.cfg.TLS[0]
		before := shown()
		key := w.RSAKey(2048)
		w.OK(os.WriteFile(files.Certificate, []byte(PEM(w.ServerCA.Issue(key.Public(), "127.0.0.1", x509.ExtKeyUsageServerAuth))), 0o600))
		if _, err := w.App.Certificates().Reload(); err == nil || !strings.Contains(err.Error(), files.Certificate) {
			w.Errorf("a certificate without its key: %v", err)
		}
		if got := shown(); got != before {
			w.Error("half a renewal is shown")
		}
		w.ServerCA.writeServer(strings.TrimSuffix(files.Certificate, "rsa.crt"), "rsa", key)
		changed, err := w.App.Certificates().Reload()
		if err != nil || !changed {
			w.Fatalf("the renewal: %v, %v", changed, err)
		}
		if shown() == before {
			w.Error("the old certificate is shown still")
		}
	})
}

// What a charge point says of a proxy is not believed where there is none, and nothing
// but charge points is served there.
func TestNothingButChargePointsByTLS(t *testing.T) {
	EachWith(t, Options{TLS: true, TrustProxy: true}, func(w *World) {
		p := w.Point("CP1")
		_, err := p.Knock(Handshake{TLS: w.TLS(), Path: "/api/v1/me"})
		if r, ok := err.(*Refused); !ok || r.Status != 404 {
			w.Errorf("the API by TLS: %v", err)
		}
		if _, err := p.Knock(Handshake{TLS: w.TLS(), From: "192.0.2.7", Key: "00112233445566778899aabbccddeeff"}); err == nil {
			w.Error("a wrong key is let in")
		}
		w.Until("the refusal is logged", func() bool { return len(w.Server.Lines("wrong key")) > 0 })
		if lines := w.Server.Lines("192.0.2.7"); len(lines) > 0 {
			w.Errorf("the header of a charge point is believed: %v", lines)
		}
		c, err := p.Knock(Handshake{TLS: w.TLS()})
		w.OK(err)
		c.Boot()
		w.Advance(time.Minute)
	})
}
