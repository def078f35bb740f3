package main

import (
	"errors"
	"os"
	"time"
)

// engine is what `ccms serve` stores in.
type engine string

const (
	sqlite   engine = "sqlite"
	postgres engine = "postgres"
)

func (e engine) String() string {
	if e == postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// database is the database of one server, as the bench sees it from outside.
type database interface {
	// serveArgs are what `ccms serve` needs to find it.
	serveArgs() []string
	// counts is how many rows each table has; a server may have it open.
	counts() (map[string]int, error)
	// sizes is how many bytes each table takes with its indexes; nobody has it open.
	sizes() (map[string]int64, error)
	// number is the answer of a query that gives one integer.
	number(query string) (int64, error)
	// watch counts commits from now on, until it is closed.
	watch() (commitWatch, error)
	// cpu is the processor time of the database's own processes.
	cpu() (time.Duration, error)
	// source is what a floor needs to read rows from it and to write beside it.
	source() string
	close() error
}

// commitWatch counts what is committed.
type commitWatch interface {
	commits() (int64, error)
	close() error
}

func newDatabase(e engine, folder string) (database, error) {
	if e == postgres {
		return newPostgres(folder)
	}
	return &liteDatabase{folder: folder}, nil
}

// grown is how many rows each table has got per message: those that got none to
// speak of are not a message's.
func grown(before, after map[string]int, messages int64) map[string]int {
	rows := map[string]int{}
	for name, n := range after {
		if more := n - before[name]; more > 0 && float64(more) >= 0.01*float64(messages) {
			rows[name] = more
		}
	}
	return rows
}

// temporary makes a folder and returns what removes it.
func temporary(pattern string) (dir string, remove func() error, err error) {
	dir, err = os.MkdirTemp("", pattern)
	return dir, func() error { return os.RemoveAll(dir) }, err
}

var errNoDatabase = errors.New("the server has made no database")
