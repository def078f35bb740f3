package fleet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"ccms/cpsim"
)

// A large fleet is played by another process: a process may have so many open files,
// and what the points hold is not what the node holds.

const generatorEnv = "CCMS_FLEET_GENERATOR"

// order is what the other process reads, in a line; the end of its input is the end of
// the run.
type order struct {
	URL                       string
	Points                    []cpsim.LoadPoint
	Duration, Ramp, Heartbeat time.Duration
	Rate                      float64
	Idle                      bool
	Sessions, Samples         int
}

type result struct {
	Report cpsim.Report
	Fault  string // of Report.Err
}

func TestMain(m *testing.M) {
	if os.Getenv(generatorEnv) == "" {
		os.Exit(m.Run())
	}
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate() error {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return err
	}
	until := make(chan struct{})
	go func() {
		defer close(until)
		_, _ = io.Copy(io.Discard, in) // ends with the input, however it ends
	}()
	r, err := cpsim.Load(context.Background(), o.config(until))
	if err != nil {
		return err
	}
	res := result{Report: r}
	if err := r.Err(); err != nil {
		res.Fault = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

func (o order) config(until <-chan struct{}) cpsim.LoadConfig {
	// A real meter goes on from run to run; here the next begins within the second.
	register := meterRuns.Add(1) * 100_000_000
	return cpsim.LoadConfig{
		URL: o.URL, Points: o.Points, Duration: o.Duration, Ramp: o.Ramp, Heartbeat: o.Heartbeat, Rate: o.Rate, Idle: o.Idle,
		Sessions: o.Sessions, Samples: o.Samples, Until: until, Drain: patience(),
		Adjust: func(_ int, c *cpsim.Config) {
			c.CallTimeout = patience() / 2
			c.Connectors[0].MeterWh += register
		},
	}
}

// meterRuns counts the runs of this process.
var meterRuns atomic.Int64

// inOneProcess is how many points are played by the process of the node.
const inOneProcess = 2000

// load runs the node's points until until is closed or their time is over.
func (w *node) load(o order, until <-chan struct{}) cpsim.Report {
	w.Helper()
	o.URL, o.Points = w.url, w.points
	var res result
	if len(o.Points) <= inOneProcess {
		r, err := cpsim.Load(w.Context(), o.config(until))
		w.ok(err)
		res.Report = r
		if err := r.Err(); err != nil {
			res.Fault = err.Error()
		}
	} else {
		w.ok(w.loadOutside(o, until, &res))
	}
	w.Logf("%s", res.Report)
	if res.Fault != "" {
		w.Error(res.Fault)
	}
	return res.Report
}

func (w *node) loadOutside(o order, until <-chan struct{}, res *result) error {
	cmd := exec.CommandContext(w.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), generatorEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := json.Marshal(o)
	if err == nil {
		_, err = in.Write(append(line, '\n'))
	}
	if err != nil {
		return errors.Join(err, in.Close(), cmd.Wait())
	}
	over := make(chan struct{})
	go func() {
		select {
		case <-until:
		case <-over:
		}
		_ = in.Close() // it may have ended by itself
	}()
	err = json.NewDecoder(out).Decode(res)
	close(over)
	return errors.Join(err, cmd.Wait())
}
