package csmstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

// selfSigned is a certificate of 127.0.0.1 for FTP.
func (w *World) selfSigned() *tls.Config {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.OK(err)
	// TLS goes by the clock of the machine.
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ccms"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	w.OK(err)
	leaf, err := x509.ParseCertificate(der)
	w.OK(err)
	w.roots = x509.NewCertPool()
	w.roots.AddCert(leaf)
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// trusting is the TLS of a device that trusts selfSigned.
func (w *World) trusting() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.roots, ServerName: "127.0.0.1"}
}
