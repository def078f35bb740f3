package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ccms/internal/app"
	"ccms/internal/upkeep"
)

// pointFiles says how charge points bring and fetch files. Nothing is offered by default:
// an open port is opened by somebody who meant it.
type pointFiles struct {
	FilesURL      string `name:"files-url" env:"CCMS_FILES_URL" placeholder:"URL" help:"https://HOST under which charge points reach this server; without it they bring and fetch no file by HTTP."`
	FilesProtocol string `name:"files-protocol" env:"CCMS_FILES_PROTOCOL" placeholder:"WORD" help:"How files travel of charge points that have not said what they know: https, http, ftps or ftp. Default: ftp where there is --ftp-addr."`
	FilesMax      int64  `name:"files-max-upload" default:"256" env:"CCMS_FILES_MAX_UPLOAD" placeholder:"MIB" help:"The largest file that a charge point may bring, in MiB (${default})."`
	FTPAddr       string `name:"ftp-addr" env:"CCMS_FTP_ADDR" placeholder:"HOST:PORT" help:"Address to listen on for FTP of charge points; without it there is none."`
	FTPSAddr      string `name:"ftps-addr" env:"CCMS_FTPS_ADDR" placeholder:"HOST:PORT" help:"The same for FTP that is encrypted from the first byte; needs --ftp-cert."`
	FTPHost       string `name:"ftp-host" env:"CCMS_FTP_HOST" placeholder:"HOST" help:"Name or address that charge points are told for FTP; default that of --files-url."`
	FTPPublicIP   string `name:"ftp-public-ip" env:"CCMS_FTP_PUBLIC_IP" placeholder:"IPV4" help:"Behind NAT: the address for data connections of FTP."`
	FTPPorts      string `name:"ftp-passive-ports" env:"CCMS_FTP_PASSIVE_PORTS" placeholder:"FROM-TO" help:"Ports for data connections of FTP, to be opened in the firewall; default any."`
	FTPCert       string `name:"ftp-cert" env:"CCMS_FTP_CERT" placeholder:"FILE" help:"Certificate (PEM) for FTP; with it charge points may encrypt. It is read again when it changes."`
	FTPKey        string `name:"ftp-key" env:"CCMS_FTP_KEY" placeholder:"FILE" help:"Its key (PEM)."`
}

// config reads the settings, or says what is wrong with them.
func (p pointFiles) config() (c app.Files, err error) {
	c.MaxUpload = p.FilesMax << 20
	if p.FilesMax < 1 || p.FilesMax > 4096 {
		return c, errors.New("--files-max-upload must be between 1 and 4096 MiB")
	}
	if p.FilesURL != "" {
		u, err := url.Parse(p.FilesURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			return c, errors.New("--files-url must be https://HOST or http://HOST, without a path")
		}
		c.Offers.Web = u.Scheme + "://" + u.Host
	}
	if err := p.ftp(&c); err != nil {
		return c, err
	}
	if p.FilesProtocol != "" {
		c.Offers.Usual = upkeep.Protocol(p.FilesProtocol)
		if !slices.Contains(upkeep.Protocols, c.Offers.Usual) {
			return c, errors.New("--files-protocol must be https, http, ftps or ftp")
		}
	}
	return c, nil
}

func (p pointFiles) ftp(c *app.Files) error {
	if p.FTPAddr == "" && p.FTPSAddr == "" {
		return nil
	}
	host := p.FTPHost
	if u, err := url.Parse(p.FilesURL); host == "" && err == nil {
		host = u.Hostname()
	}
	if host == "" {
		return errors.New("--ftp-host must say which name or address charge points are told")
	}
	for _, l := range []struct {
		flag, addr string
		offer      *string
	}{{"--ftp-addr", p.FTPAddr, &c.Offers.FTP}, {"--ftps-addr", p.FTPSAddr, &c.Offers.FTPS}} {
		if l.addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(l.addr)
		if err != nil {
			return fmt.Errorf("%s must be HOST:PORT", l.flag)
		}
		*l.offer = net.JoinHostPort(host, port)
	}
	c.FTP.Addr, c.FTP.FTPSAddr = p.FTPAddr, p.FTPSAddr
	if p.FTPPublicIP != "" {
		if c.FTP.PublicIP = net.ParseIP(p.FTPPublicIP).To4(); c.FTP.PublicIP == nil {
			return errors.New("--ftp-public-ip must be an IPv4 address")
		}
	}
	if p.FTPPorts != "" {
		from, to, _ := strings.Cut(p.FTPPorts, "-")
		lo, err1 := strconv.Atoi(strings.TrimSpace(from))
		hi, err2 := strconv.Atoi(strings.TrimSpace(to))
		if err1 != nil || err2 != nil || lo < 1024 || hi > 65535 || hi < lo {
			return errors.New("--ftp-passive-ports must be FROM-TO, between 1024 and 65535")
		}
		c.FTP.PassiveMin, c.FTP.PassiveMax = lo, hi
	}
	if (p.FTPCert == "") != (p.FTPKey == "") {
		return errors.New("--ftp-cert and --ftp-key belong together")
	}
	if p.FTPCert == "" {
		if p.FTPSAddr != "" {
			return errors.New("--ftps-addr needs --ftp-cert and --ftp-key")
		}
		return nil
	}
	k := &keyPair{cert: p.FTPCert, key: p.FTPKey}
	if _, err := k.get(nil); err != nil {
		return fmt.Errorf("--ftp-cert: %w", err)
	}
	c.FTP.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.get}
	return nil
}

// keyPair is a certificate that is read again when its file changes, so that a renewal
// needs no restart.
type keyPair struct {
	cert, key string

	mu   sync.Mutex
	read time.Time // of the file
	pair *tls.Certificate
}

func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.cert)
	if err == nil && k.pair != nil && info.ModTime().Equal(k.read) {
		return k.pair, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(k.cert, k.key); err == nil {
			k.pair, k.read = &pair, info.ModTime()
			return k.pair, nil
		}
	}
	if k.pair != nil { // half written: the old one serves on
		return k.pair, nil
	}
	return nil, err
}

// checkFiles looks at how charge points bring and fetch files.
func checkFiles(p pointFiles, now time.Time) (all []finding) {
	add := func(l level, what, do string) { all = append(all, finding{"files", l, what, do}) }
	c, err := p.config()
	switch {
	case err != nil:
		add(problem, err.Error(), "mend the setting; ccms serve refuses it")
		return all
	case c.Offers.None():
		add(fine, "charge points bring and fetch no files", "")
		return all
	}
	var by []string
	for _, at := range []string{c.Offers.Web, prefixed("ftp://", c.Offers.FTP), prefixed("ftps://", c.Offers.FTPS)} {
		if at != "" {
			by = append(by, at)
		}
	}
	add(fine, "charge points bring and fetch files by "+strings.Join(by, ", "), "")
	if strings.HasPrefix(c.Offers.Web, "http://") {
		add(warning, "files travel by HTTP in clear", "give --files-url an https:// address, unless the charge points are in a network of their own")
	}
	if c.FTP.Addr != "" && c.FTP.TLS == nil {
		add(warning, "files travel by FTP in clear; firmware that its maker signed is safe all the same", "give --ftp-cert and --ftp-key, so that charge points that can do so encrypt")
	}
	if (c.FTP.Addr != "" || c.FTP.FTPSAddr != "") && c.FTP.PassiveMin == 0 {
		add(warning, "data connections of FTP may use any port", "give --ftp-passive-ports and open these in the firewall")
	}
	if c.Offers.Usual != "" && c.Offers.Usual != upkeep.FTP && !offered(c, c.Offers.Usual) {
		add(warning, "--files-protocol "+string(c.Offers.Usual)+" is not offered, and another is taken", "offer it, or choose one that is")
	}
	if c.FTP.TLS != nil {
		if pair, err := c.FTP.TLS.GetCertificate(nil); err == nil && pair.Leaf != nil && now.After(pair.Leaf.NotAfter) {
			add(problem, "the certificate of --ftp-cert ended on "+pair.Leaf.NotAfter.Format(time.DateOnly), "renew it")
		}
	}
	return all
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func offered(c app.Files, p upkeep.Protocol) bool {
	switch p {
	case upkeep.HTTPS, upkeep.HTTP:
		return strings.HasPrefix(c.Offers.Web, string(p)+"://")
	case upkeep.FTPS:
		return c.Offers.FTPS != ""
	}
	return c.Offers.FTP != ""
}
