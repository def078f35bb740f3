package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen at once on a quiet machine.
const patience = 2 * time.Minute

// binary is the real program, built once per test process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ccms-bin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "ccms")
	out, err := exec.Command("go", "build", "-trimpath", "-o", path, "-ldflags", "-X main.version=v0-test", "ccms/cmd/ccms").CombinedOutput()
	if err != nil {
		return "", errors.Join(fmt.Errorf("go build: %w\n%s", err, out), os.RemoveAll(dir))
	}
	builtIn = dir
	return path, nil
})

var builtIn string // the folder of binary, once it is there

// TestMain lets more tests run at once than there are processors: most of their time
// they wait, for a disk or for a fault to last.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := f.Value.Set(strconv.Itoa(4 * runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn) // a temporary folder; nobody is left to be told
	}
	os.Exit(code)
}

func program(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// setting is where the data of a test are.
type setting struct {
	dir string // data folder
	url string // "": SQLite
}

// env is the environment of a command on this data; nothing of the caller's own
// CCMS_… leaks in.
func (s setting) env() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "CCMS_") {
			env = append(env, e)
		}
	}
	env = append(env, "CCMS_DATA="+s.dir)
	if s.url != "" {
		env = append(env, "CCMS_DATABASE_URL="+s.url)
	}
	return env
}

// result of a command that has ended.
type result struct {
	stdout, stderr string
	code           int
}

// run runs a command to its end.
func (s setting) run(t *testing.T, args ...string) result {
	t.Helper()
	return s.runWith(t, nil, args...)
}

func (s setting) runWith(t *testing.T, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = t.TempDir(), append(s.env(), env...), diesWithUs()
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("ccms %s: %v\n%s", strings.Join(args, " "), err, errOut.String())
	}
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that has to succeed, and gives what it printed.
func (s setting) must(t *testing.T, args ...string) string {
	t.Helper()
	r := s.run(t, args...)
	if r.code != 0 {
		t.Fatalf("ccms %s: exit %d\n%s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// server is a running `ccms serve` or `ccms demo`.
type server struct {
	cmd            *exec.Cmd
	stdout, stderr *text
	addr           string
	ended          chan struct{}
}

// start starts the program and returns once it serves.
func (s setting) start(t *testing.T, args ...string) *server {
	t.Helper()
	p := s.launchWith(t, nil, args...)
	p.ready(t)
	return p
}

var serves = regexp.MustCompile(`msg="ccms serves" address=http://(\S+)`)

// ready returns once the server serves.
func (p *server) ready(t *testing.T) {
	t.Helper()
	if err := p.stderr.wait(patience, serves, p.ended); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(p.cmd.Args, " "), err, p.stderr)
	}
	p.addr = serves.FindStringSubmatch(p.stderr.String())[1]
}

// launchWith starts the program and does not wait.
func (s setting) launchWith(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	p := &server{stdout: newText(), stderr: newText(), ended: make(chan struct{})}
	p.cmd = exec.Command(program(t), args...)
	p.cmd.Dir, p.cmd.Env, p.cmd.SysProcAttr = t.TempDir(), append(s.env(), env...), diesWithUs()
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9; it returns when the process is gone.
func (p *server) kill() {
	_ = p.cmd.Process.Kill() // an error means that it is gone already
	<-p.ended
}

// term sends SIGTERM and gives the exit code.
func (p *server) term(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("SIGTERM: %v\n%s", err, p.stderr)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("it does not end after SIGTERM\n%s", p.stderr)
	}
	return p.cmd.ProcessState.ExitCode()
}

// freePort is an address that nobody listens on, and that stays free until it is used:
// on a loopback address of its own, where the machine has more than one, no outgoing
// connection is given the port meanwhile, and no other test draws it.
func freePort(t *testing.T) string {
	t.Helper()
	for i := range 100 {
		host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
		if i >= 50 {
			host = "127.0.0.1"
		}
		addr := fmt.Sprintf("%s:%d", host, 21000+rand.IntN(11000))
		if l, err := net.Listen("tcp", addr); err == nil {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return addr
		}
	}
	t.Fatal("no free port")
	return ""
}

// text collects what a process prints and lets others wait for it.
type text struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{} // closed at the next write
}

func newText() *text { return &text{more: make(chan struct{})} }

func (x *text) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	close(x.more)
	x.more = make(chan struct{})
	return x.buf.Write(b)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.buf.String()
}

// wait waits until the text matches; what ends first is the error.
func (x *text) wait(d time.Duration, re *regexp.Regexp, ended <-chan struct{}) error {
	over := time.After(d)
	for {
		x.mu.Lock()
		found, more := re.Match(x.buf.Bytes()), x.more
		x.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-more:
		case <-ended:
			if re.MatchString(x.String()) {
				return nil
			}
			return errors.New("the program has ended")
		case <-over:
			return fmt.Errorf("%s did not come within %s", re, d)
		}
	}
}

// lines reads a raw HTTP answer line by line.
type lines struct{ r *bufio.Reader }

func newLines(r io.Reader) *lines { return &lines{bufio.NewReader(r)} }

// next is the next line that is not empty.
func (l *lines) next(t *testing.T) string {
	t.Helper()
	for {
		s, err := l.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
}

var firstStart = regexp.MustCompile(`(?m)^first start, shown only now: login: owner password: (\S+)\n`)

// ownerPassword is what the first start prints.
func ownerPassword(t *testing.T, p *server) string {
	t.Helper()
	if err := p.stdout.wait(patience, firstStart, p.ended); err != nil {
		t.Fatalf("%v\n%s\n%s", err, p.stdout, p.stderr)
	}
	return firstStart.FindStringSubmatch(p.stdout.String())[1]
}
