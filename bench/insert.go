package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// The floor of "answered after commit": the rows that one message left in the
// server's own database are inserted again into empty tables of the same columns and
// indexes, by the bare driver, as many messages to a commit as the server was seen to
// join.

// replay is what the parent asks of the process that inserts.
type replay struct {
	Engine   engine
	Source   string         // the server's database, which no server has open
	Tables   map[string]int // table → rows that the measured messages left in it
	Messages int            // how many messages left them
	Batch    int            // messages per commit

	// At, if there, are the moments at which one message's rows are inserted and
	// committed by themselves: the floor of the time to answer.
	At []time.Duration
}

// replayed is its answer.
type replayed struct {
	Messages int
	CPU      time.Duration   // of the inserting process and of PostgreSQL
	Took     []time.Duration // of each insert of At
}

func (r replayed) perMessage() time.Duration { return r.CPU / time.Duration(max(1, r.Messages)) }

// mostMessages bounds the rows held in memory.
const mostMessages = 20_000

// bareDB is an engine under its bare driver.
type bareDB interface {
	// table makes an empty table like the source's and returns its last rows, in the
	// order in which they were written.
	table(name string, rows int) ([][]any, error)
	// commit inserts rows in one transaction.
	commit(rows []insertion) error
	close() error
}

// insertion is one row for a table.
type insertion struct {
	table string
	row   []any
}

func openBare(r replay, dir string) (bareDB, error) {
	if r.Engine == postgres {
		return openBarePG(r.Source, len(r.At) > 0)
	}
	return openBareLite(r.Source, dir)
}

// messages are the insertions of each message. Rows of tables that get several or
// less than one per message are spread evenly.
func (r replay) messages(db bareDB) ([][]insertion, error) {
	n := min(r.Messages, mostMessages)
	if n < 1 {
		return nil, errors.New("no message left a row")
	}
	all := make([][]insertion, n)
	for name, count := range r.Tables {
		take := int(int64(count) * int64(n) / int64(r.Messages))
		if take == 0 {
			continue // less than a row in all these messages is not theirs
		}
		rows, err := db.table(name, take)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for m := range all {
			for _, row := range rows[m*len(rows)/n : (m+1)*len(rows)/n] {
				all[m] = append(all[m], insertion{name, row})
			}
		}
	}
	return all, nil
}

// run inserts; ready is called when the rows are in memory, before the first of them
// is inserted.
func (r replay) run(dir string, ready func()) (replayed, error) {
	db, err := openBare(r, dir)
	if err != nil {
		return replayed{}, err
	}
	out, err := func() (replayed, error) {
		all, err := r.messages(db)
		if err != nil {
			return replayed{}, err
		}
		ready()
		if len(r.At) > 0 {
			return r.paced(db, all)
		}
		return r.joined(db, all)
	}()
	return out, errors.Join(err, db.close())
}

// joined commits the messages in batches.
func (r replay) joined(db bareDB, all [][]insertion) (replayed, error) {
	if r.Batch < 1 {
		return replayed{}, errors.New("a commit of less than one message")
	}
	before, err := ownCPU()
	if err != nil {
		return replayed{}, err
	}
	for batch := range slices.Chunk(all, r.Batch) {
		if err := db.commit(slices.Concat(batch...)); err != nil {
			return replayed{}, err
		}
	}
	after, err := ownCPU()
	return replayed{Messages: len(all), CPU: after - before}, err
}

// paced inserts one message at each of the moments.
func (r replay) paced(db bareDB, all [][]insertion) (replayed, error) {
	if len(all) < len(r.At) {
		return replayed{}, fmt.Errorf("%d messages for %d moments", len(all), len(r.At))
	}
	out := replayed{Messages: len(r.At), Took: make([]time.Duration, len(r.At))}
	began := time.Now()
	var wg sync.WaitGroup
	errs := make([]error, len(r.At))
	for i, at := range r.At {
		time.Sleep(time.Until(began.Add(at)))
		wg.Go(func() {
			from := time.Now()
			errs[i] = db.commit(all[i])
			out.Took[i] = time.Since(from)
		})
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

// serveReplay is the process that inserts: it says when it is ready, waits for a line,
// inserts, answers, and stays until its input ends, so that the parent can read the
// processor time of a database meanwhile.
func serveReplay(arg string) error {
	var r replay
	if err := json.Unmarshal([]byte(arg), &r); err != nil {
		return err
	}
	dir, remove, err := temporary("ccms-floor-")
	if err != nil {
		return err
	}
	defer remove()
	var line [1]byte
	out, err := r.run(dir, func() {
		fmt.Println("ready")
		_, _ = os.Stdin.Read(line[:]) // an end means that the parent has gone
	})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// replayInChild inserts in a process of its own, so that nothing of ours counts. db is
// the database whose processes count.
func replayInChild(r replay, db database) (out replayed, err error) {
	arg, err := json.Marshal(r)
	if err != nil {
		return out, err
	}
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	cmd := exec.Command(self, "floor-insert", string(arg))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return out, err
	}
	answer, err := cmd.StdoutPipe()
	if err != nil {
		return out, err
	}
	if err := cmd.Start(); err != nil {
		return out, err
	}
	err = func() error {
		if _, err := io.ReadFull(answer, make([]byte, len("ready\n"))); err != nil {
			return err
		}
		before, err := db.cpu()
		if err != nil {
			return err
		}
		if _, err := in.Write([]byte("\n")); err != nil {
			return err
		}
		if err := json.NewDecoder(answer).Decode(&out); err != nil {
			return err
		}
		after, err := db.cpu()
		out.CPU += after - before
		return err
	}()
	if err := errors.Join(err, in.Close(), cmd.Wait()); err != nil {
		return out, fmt.Errorf("the floor: %w", err)
	}
	return out, nil
}

func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
