package csmstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"ccms/internal/app"
)

// CA is a certificate authority outside of the server.
type CA struct {
	w    *World
	Cert *x509.Certificate
	key  crypto.Signer
}

// NewCA makes one.
func (w *World) NewCA(name string) *CA {
	w.Helper()
	key := w.ECKey()
	tmpl := &x509.Certificate{SerialNumber: w.number(), Subject: pkix.Name{CommonName: name}, NotBefore: w.Now().Add(-time.Hour), NotAfter: w.Now().AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	w.OK(err)
	cert, err := x509.ParseCertificate(der)
	w.OK(err)
	return &CA{w, cert, key}
}

func (w *World) number() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	w.OK(err)
	return n
}

// ECKey makes a P-256 key.
func (w *World) ECKey() *ecdsa.PrivateKey {
	w.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.OK(err)
	return k
}

// RSAKey makes a key of so many bits.
func (w *World) RSAKey(bits int) *rsa.PrivateKey {
	w.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	w.OK(err)
	return k
}

// Issue signs a certificate; change may change what is in it.
func (ca *CA) Issue(pub any, cn string, usage x509.ExtKeyUsage, change ...func(*x509.Certificate)) []byte {
	w := ca.w
	w.Helper()
	tmpl := &x509.Certificate{SerialNumber: w.number(), Subject: pkix.Name{CommonName: cn}, NotBefore: w.Now().Add(-time.Hour), NotAfter: w.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}}
	if ip := net.ParseIP(cn); ip != nil {
		tmpl.IPAddresses = []net.IP{ip}
	}
	for _, f := range change {
		f(tmpl)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, ca.Cert, pub, ca.key)
	w.OK(err)
	return der
}

// PEM of DER certificates.
func PEM(ders ...[]byte) string {
	var out []byte
	for _, d := range ders {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d})...)
	}
	return string(out)
}

// CRL of the CA with these certificates in it.
func (ca *CA) CRL(revoked ...*big.Int) string {
	ca.w.Helper()
	tmpl := &x509.RevocationList{Number: big.NewInt(int64(len(revoked) + 1)), ThisUpdate: ca.w.Now().Add(-time.Minute), NextUpdate: ca.w.Now().AddDate(0, 1, 0)}
	for _, n := range revoked {
		tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: ca.w.Now().Add(-time.Minute)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, tmpl, ca.Cert, ca.key)
	ca.w.OK(err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
}

// writeServer writes a server certificate and its key to files of that name.
func (ca *CA) writeServer(dir, name string, key crypto.Signer) app.CertificateFiles {
	ca.w.Helper()
	f := app.CertificateFiles{Certificate: filepath.Join(dir, name+".crt"), Key: filepath.Join(dir, name+".key")}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ca.w.OK(err)
	ca.w.OK(os.WriteFile(f.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	ca.w.OK(os.WriteFile(f.Certificate, []byte(PEM(ca.Issue(key.Public(), "127.0.0.1", x509.ExtKeyUsageServerAuth, func(x *x509.Certificate) { x.NotAfter = x.NotAfter.AddDate(9, 0, 0) }))), 0o600))
	return f
}

// TLS is what a charge point needs to trust the server, and its own certificate if it
// has one.
func (w *World) TLS(own ...tls.Certificate) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(w.ServerCA.Cert)
	return &tls.Config{RootCAs: pool, Certificates: own, Time: w.Now, ServerName: "127.0.0.1"}
}
