package upkeep

import (
	"net/url"
	"slices"
	"strings"

	"ccms/internal/asset"
	"ccms/internal/fault"
)

// Protocol is how a charge point fetches a file or brings one.
type Protocol string

// The protocols, the better ones first.
const (
	HTTPS Protocol = "https"
	FTPS  Protocol = "ftps"
	HTTP  Protocol = "http"
	FTP   Protocol = "ftp"
)

// Protocols lists them, the better ones first.
var Protocols = []Protocol{HTTPS, FTPS, HTTP, FTP}

// Offers are the addresses under which this installation takes and gives files. What is
// empty is not offered.
type Offers struct {
	Web  string // https://host or http://host, without a path
	FTP  string // host:port
	FTPS string // host:port, encrypted from the first byte
	// Usual is for charge points of which nothing is known; "": FTP where it is offered,
	// because most firmware of the time of OCPP 1.6 knows nothing else.
	Usual Protocol
}

func (o Offers) has(p Protocol) bool {
	switch p {
	case HTTPS, HTTP:
		return strings.HasPrefix(o.Web, string(p)+"://")
	case FTP:
		return o.FTP != ""
	case FTPS:
		return o.FTPS != ""
	}
	return false
}

// None reports whether no file can be brought or fetched at all.
func (o Offers) None() bool { return !slices.ContainsFunc(Protocols, o.has) }

// spoken are the protocols that the device says it knows (security whitepaper,
// SupportedFileTransferProtocols); nil where it has not said.
func spoken(cfg asset.Configuration) []Protocol {
	k, known := cfg.Find("SupportedFileTransferProtocols")
	if !known {
		return nil
	}
	var out []Protocol
	for word := range strings.FieldsFuncSeq(k.Value, func(r rune) bool { return strings.ContainsRune(" ,;'\"", r) }) {
		if p := Protocol(strings.ToLower(word)); slices.Contains(Protocols, p) {
			out = append(out, p)
		}
	}
	return out
}

// choose is how a file travels: as staff say, else the best of what the device says it
// knows, else the usual. extended says that the device has the security extension, whose
// firmware knows HTTPS.
func (o Offers) choose(asked Protocol, known []Protocol, extended bool) (Protocol, error) {
	switch {
	case o.None():
		return "", fault.New(fault.Unsupported, "files_not_offered",
			"This server takes and gives no files: whoever runs it must start it with --files-url or --ftp-addr.")
	case asked != "" && !o.has(asked):
		return "", fault.BadInput("/protocol", "is not offered by this server")
	case asked != "":
		return asked, nil
	}
	for _, p := range Protocols {
		if slices.Contains(known, p) && o.has(p) {
			return p, nil
		}
	}
	if known != nil {
		return "", fault.New(fault.Unsupported, "no_common_protocol",
			"The charge point says that it knows no protocol for files that this server offers. Choose one to try it all the same.")
	}
	if o.Usual != "" && o.has(o.Usual) && !extended {
		return o.Usual, nil
	}
	order := []Protocol{FTP, FTPS, HTTPS, HTTP}
	if extended {
		order = Protocols
	}
	return order[slices.IndexFunc(order, o.has)], nil
}

// WebPath is where files are reached by HTTP.
const WebPath = "/files/"

// url is the address of one transfer, with its credentials. Over HTTP they are part of
// the path: not every device can log in there, and none of them needs to.
func (o Offers) url(p Protocol, login, secret, name string) string {
	u := url.URL{Scheme: string(p), Path: "/" + name}
	switch p {
	case HTTPS, HTTP:
		return strings.TrimRight(o.Web, "/") + WebPath + login + "-" + secret + "/" + name
	case FTPS:
		u.Host = o.FTPS
	default:
		u.Host = o.FTP
	}
	u.User = url.UserPassword(login, secret)
	return u.String()
}
