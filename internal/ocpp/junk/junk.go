// Package junk makes what tests throw at the decoders: valid, mutated, hostile. The same
// seed gives the same inputs, so a failure names its input by a number.
//
// Owns: the ways in which an input goes wrong, how many a run has, and whether the memory
// is flat after them.
// Refuses: to know what is right; the tests do. Nothing that ships imports it.
//
// Invariants: an input is never longer than Longest; of ten one or two are left as they
// were.
package junk

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// Longest is the longest input in bytes.
const Longest = 4 << 10

// Inputs is how many a test runs: 20,000, and with CCMS_LONG=1 a million.
func Inputs() int {
	if os.Getenv("CCMS_LONG") != "" {
		return 1_000_000
	}
	return 20_000
}

// Source gives inputs, made of the seeds.
type Source struct {
	*rand.Rand
	seeds [][]byte
	buf   []byte
}

// New is a source that begins with the number n.
func New(n uint64, seeds ...[]byte) *Source {
	return &Source{Rand: rand.New(rand.NewPCG(n, 0x6a756e6b)), seeds: seeds}
}

// tokens are what decoders stumble over.
var tokens = []string{
	"{", "}", "[", "]", `"`, ",", ":", `\`, `\"`, `\u`, `\u0000`, `\ud83d`, `\ude00`, "null", "true", "false", "-", "-0", "0",
	"1e400", "1e-400", "0x10", "9223372036854775807", "-9223372036854775809", "99999999999999999999999999", "0.1", "1.", ".5", "NaN",
	`""`, `"null"`, `"0x0000"`, "\x00", "\xff", "\xc3", "\xed\xa0\x80", "\xef\xbb\xbf", "\u2028", " ", "\t", "\r\n", "//", "/*", "'", "=",
	`"timestamp":"2026-03-01T12:00:00Z"`, `"1970-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`, `"2026-03-01T12:00:00+99:99"`, `"transactionId":-1`,
	`"idTag":`, `"connectorId":`, `"meterValue":[`, `"sampledValue":[{"value":`, "[2,", "[3,", "[4,", "[2,\"\",", "[[[[[[[[", "{{{{", "]]]]", "}}}}",
}

// Seed is one of the seeds as it stands.
func (s *Source) Seed() []byte { return s.seeds[s.IntN(len(s.seeds))] }

// Next is the next input, valid until the one after it. It may be a seed, a seed with up
// to eight wounds, two seeds in one, or bytes.
func (s *Source) Next() []byte { return s.Wound(s.Seed()) }

// Wound gives an input its wounds.
func (s *Source) Wound(in []byte) []byte {
	s.buf = append(s.buf[:0], in...)
	b := s.buf
	switch s.IntN(20) {
	case 0, 1, 2:
	case 3: // bytes
		b = b[:0]
		for range s.IntN(200) {
			b = append(b, byte(s.Uint32()))
		}
	default:
		for range 1 + s.IntN(8) {
			b = s.wound(b)
		}
	}
	if len(b) > Longest {
		b = b[:Longest]
	}
	s.buf = b
	return b
}

func (s *Source) wound(b []byte) []byte {
	if len(b) == 0 {
		return append(b, tokens[s.IntN(len(tokens))]...)
	}
	at := s.IntN(len(b))
	end := min(at+1+s.IntN(16), len(b))
	insert := func(x string) []byte { return append(b[:at:at], x+string(b[at:])...) }
	switch s.IntN(10) {
	case 0:
		b[at] = byte(s.Uint32())
	case 1:
		b[at] ^= 1 << s.IntN(8)
	case 2:
		return append(b[:at], b[end:]...)
	case 3:
		return b[:at]
	case 4:
		return insert(string(b[at:end]))
	case 5: // the beginning of one and the end of another
		other := s.Seed()
		return append(b[:at], other[s.IntN(len(other)+1):]...)
	case 6:
		if s.IntN(20) == 0 { // deep
			open := tokens[s.IntN(4)]
			for range 6 + s.IntN(200) {
				open += open[:1]
			}
			return insert(open)
		}
		return insert(strconv.FormatInt(int64(s.Uint64())>>s.IntN(64), 10))
	default:
		return insert(tokens[s.IntN(len(tokens))])
	}
	return b
}

// Flat runs f for n inputs and fails the test unless the heap and the goroutines are
// afterwards what they were when a tenth was done. The test must not be parallel.
func Flat(t testing.TB, n int, f func(i int)) {
	t.Helper()
	began := time.Now()
	warm := n / 10
	for i := range warm {
		f(i)
	}
	before, routines := settled(), runtime.NumGoroutine()
	for i := warm; i < n; i++ {
		f(i)
	}
	after := settled()
	if limit := before + before/20 + 256<<10; after > limit {
		t.Errorf("%d bytes are in use after %d inputs, %d were before", after, n, before)
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > routines; {
		if time.Now().After(end) {
			t.Errorf("%d goroutines after, %d before", runtime.NumGoroutine(), routines)
			break
		}
		runtime.Gosched()
	}
	t.Logf("%d inputs in %v; heap %d KB, then %d KB; goroutines %d", n, time.Since(began).Round(time.Millisecond), before>>10, after>>10, runtime.NumGoroutine())
}

// settled is the heap in use after what can be collected is.
func settled() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
