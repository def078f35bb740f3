package store

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// JournalFrame is a frame that no commit keeps.
type JournalFrame struct {
	Operator  ident.Operator
	Sub       ident.SubOperator
	Point     ident.ChargePoint
	Inbound   bool
	Action    string
	MessageID string
	At        time.Time
	Raw       []byte
}

// Journal writes frames in batches beside the way of the reports. It may lose its
// last moments, and frames when it is overrun; nothing waits for it.
type Journal struct {
	store *Store
	log   *slog.Logger
	in    chan JournalFrame
	tick  <-chan time.Time
	// Flaws tells what is wrong with a frame, off the way of the reports; nil: nobody looks.
	Flaws func(JournalFrame) []string
	bytes atomic.Int64 // of the frames that wait
	Lost  atomic.Int64
}

const (
	journalWaiting = 8192
	journalBatch   = 200
	// JournalBytes is how much may wait to be written: a frame may have 256 KiB.
	JournalBytes = 64 << 20
)

// NewJournal makes a journal that writes what has gathered at each tick, and earlier
// when a batch is full.
func NewJournal(s *Store, log *slog.Logger, tick <-chan time.Time) *Journal {
	return &Journal{store: s, log: log, in: make(chan JournalFrame, journalWaiting), tick: tick}
}

// Log takes a frame; it never blocks.
func (j *Journal) Log(f JournalFrame) {
	n := int64(len(f.Raw))
	if j.bytes.Add(n) <= JournalBytes {
		select {
		case j.in <- f:
			return
		default:
		}
	}
	j.bytes.Add(-n)
	j.Lost.Add(1)
}

// Run writes until ctx ends, then what is left.
func (j *Journal) Run(ctx context.Context) {
	var batch []JournalFrame
	for {
		select {
		case f := <-j.in:
			if batch = append(batch, f); len(batch) < journalBatch {
				continue
			}
		case <-j.tick:
			// Where both are ready either is taken: what waits belongs to this tick.
			batch = j.waiting(batch)
		case <-ctx.Done():
			batch = j.waiting(batch)
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			j.flush(last, batch)
			cancel()
			return
		}
		j.flush(ctx, batch)
		if batch = batch[:0]; cap(batch) > 2*journalBatch {
			batch = nil // of a rush, which must not be held until the next
		}
	}
}

// waiting appends the frames that are there by now.
func (j *Journal) waiting(batch []JournalFrame) []JournalFrame {
	for range len(j.in) { // those that come meanwhile are of the next tick
		batch = append(batch, <-j.in)
	}
	return batch
}

func (j *Journal) flush(ctx context.Context, batch []JournalFrame) {
	for len(batch) > 0 {
		n := min(len(batch), journalBatch)
		flaws := j.flawsOf(batch[:n])
		if err := j.store.Write(ctx, authz.Everything("journal of frames"), func(tx *Tx) error { return tx.insertFrames(batch[:n], flaws) }); err != nil {
			j.Lost.Add(int64(n))
			j.log.Warn("frames not kept", "count", n, "error", err)
		}
		j.forget(batch[:n])
		batch = batch[n:]
	}
}

// forget lets go of frames that are written or lost: the array would keep them.
func (j *Journal) forget(batch []JournalFrame) {
	for i := range batch {
		j.bytes.Add(-int64(len(batch[i].Raw)))
	}
	clear(batch)
}

func (j *Journal) flawsOf(batch []JournalFrame) []string {
	out := make([]string, len(batch))
	for i, f := range batch {
		if j.Flaws != nil {
			out[i] = strings.Join(j.Flaws(f), "\n")
		}
	}
	return out
}

func (tx *Tx) insertFrames(batch []JournalFrame, flaws []string) error {
	rows := make([][]any, len(batch))
	for i, f := range batch {
		sealed, err := tx.Seal(f.Operator, "frames.raw_sealed", f.Raw)
		if err != nil {
			return err
		}
		rows[i] = []any{ident.New[ident.Event](f.At), f.Operator, f.Sub, f.Point, f.Inbound, f.Action, f.MessageID, f.At, sealed, flaws[i]}
	}
	return tx.execMany(qFrameInsert, rows)
}
