package pgtest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "postgres"   // inside the private server only; never in a URL that is handed out
	owner     = "ccms_owner" // the role of every URL
	appRole   = "ccms_app"   // what the platform switches to on each connection

	startWithin = 60 * time.Second // a loaded machine and crash recovery included
)

// Options of a server. The zero value is a durable server with all roles.
type Options struct {
	// NoFsync trades durability for speed: nothing is promised after Kill.
	NoFsync bool
	// NoAppRole leaves ccms_app out, for a test that wants to see it created.
	NoAppRole bool
	// Dir is where the server's folder is made, for a test of its disk; "" is the
	// system's. The user that root lends must be able to enter it.
	Dir string
}

// Server is one private PostgreSQL. Its methods may be called from several
// goroutines, except that Kill, Restart and Close are the business of one.
type Server struct {
	in   install
	opts Options
	dir  string // data/, socket/, log and pid live in it

	mu     sync.Mutex
	proc   *os.Process
	gone   chan struct{} // closed when proc has been reaped
	serial int           // names databases
	ready  map[string]string

	watcher *watcher
}

// Launch starts a server without a test, for programs that measure.
// Use [Start] in tests.
func Launch(opts Options) (*Server, error) {
	in, err := findInstall()
	if err != nil {
		return nil, err
	}
	base := cmp.Or(opts.Dir, baseDir())
	if opts.NoFsync && opts.Dir == "" && roomInMemory() {
		base = inMemory
	}
	dir, err := os.MkdirTemp(base, "ccms-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{in: in, opts: opts, dir: dir, ready: map[string]string{}}
	if s.watcher, err = watch(dir); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := s.create(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Start starts a server that lives as long as t. Without PostgreSQL it skips t.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := Launch(opts)
	skipOrFail(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("stopping PostgreSQL: %v", err)
		}
	})
	return s
}

func skipOrFail(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrNotInstalled):
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// baseDir is short, because a socket's path ends at 107 bytes, and open to the
// user that root lends, which a TMPDIR of root's own may not be.
func baseDir() string {
	if os.Geteuid() == 0 || len(os.TempDir()) > 60 {
		return "/tmp"
	}
	return os.TempDir()
}

// inMemory is where Linux keeps files in memory. A database is a thousand files, and making
// those costs a disk ten times the processor time.
const inMemory = "/dev/shm"

// roomInMemory reports whether the databases of some test processes fit there; a container
// often has 64 MB.
func roomInMemory() bool {
	var fs syscall.Statfs_t
	if syscall.Statfs(inMemory, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < 4<<30 {
		return false
	}
	probe, err := os.MkdirTemp(inMemory, "ccms-pg-")
	return err == nil && os.Remove(probe) == nil
}

func (s *Server) data() string   { return filepath.Join(s.dir, "data") }
func (s *Server) socket() string { return filepath.Join(s.dir, "socket") }

// create makes the cluster, starts it and adds the roles.
func (s *Server) create() error {
	if err := os.Mkdir(s.socket(), 0o700); err != nil {
		return err
	}
	if c := s.in.cred; c != nil {
		for _, p := range []string{s.dir, s.socket()} {
			if err := os.Chown(p, int(c.Uid), int(c.Gid)); err != nil {
				return err
			}
		}
	}
	cmd := s.command(s.in.initdb, "-D", s.data(), "-U", superuser, "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if err := s.run(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	statements := []string{`CREATE ROLE ` + owner + ` LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS`}
	if !s.opts.NoAppRole {
		// ADMIN: from PostgreSQL 16 on CREATEROLE alone may no longer grant a
		// role that another made.
		statements = append(statements,
			`CREATE ROLE `+appRole+` NOLOGIN NOSUPERUSER NOBYPASSRLS`,
			`GRANT `+appRole+` TO `+owner+` WITH ADMIN OPTION`)
	}
	return s.admin(ctx, statements...)
}

// command runs a program of PostgreSQL as the lent user, in a folder that user
// may enter and in a group of its own, so that Ctrl-C reaches the test alone.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.in.cred, Setpgid: true}
	return cmd
}

// run starts the postmaster on the existing data and waits until it answers.
func (s *Server) run() error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", s.data(), "-k", s.socket(),
		"-c", "listen_addresses=", "-c", "max_connections=300", "-c", "shared_buffers=64MB",
		"-c", "timezone=UTC", "-c", "log_timezone=UTC", "-c", "log_checkpoints=off"}
	if s.opts.NoFsync {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_wal_size=256MB")
	}
	cmd := s.command(s.in.postgres, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := s.watcher.follow(cmd.Process.Pid); err != nil {
		return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	gone := make(chan struct{})
	go func() {
		// How it ended does not matter: each caller that cares asked for the end.
		_ = cmd.Wait()
		close(gone)
	}()
	s.mu.Lock()
	s.proc, s.gone = cmd.Process, gone
	s.mu.Unlock()
	return s.awaitAnswer(gone)
}

func (s *Server) awaitAnswer(gone <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.admin(ctx, `SELECT 1`)
		if err == nil {
			return nil
		}
		select {
		case <-gone:
			return fmt.Errorf("PostgreSQL ended while starting:\n%s", s.logTail())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not answer within %v: %w\n%s", startWithin, err, s.logTail())
		case <-tick.C:
		}
	}
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

func (s *Server) logTail() string {
	b, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}

// admin runs statements as the superuser, outside any transaction.
func (s *Server) admin(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, s.url(superuser, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, q := range statements {
		if _, err := conn.Exec(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

func (s *Server) url(role, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.socket()}, "port": {"5432"}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// PIDs lists the postmaster and its children, for tests that kill and programs
// that count processor time. It needs /proc; elsewhere only the postmaster is known.
func (s *Server) PIDs() []int {
	s.mu.Lock()
	proc := s.proc
	s.mu.Unlock()
	if proc == nil {
		return nil
	}
	return append([]int{proc.Pid}, childrenOf(proc.Pid)...)
}

func childrenOf(parent int) []int {
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // ended meanwhile
		}
		// proc(5): pid (comm) state ppid …; comm may hold spaces and brackets.
		_, rest, ok := strings.Cut(string(stat[max(0, bytes.LastIndexByte(stat, ')')):]), " ")
		fields := strings.Fields(rest)
		if !ok || len(fields) < 2 {
			continue
		}
		if ppid, err := strconv.Atoi(fields[1]); err == nil && ppid == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Kill ends every process of the server with SIGKILL, as a crash would. The
// postmaster is stopped first, so that it can start no helper in between; its
// children would otherwise live on for a moment and could still commit.
func (s *Server) Kill() error {
	s.mu.Lock()
	proc, gone := s.proc, s.gone
	s.proc = nil
	s.mu.Unlock()
	if proc == nil {
		return nil
	}
	if err := proc.Signal(syscall.SIGSTOP); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	children := childrenOf(proc.Pid)
	for _, pid := range children {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	if err := proc.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-gone
	if err := awaitEnds(children); err != nil {
		return err
	}
	return s.watcher.forget()
}

// awaitEnds: killed is not gone, and while a child holds the shared memory no
// server starts on the same data.
func awaitEnds(pids []int) error {
	deadline := time.After(startWithin)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for _, pid := range pids {
		for !ended(pid) {
			select {
			case <-deadline:
				return fmt.Errorf("pgtest: process %d does not end", pid)
			case <-tick.C:
			}
		}
	}
	return nil
}

// ended reports whether a process holds nothing any more; one that nobody has reaped
// stays visible (proc(5): state Z or X).
func ended(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	fields := strings.Fields(string(stat[max(0, bytes.LastIndexByte(stat, ')')):]))
	return len(fields) > 1 && (fields[1] == "Z" || fields[1] == "X")
}

// Restart starts the server on the data that Kill left, and returns when
// recovery is done and it answers.
func (s *Server) Restart() error {
	if pids := s.PIDs(); len(pids) > 0 {
		return errors.New("pgtest: the server is running")
	}
	return s.run()
}

// Close ends the server and removes its folder.
func (s *Server) Close() error {
	return errors.Join(s.Kill(), s.watcher.end())
}
