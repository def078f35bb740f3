package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// serveEcho is the floor of everything that travels over a socket: TCP, one
// goroutine per connection, what comes is sent back.
func serveEcho(bufferBytes int) error {
	return serveFloor(func(conn net.Conn) { echo(conn, bufferBytes) })
}

// serveFloor serves each connection in a goroutine of its own. On SIGUSR1 it collects
// twice and says how many it accepted, for the rows of memory and of the storm.
func serveFloor(serve func(net.Conn)) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var accepted atomic.Int64
	collect := make(chan os.Signal, 1)
	signal.Notify(collect, syscall.SIGUSR1)
	go func() {
		for range collect {
			runtime.GC()
			runtime.GC()
			fmt.Println(accepted.Load())
		}
	}()
	fmt.Println(l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		accepted.Add(1)
		go serve(conn)
	}
}

func echo(conn net.Conn, bufferBytes int) {
	defer conn.Close()
	buf := make([]byte, bufferBytes)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return // the generator has gone
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

// echoLink is a connection of the generator to the floor. It does what a socket does
// for the system, so that the generator is as fast on both sides: how many messages
// the server finds at once, and so what one of them costs it, depends on that.
type echoLink struct {
	conn    net.Conn
	in      *bufio.Reader
	message message
	recv    []byte
	serial  int
}

func dialEcho(addr string, m message) (*echoLink, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &echoLink{conn: conn, in: bufio.NewReaderSize(conn, 512), message: m, recv: make([]byte, len(m.frame))}, nil
}

func (e *echoLink) roundTrip() error {
	e.serial++
	e.message.set(e.serial)
	if err := e.conn.SetReadDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if _, err := e.conn.Write(e.message.frame); err != nil {
		return err
	}
	_, err := io.ReadFull(e.in, e.recv)
	return err
}

func (e *echoLink) close() error { return e.conn.Close() }
