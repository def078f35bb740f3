package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// server is `ccms serve` on SQLite in a folder of its own.
type server struct {
	*child
	addr, data string
	api        *api
	site       string
}

const readyWithin = time.Minute

// On its first start the server prints the owner's login and password once.
var ownerLine = regexp.MustCompile(`(?i)login:?\s+(\S+).*?password:?\s+(\S+)`)

func startServer(ccms string) (*server, error) {
	data, err := os.MkdirTemp("", "ccms-bench-")
	if err != nil {
		return nil, err
	}
	s := &server{data: data}
	if s.addr, err = freeAddr(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	if s.child, err = start(nil, ccms, "serve", "--addr", s.addr, "--data", data); err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.end())
	}
	return s, nil
}

// freeAddr asks the kernel for a port. Somebody else could take it before the
// server does; then the server says so and ends.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// prepare waits for the server and makes an operator with a site.
func (s *server) prepare() error {
	owner := make(chan []string, 1)
	go func() {
		var said strings.Builder
		found := false
		for s.out.Scan() { // to the end, or the pipe fills up
			if found {
				continue
			}
			said.WriteString(s.out.Text() + " ")
			if m := ownerLine.FindStringSubmatch(said.String()); m != nil {
				owner <- m[1:]
				found = true
			}
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	if err := s.await(ctx); err != nil {
		return err
	}
	var err error
	if s.api, err = newAPI(s.addr); err != nil {
		return err
	}
	select {
	case login := <-owner:
		if err := s.api.login(login[0], login[1]); err != nil {
			return err
		}
	case <-ctx.Done():
		return errors.New("the server printed no login of its owner")
	}
	s.site, err = s.api.network()
	return err
}

func (s *server) await(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := http.Get("http://" + s.addr + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.gone:
			s.gone <- err
			return errors.Join(errors.New("the server ended while starting"), err)
		case <-ctx.Done():
			return errors.New("the server is not ready")
		case <-tick.C:
		}
	}
}

func (s *server) end() error {
	return errors.Join(s.stop(), os.RemoveAll(s.data))
}

func (s *server) pids() []int { return []int{s.pid()} }

// database is the file that SQLite writes.
func (s *server) database() (string, error) {
	found, err := filepath.Glob(filepath.Join(s.data, "*.db"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("the data folder has %d databases", len(found))
	}
	return found[0], err
}

// booted connects charge points and boots them.
func (s *server) booted(points []credential) ([]link, error) {
	return openAll(len(points), func(i int) (*socket, error) {
		c, err := dialSocket(s.addr, points[i].identity, points[i].key)
		if err != nil {
			return nil, err
		}
		answer, err := c.call(bootPayload)
		if err == nil && !strings.Contains(answer, `"Accepted"`) {
			err = fmt.Errorf("the answer to a boot is %s", answer)
		}
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		c.message = heartbeat()
		return c, nil
	})
}

// began is when the sessions of the bench started: so long ago that their
// samples, a second apart, do not reach the present.
var began = time.Now().Add(-3 * time.Hour).Truncate(time.Second)

// charging starts a session on each and makes MeterValues their message.
func charging(links []link, cards []string) error {
	return each(len(links), func(i int) error {
		s := links[i].(*socket)
		answer, err := s.call(fmt.Sprintf(`[2,"start","StartTransaction",{"connectorId":1,"idTag":"%s","meterStart":%d,"timestamp":"%s"}]`,
			cards[i], meterStart, began.UTC().Format(time.RFC3339)))
		if err != nil {
			return err
		}
		var frame []json.RawMessage
		var result struct {
			TransactionID int `json:"transactionId"`
			IDTagInfo     struct {
				Status string `json:"status"`
			} `json:"idTagInfo"`
		}
		if err := json.Unmarshal([]byte(answer), &frame); err != nil || len(frame) != 3 {
			return fmt.Errorf("the answer to a start is %s", answer)
		}
		if err := json.Unmarshal(frame[2], &result); err != nil || result.IDTagInfo.Status != "Accepted" {
			return fmt.Errorf("the answer to a start is %s", answer)
		}
		s.message = meterValues(1, result.TransactionID, began)
		return nil
	})
}

// collections waits until the server has collected its garbage n more times.
// Asking for its metrics makes garbage; without any, Go collects every two
// minutes by itself.
func (s *server) collections(n int) error {
	first, err := s.metric("go_gc_duration_seconds_count")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := s.metric("go_gc_duration_seconds_count")
		if err != nil {
			return err
		}
		if now >= first+float64(n) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("no garbage collection within ten minutes")
		case <-tick.C:
		}
	}
}

func (s *server) metric(name string) (float64, error) {
	resp, err := http.Get("http://" + s.addr + "/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return readMetric(resp.Body, name)
}

// whileWatching runs f and counts the commits meanwhile.
func (s *server) whileWatching(f func() error) (commits int64, err error) {
	path, err := s.database()
	if err != nil {
		return 0, err
	}
	stop := make(chan struct{})
	var g errgroup.Group
	g.Go(func() (err error) {
		commits, err = watchWAL(path+"-wal", stop)
		return err
	})
	err = f()
	close(stop)
	return commits, errors.Join(err, g.Wait())
}
