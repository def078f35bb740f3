package session

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ccms/internal/ident"
	"ccms/internal/tariff"
)

// What a running session changes with each meter value is kept as one short text of
// bytes: a version, then each field that is not zero behind its number. Reading and
// writing visit the same list, so they cannot differ; a field that is added goes to the
// end of it.

const runningVersion = 1

var errRunning = errors.New("session: the running state cannot be read")

// AppendRunning appends the running part of the state: revision, energy, cost, timer,
// Last, NewestAt and Inner. Times are kept to the microsecond.
func (s *State) AppendRunning(b []byte) []byte {
	c := codec{b: append(b, runningVersion), writes: true}
	c.state(s)
	return c.b
}

// ReadRunning reads what AppendRunning wrote over s. JSON is what was kept before; it
// has Last, NewestAt and Inner only.
func (s *State) ReadRunning(b []byte) error {
	if len(b) == 0 {
		return errRunning
	}
	if b[0] == '{' {
		old := struct {
			Last   Reading `json:"last"`
			Inner  Inner   `json:"inner"`
			Newest int64   `json:"newest_us"`
		}{}
		if err := json.Unmarshal(b, &old); err != nil {
			return fmt.Errorf("%w: %w", errRunning, err)
		}
		s.Last, s.Inner, s.NewestAt = old.Last, old.Inner, time.Time{}
		if old.Newest != 0 {
			s.NewestAt = time.UnixMicro(old.Newest).UTC()
		}
		return nil
	}
	if b[0] != runningVersion {
		return fmt.Errorf("%w: version %d", errRunning, b[0])
	}
	c := codec{b: b[1:]}
	c.state(s)
	if c.bad || len(c.b) > 0 {
		return errRunning
	}
	return nil
}

type codec struct {
	b      []byte
	writes bool
	bad    bool
	tag    byte  // of the field visited last
	base   int64 // µs of the first time; the others are near it
}

// state visits every field, always in this order. A codec that writes changes none.
func (c *codec) state(s *State) {
	number(c, &s.Rev)
	number(c, &s.Energy)
	number(c, &s.Cost.Minor)
	c.time(&s.DueAt)
	c.time(&s.NewestAt)
	l := &s.Last
	c.time(&l.At)
	number(c, &l.Current)
	number(c, &l.Voltage)
	number(c, &l.Power)
	number(c, &l.SoC)
	number(c, &l.Has)
	number(c, &l.Energy)
	text(c, &l.Context)
	in := &s.Inner
	number(c, &in.Register)
	c.time(&in.LastAt)
	number(c, &in.Gap)
	c.time(&in.SilentAt)
	r := &in.Running
	c.list(len(r.Quantities), func(n int) {
		if !c.writes {
			r.Quantities = make([]int64, n)
		}
		for i := range r.Quantities {
			c.varint(&r.Quantities[i])
		}
	}, func() { r.Quantities = nil })
	c.time(&r.Start)
	c.time(&r.Last.At)
	number(c, &r.Last.Energy)
	c.flag(&r.Interpolated)
	c.time(&in.LowSince)
	c.time(&in.IdleFrom)
	c.list(len(in.Idle), func(n int) {
		if !c.writes {
			in.Idle = make([]tariff.Interval, n)
		}
		for i := range in.Idle {
			c.instant(&in.Idle[i].From)
			c.instant(&in.Idle[i].To)
		}
	}, func() { in.Idle = nil })
	c.time(&in.PluggedUntil)
	c.time(&in.Unplugged)
	c.time(&in.StopAskedAt)
	c.command(&in.StopCommand)
	text(c, &in.Resume)
	c.time(&in.OfflineSince)
	c.time(&in.CloseFrom)
	text(c, &in.CloseWhy)
	number(c, &in.SafeCost)
	c.time(&in.RefreshedAt)
	c.time(&in.StopOnDenied)
	c.flag(&in.NoIdle)
	c.time(&in.HeardAt)
	text(c, &in.StopAnswer)
	c.flag(&in.Forgotten)
	c.flag(&in.Direct)
	c.flag(&in.Apart)
	c.flag(&in.Swapped)
	number(c, &in.Before)
	c.time(&in.RivalAt)
	c.flag(&in.Base)
	c.command(&in.ZeroCommand)
	c.time(&in.ZeroAt)
	c.time(&in.ZeroFrom)
	number(c, &in.ZeroEnergy)
	c.list(len(r.Points), func(n int) {
		if !c.writes {
			r.Points = make([]tariff.Point, n)
		}
		for i := range r.Points {
			p := &r.Points[i]
			c.instant(&p.At)
			c.varint((*int64)(&p.Energy))
			c.varint((*int64)(&p.Current))
		}
	}, func() { r.Points = nil })
	c.time(&r.Reservation.From)
	c.time(&r.Reservation.To)
	text(c, &r.Reservation.Outcome)
	number(c, &r.Last.Current)
	number(c, &in.TopSoC)
	number(c, &in.TopEnergy)
}

// field goes to the next field and reports whether it is there.
func (c *codec) field(there bool) bool {
	c.tag++
	if c.writes {
		if there {
			c.b = append(c.b, c.tag)
		}
		return there
	}
	if c.bad || len(c.b) == 0 || c.b[0] != c.tag {
		return false
	}
	c.b = c.b[1:]
	return true
}

func (c *codec) varint(v *int64) {
	if c.writes {
		c.b = binary.AppendVarint(c.b, *v)
		return
	}
	var n int
	if *v, n = binary.Varint(c.b); n <= 0 {
		c.bad, c.b = true, nil
		return
	}
	c.b = c.b[n:]
}

func number[T ~int | ~int64 | ~uint8](c *codec, v *T) {
	n := int64(0)
	if c.writes {
		n = int64(*v)
	}
	if c.field(n != 0) {
		c.varint(&n)
	}
	if c.writes {
		return // what is written stays untouched: others may read it
	}
	if *v = T(n); int64(*v) != n {
		c.bad = true
	}
}

func (c *codec) flag(v *bool) {
	if there := c.field(*v); !c.writes {
		*v = there
	}
}

func (c *codec) time(t *time.Time) {
	if c.field(!t.IsZero()) {
		c.instant(t)
	} else if !c.writes {
		*t = time.Time{}
	}
}

func (c *codec) instant(t *time.Time) {
	us := t.UnixMicro() - c.base
	if c.varint(&us); !c.writes {
		*t = time.UnixMicro(us + c.base).UTC()
	}
	if c.base == 0 {
		c.base = us
	}
}

func text[T ~string](c *codec, v *T) {
	if !c.field(*v != "") {
		if !c.writes {
			*v = ""
		}
		return
	}
	n := int64(len(*v))
	c.varint(&n)
	switch {
	case c.writes:
		c.b = append(c.b, *v...)
	case n < 0 || n > int64(len(c.b)):
		c.bad, c.b = true, nil
	default:
		*v, c.b = T(c.b[:n]), c.b[n:]
	}
}

func (c *codec) list(n int, each func(n int), none func()) {
	if !c.field(n > 0) {
		if !c.writes {
			none()
		}
		return
	}
	count := int64(n)
	c.varint(&count)
	if !c.writes && (count < 0 || count > int64(len(c.b))) { // a value takes a byte at least
		c.bad, c.b = true, nil
		return
	}
	each(int(count))
}

func (c *codec) command(v *ident.Command) {
	const size = 16
	switch there := c.field(!v.IsZero()); {
	case c.writes && there:
		c.b = append(c.b, v.Bytes()...)
	case c.writes:
	case !there:
		*v = ident.Command{}
	case len(c.b) < size:
		c.bad, c.b = true, nil
	default:
		id, err := ident.FromBytes[ident.Command](c.b[:size])
		*v, c.b, c.bad = id, c.b[size:], c.bad || err != nil
	}
}
