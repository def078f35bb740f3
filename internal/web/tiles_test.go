package web_test

import (
	"testing"

	"ccms/internal/web"
)

func TestMapTilesComeFromOneOrigin(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ url, want, why string }{
		{"", "", "none: the outlines of countries"},
		{"https://tiles.example.org/{z}/{x}/{y}.png", "https://tiles.example.org", "the common form"},
		{"http://127.0.0.1:20099/osm/{z}/{x}/{y}{r}.png?key=k", "http://127.0.0.1:20099", "a server in the house, with a port and a key"},
		{"https://{s}.tiles.example.org/{z}/{x}/{y}.png", "https://*.tiles.example.org", "many hosts for one"},
	} {
		if have, err := (web.MapTiles{URL: row.url}).Origin(); err != nil || have != row.want {
			t.Errorf("%s (%s): %q, %v", row.url, row.why, have, err)
		}
	}
	for url, why := range map[string]string{
		"https://tiles.example.org/":                          "no tile is asked for",
		"https://tiles.example.org/{z}/{x}.png":               "one number is missing",
		"/{z}/{x}/{y}.png":                                    "no host",
		"ftp://tiles.example.org/{z}/{x}/{y}.png":             "browsers do not speak it",
		"https://a; script-src */{z}/{x}/{y}.png":             "a policy must not be written by an address",
		"javascript:alert(1)//{z}/{x}/{y}":                    "no address",
		"https://*.example.org/{z}/{x}/{y}.png":               "any host",
		"https://tiles.example.org/{z}/{x}/{y}.png?key={key}": "nobody fills the key in",
		"https://{z}{x}{y}.example.org/tiles":                 "a host for each tile",
	} {
		if have, err := (web.MapTiles{URL: url}).Origin(); err == nil {
			t.Errorf("%s (%s) passes as %q", url, why, have)
		}
	}
}
