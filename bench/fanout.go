package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	fanoutBeat  = 250 * time.Millisecond
	fanoutWatch = "watch\n"
	fanoutBytes = 700 // about what a charge point takes on a screen
)

// fanoutLine is what the i-th point sends to the floor: as long as what a screen gets.
func fanoutLine(i int) message {
	line := fmt.Sprintf("%05d data: {%s\"info\":\"%s\"}", i, strings.Repeat("x", fanoutBytes), stampMark)
	m := newMessage(line, running{stampMark, stamped})
	// It is no WebSocket: the line alone, with its end.
	at := len(m.frame) - len(line)
	m.frame = append(m.frame[at:], '\n')
	for j := range m.places {
		m.places[j].at -= at
	}
	return m
}

// serveFanout is the floor of many screens: lines that come in on some connections go out
// on others, those of one beat together, and of one sender the newest.
func serveFanout() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	f := &fanout{waiting: map[string][]byte{}}
	go f.beat()
	fmt.Println(l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go f.serve(conn)
	}
}

type fanout struct {
	mu      sync.Mutex
	waiting map[string][]byte
	screens []chan []byte
}

func (f *fanout) beat() {
	for range time.Tick(fanoutBeat) {
		f.mu.Lock()
		var all []byte
		for _, line := range f.waiting {
			all = append(all, line...)
		}
		clear(f.waiting)
		screens := f.screens
		f.mu.Unlock()
		if len(all) == 0 {
			continue
		}
		for _, c := range screens {
			select {
			case c <- all:
			default: // too slow
			}
		}
	}
}

func (f *fanout) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		if string(line) == fanoutWatch {
			f.show(conn)
			return
		}
		f.mu.Lock()
		f.waiting[string(line[:5])] = line
		f.mu.Unlock()
		if _, err := conn.Write([]byte("+")); err != nil {
			return
		}
	}
}

func (f *fanout) show(conn net.Conn) {
	c := make(chan []byte, 8)
	f.mu.Lock()
	f.screens = append(f.screens, c)
	f.mu.Unlock()
	if _, err := conn.Write([]byte("event: hello\n")); err != nil {
		return
	}
	for b := range c {
		if _, err := conn.Write(b); err != nil {
			return
		}
	}
}
