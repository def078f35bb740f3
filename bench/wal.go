package main

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// How many messages the server joins to a commit is seen from outside, in
// SQLite's write-ahead log: a frame that ends a transaction carries the size of
// the database after it (sqlite.org, "Database File Format", §4.1).

const (
	walHeader      = 32
	walFrameHeader = 24
)

// walReader counts transactions in a log that another process writes.
type walReader struct {
	file    *os.File
	salt    uint64
	page    int64
	next    int64 // offset of the frame to read next
	commits int64
}

func openWAL(path string) (*walReader, error) {
	f, err := os.Open(path)
	return &walReader{file: f}, err
}

// read goes on to the end of what is written. After a checkpoint SQLite starts
// over at the head with another salt, and old frames stay behind it.
func (w *walReader) read() error {
	var head [walHeader]byte
	if _, err := w.file.ReadAt(head[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return nil // empty so far
		}
		return err
	}
	if salt := binary.BigEndian.Uint64(head[16:]); salt != w.salt {
		w.salt, w.next = salt, walHeader
		w.page = int64(binary.BigEndian.Uint32(head[8:]))
	}
	for {
		var frame [walFrameHeader]byte
		if _, err := w.file.ReadAt(frame[:], w.next); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if binary.BigEndian.Uint64(frame[8:]) != w.salt {
			return nil // from before the last checkpoint
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 {
			w.commits++
		}
		w.next += walFrameHeader + w.page
	}
}
