package cpsim

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"strings"
	"time"
)

// fileWithin is how long a file may take.
const fileWithin = 5 * time.Minute

// largestImage is what the point has room for.
const largestImage = 64 << 20

// bring takes a file to an address: PUT over HTTP, STOR over FTP.
func (cp *ChargePoint) bring(ctx context.Context, to, name string, content []byte) error {
	ctx, cancel := context.WithTimeout(ctx, fileWithin)
	defer cancel()
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	if strings.HasPrefix(u.Scheme, "ftp") {
		c, err := cp.dialFTP(ctx, u)
		if err != nil {
			return err
		}
		defer c.close()
		return c.store(name, content)
	}
	if strings.HasSuffix(u.Path, "/") { // a folder, as OCPP 1.6 §6.25 says
		u.Path += name
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, u.String(), bytes.NewReader(content))
	if err != nil {
		return err
	}
	_, err = cp.do(r)
	return err
}

// fetch reads a file from an address.
func (cp *ChargePoint) fetch(ctx context.Context, from string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fileWithin)
	defer cancel()
	u, err := url.Parse(from)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(u.Scheme, "ftp") {
		c, err := cp.dialFTP(ctx, u)
		if err != nil {
			return nil, err
		}
		defer c.close()
		return c.retrieve(path.Base(u.Path))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	return cp.do(r)
}

func (cp *ChargePoint) do(r *http.Request) ([]byte, error) {
	t := &http.Transport{TLSClientConfig: cp.cfg.TLS, DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: t}).Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, largestImage))
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("cpsim: %s: %s", resp.Status, bytes.TrimSpace(b))
	}
	return b, err
}

// ftpClient is as much FTP as a charge point has: passive mode, one file.
type ftpClient struct {
	text *textproto.Conn
	raw  net.Conn
	tls  *tls.Config // of data connections; nil: in clear
}

func (cp *ChargePoint) dialFTP(ctx context.Context, u *url.URL) (*ftpClient, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"ftp": "21", "ftps": "990"}[u.Scheme]
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if until, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(until)
	}
	c := &ftpClient{raw: conn}
	if u.Scheme == "ftps" {
		c.tls = &tls.Config{ServerName: u.Hostname()}
		if cp.cfg.TLS != nil {
			c.tls = cp.cfg.TLS.Clone()
			if c.tls.ServerName == "" {
				c.tls.ServerName = u.Hostname()
			}
		}
		conn = tls.Client(conn, c.tls)
	}
	c.text = textproto.NewConn(conn)
	password, _ := u.User.Password()
	_, _, err = c.text.ReadResponse(220)
	if err == nil {
		err = c.say(331, "USER "+u.User.Username())
	}
	if err == nil {
		err = c.say(230, "PASS "+password)
	}
	if err == nil {
		err = c.say(200, "TYPE I")
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *ftpClient) close() { _ = c.text.Close() }

func (c *ftpClient) say(want int, line string) error {
	if err := c.text.PrintfLine("%s", line); err != nil {
		return err
	}
	_, _, err := c.text.ReadResponse(want)
	return err
}

// data opens a data connection for a command.
func (c *ftpClient) data(command string) (net.Conn, error) {
	if err := c.text.PrintfLine("EPSV"); err != nil {
		return nil, err
	}
	_, msg, err := c.text.ReadResponse(229)
	if err != nil {
		return nil, err
	}
	var port int
	i := strings.Index(msg, "(|||")
	if i < 0 {
		return nil, errors.New("cpsim: no port in " + msg)
	}
	if _, err := fmt.Sscanf(msg[i:], "(|||%d|)", &port); err != nil {
		return nil, err
	}
	if err := c.text.PrintfLine("%s", command); err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(c.raw.RemoteAddr().String())
	conn, err := (&net.Dialer{Timeout: time.Minute}).Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return nil, err
	}
	if _, _, err := c.text.ReadResponse(150); err != nil {
		conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(fileWithin))
	if c.tls != nil {
		return tls.Client(conn, c.tls), nil
	}
	return conn, nil
}

func (c *ftpClient) store(name string, content []byte) error {
	d, err := c.data("STOR " + name)
	if err != nil {
		return err
	}
	if _, err = d.Write(content); err != nil {
		d.Close()
		return err
	}
	if err := d.Close(); err != nil {
		return err
	}
	_, _, err = c.text.ReadResponse(226)
	return err
}

func (c *ftpClient) retrieve(name string) ([]byte, error) {
	d, err := c.data("RETR " + name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(d, largestImage))
	d.Close()
	if err != nil {
		return nil, err
	}
	_, _, err = c.text.ReadResponse(226)
	return b, err
}
