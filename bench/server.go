package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// server is `ccms serve` in a folder of its own.
type server struct {
	*child
	ccms, addr, data string
	db               database
	api              *api
	site             string
	secure           string // where its charge points connect by TLS; none: at addr, without
}

const readyWithin = time.Minute

// On its first start the server prints the owner's login and password once.
var ownerLine = regexp.MustCompile(`(?i)login:?\s+(\S+).*?password:?\s+(\S+)`)

func startServer(ccms string, e engine, args ...string) (*server, error) {
	data, remove, err := temporary("ccms-bench-")
	if err != nil {
		return nil, err
	}
	s := &server{ccms: ccms, data: data}
	if s.addr, err = freeAddr(); err != nil {
		return nil, errors.Join(err, remove())
	}
	if s.db, err = newDatabase(e, data); err != nil {
		return nil, errors.Join(err, remove())
	}
	if e == postgres {
		err = s.makeKeys(ccms)
	}
	if err == nil {
		s.child, err = start(nil, ccms, slices.Concat([]string{"serve", "--addr", s.addr, "--data", data}, args, s.db.serveArgs())...)
	}
	if err != nil {
		return nil, errors.Join(err, s.db.close(), remove())
	}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.end())
	}
	return s, nil
}

// makeKeys: on PostgreSQL the server makes no keys by itself.
func (s *server) makeKeys(ccms string) error {
	out, err := exec.Command(ccms, "admin", "create-key-file", "--key-file", filepath.Join(s.data, "keys")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("create-key-file: %w: %s", err, out)
	}
	return nil
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

// end stops the server and removes what it stored.
func (s *server) end() error { return errors.Join(s.stop(), s.remove()) }

func (s *server) remove() error { return errors.Join(s.db.close(), os.RemoveAll(s.data)) }

// cpu is the processor time of the server and of its database.
func (s *server) cpu() (time.Duration, error) {
	own, err := cpuOf(s.pid())
	if err != nil {
		return 0, err
	}
	db, err := s.db.cpu()
	return own + db, err
}

func (s *server) probe() probe { return probe{cpu: s.cpu} }

// counting calls f with a probe that counts commits too.
func (s *server) counting(f func(probe) error) error {
	w, err := s.db.watch()
	if err != nil {
		return err
	}
	return errors.Join(f(probe{cpu: s.cpu, commits: w.commits}), w.close())
}

// booted connects charge points and boots them, some at once.
func (s *server) booted(points []credential) ([]link, error) {
	return openAll(len(points), func(i int) (*socket, error) { return s.boot(points[i]) })
}

func (s *server) dial() (net.Conn, error) {
	if s.secure != "" {
		return dialTLS(s.secure)
	}
	return net.Dial("tcp", s.addr)
}

// boot connects a charge point and boots it.
func (s *server) boot(p credential) (*socket, error) {
	conn, err := s.dial()
	if err != nil {
		return nil, err
	}
	c, err := openSocket(conn, p.identity, p.key)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
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
		var a authorized
		if err := answered(answer, &a); err != nil {
			return err
		}
		s.message = meterValues(1, a.TransactionID, began)
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
