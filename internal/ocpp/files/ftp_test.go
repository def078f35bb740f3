package files

import (
	"fmt"
	"net"
	"net/textproto"
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
