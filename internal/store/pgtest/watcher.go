package pgtest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// watcher is a shell that outlives us by a moment. It reads from a pipe whose
// other end only this process holds; the end of the pipe is the end of this
// process, also by SIGKILL. Then it ends the server that the file pid names and
// removes the folder.
type watcher struct {
	dir  string
	cmd  *exec.Cmd
	pipe io.Closer
}

// SIGQUIT is PostgreSQL's "stop at once". The wait is bounded, because where
// nobody reaps orphans the process stays visible for ever.
const watchScript = `
cat >/dev/null
if pid=$(cat "$1/pid" 2>/dev/null); then
	kill -QUIT "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done
fi
rm -rf "$1"
`

func watch(dir string) (*watcher, error) {
	w := &watcher{dir: dir}
	w.cmd = exec.Command("/bin/sh", "-c", watchScript, "pgtest", dir)
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not for it
	var err error
	if w.pipe, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the watcher of %s: %w", dir, err)
	}
	return w, nil
}

func (w *watcher) pidFile() string { return filepath.Join(w.dir, "pid") }

// follow makes pid the process that ends with us. The file is ours, not
// postmaster.pid, because that one survives a kill and could then name a stranger.
func (w *watcher) follow(pid int) error {
	return os.WriteFile(w.pidFile(), []byte(strconv.Itoa(pid)), 0o600)
}

func (w *watcher) forget() error {
	if err := os.Remove(w.pidFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// end lets the watcher do its work now and waits for it.
func (w *watcher) end() error {
	return errors.Join(w.pipe.Close(), w.cmd.Wait())
}
