package session

import (
	"reflect"
	"testing"
	"time"

	"ccms/internal/ident"
)

// fill sets every field of v to something that is not zero.
func fill(t *testing.T, v reflect.Value, n *int64) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.UnixMicro(1_795_000_000_000_000 + *n*61_234_567).UTC()
		return
	case *ident.Command:
		*x = ident.New[ident.Command](time.UnixMilli(1_795_000_000_000))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field, n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), n)
		fill(t, v.Index(1), n)
	case reflect.String:
		v.SetString("x" + time.Duration(*n).String())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(*n % 200))
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(*n * 7919)
	default:
		t.Fatalf("there is a field of kind %v: write and read it in running.go", v.Kind())
	}
}

func running(s State) State {
	return State{Rev: s.Rev, Energy: s.Energy, Cost: s.Cost, DueAt: s.DueAt, NewestAt: s.NewestAt, Last: s.Last, Inner: s.Inner}
}

func TestRunning_everyFieldComesBack(t *testing.T) {
	t.Parallel()
	var s State
	n := int64(0)
	fill(t, reflect.ValueOf(&s.Last).Elem(), &n)
	fill(t, reflect.ValueOf(&s.Inner).Elem(), &n)
	s.Rev, s.Energy, s.Cost.Minor = 1<<40, 99_999_999, -7
	s.DueAt, s.NewestAt = time.UnixMicro(1_795_000_000_000_001).UTC(), time.UnixMicro(-5).UTC()
	b := s.AppendRunning(nil)
	var got State
	if err := got.ReadRunning(b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, running(s)) {
		t.Errorf("read\n%+v\nwritten\n%+v", got, running(s))
	}
	// What is not there is zero, whatever stood there before.
	var none State
	if err := got.ReadRunning(none.AppendRunning(nil)); err != nil || !reflect.DeepEqual(got, none) {
		t.Errorf("nothing was read as %+v, %v", got, err)
	}
	// Half of it is an error, never half a state.
	for i := range b {
		var half State
		if err := half.ReadRunning(b[:i]); err == nil && reflect.DeepEqual(half, running(s)) {
			t.Errorf("%d of %d bytes were read as the whole", i, len(b))
		}
	}
	if err := got.ReadRunning(append(b, 0)); err == nil {
		t.Error("what stands behind the last field was read over")
	}
}

func TestRunning_readsTheJSONThatWasKeptBefore(t *testing.T) {
	t.Parallel()
	var s State
	err := s.ReadRunning([]byte(`{"last":{"at":"2026-11-22T10:00:00Z","power_w":11040,"has":2},
		"inner":{"register":4210,"running":{"q":[7],"start":"2026-11-22T09:00:00Z","last":{"at":"2026-11-22T10:00:00Z","energy_wh":210}}},
		"newest_us":1795000000000000}`))
	if err != nil {
		t.Fatal(err)
	}
	if s.Last.Power != 11040 || s.Inner.Register != 4210 || s.Inner.Running.Last.Energy != 210 || s.NewestAt.UnixMicro() != 1_795_000_000_000_000 {
		t.Errorf("read %+v", s)
	}
}

func FuzzReadRunning(f *testing.F) {
	var s State
	s.Rev, s.Inner.Running.Quantities = 3, []int64{1, 2}
	f.Add(s.AppendRunning(nil))
	f.Add([]byte(`{"last":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		if s.ReadRunning(b) != nil {
			return
		}
		// Bytes of others may say the same in more ways than one; ours say it in one.
		var again, third State
		if err := again.ReadRunning(s.AppendRunning(nil)); err != nil {
			t.Fatalf("%x: what was read cannot be written and read: %v", b, err)
		}
		if err := third.ReadRunning(again.AppendRunning(nil)); err != nil || !reflect.DeepEqual(third, again) {
			t.Errorf("%x: %+v became %+v, %v", b, again, third, err)
		}
	})
}
