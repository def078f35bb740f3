package web

import (
	"fmt"
	"net/url"
	"strings"
)

// MapTiles names where the map's pictures come from. Without a source the map shows the
// outlines of countries, which come with the portal, and nobody else learns what is
// looked at.
type MapTiles struct {
	URL    string // https://tiles.example.org/{z}/{x}/{y}.png; "" for none
	Credit string // whom the pictures are by, shown on the map
}

// Origin is where browsers may load pictures from; "" for none.
func (m MapTiles) Origin() (string, error) {
	if m.URL == "" {
		return "", nil
	}
	for _, part := range []string{"{x}", "{y}", "{z}"} {
		if !strings.Contains(m.URL, part) {
			return "", fmt.Errorf("%q has no %s; write an address such as https://tiles.example.org/{z}/{x}/{y}.png", m.URL, part)
		}
	}
	if left := strings.NewReplacer("{s}", "", "{x}", "", "{y}", "", "{z}", "", "{r}", "").Replace(m.URL); strings.ContainsAny(left, "{}") {
		return "", fmt.Errorf("%q has something else in braces than {s}, {z}, {x}, {y} and {r}", m.URL)
	}
	scheme, rest, _ := strings.Cut(m.URL, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, many := strings.CutPrefix(host, "{s}.") // a host for each letter
	u, err := url.Parse(scheme + "://" + host)
	if err != nil || scheme != "https" && scheme != "http" || u.Host == "" || u.Host != host || strings.ContainsAny(host, " ;,*'\"{}") {
		return "", fmt.Errorf("%q is no address; write one such as https://tiles.example.org/{z}/{x}/{y}.png", m.URL)
	}
	if many {
		host = "*." + host
	}
	return scheme + "://" + host, nil
}
