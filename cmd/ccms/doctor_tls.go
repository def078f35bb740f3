package main

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"ccms/internal/app"
)

// endsSoon is when it is time to renew a certificate of the server.
const endsSoon = 21 * 24 * time.Hour

// checkCertificates looks at those that charge points are shown.
func (c *doctorCmd) checkCertificates(now time.Time) (all []finding) {
	files, err := c.certificates()
	if err != nil {
		return []finding{{"tls", problem, err.Error(), "give each --tls-cert its --tls-key, and --tls-addr"}}
	}
	if len(files) == 0 {
		return nil
	}
	for _, f := range files {
		if info, err := os.Stat(f.Key); err == nil && info.Mode().Perm()&fs.FileMode(0o077) != 0 {
			all = append(all, finding{"tls_key_rights", warning, fmt.Sprintf("other users may read %s (mode %o)", f.Key, info.Mode().Perm()), "chmod 600 it"})
		}
	}
	certs, err := app.LoadCertificates(files, time.Now)
	if err != nil {
		return append(all, finding{"tls", problem, err.Error(), "name files in PEM that belong together and that the user who runs ccms may read"})
	}
	var kinds []string
	for i, leaf := range certs.All() {
		all = append(all, judgeCertificate(files[i].Certificate, leaf, now))
		kind := "ECDSA"
		if _, ok := leaf.PublicKey.(*rsa.PublicKey); ok {
			kind = "RSA"
		}
		kinds = append(kinds, kind)
	}
	if text := strings.Join(kinds, " "); !strings.Contains(text, "RSA") || !strings.Contains(text, "ECDSA") {
		all = append(all, finding{"tls_kinds", warning, "all certificates are " + kinds[0] + "; a charge point that knows the other kind alone cannot connect",
			"where there is such a one, name a second certificate"})
	}
	return all
}

func judgeCertificate(file string, leaf *x509.Certificate, now time.Time) finding {
	f := finding{"tls", fine, fmt.Sprintf("%s is for %s until %s", file, strings.Join(namesOf(leaf), ", "), leaf.NotAfter.UTC().Format(time.DateOnly)), ""}
	switch {
	case now.After(leaf.NotAfter):
		f.Level, f.Do = problem, "renew it: charge points refuse it; the running server takes the new file by itself"
	case now.Before(leaf.NotBefore):
		f.Level, f.Do = problem, "it is not valid yet: look at the clock, or wait"
	case leaf.NotAfter.Sub(now) < endsSoon:
		f.Level, f.Do = warning, "renew it soon; the running server takes the new file by itself"
	case len(namesOf(leaf)) == 0:
		f.Level, f.Do = warning, "it names no host: most charge points will refuse it"
	}
	return f
}

func namesOf(c *x509.Certificate) []string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}
