package main

import (
	"crypto/x509"
	"path/filepath"
	"testing"
	"time"
)

func TestDoctorLooksAtTheCertificatesForChargePoints(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	leaf := func(from, until time.Duration, names ...string) *x509.Certificate {
		return &x509.Certificate{NotBefore: now.Add(from), NotAfter: now.Add(until), DNSNames: names}
	}
	const day = 24 * time.Hour
	for _, c := range []struct {
		why  string
		cert *x509.Certificate
		want level
	}{
		{"good for long", leaf(-day, 90*day, "cp.example.org"), fine},
		{"ends soon", leaf(-day, 20*day, "cp.example.org"), warning},
		{"has ended", leaf(-9*day, -day, "cp.example.org"), problem},
		{"begins later", leaf(day, 90*day, "cp.example.org"), problem},
		{"names no host", leaf(-day, 90*day), warning},
	} {
		if got := judgeCertificate("x", c.cert, now); got.Level != c.want || got.Level != fine && got.Do == "" {
			t.Errorf("%s: %+v", c.why, got)
		}
	}
	missing := filepath.Join(t.TempDir(), "no.pem")
	for why, l := range map[string]listen{
		"a key is missing":  {TLSAddr: "127.0.0.1:0", TLSCert: []string{"a"}},
		"no address":        {TLSCert: []string{"a"}, TLSKey: []string{"b"}},
		"files are missing": {TLSAddr: "127.0.0.1:0", TLSCert: []string{missing}, TLSKey: []string{missing}},
	} {
		all := (&doctorCmd{listen: l}).checkCertificates(now)
		if len(all) == 0 || all[len(all)-1].Level != problem {
			t.Errorf("%s: %+v", why, all)
		}
	}
	if all := (&doctorCmd{}).checkCertificates(now); len(all) != 0 {
		t.Errorf("without TLS: %+v", all)
	}
}
