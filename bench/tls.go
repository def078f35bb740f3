package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gobwas/ws"
)

// keyPair makes a certificate that nobody trusts, in PEM. Who connects here does not look
// at it: what is measured is the server's side.
func keyPair() (cert, key []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"bench"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), err
}

// serveTLS is the floor of connections by TLS: gobwas/ws on crypto/tls, one goroutine per
// connection, what comes is sent back.
func serveTLS() error {
	cert, key, err := keyPair()
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return err
	}
	return serveFloor(func(conn net.Conn) {
		secure := tls.Server(conn, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}})
		defer secure.Close()
		u := ws.Upgrader{Protocol: func([]byte) bool { return true }}
		if _, err := u.Upgrade(secure); err != nil {
			return
		}
		for {
			h, err := ws.ReadHeader(secure)
			if err != nil || h.Length > 1<<10 {
				return // the generator has gone
			}
			payload := make([]byte, h.Length)
			if _, err := io.ReadFull(secure, payload); err != nil {
				return
			}
			ws.Cipher(payload, h.Mask, 0)
			if err := ws.WriteFrame(secure, ws.NewTextFrame(payload)); err != nil {
				return
			}
		}
	})
}

// dialTLS connects as a charge point does that trusts whoever answers.
func dialTLS(addr string) (net.Conn, error) {
	return tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) // the server is our child
}

// greetedTLS is a connection to that floor that has been used once.
func greetedTLS(addr string) (link, error) {
	conn, err := dialTLS(addr)
	if err != nil {
		return nil, err
	}
	s, err := openSocket(conn, "bench", "bench")
	if err == nil {
		_, err = s.call("hello")
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

// startSecure starts a server whose charge points come by TLS.
func startSecure(ccms string, e engine) (*server, error) {
	dir, remove, err := temporary("ccms-bench-tls-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = remove() }() // the server has read them when it is ready
	cert, key, err := keyPair()
	if err != nil {
		return nil, err
	}
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(certFile, cert, 0o600), os.WriteFile(keyFile, key, 0o600)); err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	srv, err := startServer(ccms, e, "--tls-addr", addr, "--tls-cert", certFile, "--tls-key", keyFile)
	if err == nil {
		srv.secure = addr
	}
	return srv, err
}
