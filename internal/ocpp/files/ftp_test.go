package files

import (
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// Who does not log in does not keep a place, whatever it says meanwhile.
func TestFTPAStrangerDoesNotStay(t *testing.T) {
	t.Parallel()
	d := New(nil, nil, Options{Login: 50 * time.Millisecond, FTP: FTP{Addr: "127.0.0.1:0"}})
	at, err := d.ListenFTP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", at[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ended := time.Now().Add(20 * time.Second)
	_ = nc.SetDeadline(ended)
	text := textproto.NewConn(nc)
	for err == nil {
		if err = text.PrintfLine("NOOP"); err == nil {
			_, err = text.ReadLine()
		}
	}
	if !time.Now().Before(ended) {
		t.Error("it stays: ", err)
	}
}

// One /64 of IPv6 is one origin.
func TestFTPCountsANetAsOne(t *testing.T) {
	t.Parallel()
	d := New(nil, nil, Options{})
	for i := range 100 {
		origin := originOf(&net.TCPAddr{IP: net.ParseIP(fmt.Sprintf("2001:db8::%x", i+1)), Port: 1})
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		if ok := d.ftp.enter(a, origin); ok != (i < MaxFTPOfOne) {
			t.Fatalf("connection %d: %v", i, ok)
		}
	}
}

// Active mode is refused in words, and nothing is dialled: the address in it may be
// anybody's.
func TestFTPNoActiveMode(t *testing.T) {
	t.Parallel()
	d := New(nil, nil, Options{FTP: FTP{Addr: "127.0.0.1:0"}})
	at, err := d.ListenFTP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	victim, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	port := victim.Addr().(*net.TCPAddr).Port
	nc, err := net.Dial("tcp", at[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	text := textproto.NewConn(nc)
	if _, _, err := text.ReadResponse(220); err != nil {
		t.Fatal(err)
	}
	for _, say := range []string{fmt.Sprintf("PORT 127,0,0,1,%d,%d", port>>8, port&0xff), fmt.Sprintf("eprt |1|127.0.0.1|%d|", port), "PORT"} {
		if err := text.PrintfLine("%s", say); err != nil {
			t.Fatal(err)
		}
		if _, why, err := text.ReadResponse(502); err != nil || !strings.Contains(why, "PASV") || !strings.Contains(why, "EPSV") {
			t.Errorf("%s: %q, %v", say, why, err)
		}
	}
	_ = victim.SetDeadline(time.Now().Add(50 * time.Millisecond))
	if c, err := victim.Accept(); err == nil {
		c.Close()
		t.Error("the server came")
	}
}
