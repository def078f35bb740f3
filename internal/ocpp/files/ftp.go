package files

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"ccms/internal/operator"
)

// FTP says how files travel by FTP (RFC 959, with the passive mode of RFC 2428 and the
// encryption of RFC 4217).
type FTP struct {
	Addr     string      // to listen on; "": not
	FTPSAddr string      // to listen on with TLS from the first byte; "": not
	TLS      *tls.Config // nil: no encryption, and no FTPSAddr
	// PublicIP is what a device is told for its data connection where the address of the
	// socket is another one, behind NAT; IPv4.
	PublicIP net.IP
	// PassiveMin and PassiveMax are the ports of data connections; 0: any.
	PassiveMin, PassiveMax int
}

// Limits of FTP.
const (
	// MaxFTP is how many charge points may be connected by FTP at once.
	MaxFTP = 256
	// MaxFTPOfOne is how many of them may come from one address.
	MaxFTPOfOne = 16
	// idleFTP is how long a connection may wait for its next command.
	idleFTP = 2 * time.Minute
	// maxLine is the longest command.
	maxLine = 1024
	// dataWithin is how long a device may take to open the data connection.
	dataWithin = 20 * time.Second
)

// ftpServer listens. It knows what a charge point needs and no more: a library would
// bring folders, listings and active mode, which have to be shut again one by one.
type ftpServer struct {
	door *Door

	mu        sync.Mutex
	listeners []net.Listener
	open      map[net.Conn]string // and the address each is from
	of        map[string]int
	data      map[io.Closer]struct{} // what carries files, and what waits for such a connection
	closed    bool
	running   sync.WaitGroup
}

// ListenFTP begins to serve FTP where Options ask for it, and returns the addresses.
func (d *Door) ListenFTP(ctx context.Context) (addrs []net.Addr, err error) {
	o := d.opt.FTP
	if o.FTPSAddr != "" && o.TLS == nil {
		return nil, errors.New("files: FTPS needs a certificate")
	}
	for _, l := range []struct {
		addr    string
		wrapped bool
	}{{o.Addr, false}, {o.FTPSAddr, true}} {
		if l.addr == "" {
			continue
		}
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.addr)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listening for FTP: %w", err), d.CloseFTP(ctx))
		}
		d.ftp.mu.Lock()
		d.ftp.listeners = append(d.ftp.listeners, ln)
		d.ftp.mu.Unlock()
		addrs = append(addrs, ln.Addr())
		d.ftp.running.Go(func() { d.ftp.accept(ln, l.wrapped) })
	}
	return addrs, nil
}

// CloseFTP ends the listening and every connection, also those that carry a file, and
// waits for what is stored of them, until ctx ends.
func (d *Door) CloseFTP(ctx context.Context) error {
	s := &d.ftp
	s.mu.Lock()
	s.closed = true
	for _, l := range s.listeners {
		l.Close()
	}
	for c := range s.open {
		c.Close()
	}
	for c := range s.data {
		c.Close()
	}
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("files by FTP did not end in time: %w", ctx.Err())
	}
}

// hold has CloseFTP close c too; false: it has closed already.
func (s *ftpServer) hold(c io.Closer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.data == nil {
		s.data = map[io.Closer]struct{}{}
	}
	s.data[c] = struct{}{}
	return true
}

// drop closes what is held.
func (s *ftpServer) drop(c io.Closer) error {
	s.mu.Lock()
	delete(s.data, c)
	s.mu.Unlock()
	return c.Close()
}

// carrier is a data connection that is held.
type carrier struct {
	net.Conn
	s *ftpServer
}

func (c carrier) Close() error { return c.s.drop(c.Conn) }

// FTPAddrs are the addresses that ListenFTP listens on.
func (d *Door) FTPAddrs() (out []net.Addr) {
	d.ftp.mu.Lock()
	defer d.ftp.mu.Unlock()
	for _, l := range d.ftp.listeners {
		out = append(out, l.Addr())
	}
	return out
}

func (s *ftpServer) accept(ln net.Listener, wrapped bool) {
	for {
		c, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.door.opt.Log.Warn("FTP: a connection was not accepted", "error", err)
			time.Sleep(100 * time.Millisecond) // out of descriptors, say
			continue
		}
		ip := host(c.RemoteAddr().String())
		origin := originOf(c.RemoteAddr())
		if !s.enter(c, origin) {
			_ = c.SetDeadline(time.Now().Add(time.Second))
			_, _ = c.Write([]byte("421 Too many connections.\r\n"))
			c.Close()
			continue
		}
		s.running.Go(func() {
			defer s.leave(c, origin)
			x := &ftpSession{door: s.door, raw: c, ip: ip, stranger: time.Now()}
			if wrapped {
				if !x.encrypt() {
					return
				}
				x.private = true // RFC 4217 says it of explicit TLS; who begins encrypted stays so
			}
			x.serve()
		})
	}
}

// originOf is what connections are counted by: whoever has a /64 of IPv6 has all of it.
func originOf(a net.Addr) string { return operator.OriginName(host(a.String())) }

// enter counts a connection in.
func (s *ftpServer) enter(c net.Conn, origin string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.open) >= MaxFTP || s.of[origin] >= MaxFTPOfOne {
		return false
	}
	if s.open == nil {
		s.open, s.of = map[net.Conn]string{}, map[string]int{}
	}
	s.open[c] = origin
	s.of[origin]++
	return true
}

func (s *ftpServer) leave(c net.Conn, origin string) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	if s.of[origin]--; s.of[origin] == 0 {
		delete(s.of, origin)
	}
}
