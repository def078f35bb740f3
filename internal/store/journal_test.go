package store

import (
	"log/slog"
	"testing"
	"time"
)

// Frames that come quicker than they are written are counted and dropped before they
// fill the memory, however large they are.
func TestTheJournalIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	j := NewJournal(nil, slog.New(slog.DiscardHandler), make(chan time.Time))
	large := make([]byte, 256<<10)
	const sent = 2 * JournalBytes / (256 << 10)
	for range sent {
		j.Log(JournalFrame{Raw: large})
	}
	if kept := len(j.in); kept != sent/2 || j.Lost.Load() != sent/2 {
		t.Errorf("of %d frames %d wait, %d are counted as lost", sent, kept, j.Lost.Load())
	}
	j.Log(JournalFrame{Raw: make([]byte, 10)})
	if j.Lost.Load() != sent/2+1 {
		t.Error("a small one is kept past the limit")
	}
	batch := []JournalFrame{<-j.in, <-j.in}
	j.forget(batch)
	j.Log(JournalFrame{Raw: large})
	j.Log(JournalFrame{Raw: large})
	if j.Lost.Load() != sent/2+1 || batch[0].Raw != nil {
		t.Error("what was written still counts")
	}
}
