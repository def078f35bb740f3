package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// With a root to trust and a certificate of its own, the simulator shows both that it
// trusts the server and who it is.
func TestItConnectsByTLSWithACertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CP1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, private := write("cp.crt", "CERTIFICATE", der), write("cp.key", "PRIVATE KEY", pkcs8)
	shown := make(chan string, 10)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, ClientAuth: tls.RequestClientCert})
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := ""
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		select {
		case shown <- name:
		default:
		}
		http.Error(w, "enough", http.StatusUnauthorized)
	})}
	go func() { _ = srv.Serve(ln) }() // ends with the test
	t.Cleanup(func() { srv.Close() })

	r := runCommand{point: point{URL: "wss://" + ln.Addr().String() + "/ocpp", CallTimeout: 10 * time.Second}, ID: "CP1", Connectors: 1, CA: cert, Cert: cert, CertKey: private}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx, strings.NewReader(""), &bytes.Buffer{}) }()
	if name := <-shown; name != "CP1" {
		t.Errorf("it shows %q", name)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := (&runCommand{Cert: cert, Connectors: 1}).config(); err == nil {
		t.Error("a certificate without its key is taken")
	}
}
