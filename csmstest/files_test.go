package csmstest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"ccms/cpsim"
	"ccms/internal/authz"
)

// Simulated runs a simulated charge point of maker "Maker", model "M1", until the test ends.
func (p *Point) Simulated(change func(*cpsim.Config)) *cpsim.ChargePoint {
	p.Helper()
	cfg := cpsim.Config{URL: "ws://" + p.Addr + "/ocpp", Identity: p.Identity, Password: p.Key, Vendor: "Maker", Model: "M1", Firmware: "1.0",
		MeterInterval: -1, Now: p.Clock.Now, MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond, RebootTime: time.Millisecond,
		StepTime: time.Millisecond}
	cfg.Heartbeat = time.Hour
	cfg.AfterFunc = func(d time.Duration, f func()) func() bool {
		if d <= 2*time.Minute { // what it waits for between two tries; its own deadlines stay
			d = min(d, 5*time.Millisecond)
		}
		return time.AfterFunc(d, f).Stop
	}
	cfg.CallTimeout = time.Hour
	if p.roots != nil {
		cfg.TLS = p.trusting()
	}
	if change != nil {
		change(&cfg)
	}
	cp := cpsim.New(cfg)
	ctx, cancel := context.WithCancel(p.Context())
	ended := make(chan error, 1)
	go func() { ended <- cp.Run(ctx) }()
	p.Cleanup(func() {
		cancel()
		<-ended
	})
	until, stop := context.WithTimeout(p.Context(), wait)
	defer stop()
	p.OK(cp.WaitDelivered(until))
	return cp
}

// effectBecomes waits for the effect of a command.
func (a *API) effectBecomes(command, state string) M {
	a.world.Helper()
	var last M
	a.world.Until("the effect is "+state, func() bool {
		last = a.Get("/api/v1/commands/" + command).Body
		return last.Str("effect", "state") == state
	})
	return last
}

// files are those of a point, the newest first.
func (a *API) files(p *Point) []M {
	a.world.Helper()
	return a.Get("/api/v1/charge-point-files?charge_point_id=" + p.ID.String()).Items()
}

// download reads a file as staff do.
func (a *API) download(path string) (int, []byte) {
	w := a.world
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "http://"+w.Addr+path, nil)
	w.OK(err)
	r.Header.Set("Cookie", a.cookie)
	resp, err := client.Do(r)
	w.OK(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	w.OK(err)
	return resp.StatusCode, b
}

// Staff ask for diagnostics and logs without giving an address; the charge point brings
// them by HTTP or FTP, and staff who may fetch them (OCPP 1.6 §5.9, §4.4; GetLog).
//
// shows: GetDiagnostics, GetLog, DiagnosticsStatusNotification, LogStatusNotification
func TestFiles_DiagnosticsAndLogsArrive(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		p := w.Point("CP1")
		p.Simulated(func(c *cpsim.Config) { c.LogBytes, c.TLS = 200_000, w.trusting() })
		staff, auditor := w.Staff(authz.OpOps), w.Staff(authz.Auditor)
		for _, x := range []struct {
			body        M
			kind, begin string
		}{
			{M{"type": "get_diagnostics"}, "diagnostics", "diagnostics of CP1"}, // FTP: the usual
			{M{"type": "get_diagnostics", "protocol": "http"}, "diagnostics", "diagnostics of CP1"},
			{M{"type": "get_log"}, "log", "DiagnosticsLog of CP1"},
			{M{"type": "get_log", "log": "security", "protocol": "ftp"}, "security_log", "SecurityLog of CP1"},
			{M{"type": "get_diagnostics", "protocol": "ftps"}, "diagnostics", "diagnostics of CP1"},
		} {
			w.Clock.Advance(time.Second) // the newest is the last
			cmd := staff.Command(p, x.body).Want(202).Body.Str("id")
			staff.effectBecomes(cmd, "seen")
			f := staff.files(p)[0]
			if f.Str("state") != "arrived" || f.Str("kind") != x.kind || f.Str("told") != "Uploaded" || f.Int("bytes") < 200_000 || len(f.Str("sha256")) != 64 {
				w.Fatalf("%v: the file is %v", x.body, f)
			}
			path := "/api/v1/charge-point-files/" + f.Str("id") + "/file"
			status, b := staff.download(path)
			if status != 200 || int64(len(b)) != f.Int("bytes") || !bytes.HasPrefix(b, []byte(x.begin)) {
				w.Errorf("%v: the download is %d with %d bytes: %.40s", x.body, status, len(b), b)
			}
			if status, _ := auditor.download(path); status != 403 {
				w.Errorf("an auditor fetches it: %d", status)
			}
		}
		auditor.Command(p, M{"type": "get_diagnostics"}).Want(403)
		if n := len(staff.files(p)); n != 5 {
			w.Errorf("%d files are listed", n)
		}
		if strings.Contains(w.Server.String(), "/files/") && strings.Contains(w.Server.String(), "ftp://") {
			w.Error("an address with its credentials is in the log")
		}
		f := staff.files(p)[0].Str("id")
		staff.Do("DELETE", "/api/v1/charge-point-files/"+f, nil).Want(204)
		staff.Do("GET", "/api/v1/charge-point-files/"+f, nil).Want(404)
		w.Clock.Advance(31 * 24 * time.Hour) // nobody keeps names of cards for ever
		staff = w.Staff(authz.OpOps)
		// What cannot be removed keeps its row, and is tried again.
		stuck := errors.New("the disk is read-only")
		if err := w.App.Upkeep.SweepFiles(w.Context(), func(string) error { return stuck }); !errors.Is(err, stuck) {
			w.Errorf("a file that cannot be removed: %v", err)
		}
		if n := len(staff.files(p)); n != 4 {
			w.Errorf("%d rows are kept of files that could not be removed, want 4", n)
		}
		w.Timers()
		if n := len(staff.files(p)); n != 0 {
			w.Errorf("%d files are kept for longer than they may", n)
		}
	})
}

// A charge point that brings nothing, whether it says so or not, and one that is told
// nothing: the command does not end as done.
func TestFiles_WhatDoesNotArriveIsSaid(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpOps)
		for i, quirk := range []cpsim.Quirk{cpsim.QuirkUploadFails, cpsim.QuirkUploadLies} {
			p := w.Point(fmt.Sprint("CP", i))
			p.Simulated(func(c *cpsim.Config) { c.Quirks = cpsim.Quirks{quirk: true} })
			for _, kind := range []string{"get_diagnostics", "get_log"} {
				w.Clock.Advance(time.Second)
				cmd := staff.Command(p, M{"type": kind}).Want(202).Body.Str("id")
				if got := staff.effectBecomes(cmd, "failed"); got.Str("effect", "text") == "" {
					w.Errorf("%s, %s: %v", quirk, kind, got)
				}
				if f := staff.files(p)[0]; f.Str("state") != "failed" || f.Str("detail") == "" {
					w.Errorf("%s, %s: the file is %v", quirk, kind, f)
				}
			}
		}
		p := w.Point("Mute")
		c := p.Online()
		cmd := staff.Command(p, M{"type": "get_diagnostics"}).Want(202).Body.Str("id")
		c.Asked("GetDiagnostics").Reply(M{})
		w.Advance(5 * time.Hour)
		staff = w.Staff(authz.OpOps)
		if got := staff.effectBecomes(cmd, "failed"); !strings.Contains(got.Str("effect", "text"), "in time") {
			w.Errorf("nobody came: %v", got)
		}
	})
}

// A device may say "Uploaded" before its last byte is stored: the file counts all the same.
// One that it does not bring whole after that does not.
func TestFiles_UploadedMayComeBeforeTheFile(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		for _, content := range []string{"the file", ""} {
			cmd, to := c.wanted(staff, "ftp")
			f, u := w.ftp(to)
			secret, _ := u.User.Password()
			f.say(331, "USER "+u.User.Username())
			f.say(230, "PASS "+secret)
			data := f.passive()
			f.say(150, "STOR a.log")
			c.Call("DiagnosticsStatusNotification", M{"status": "Uploaded"})
			if got := staff.effect(cmd); got != "pending" {
				w.Errorf("while the file arrives the effect is %s", got)
			}
			_, err := io.WriteString(data, content)
			w.OK(err)
			w.OK(data.Close())
			if content == "" {
				f.answer(426)
				staff.effectBecomes(cmd, "failed")
				continue
			}
			f.answer(226)
			staff.effectBecomes(cmd, "seen")
			if file := staff.files(p)[0]; file.Str("state") != "arrived" {
				w.Errorf("the file is %v", file)
			}
		}
	})
}

// What a device says of its upload is not said of a file whose address it was not told.
func TestFiles_AStatusIsOfWhatTheDeviceWasAsked(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		first, _ := c.wanted(staff, "http")
		w.Clock.Advance(time.Second)
		staff.Command(p, M{"type": "get_configuration"}).Want(202)
		busy := c.Asked("GetConfiguration") // one call at a time: what follows waits
		second := staff.Command(p, M{"type": "get_diagnostics", "protocol": "http"}).Want(202).Body.Str("id")
		c.Call("DiagnosticsStatusNotification", M{"status": "UploadFailed"})
		staff.effectBecomes(first, "failed")
		if f := staff.files(p)[0]; f.Str("command_id") != second || f.Str("state") != "waiting" {
			w.Errorf("the file that was not asked for yet is %v", f)
		}
		busy.Reply(M{"configurationKey": []M{}})
	})
}

// The server's own TLS port takes files too: it is the only HTTPS where no proxy is.
func TestFiles_HTTPSWithoutAProxy(t *testing.T) {
	EachWith(t, Options{Files: true, TLS: true, TrustProxy: true}, func(w *World) {
		c := w.Point("CP1").Online()
		_, to := c.wanted(w.Staff(authz.OpOps), "http")
		tr := &http.Transport{TLSClientConfig: w.TLS()}
		defer tr.CloseIdleConnections()
		safe := &http.Client{Transport: tr}
		at := strings.Replace(to, "http://"+w.Addr, "https://"+w.Secure, 1)
		for _, x := range []struct {
			to     string
			status int
		}{{"https://" + w.Secure + "/files/nobody-nothing/a.log", 404}, {"https://" + w.Secure + "/api/v1/me", 404}, {at + "a.log", 201}} {
			r, err := http.NewRequestWithContext(w.Context(), http.MethodPut, x.to, strings.NewReader("the file"))
			w.OK(err)
			r.Header.Set("X-Forwarded-For", "192.0.2.7")
			resp, err := safe.Do(r)
			w.OK(err)
			w.OK(resp.Body.Close())
			if resp.StatusCode != x.status {
				w.Errorf("%s: %d, want %d", x.to, resp.StatusCode, x.status)
			}
		}
		if lines := w.Server.Lines("192.0.2.7"); len(lines) > 0 {
			w.Errorf("the header of a charge point is believed: %v", lines)
		}
	})
}

// put brings a file as a device does by HTTP, and returns the status.
func (w *World) put(method, to string, content string, header ...string) int {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, to, strings.NewReader(content))
	w.OK(err)
	r.URL.Opaque = strings.TrimPrefix(to, "http://"+w.Addr) // as it stands, dots and all
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(r)
	w.OK(err)
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// asked is where a point is to bring its diagnostics.
func (c *Conn) wanted(staff *API, protocol string) (command, address string) {
	c.Helper()
	c.Clock.Advance(time.Second) // the newest is the last
	command = staff.Command(c.Point, M{"type": "get_diagnostics", "protocol": protocol}).Want(202).Body.Str("id")
	a := c.Asked("GetDiagnostics")
	a.Reply(M{"fileName": "x.log"})
	staff.Becomes(command, "accepted")
	return command, a.Payload.Str("location")
}

// An address takes one file into its own place and nothing else: not twice, not past the
// limit, not elsewhere, nothing is read, and other credentials open nothing.
func TestFiles_HTTPTakesOneFileAndNothingElse(t *testing.T) {
	EachWith(t, Options{Files: true, MaxUpload: 100_000}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		cmd, to := c.wanted(staff, "http")
		if !strings.HasPrefix(to, "http://"+w.Addr+"/files/") || !strings.HasSuffix(to, "/") {
			w.Fatalf("the address is %s", to)
		}
		secret := to[strings.LastIndex(strings.TrimSuffix(to, "/"), "-")+1 : len(to)-1]
		for _, x := range []struct {
			why, method, to string
			status          int
		}{
			{"the secret of nobody", "PUT", strings.Replace(to, secret, strings.Repeat("0", len(secret)), 1) + "a.log", 404},
			{"no secret", "PUT", strings.Replace(to, "-"+secret, "", 1) + "a.log", 404},
			{"another folder", "PUT", to + "../../etc/passwd", 404},
			{"another folder, hidden", "PUT", to + "..%2f..%2fetc%2fpasswd", 404},
			{"a folder of its own", "PUT", to + "a/b.log", 404},
			{"nothing is listed", "GET", to, 405},
			{"nothing is read", "GET", to + "a.log", 405},
			{"nothing is deleted", "DELETE", to + "a.log", 405},
			{"nothing in it", "PUT", to + "a.log", 400},
		} {
			body := "rubbish"
			if x.why == "nothing in it" {
				body = ""
			}
			if got := w.put(x.method, x.to, body); got != x.status {
				w.Errorf("%s: %d, want %d", x.why, got, x.status)
			}
		}
		if got := w.put("PUT", to+"a.log", "the file"); got != 201 {
			w.Fatalf("the file: %d", got)
		}
		if got := w.put("PUT", to+"b.log", "another"); got != 409 {
			w.Errorf("a second file: %d, want 409", got)
		}
		if got := staff.effect(cmd); got != "pending" { // by FTP it might be cut off
			w.Errorf("before the charge point says so the effect is %s", got)
		}
		c.Call("DiagnosticsStatusNotification", M{"status": "Uploaded"})
		if got := staff.effect(cmd); got != "seen" {
			w.Errorf("then it is %s", got)
		}
		f := staff.files(p)[0]
		if _, b := staff.download("/api/v1/charge-point-files/" + f.Str("id") + "/file"); string(b) != "the file" || f.Str("file_name") != "a.log" {
			w.Errorf("the file is %q: %v", b, f)
		}

		// A form, as some devices send it; two files in it are one too many.
		form := func(names ...string) (string, string) {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			w.OK(m.WriteField("kind", "log"))
			for _, n := range names {
				part, err := m.CreateFormFile("file", n)
				w.OK(err)
				_, err = part.Write([]byte("in a form"))
				w.OK(err)
			}
			w.OK(m.Close())
			return b.String(), m.FormDataContentType()
		}
		_, to = c.wanted(staff, "http")
		body, kind := form("a.log", "b.log")
		if got := w.put("POST", to, body, "Content-Type", kind); got != 400 {
			w.Errorf("two files in a form: %d", got)
		}
		body, kind = form(`C:\logs\c.log`)
		if got := w.put("POST", to, body, "Content-Type", kind); got != 201 {
			w.Errorf("a form: %d", got)
		}
		if f := staff.files(p)[0]; f.Str("file_name") != "c.log" || f.Int("bytes") != 9 {
			w.Errorf("a form: %v", f)
		}

		for _, header := range [][]string{nil, {"Content-Type", "application/octet-stream"}} {
			cmd, to = c.wanted(staff, "http")
			if got := w.put("PUT", to+"big.log", strings.Repeat("x", 100_001), header...); got != 413 {
				w.Errorf("past the limit: %d, want 413", got)
			}
			if got := staff.effectBecomes(cmd, "failed"); !strings.Contains(got.Str("effect", "text"), "larger") {
				w.Errorf("past the limit: %v", got)
			}
			if got := w.put("PUT", to+"small.log", "x"); got != 404 {
				w.Errorf("after that: %d, want 404", got)
			}
		}
	})
}

// Encrypted after AUTH TLS (RFC 4217), with its data connection; what is said in clear
// behind AUTH is not believed.
func TestFiles_FTPMayEncrypt(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		_, to := c.wanted(staff, "ftp")
		u, err := url.Parse(to)
		w.OK(err)
		secret, _ := u.User.Password()
		conn, err := net.DialTimeout("tcp", u.Host, wait)
		w.OK(err)
		defer conn.Close()
		w.OK(conn.SetDeadline(time.Now().Add(wait)))
		f := &ftp{w, textproto.NewConn(conn), u.Hostname()}
		f.answer(220)
		f.say(503, "PROT P")
		f.say(234, "AUTH TLS")
		f.text = textproto.NewConn(tls.Client(conn, w.trusting()))
		f.say(200, "PBSZ 0")
		f.say(200, "PROT P")
		f.say(331, "USER "+u.User.Username())
		f.say(230, "PASS "+secret)
		data := f.passive()
		f.say(150, "STOR a.log")
		safe := tls.Client(data, w.trusting())
		_, err = io.WriteString(safe, "in secret")
		w.OK(err)
		w.OK(safe.Close())
		f.answer(226)
		if file := staff.files(p)[0]; file.Int("bytes") != 9 {
			w.Errorf("the file is %v", file)
		}

		conn, err = net.DialTimeout("tcp", u.Host, wait)
		w.OK(err)
		defer conn.Close()
		w.OK(conn.SetDeadline(time.Now().Add(wait)))
		f = &ftp{w, textproto.NewConn(conn), u.Hostname()}
		f.answer(220)
		_, err = io.WriteString(conn, "AUTH TLS\r\nUSER "+u.User.Username()+"\r\n")
		w.OK(err)
		f.answer(503)
	})
}

// Stopping does not wait for a device that is in the middle of a file.
func TestFiles_AStopEndsFTP(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		c := w.Point("CP1").Online()
		_, to := c.wanted(w.Staff(authz.OpOps), "ftp")
		f, u := w.ftp(to)
		secret, _ := u.User.Password()
		f.say(331, "USER "+u.User.Username())
		f.say(230, "PASS "+secret)
		data := f.passive()
		defer data.Close()
		f.say(150, "STOR a.log")
		_, err := io.WriteString(data, "half of it")
		w.OK(err)
		begun := time.Now()
		w.Stop()
		if d := time.Since(begun); d > wait/2 {
			w.Errorf("it took %v", d)
		}
	})
}

// ftp is a device that speaks FTP by hand.
type ftp struct {
	*World
	text *textproto.Conn
	host string
}

func (w *World) ftp(address string) (*ftp, *url.URL) {
	w.Helper()
	u, err := url.Parse(address)
	w.OK(err)
	conn, err := net.DialTimeout("tcp", u.Host, wait)
	w.OK(err)
	w.OK(conn.SetDeadline(time.Now().Add(wait)))
	f := &ftp{w, textproto.NewConn(conn), u.Hostname()}
	w.Cleanup(func() { f.text.Close() })
	f.answer(220)
	return f, u
}

func (f *ftp) answer(want int) string {
	f.Helper()
	code, msg, err := f.text.ReadResponse(0)
	if err != nil || code != want {
		f.Fatalf("FTP answers %d %s (%v), want %d", code, msg, err, want)
	}
	return msg
}

func (f *ftp) say(want int, line string) string {
	f.Helper()
	f.OK(f.text.PrintfLine("%s", line))
	return f.answer(want)
}

// passive opens a data connection.
func (f *ftp) passive() net.Conn {
	f.Helper()
	msg := f.say(227, "PASV")
	var a, b, c, d, p, q int
	_, err := fmt.Sscanf(msg[strings.Index(msg, "("):], "(%d,%d,%d,%d,%d,%d)", &a, &b, &c, &d, &p, &q)
	f.OK(err)
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("%d.%d.%d.%d:%d", a, b, c, d, p<<8|q), wait)
	f.OK(err)
	return conn
}

// store brings a file, and returns what is answered behind it.
func (f *ftp) store(want int, name, content string) {
	f.Helper()
	data := f.passive()
	f.OK(f.text.PrintfLine("STOR %s", name))
	code, msg, err := f.text.ReadResponse(0)
	f.OK(err)
	if code != 150 {
		data.Close()
		if code != want {
			f.Errorf("STOR %s: %d %s, want %d", name, code, msg, want)
		}
		return
	}
	_, _ = io.WriteString(data, content)
	data.Close()
	f.answer(want)
}

// By FTP the same: one file, one place.
func TestFiles_FTPTakesOneFileAndNothingElse(t *testing.T) {
	EachWith(t, Options{Files: true, MaxUpload: 100_000}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		cmd, to := c.wanted(staff, "ftp")
		f, u := w.ftp(to)
		f.say(530, "STOR a.log")
		f.say(331, "USER "+u.User.Username())
		f.say(530, "PASS wrong")
		f.say(331, "USER nobody")
		f.say(530, "PASS "+strings.Repeat("0", 26))
		secret, _ := u.User.Password()
		f.say(331, "USER "+u.User.Username())
		f.say(230, "PASS "+secret)
		for line, want := range map[string]int{"LIST": 502, "NLST": 502, "MLSD": 502, "MKD x": 502, "DELE a.log": 502, "RNFR a.log": 502, "SITE x": 502,
			"PORT 127,0,0,1,0,80": 502, "EPRT |1|127.0.0.1|80|": 502, "CWD ..": 550, "CWD /etc": 550, "RETR a.log": 550, "SIZE a.log": 550,
			"STOR ../a.log": 553, "STOR /etc/passwd": 553, `STOR ..\a.log`: 553, "APPE a.log": 502} {
			f.say(want, line)
		}
		f.store(426, "empty.log", "")
		f.store(226, "/a.log", "the file")
		f.store(550, "b.log", "another")
		c.Call("DiagnosticsStatusNotification", M{"status": "Uploaded"})
		if got := staff.effect(cmd); got != "seen" {
			w.Errorf("the effect is %s", got)
		}
		file := staff.files(p)[0]
		if _, b := staff.download("/api/v1/charge-point-files/" + file.Str("id") + "/file"); string(b) != "the file" {
			w.Errorf("the file is %q", b)
		}

		cmd, to = c.wanted(staff, "ftp")
		f, u = w.ftp(to)
		secret, _ = u.User.Password()
		f.say(331, "USER "+u.User.Username())
		f.say(230, "PASS "+secret)
		f.store(552, "big.log", strings.Repeat("x", 200_000))
		if got := staff.effectBecomes(cmd, "failed"); !strings.Contains(got.Str("effect", "text"), "larger") {
			w.Errorf("past the limit: %v", got)
		}

		// A file that came before the device gave up may be cut off: it is kept, and marked.
		cmd, to = c.wanted(staff, "ftp")
		f, u = w.ftp(to)
		secret, _ = u.User.Password()
		f.say(331, "USER "+u.User.Username())
		f.say(230, "PASS "+secret)
		f.store(226, "half.log", "half")
		c.Call("DiagnosticsStatusNotification", M{"status": "UploadFailed"})
		staff.effectBecomes(cmd, "failed")
		if file := staff.files(p)[0]; file.Str("state") != "failed" || file.Int("bytes") != 4 {
			w.Errorf("half a file: %v", file)
		}
	})
}
