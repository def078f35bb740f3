package cpsim

import (
	"bufio"
	_ "embed" // ScriptHelp
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// ScriptHelp describes the script language; the package comment is the same
// text.
//
//go:embed script.txt
var ScriptHelp string

// Step is one line of a script.
type Step struct {
	Line int    // in the script, from 1; 0: typed
	Verb string // "plug", "expect status", …
	Conn int
	Word string        // card, status, reason, action
	Text string        // error code, raw text, JSON
	N    int64         // W, Wh, queue length, battery
	M    int64         // permille
	Wait time.Duration // of wait; of expect: within, 0: expectWithin
}

// expectWithin is how long an expect waits that says nothing else.
const expectWithin = 10 * time.Second

// Script is a list of steps.
type Script []Step

// ParseScript reads a script; the package comment describes the language.
func ParseScript(r io.Reader) (Script, error) {
	var s Script
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4096), 1<<20)
	for n := 1; sc.Scan(); n++ {
		st, ok, err := ParseStep(sc.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if ok {
			st.Line = n
			s = append(s, st)
		}
	}
	return s, sc.Err()
}

// ParseStep reads one line; false: it is empty or a comment.
func ParseStep(line string) (Step, bool, error) {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return Step{}, false, nil
	}
	a := &args{rest: line}
	st := Step{Verb: a.word("a command")}
	if st.Verb != "raw" && st.Verb != "call" { // whose text may contain one
		if i := strings.Index(a.rest, " #"); i >= 0 {
			a.rest = a.rest[:i]
		}
	}
	a.step(&st)
	if a.err == nil && a.more() {
		a.err = fmt.Errorf("too much: %q", strings.TrimSpace(a.rest))
	}
	if a.err != nil {
		return Step{}, false, fmt.Errorf("%s: %w", st.Verb, a.err)
	}
	return st, true, nil
}

// args takes a line apart word by word and keeps the first error.
type args struct {
	rest string
	err  error
}

func (a *args) more() bool { return strings.TrimSpace(a.rest) != "" }

func (a *args) word(what string) string {
	fields := strings.Fields(a.rest)
	if len(fields) == 0 {
		if a.err == nil {
			a.err = fmt.Errorf("%s is missing", what)
		}
		return ""
	}
	w := fields[0]
	a.rest = a.rest[strings.Index(a.rest, w)+len(w):]
	return w
}

func (a *args) text(what string) string {
	t := strings.TrimSpace(a.rest)
	a.rest = ""
	if t == "" && a.err == nil {
		a.err = fmt.Errorf("%s is missing", what)
	}
	return t
}

func (a *args) number(what string, least, most int64) int64 {
	w := a.word(what)
	if a.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(w, 10, 64)
	if err != nil || n < least || n > most {
		a.err = fmt.Errorf("%s is a number from %d to %d, not %q", what, least, most, w)
		return 0
	}
	return n
}

func (a *args) duration() time.Duration {
	w := a.word("a duration")
	if a.err != nil {
		return 0
	}
	d, err := time.ParseDuration(w)
	if err != nil || d < 0 {
		a.err = fmt.Errorf("%q is not a duration such as 30s", w)
		return 0
	}
	return d
}

const (
	mostConnectors = 1000
	mostWatts      = 10_000_000
	mostWh         = 1_000_000_000
)

func (a *args) conn() int { return int(a.number("a connector", 1, mostConnectors)) }

func (a *args) step(st *Step) {
	switch st.Verb {
	case "plug":
		st.Conn = a.conn()
		if a.more() {
			st.N = a.number("battery in Wh", 1, mostWh)
			st.M = a.number("fill in permille", 0, 1000)
		}
	case "unplug", "sample":
		st.Conn = a.conn()
	case "tag", "start":
		st.Conn = a.conn()
		st.Word = a.word("a card")
	case "stop":
		st.Conn = a.conn()
		st.Word = "Local"
		if a.more() {
			st.Word = a.word("a reason")
		}
	case "power":
		st.Conn = a.conn()
		st.N = a.number("power in W", -1, mostWatts)
	case "energy":
		st.Conn = a.conn()
		st.N = a.number("energy in Wh", 0, mostWh)
	case "status":
		st.Conn = int(a.number("a connector", 0, mostConnectors))
		st.Word = a.word("a status")
		if a.more() {
			st.Text = a.word("an error code")
		}
	case "heartbeat", "offline", "online", "reboot":
	case "wait":
		st.Wait = a.duration()
	case "raw":
		st.Text = a.text("a text")
	case "call":
		st.Word = a.word("an action")
		st.Text = "{}"
		if a.more() {
			st.Text = a.text("a payload")
		}
		if a.err == nil && !json.Valid([]byte(st.Text)) {
			a.err = fmt.Errorf("the payload is not JSON: %s", st.Text)
		}
	case "expect":
		a.expect(st)
	default:
		a.err = fmt.Errorf("no such command")
	}
}

func (a *args) expect(st *Step) {
	what := a.word("what to expect")
	if what == "no" {
		if next := a.word("transaction"); next != "transaction" && a.err == nil {
			a.err = fmt.Errorf("no %q", next)
		}
		what = "no transaction"
	}
	st.Verb = "expect " + what
	switch what {
	case "online", "offline", "booted":
	case "status":
		st.Conn = a.conn()
		st.Word = a.word("a status")
	case "transaction", "no transaction":
		st.Conn = a.conn()
	case "queue":
		st.N = a.number("a length", 0, mostWh)
	default:
		if a.err == nil {
			a.err = fmt.Errorf("nothing to expect is called %q", what)
		}
	}
	if a.err == nil && a.more() {
		if w := a.word("within"); w != "within" {
			a.err = fmt.Errorf("within is missing before %q", w)
			return
		}
		st.Wait = a.duration()
	}
}

// String is the step as a line of a script.
func (st Step) String() string {
	parts := []string{st.Verb}
	add := func(s string) { parts = append(parts, s) }
	if st.Conn > 0 || st.Verb == "status" {
		add(strconv.Itoa(st.Conn))
	}
	if st.Word != "" {
		add(st.Word)
	}
	switch st.Verb {
	case "power", "energy", "expect queue":
		add(strconv.FormatInt(st.N, 10))
	case "plug":
		if st.N > 0 {
			add(strconv.FormatInt(st.N, 10))
			add(strconv.FormatInt(st.M, 10))
		}
	case "wait":
		add(st.Wait.String())
	}
	if st.Text != "" {
		add(st.Text)
	}
	if strings.HasPrefix(st.Verb, "expect") && st.Wait > 0 {
		add("within " + st.Wait.String())
	}
	return strings.Join(parts, " ")
}
