package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// settings of a run.
type settings struct {
	ccms    string        // the program under measurement
	idle    int           // connections of the memory row
	settle  time.Duration // how long they are idle before they count
	points  int           // charge points in a closed loop
	warm    time.Duration
	measure time.Duration
	repeat  int
	rows    string // names of rows, "" for all
	out     string // file of the report; "" prints only
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "floor-echo-small":
			end(serveEcho(512))
		case "floor-echo":
			end(serveEcho(4 << 10))
		case "system-unstored":
			end(serveUnstored(os.Args[2]))
		case "floor-insert":
			end(serveReplay(os.Args[2]))
		}
	}
	var s settings
	flag.StringVar(&s.ccms, "ccms", "bin/ccms", "the program under measurement")
	flag.IntVar(&s.idle, "idle", 10_000, "idle connections of the memory row")
	flag.DurationVar(&s.settle, "settle", time.Minute, "how long they are idle before they are counted")
	flag.IntVar(&s.points, "points", 200, "charge points in a closed loop")
	flag.DurationVar(&s.warm, "warm", 2*time.Second, "before a measurement")
	flag.DurationVar(&s.measure, "measure", 8*time.Second, "length of a measurement")
	flag.IntVar(&s.repeat, "repeat", 3, "repetitions, floor and system in turn")
	flag.StringVar(&s.rows, "rows", "", "only these, with commas between: idle, heartbeat, unstored, stored")
	flag.StringVar(&s.out, "out", "", "file for the report")
	flag.Parse()
	endWithSignals()
	end(run(s))
}

func end(err error) {
	living.kill()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(s settings) error {
	started := time.Now()
	var rows []row
	for _, f := range figures {
		if s.rows != "" && !slices.Contains(strings.Split(s.rows, ","), f.flag) {
			continue
		}
		r, err := f.measure(s)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		fmt.Fprintln(os.Stderr, "bench:", strings.TrimSpace(oneLine(r)))
		rows = append(rows, r)
	}
	page := report(rows, started)
	fmt.Print(page)
	if s.out == "" {
		return nil
	}
	return os.WriteFile(s.out, []byte(page), 0o644)
}

func oneLine(r row) string {
	if r.notMeasured != "" {
		return r.name + ": " + r.notMeasured
	}
	return fmt.Sprintf("%s: %.2f %s, floor %.2f, %.2f×", r.name, median(r.system), r.unit, median(r.floor), r.ratio())
}

// inTurn repeats a measurement of the floor and of the system.
func inTurn(r *row, repeat int, floor, system func() (float64, error)) error {
	for range repeat {
		f, err := floor()
		if err != nil {
			return errors.Join(errors.New("the floor"), err)
		}
		v, err := system()
		if err != nil {
			return err
		}
		r.floor, r.system = append(r.floor, f), append(r.system, v)
	}
	return nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// echoFloor is the processor time of one round trip of a frame of this size.
func echoFloor(s settings, size int) (float64, error) {
	c, addr, err := startSelf("floor-echo")
	if err != nil {
		return 0, err
	}
	frame := make([]byte, size)
	links, err := openAll(s.points, func(int) (*echoLink, error) { return dialEcho(addr, frame) })
	if err != nil {
		return 0, errors.Join(err, c.stop())
	}
	l, err := closedLoop(links, s.warm, s.measure, func() []int { return []int{c.pid()} })
	closeAll(links)
	return micros(l.perMessage()), errors.Join(err, c.stop())
}
