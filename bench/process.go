package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// child is a process under measurement.
type child struct {
	cmd  *exec.Cmd
	out  *bufio.Scanner // its standard output, line by line
	gone chan error
}

// start runs a program; what it says on standard error is kept for a failure.
func start(env []string, name string, args ...string) (*child, error) {
	c := &child{cmd: exec.Command(name, args...), gone: make(chan error, 1)}
	c.cmd.Env = append(os.Environ(), env...)
	// The child must not outlive us, however we end.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr tail
	c.cmd.Stderr = &stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	living.add(c)
	go func() {
		err := c.cmd.Wait()
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s", name, err, stderr.text())
		}
		c.gone <- err
	}()
	return c, nil
}

// startSelf runs this program as one of its floors and waits for the address
// that it prints first.
func startSelf(args ...string) (*child, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	c, err := start(nil, self, args...)
	if err != nil {
		return nil, "", err
	}
	if !c.out.Scan() {
		return nil, "", errors.Join(errors.New("no address from "+strings.Join(args, " ")), c.stop())
	}
	return c, c.out.Text(), nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) stop() error {
	living.remove(c)
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-c.gone:
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM {
			return nil
		}
		return err
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("it did not end on SIGTERM"), c.cmd.Process.Kill())
	}
}

// tickHz is USER_HZ, which Linux has fixed at 100 for every program.
const tickHz = 100

// cpuOf is the user and system time of processes and of the children they have
// waited for.
func cpuOf(pids ...int) (time.Duration, error) {
	var ticks int64
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		n, err := cpuTicks(stat)
		if err != nil {
			return 0, fmt.Errorf("process %d: %w", pid, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / tickHz, nil
}

// cpuTicks reads fields 14 to 17 of proc(5): utime, stime, cutime, cstime. The
// name in brackets may hold anything.
func cpuTicks(stat []byte) (int64, error) {
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 15 {
		return 0, errors.New("/proc/…/stat is too short")
	}
	var sum int64
	for _, f := range fields[11:15] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// rssOf is the resident memory of a process in bytes.
func rssOf(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		var kb int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kb); err == nil {
			return kb * 1024, nil
		}
	}
	return 0, errors.New("/proc/…/status has no VmRSS")
}
