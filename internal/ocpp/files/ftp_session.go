package files

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/upkeep"
)

// ftpSession is one control connection.
type ftpSession struct {
	door *Door
	raw  net.Conn // under the encryption, if there is one
	ip   string

	conn    net.Conn
	r       *bufio.Reader
	private bool // data connections are encrypted (PROT P)
	secure  bool
	user    string
	wrong   int
	t       *upkeep.Transfer // who has logged in
	// stranger is since when nobody is logged in.
	stranger time.Time
	passive  net.Listener
	rest     int64
	over     bool
}

// mostWrong is how many wrong logins end a connection.
const mostWrong = 3

func (x *ftpSession) encrypt() bool {
	c := tls.Server(x.raw, x.door.opt.FTP.TLS)
	_ = c.SetDeadline(time.Now().Add(dataWithin))
	if err := c.HandshakeContext(context.Background()); err != nil {
		return false
	}
	_ = c.SetDeadline(time.Time{})
	x.use(c)
	x.secure = true
	return true
}

func (x *ftpSession) use(c net.Conn) { x.conn, x.r = c, bufio.NewReaderSize(c, maxLine) }

func (x *ftpSession) say(code int, text string) {
	_ = x.conn.SetWriteDeadline(time.Now().Add(x.door.opt.Stall))
	if _, err := fmt.Fprintf(x.conn, "%d %s\r\n", code, text); err != nil {
		x.over = true
	}
}

func (x *ftpSession) serve() {
	if x.conn == nil {
		x.use(x.raw)
	}
	defer x.shut()
	x.say(220, "ccms")
	for !x.over {
		_ = x.conn.SetReadDeadline(x.patience())
		line, err := x.r.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				x.say(500, "The command is too long.")
			}
			return
		}
		verb, arg, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
		x.do(strings.ToUpper(verb), arg)
	}
}

// patience is until when the next command may come. Who has not logged in holds a place that
// a charge point may need: what it says meanwhile does not prolong it.
func (x *ftpSession) patience() time.Time {
	until := time.Now().Add(idleFTP)
	if login := x.stranger.Add(x.door.opt.Login); x.t == nil && login.Before(until) {
		return login
	}
	return until
}

// logout has the next login begin anew.
func (x *ftpSession) logout() {
	if x.t != nil {
		x.t, x.stranger = nil, time.Now()
	}
}

func (x *ftpSession) shut() {
	if x.passive != nil {
		_ = x.door.ftp.drop(x.passive)
		x.passive = nil
	}
}

// before the login a device may say these.
var open = map[string]func(*ftpSession, string){
	"USER": (*ftpSession).userName, "PASS": (*ftpSession).password, "AUTH": (*ftpSession).auth,
	"FEAT": (*ftpSession).features,
	"PBSZ": func(x *ftpSession, _ string) { x.say(200, "PBSZ=0") },
	"PROT": (*ftpSession).protection,
	"SYST": func(x *ftpSession, _ string) { x.say(215, "UNIX Type: L8") },
	"NOOP": func(x *ftpSession, _ string) { x.say(200, "OK") },
	"OPTS": func(x *ftpSession, _ string) { x.say(200, "OK") },
	"QUIT": func(x *ftpSession, _ string) { x.say(221, "Bye."); x.over = true },
	"PORT": (*ftpSession).active, "EPRT": (*ftpSession).active, "LPRT": (*ftpSession).active,
}

// and these behind it. What is not here is not done: no listing, no folder, no other file.
var loggedIn = map[string]func(*ftpSession, string){
	"TYPE": func(x *ftpSession, _ string) { x.say(200, "OK") }, // A as well as I: bytes are bytes
	"MODE": only("S"), "STRU": only("F"),
	"ALLO": func(x *ftpSession, _ string) { x.say(202, "OK") },
	"PWD":  func(x *ftpSession, _ string) { x.say(257, `"/"`) },
	"CWD":  (*ftpSession).folder,
	"CDUP": func(x *ftpSession, _ string) { x.say(250, "OK") },
	"PASV": (*ftpSession).pasv, "EPSV": (*ftpSession).epsv,
	"STOR": (*ftpSession).stor,
	"RETR": (*ftpSession).retr, "SIZE": (*ftpSession).size, "REST": (*ftpSession).restart,
}

// same are the older names of commands (RFC 1123 §4.1.3.1).
var same = map[string]string{"XPWD": "PWD", "XCWD": "CWD", "XCUP": "CDUP"}

func (x *ftpSession) do(verb, arg string) {
	if v, ok := same[verb]; ok {
		verb = v
	}
	if f := open[verb]; f != nil {
		f(x, arg)
		return
	}
	f := loggedIn[verb]
	switch {
	case f == nil:
		x.say(502, "This server does not do that.")
	case x.t == nil:
		x.say(530, "Log in first.")
	default:
		f(x, arg)
		if verb != "REST" && verb != "PASV" && verb != "EPSV" && verb != "TYPE" {
			x.rest = 0
		}
	}
}

func only(word string) func(*ftpSession, string) {
	return func(x *ftpSession, arg string) {
		if strings.EqualFold(arg, word) {
			x.say(200, "OK")
			return
		}
		x.say(504, "Not this one.")
	}
}

func (x *ftpSession) features(string) {
	text := "211-Features:\r\n EPSV\r\n PASV\r\n SIZE\r\n REST STREAM\r\n UTF8\r\n"
	if x.door.opt.FTP.TLS != nil {
		text += " AUTH TLS\r\n PBSZ\r\n PROT\r\n"
	}
	_ = x.conn.SetWriteDeadline(time.Now().Add(x.door.opt.Stall))
	if _, err := io.WriteString(x.conn, text+"211 End\r\n"); err != nil {
		x.over = true
	}
}

func (x *ftpSession) auth(arg string) {
	switch {
	case x.door.opt.FTP.TLS == nil || !strings.EqualFold(arg, "TLS") && !strings.EqualFold(arg, "TLS-C") && !strings.EqualFold(arg, "SSL"):
		x.say(504, "Not this one.")
	case x.secure:
		x.say(503, "It is encrypted already.")
	case x.r.Buffered() > 0: // what came in clear would count as said in secret
		x.say(503, "Say nothing behind AUTH.")
		x.over = true
	default:
		x.say(234, "Go on.")
		x.over = !x.encrypt()
		x.user = ""
		x.logout()
	}
}

func (x *ftpSession) protection(arg string) {
	switch {
	case !x.secure:
		x.say(503, "AUTH first.")
	case strings.EqualFold(arg, "P"):
		x.private = true
		x.say(200, "OK")
	case strings.EqualFold(arg, "C"):
		x.private = false
		x.say(200, "OK")
	default:
		x.say(504, "Not this one.")
	}
}

func (x *ftpSession) userName(arg string) {
	x.user = arg
	x.logout()
	x.say(331, "And the password?")
}

func (x *ftpSession) password(arg string) {
	if x.user == "" {
		x.say(503, "USER first.")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	t, err := x.door.open(ctx, x.ip, x.user, arg)
	switch {
	case err == nil:
		x.t = &t
		x.say(230, "OK")
		return
	case fault.Is(err, fault.Missing):
		x.say(530, "Not logged in.")
	case errors.Is(err, errGuess):
		x.say(421, errGuess.Detail)
		x.over = true
	default:
		x.door.opt.Log.Error("a file of a charge point", "error", err)
		x.say(421, "Try again later.")
		x.over = true
	}
	if x.wrong++; x.wrong >= mostWrong {
		x.over = true
	}
}

func (x *ftpSession) folder(arg string) {
	if arg == "" || arg == "/" || arg == "." || arg == "./" {
		x.say(250, "OK")
		return
	}
	x.say(550, "There is no such folder.")
}

// listen opens the place for a data connection.
func (x *ftpSession) listen() (*net.TCPAddr, error) {
	x.shut()
	local, _ := x.raw.LocalAddr().(*net.TCPAddr)
	if local == nil {
		return nil, errors.New("files: FTP over something that is not TCP")
	}
	o := x.door.opt.FTP
	var lc net.ListenConfig
	try := func(port int) (net.Listener, error) {
		l, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort(local.IP.String(), strconv.Itoa(port)))
		if err == nil && !x.door.ftp.hold(l) {
			l.Close()
			return nil, net.ErrClosed
		}
		return l, err
	}
	if o.PassiveMin == 0 {
		l, err := try(0)
		if err != nil {
			return nil, err
		}
		x.passive = l
		return l.Addr().(*net.TCPAddr), nil
	}
	n := o.PassiveMax - o.PassiveMin + 1
	begin := int(time.Now().UnixNano() % int64(n)) // spread; the secret is elsewhere
	var err error
	for i := range n {
		var l net.Listener
		if l, err = try(o.PassiveMin + (begin+i)%n); err == nil {
			x.passive = l
			return l.Addr().(*net.TCPAddr), nil
		}
	}
	return nil, err
}

// active would have the server open the data connection. It cannot reach a device behind
// address translation, and would reach whomever the command names (CERT CA-1997-27).
func (x *ftpSession) active(string) { x.say(502, "No active mode here: use PASV or EPSV.") }

func (x *ftpSession) pasv(string) {
	at, err := x.listen()
	if err != nil {
		x.say(425, "No port is free. Try again.")
		return
	}
	ip := x.door.opt.FTP.PublicIP.To4()
	if ip == nil {
		ip = at.IP.To4()
	}
	if ip == nil {
		x.shut()
		x.say(425, "Use EPSV.")
		return
	}
	x.say(227, fmt.Sprintf("Entering Passive Mode (%d,%d,%d,%d,%d,%d)", ip[0], ip[1], ip[2], ip[3], at.Port>>8, at.Port&0xff))
}

func (x *ftpSession) epsv(arg string) {
	if strings.EqualFold(arg, "ALL") {
		x.say(200, "OK")
		return
	}
	at, err := x.listen()
	if err != nil {
		x.say(425, "No port is free. Try again.")
		return
	}
	x.say(229, fmt.Sprintf("Entering Extended Passive Mode (|||%d|)", at.Port))
}

// data waits for the data connection. It must come from where the control connection
// comes from: who has seen the port must not bring another's file.
func (x *ftpSession) data() (net.Conn, error) {
	if x.passive == nil {
		return nil, errors.New("PASV or EPSV first")
	}
	defer x.shut()
	until := time.Now().Add(dataWithin)
	_ = x.passive.(*net.TCPListener).SetDeadline(until)
	for {
		raw, err := x.passive.Accept()
		if err != nil {
			return nil, err
		}
		if !x.door.ftp.hold(raw) {
			raw.Close()
			return nil, net.ErrClosed
		}
		c := carrier{raw, &x.door.ftp}
		if host(c.RemoteAddr().String()) != x.ip {
			c.Close()
			continue
		}
		if !x.private {
			return c, nil
		}
		s := tls.Server(c, x.door.opt.FTP.TLS)
		_ = s.SetDeadline(until)
		if err := s.HandshakeContext(context.Background()); err != nil {
			c.Close()
			return nil, err
		}
		_ = s.SetDeadline(time.Time{})
		return s, nil
	}
}

// moving is a data connection that must not dawdle.
type moving struct {
	net.Conn
	stall time.Duration
	until time.Time
}

func (m moving) next() time.Time {
	if at := time.Now().Add(m.stall); at.Before(m.until) {
		return at
	}
	return m.until
}

func (m moving) Read(b []byte) (int, error) {
	_ = m.SetReadDeadline(m.next())
	return m.Conn.Read(b)
}

func (m moving) Write(b []byte) (int, error) {
	_ = m.SetWriteDeadline(m.next())
	return m.Conn.Write(b)
}

func (x *ftpSession) moving(c net.Conn) moving {
	return moving{c, x.door.opt.Stall, time.Now().Add(Whole)}
}

// stor takes the file that the device brings, under whatever name.
func (x *ftpSession) stor(arg string) {
	name, ok := plainName(arg)
	switch {
	case !ok:
		x.say(553, "There are no folders here.")
		return
	case x.t.Kind == upkeep.FirmwareFile:
		x.say(550, "A file is given here, and none is taken.")
		return
	case x.rest != 0:
		x.say(504, "Bring the file from its beginning.")
		return
	}
	in, err := x.door.begin(context.Background(), *x.t)
	if err != nil {
		x.fail(err)
		return
	}
	x.say(150, "Go on.")
	c, err := x.data()
	if err == nil {
		_, err = io.Copy(in, x.moving(c))
		if x.private && errors.Is(err, io.ErrUnexpectedEOF) { // many devices do not say goodbye in TLS; in clear nobody does
			err = nil
		}
		c.Close()
	}
	if err = in.done(name, err); err != nil {
		x.fail(err)
		return
	}
	x.say(226, "The file is here.")
}

func (x *ftpSession) fail(err error) {
	f := fault.Of(err)
	switch {
	case errors.Is(err, errTooLarge):
		x.say(552, errTooLarge.Detail)
	case f.Kind == fault.Conflict || f.Kind == fault.Missing || f.Kind == fault.Denied:
		x.say(550, f.Detail)
	case f.Kind == fault.Unavailable:
		x.say(451, "Try again later.")
	default:
		x.say(426, "The file did not arrive whole.")
	}
}

func (x *ftpSession) restart(arg string) {
	n, err := strconv.ParseInt(arg, 10, 64)
	if err != nil || n < 0 {
		x.say(501, "From which byte?")
		return
	}
	x.rest = n
	x.say(350, "OK")
}

func (x *ftpSession) size(arg string) {
	name, ok := plainName(arg)
	if x.t.Kind != upkeep.FirmwareFile || !ok {
		x.say(550, "There is no such file.")
		return
	}
	img, err := x.door.transfers.ImageOf(context.Background(), *x.t, name)
	if err != nil {
		x.fail(err)
		return
	}
	x.say(213, strconv.FormatInt(img.Bytes, 10))
}

// retr sends a firmware image, from REST on.
func (x *ftpSession) retr(arg string) {
	name, ok := plainName(arg)
	if x.t.Kind != upkeep.FirmwareFile || !ok {
		x.say(550, "There is no such file.")
		return
	}
	img, f, err := x.door.image(context.Background(), *x.t, name)
	if err != nil {
		x.fail(err)
		return
	}
	defer f.Close()
	if x.rest > img.Bytes {
		x.say(554, "The file is not that long.")
		return
	}
	if _, err := f.Seek(x.rest, io.SeekStart); err != nil {
		x.say(451, "Try again later.")
		return
	}
	x.say(150, "Go on.")
	c, err := x.data()
	if err == nil {
		_, err = io.Copy(x.moving(c), f)
		if e := c.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		x.say(426, "The connection broke.")
		return
	}
	x.say(226, "That was all.")
}
