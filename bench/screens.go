package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A change carries the moment at which its charge point sent it, in the info of a
// StatusNotification. A screen that shows it knows how old it is.

const (
	screensOpen   = 200
	changesPoints = 500
	changesEvery  = 500 * time.Millisecond // of each point: 1,000 a second
	screensWindow = 10 * time.Second
	screensBar    = time.Second
	stampMark     = "SSSSSSSSSSSSSSSS" // 16 digits of µs
)

// stamped writes the present.
func stamped(dst []byte, _ int) {
	copy(dst, strconv.FormatInt(time.Now().UnixMicro(), 10))
}

// statusChange is a StatusNotification that is another one each time.
func statusChange() message {
	words := []string{"Available  ", "Preparing  "}
	return newMessage(`[2,"IIIIIIII","StatusNotification",{"connectorId":1,"errorCode":"NoError","info":"`+stampMark+`","status":"WWWWWWWWW"}]`,
		running{"IIIIIIII", counting(0)}, running{stampMark, stamped},
		running{"WWWWWWWWW", func(dst []byte, n int) { copy(dst, words[n%2]) }})
}

// watching is what the process of the screens is told.
type watching struct {
	Addr    string
	Request string // what opens a stream
	Mark    string // what stands before the stamp
	Screens int
	Slow    int // further screens that read nothing
	For     time.Duration
	Warm    time.Duration
}

// watched is what they saw.
type watched struct {
	P50, P99, Worst time.Duration
	Seen            int64 // changes, over all screens
	Fewest          int64 // of one screen
	Resyncs         int64
	Ended           int64 // streams that ended before the time was over
}

// run opens the screens and reads until the time is over.
func (w watching) run(ready func()) (out watched, err error) {
	conns := make([]net.Conn, w.Screens+w.Slow)
	for i := range conns {
		if conns[i], err = net.Dial("tcp", w.Addr); err != nil {
			return out, err
		}
		defer conns[i].Close()
		if _, err := io.WriteString(conns[i], w.Request); err != nil {
			return out, err
		}
	}
	readers := make([]*bufio.Reader, w.Screens)
	for i := range readers {
		readers[i] = bufio.NewReaderSize(conns[i], 64<<10)
		// The head and the first event: then the stream stands.
		for {
			conns[i].SetReadDeadline(time.Now().Add(answerWithin))
			line, err := readers[i].ReadSlice('\n')
			if err != nil {
				return out, err
			}
			if bytes.HasPrefix(line, []byte("HTTP/1.1 ")) && !bytes.Contains(line, []byte(" 200 ")) {
				return out, fmt.Errorf("a screen is answered %s", line)
			}
			if bytes.HasPrefix(line, []byte("event: hello")) {
				break
			}
		}
	}
	ready()
	from, to := time.Now().Add(w.Warm), time.Now().Add(w.Warm+w.For)
	var mu sync.Mutex
	var all []int32 // ms are too coarse, µs fit
	var resyncs, ended atomic.Int64
	fewest := int64(-1)
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			own, err := watch(readers[i], conns[i], w.Mark, from, to, &resyncs)
			if err != nil {
				ended.Add(1)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
			if n := int64(len(own)); fewest < 0 || n < fewest {
				fewest = n
			}
		})
	}
	wg.Wait()
	slices.Sort(all)
	at := func(permille int) time.Duration {
		if len(all) == 0 {
			return 0
		}
		return time.Duration(all[min(len(all)-1, len(all)*permille/1000)]) * time.Microsecond
	}
	return watched{at(500), at(990), at(1000), int64(len(all)), fewest, resyncs.Load(), ended.Load()}, nil
}

// watch reads a stream and says how old each change was.
func watch(in *bufio.Reader, conn net.Conn, mark string, from, to time.Time, resyncs *atomic.Int64) (ages []int32, err error) {
	prefix := []byte(mark)
	for {
		conn.SetReadDeadline(to)
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue // chunks have no line ends inside an event's line but after it
		}
		now := time.Now()
		if err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				return ages, nil
			}
			return ages, err
		}
		if bytes.HasPrefix(line, []byte("event: resync")) && now.After(from) {
			resyncs.Add(1)
		}
		at := bytes.Index(line, prefix)
		if at < 0 || now.Before(from) || len(line) < at+len(prefix)+len(stampMark) {
			continue
		}
		us, err := strconv.ParseInt(string(line[at+len(prefix):at+len(prefix)+len(stampMark)]), 10, 64)
		if err != nil {
			return ages, err
		}
		ages = append(ages, int32(now.UnixMicro()-us))
	}
}

// openScreens is how old a status change is when a screen shows it, with many screens
// open, many changes a second, and some screens that take nothing.
func openScreens(s settings, e engine) (row, error) {
	r := row{name: fmt.Sprintf("status change on %d open screens, %d changes/s: p99 of its age, %s", screensOpen, changesPoints*int(time.Second/changesEvery), e),
		unit: "ms", must: 4, goal: 2, mustBe: "each within 1 s",
		floorWas: "a bare fan-out over TCP: the same lines, in the same beat, to as many connections"}
	for range s.repeat {
		if err := r.screensOnce(s, e); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *row) screensOnce(s settings, e engine) (err error) {
	floor, err := fanoutOnce(s)
	if err != nil {
		return errors.Join(errors.New("the floor"), err)
	}
	srv, err := startServer(s.ccms, e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.end()) }()
	points, err := srv.api.chargePoints(srv.site, changesPoints)
	if err != nil {
		return err
	}
	links, err := srv.booted(points)
	if err != nil {
		return err
	}
	defer closeAll(links)
	for _, l := range links {
		l.(*socket).message = statusChange()
	}
	w := watching{Addr: srv.addr, Mark: `"info":"`, Screens: screensOpen, Slow: 4, Warm: s.warm, For: screensWindow,
		Request: "GET /api/v1/live?topics=charge_points HTTP/1.1\r\nHost: " + srv.addr + "\r\nCookie: " + srv.api.cookies() + "\r\n\r\n"}
	var seen watched
	var l load
	err = inStages("screens", w, &seen, func(look func() error) error {
		// The load ends after the screens, so that nothing is missing at their end.
		return r.changing(s, links, srv.probe(), &l, look)
	})
	if err != nil {
		return err
	}
	r.system, r.floor = append(r.system, millis(seen.P99)), append(r.floor, millis(floor.P99))
	r.perSecondWas, r.perSecond = "Changes answered per second", append(r.perSecond, l.perSecond())
	r.remark("p50 %.0f, worst %.0f, floor %.0f and %.0f; a screen saw %d changes or more, of the floor %d; %d times a screen had to fetch anew, %d streams ended; %d more screens took nothing.",
		millis(seen.P50), millis(seen.Worst), millis(floor.P50), millis(floor.Worst), seen.Fewest, floor.Fewest, seen.Resyncs, seen.Ended, w.Slow)
	if seen.Worst > screensBar || seen.Ended > 0 || seen.Fewest == 0 {
		r.broken = "later than 1 s"
	}
	return nil
}

// changing lets the points report while look looks.
func (r *row) changing(s settings, links []link, p probe, l *load, look func() error) error {
	looked := make(chan error, 1)
	go func() { looked <- look() }()
	var err error
	*l, _, err = onSchedule(links, schedule{every: changesEvery}, s.warm, screensWindow+time.Second, p)
	return errors.Join(err, <-looked)
}

// fanoutOnce is the floor: what it takes to get as many lines to as many connections.
func fanoutOnce(s settings) (seen watched, err error) {
	c, addr, err := startSelf("floor-fanout")
	if err != nil {
		return seen, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	links, err := openAll(changesPoints, func(i int) (*echoLink, error) { return dialEcho(addr, fanoutLine(i)) })
	if err != nil {
		return seen, err
	}
	defer closeAll(links)
	for _, l := range links { // the floor sends one byte back, not the whole
		l.(*echoLink).recv = make([]byte, 1)
	}
	w := watching{Addr: addr, Mark: `"info":"`, Request: fanoutWatch, Screens: screensOpen, Warm: s.warm, For: screensWindow}
	var r row
	var l load
	err = inStages("screens", w, &seen, func(look func() error) error {
		return r.changing(s, links, probe{cpu: func() (time.Duration, error) { return cpuOf(c.pid()) }}, &l, look)
	})
	return seen, err
}
