package main

import (
	"errors"
	"fmt"
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

// inFolder runs in a folder that goes with it.
func (r replay) inFolder(ready func()) (out replayed, err error) {
	dir, remove, err := temporary("ccms-floor-")
	if err != nil {
		return out, err
	}
	out, err = r.run(dir, ready)
	return out, errors.Join(err, remove())
}

// replayInChild inserts in a process of its own, so that nothing of ours counts. db is
// the database whose processes count.
func replayInChild(r replay, db database) (out replayed, err error) {
	var own time.Duration
	err = inStages("floor-insert", r, &out, func(work func() error) error {
		before, err := db.cpu()
		if err != nil {
			return err
		}
		if err := work(); err != nil {
			return err
		}
		after, err := db.cpu()
		own = after - before
		return err
	})
	out.CPU += own
	return out, err
}

func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
