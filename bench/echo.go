package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// serveEcho is the floor of everything that travels over a socket: TCP, one
// goroutine per connection, what comes is sent back. On SIGUSR1 it collects
// twice and says so, for the memory row.
func serveEcho(bufferBytes int) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	collect := make(chan os.Signal, 1)
	signal.Notify(collect, syscall.SIGUSR1)
	go func() {
		for range collect {
			runtime.GC()
			runtime.GC()
			fmt.Println("collected")
		}
	}()
	fmt.Println(l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go echo(conn, bufferBytes)
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

// echoLink is a connection of the generator to the floor.
type echoLink struct {
	conn net.Conn
	send []byte
	recv []byte
}

func dialEcho(addr string, frame []byte) (*echoLink, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &echoLink{conn: conn, send: frame, recv: make([]byte, len(frame))}, nil
}

func (e *echoLink) roundTrip() error {
	if _, err := e.conn.Write(e.send); err != nil {
		return err
	}
	_, err := io.ReadFull(e.conn, e.recv)
	return err
}

func (e *echoLink) close() error { return e.conn.Close() }
