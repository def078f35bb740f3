package main

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// station is a charge point that hears the server while it waits for nothing: it
// accepts every call, or leaves all of them without an answer.
type station struct {
	*socket
	silent  bool
	calls   *atomic.Int64 // of the server, over all charge points
	write   sync.Mutex
	answers chan struct{}
	ended   chan error
}

// listening takes over a link that has booted.
func listening(l link, silent bool, calls *atomic.Int64) (*station, error) {
	s := &station{socket: l.(*socket), silent: silent, calls: calls, answers: make(chan struct{}, 1), ended: make(chan error, 1)}
	if err := s.conn.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.listen() }()
	return s, nil
}

func (s *station) listen() error {
	for {
		op, payload, err := s.readFrame()
		switch {
		case err != nil:
			return err
		case op == 0x9: // RFC 6455 §5.5.2
			pong := frame(string(payload))
			pong[0] = 0x8A
			err = s.send(pong)
		case op == 0x8:
			return fmt.Errorf("closed by the server: %q", payload)
		case bytes.HasPrefix(payload, []byte("[2,")):
			s.calls.Add(1)
			if !s.silent {
				id, _, _ := bytes.Cut(payload[3:], []byte(","))
				err = s.send(frame("[3," + string(id) + `,{"status":"Accepted"}]`))
			}
		case bytes.HasPrefix(payload, []byte("[3,")):
			s.answers <- struct{}{}
		default:
			return fmt.Errorf("the answer is %s", payload)
		}
		if err != nil {
			return err
		}
	}
}

func (s *station) send(b []byte) error {
	s.write.Lock()
	defer s.write.Unlock()
	_, err := s.conn.Write(b)
	return err
}

// roundTrip sends the message and waits for its answer.
func (s *station) roundTrip() error {
	s.serial++
	s.message.set(s.serial)
	if err := s.send(s.message.frame); err != nil {
		return err
	}
	late := time.NewTimer(answerWithin)
	defer late.Stop()
	select {
	case <-s.answers:
		return nil
	case err := <-s.ended:
		return err
	case <-late.C:
		return errors.New("no answer")
	}
}
