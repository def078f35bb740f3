package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

func TestFramesAreWhatAWebSocketLibraryReads(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 125, 126, 70_000} {
		payload := strings.Repeat("x", size)
		r := bytes.NewReader(frame(payload))
		h, err := ws.ReadHeader(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !h.Masked || h.OpCode != ws.OpText || !h.Fin || h.Length != int64(size) {
			t.Errorf("%d bytes arrive under %+v", size, h)
		}
		if ws.Cipher(got, h.Mask, 0); string(got) != payload {
			t.Errorf("%d bytes arrive as %d others", size, len(got))
		}
	}
}

func TestMessagesChangeInPlaceAndNeverRepeat(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 2, 23, 59, 58, 0, time.UTC)
	m := meterValues(1, 42, from)
	size := len(m.frame)
	m.set(3)
	got := string(m.frame)
	for _, want := range []string{`[2,"00000003",`, `"transactionId":42`, `"timestamp":"2026-01-03T00:00:01Z"`, `"value":"000001003"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if n := strings.Count(got, `"value"`); n != 12 {
		t.Errorf("%d values", n)
	}
	m.set(4)
	if string(m.frame) == got || len(m.frame) != size {
		t.Error("the next message is the same or has another size")
	}
}

func TestMeterValuesOfASessionAreSoundAndCarryItsRegisterAndThePresent(t *testing.T) {
	t.Parallel()
	l := &sessionLink{transaction: 7}
	m := l.meterValues()
	for n := 1; n <= 3; n++ {
		l.register = 1000 + n
		m.set(n)
		var frame []json.RawMessage
		var call struct {
			MeterValue []struct {
				Timestamp    time.Time
				SampledValue []struct{ Value string }
			}
		}
		if err := json.Unmarshal(m.frame[8:], &frame); err != nil {
			t.Fatalf("%v: %s", err, m.frame[8:])
		}
		if err := json.Unmarshal(frame[3], &call); err != nil {
			t.Fatal(err)
		}
		v := call.MeterValue[0]
		if age := time.Since(v.Timestamp); age < -time.Second || age > time.Minute || len(v.SampledValue) != 12 || v.SampledValue[0].Value != fmt.Sprintf("%09d", l.register) {
			t.Errorf("message %d is of %v: %v", n, v.Timestamp, v.SampledValue)
		}
	}
}

func TestProcessorTimeIsReadAfterTheName(t *testing.T) {
	t.Parallel()
	// The name may hold blanks and brackets; 3, 4, 5 and 6 are the times.
	stat := "12 (a) b) S 1 12 12 0 -1 4194560 1 2 0 0 3 4 5 6 20 0 1 0 1 1 1"
	if n, err := cpuTicks([]byte(stat)); err != nil || n != 18 {
		t.Fatalf("%d, %v", n, err)
	}
	if _, err := cpuOf(os.Getpid()); err != nil {
		t.Fatal(err)
	}
	if rss, err := rssOf(os.Getpid()); err != nil || rss < 1<<20 {
		t.Fatalf("%d bytes, %v", rss, err)
	}
}

func TestReplayInsertsTheRowsOfTheMessages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "source.db")
	db, err := sql.Open("sqlite", source)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`CREATE TABLE sample (id INTEGER PRIMARY KEY, session BLOB NOT NULL, value INTEGER) STRICT`,
		`CREATE UNIQUE INDEX sample_once ON sample (session, value)`,
		`CREATE TABLE frame (session BLOB, n INTEGER, raw BLOB, PRIMARY KEY (session, n)) WITHOUT ROWID`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	const messages = 50
	for m := range messages {
		for v := range 3 {
			if _, err := db.Exec(`INSERT INTO sample (session, value) VALUES (?, ?)`, []byte("s"), m*3+v); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.Exec(`INSERT INTO frame VALUES (?, ?, ?)`, []byte("s"), m, []byte("raw")); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r := replay{Engine: sqlite, Source: source, Tables: map[string]int{"sample": 3 * messages, "frame": messages}, Messages: messages, Batch: 7}
	target := filepath.Join(dir, "floor.db")
	out, err := r.run(dir, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if out.Messages != messages || out.CPU <= 0 {
		t.Fatalf("%+v", out)
	}
	db, err = sql.Open("sqlite", target)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var samples, sum, frames, indexes int
	if err := db.QueryRow(`SELECT (SELECT count(*) FROM sample), (SELECT sum(value) FROM sample), (SELECT count(*) FROM frame),
		(SELECT count(*) FROM sqlite_master WHERE name = 'sample_once')`).Scan(&samples, &sum, &frames, &indexes); err != nil {
		t.Fatal(err)
	}
	if samples != 150 || sum != 149*150/2 || frames != messages || indexes != 1 {
		t.Fatalf("%d samples that sum to %d, %d frames, %d indexes", samples, sum, frames, indexes)
	}
}

func TestCommitsAreCountedInTheWriteAheadLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(20)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE x (n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	w, err := openWAL(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	defer w.file.Close()
	if err := w.read(); err != nil {
		t.Fatal(err)
	}
	before := w.commits
	// Enough to start the log over several times, in transactions of two rows.
	for range 100 {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := tx.Exec(`INSERT INTO x VALUES (randomblob(3000))`); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := w.read(); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.commits - before; got != 100 {
		t.Fatalf("%d commits seen of 100", got)
	}
}

func TestRatioIsTheMedianOfTheRepetitions(t *testing.T) {
	t.Parallel()
	r := row{must: 2, goal: 1.5, system: []float64{3, 30, 4}, floor: []float64{2, 20, 1}}
	if got := r.ratio(); got != 1.5 {
		t.Fatal(got)
	}
	for _, c := range []struct {
		must, goal float64
		want       string
	}{{2, 1.5, "goal reached"}, {1.5, 1.2, "within the bar"}, {1.4, 1.2, "**above the bar**"}} {
		r.must, r.goal = c.must, c.goal
		if got := r.verdict(); got != c.want {
			t.Errorf("must %g, goal %g: %s", c.must, c.goal, got)
		}
	}
}

// TestMain lets the test program be its own floor.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "floor-echo":
			end(serveEcho(4 << 10))
		case "system-unstored":
			end(serveUnstored(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

func TestClosedLoopCountsAnswersAndTheServersTimeOnly(t *testing.T) {
	t.Parallel()
	c, addr, err := startSelf("floor-echo")
	if err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	links, err := openAll(4, func(int) (*echoLink, error) { return dialEcho(addr, anyMeterValues()) })
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(links)
	l, err := closedLoop(links, 100*time.Millisecond, 500*time.Millisecond, probe{cpu: func() (time.Duration, error) { return cpuOf(c.pid()) }})
	if err != nil {
		t.Fatal(err)
	}
	if l.messages == 0 || l.cpu == 0 || l.cpu > 2*l.took*time.Duration(runtime.NumCPU()) {
		t.Fatalf("%+v", l)
	}
}

func TestTheServerWithoutADatabaseDecidesAndAnswers(t *testing.T) {
	t.Parallel()
	s := settings{points: 4, warm: 100 * time.Millisecond, measure: 500 * time.Millisecond}
	l, err := meteredUnstored(s, s.saturated)
	if err != nil {
		t.Fatal(err)
	}
	if l.messages == 0 || l.cpu == 0 {
		t.Fatalf("%+v", l)
	}
}

func TestMeterValuesReachTheDecision(t *testing.T) {
	t.Parallel()
	m, err := newMemory(1)
	if err != nil {
		t.Fatal(err)
	}
	door := httptest.NewServer(m.door())
	defer door.Close()
	c := unstoredCredential(0)
	conn, err := net.Dial("tcp", door.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := openSocket(conn, c.identity, c.key)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.message = meterValues(1, 1, began)
	for range 3 {
		if err := s.roundTrip(); err != nil {
			t.Fatal(err)
		}
	}
	p := m.identity[c.identity]
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session.Rev != 3 || p.session.Energy != 3 || p.session.Last.Power != 11_022 {
		t.Fatalf("after three messages of 1 Wh each: revision %d, %d Wh, %d W", p.session.Rev, p.session.Energy, p.session.Last.Power)
	}
}
