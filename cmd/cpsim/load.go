package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"ccms/cpsim"
)

type loadCommand struct {
	point
	N        int           `short:"n" help:"Number of points <prefix>0001…, or of lines of --points; default: 50, or the whole file. 10,000 take about 1 GB here."`
	IDPrefix string        `default:"CP" help:"Of the identities."`
	Tags     []string      `help:"Cards, given to the points in turn."`
	Points   string        `type:"existingfile" help:"Instead of --id-prefix, --password and --tags: lines of identity,password,tag."`
	Duration time.Duration `default:"30s" help:"No new session after it."`
	Interval time.Duration `help:"Pause between the messages of a session."`
	Samples  int           `default:"8" help:"MeterValues in a session; -1: none."`
	Sessions int           `help:"At most so many per point."`
	Ramp     time.Duration `help:"The points begin spread over this time; default: 500 in a second."`

	Rate      float64       `help:"Messages of sessions that all points together send in a second, about; 0: as fast as they are answered."`
	Idle      bool          `help:"No sessions: connect, boot, send Heartbeats, stay."`
	Heartbeat time.Duration `help:"Between the Heartbeats of a point; default: as the server says."`
	Progress  time.Duration `default:"5s" help:"Between lines that say how it goes; 0: none."`
	AckLog    string        `type:"path" help:"Write every acknowledged message to this file, a line of JSON each."`
}

func (l *loadCommand) points() ([]cpsim.LoadPoint, error) {
	if l.N < 0 {
		return nil, fmt.Errorf("-n is at least 1, not %d", l.N)
	}
	if l.Points != "" {
		f, err := os.Open(l.Points)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		points, err := cpsim.ReadPoints(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Points, err)
		}
		if l.N > 0 {
			points = points[:min(l.N, len(points))]
		}
		return points, nil
	}
	if len(l.Tags) == 0 && !l.Idle {
		return nil, errors.New("--tags or --points is needed: a card to charge with")
	}
	return cpsim.NumberedPoints(l.IDPrefix, cmp.Or(l.N, defaultN), l.Password, l.Tags), nil
}

// defaultN is how many points there are where neither -n nor a file says.
const defaultN = 50

// ramp is how long the points take to begin. A small fleet begins at once.
func (l *loadCommand) ramp(n int) time.Duration {
	if l.Ramp > 0 || n <= 500 {
		return l.Ramp
	}
	return time.Duration(n) * time.Second / 500
}

// Run is called by kong.
func (l *loadCommand) Run(ctx context.Context) error {
	return l.run(ctx, os.Stdout, os.Stderr)
}

func (l *loadCommand) run(ctx context.Context, out, logs io.Writer) (err error) {
	logs = &oneAtATime{w: logs}
	points, err := l.points()
	if err != nil {
		return err
	}
	lc := cpsim.LoadConfig{
		URL: l.URL, Points: points, Duration: l.Duration, Sessions: l.Sessions, Samples: l.Samples,
		Interval: l.Interval, Rate: l.Rate, Idle: l.Idle, Heartbeat: l.Heartbeat, Ramp: l.ramp(len(points)), Seed: l.Seed, Log: l.log(logs, slog.LevelError),
		Adjust: func(_ int, c *cpsim.Config) { c.CallTimeout = l.CallTimeout },
	}
	if l.Progress > 0 {
		lc.ProgressEvery = l.Progress
		lc.OnProgress = func(p cpsim.Progress) {
			fmt.Fprintf(logs, "%5.0fs  %d connected  %.0f answers/s  %d answers  %d errors  %d refused connections\n",
				p.Elapsed.Seconds(), p.Connected, p.PerSecond, p.Answers, p.Errors, p.Refused)
		}
	}
	if err := enoughFiles(len(points)); err != nil {
		return err
	}
	if l.AckLog != "" {
		f, err := os.Create(l.AckLog)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		defer func() {
			if e := errors.Join(w.Flush(), f.Close()); err == nil {
				err = e
			}
		}()
		lc.AckLog = w
	}
	report, err := cpsim.Load(ctx, lc)
	if err != nil {
		return err
	}
	fmt.Fprint(out, report)
	if err := report.Err(); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "cpsim: "))
	}
	return nil
}
