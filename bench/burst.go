package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// burst is requests that reach the API in one moment, each on a connection that was
// opened before. A process of its own sends them, so that the charge points of the
// generator do not wait for it.
type burst struct {
	Addr, Cookie, CSRF string
	Paths              []string
	Body               string
}

func (b burst) run(ready func()) (took time.Duration, err error) {
	conns := make([]net.Conn, len(b.Paths))
	requests := make([][]byte, len(b.Paths))
	err = each(len(b.Paths), func(i int) (err error) {
		conns[i], err = net.Dial("tcp", b.Addr)
		requests[i] = fmt.Appendf(nil, "POST /api/v1%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nCookie: %s\r\nX-CSRF-Token: %s\r\nIdempotency-Key: burst-%d\r\nContent-Length: %d\r\n\r\n%s",
			b.Paths[i], b.Addr, b.Cookie, b.CSRF, i, len(b.Body), b.Body)
		return err
	})
	if err != nil {
		return 0, err
	}
	ready()
	began := time.Now()
	errs := make([]error, len(conns))
	var wg sync.WaitGroup
	for i, c := range conns {
		wg.Go(func() { errs[i] = oneRequest(c, requests[i]) })
	}
	wg.Wait()
	return time.Since(began), firstOf(errs)
}

func oneRequest(c net.Conn, request []byte) error {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if _, err := c.Write(request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return errors.New(resp.Status)
	}
	return nil
}

// burstOf is the same request to each path, by who is logged in.
func (a *api) burstOf(addr string, paths []string, body any) (burst, error) {
	text, err := json.Marshal(body)
	return burst{Addr: addr, Cookie: a.cookies(), CSRF: a.csrf, Paths: paths, Body: string(text)}, err
}
