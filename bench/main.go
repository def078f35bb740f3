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
	ccms     string        // the program under measurement
	idle     int           // connections of the rows of memory and of the storm
	settle   time.Duration // how long they are idle before they count
	points   int           // charge points in a closed loop
	warm     time.Duration
	measure  time.Duration
	relaxed  time.Duration  // length of the second reading of the wire's rows, 0 for none
	paced    time.Duration  // length of the p99 row
	commands int            // commands sent at once
	sessions map[engine]int // that the rows of lists and of home have
	full     *full          // the server that has them
	repeat   int
	rows     string // names of rows or of what stands before their dash, "" for all
	out      string // file of the report; "" prints only
	disk     bool   // print what a session takes on the disk instead
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "floor-echo-small":
			end(serveEcho(512))
		case "floor-echo":
			end(serveEcho(4 << 10))
		case "floor-tls":
			end(serveTLS())
		case "system-unstored":
			end(serveUnstored(os.Args[2]))
		case "floor-insert":
			end(stage(os.Args[2], replay.inFolder))
		case "floor-fanout":
			end(serveFanout())
		case "screens":
			end(stage(os.Args[2], watching.run))
		case "burst":
			end(stage(os.Args[2], burst.run))
		}
	}
	s := settings{sessions: map[engine]int{}, full: &full{}}
	var lite, pg int
	var names []string
	for _, f := range figures {
		names = append(names, f.flag)
	}
	flag.StringVar(&s.ccms, "ccms", "bin/ccms", "the program under measurement")
	flag.IntVar(&s.idle, "idle", 10_000, "connections of the rows idle, tls and storm")
	flag.DurationVar(&s.settle, "settle", time.Minute, "how long they are idle before they are counted")
	flag.IntVar(&s.points, "points", 200, "charge points in a closed loop")
	flag.DurationVar(&s.warm, "warm", 2*time.Second, "before a measurement")
	flag.DurationVar(&s.measure, "measure", 8*time.Second, "length of a measurement in a closed loop")
	flag.DurationVar(&s.relaxed, "relaxed", 4*time.Second, "length of the second reading of heartbeat and unstored, at a rate that saturates nobody; 0 for none")
	flag.DurationVar(&s.paced, "paced", 30*time.Second, "length of a measurement of the rows p99")
	flag.IntVar(&s.commands, "commands", 1000, "commands sent at once")
	flag.IntVar(&lite, "sessions-sqlite", 1_000_000, "sessions of the rows list and home on SQLite")
	flag.IntVar(&pg, "sessions-postgres", 10_000_000, "sessions of the rows list and home on PostgreSQL; ten million take 25 GB and half an hour")
	flag.IntVar(&s.repeat, "repeat", 3, "repetitions, floor and system in turn")
	flag.StringVar(&s.rows, "rows", "", "only these, with commas between, a name before the dash for both engines: "+strings.Join(names, ", "))
	flag.StringVar(&s.out, "out", "", "file for the report")
	flag.BoolVar(&s.disk, "disk", false, "print what messages and sessions take on the disk instead")
	flag.Parse()
	s.sessions[sqlite], s.sessions[postgres] = lite, pg
	endWithSignals()
	if s.disk {
		end(diskUse(s))
	}
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

// wanted reports whether a row is asked for.
func (s settings) wanted(row string) bool {
	family, _, _ := strings.Cut(row, "-")
	asked := strings.Split(s.rows, ",")
	return s.rows == "" || slices.Contains(asked, row) || slices.Contains(asked, family)
}

func run(s settings) error {
	started := time.Now()
	var rows []row
	var failed []error
	for _, f := range figures {
		if !s.wanted(f.flag) {
			continue
		}
		if family, _, _ := strings.Cut(f.flag, "-"); family != "list" && family != "home" {
			failed = append(failed, s.full.end()) // it would share the machine with the next row
		}
		busy := loadAverage()
		r, err := f.measure(s)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", r.name, err))
			r.notMeasured = strings.ReplaceAll(err.Error(), "\n", ": ")
		}
		r.busy = busy
		fmt.Fprintln(os.Stderr, "bench:", oneLine(r))
		rows = append(rows, r)
		// After each row, so that an end half-way leaves what there is.
		if s.out != "" {
			if err := os.WriteFile(s.out, []byte(report(rows, started)), 0o644); err != nil {
				return err
			}
		}
	}
	failed = append(failed, s.full.end())
	if len(rows) == 0 {
		return fmt.Errorf("no row is called %s", s.rows)
	}
	fmt.Print(report(rows, started))
	return errors.Join(failed...)
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
func millis(d time.Duration) float64 { return micros(d) / 1e3 }

// onEcho opens as many connections to an echo as there are charge points.
func onEcho(s settings, m func() message, f func([]link, probe) (load, error)) (load, error) {
	c, addr, err := startSelf("floor-echo")
	if err != nil {
		return load{}, err
	}
	links, err := openAll(s.points, func(int) (*echoLink, error) { return dialEcho(addr, m()) })
	if err != nil {
		return load{}, errors.Join(err, c.stop())
	}
	l, err := f(links, probe{cpu: func() (time.Duration, error) { return cpuOf(c.pid()) }})
	closeAll(links)
	return l, errors.Join(err, c.stop())
}

// saturated is the closed loop of a run.
func (s settings) saturated(links []link, p probe) (load, error) {
	return closedLoop(links, s.warm, s.measure, p)
}

// loose is the same links at a rate that saturates nobody: each calls ten times a
// second.
func (s settings) loose(links []link, p probe) (load, error) {
	l, _, err := onSchedule(links, schedule{every: 100 * time.Millisecond}, time.Second, s.relaxed, p)
	return l, err
}
