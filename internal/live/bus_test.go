package live

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

var (
	now  = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	a, b = ident.New[ident.Operator](now), ident.New[ident.Operator](now)
	s, u = ident.New[ident.SubOperator](now), ident.New[ident.SubOperator](now)
	none = ident.SubOperator{}
)

func of(op ident.Operator, sub ident.SubOperator) authz.Scope {
	return authz.ForStaff(op, sub, authz.Actor{})
}

func ids(events []Event) (out []string) {
	for _, e := range events {
		out = append(out, e.ID)
	}
	return out
}

func TestWatchersHearTheirScopeAndTopics(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	whole, sub, topic := bus.Watch(of(a, none), nil, 10), bus.Watch(of(a, s), nil, 10), bus.Watch(of(a, none), []string{"commands"}, 10)
	other, nobody := bus.Watch(of(b, none), nil, 10), bus.Watch(authz.Scope{}, nil, 10)
	bus.Publish(Event{"sessions", a, none, "1"}, Event{"sessions", a, s, "2"}, Event{"commands", a, u, "3"}, Event{"sessions", b, none, "4"})
	for _, c := range []struct {
		why  string
		w    *Watcher
		want string
	}{
		{"a whole operator", whole, "[1 2 3]"},
		{"one sub-operator hears neither the parent nor its sibling", sub, "[2]"},
		{"one topic", topic, "[3]"},
		{"another operator", other, "[4]"},
		{"a scope that sees nothing", nobody, "[]"},
	} {
		events, behind := c.w.Take()
		if got := fmt.Sprint(ids(events)); got != c.want || behind {
			t.Errorf("%s: %s %v, want %s", c.why, got, behind, c.want)
		}
	}
}

func TestAnObjectWaitsOnce(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	w := bus.Watch(of(a, none), nil, 2)
	for range 100 {
		bus.Publish(Event{"sessions", a, none, "1"}, Event{"commands", a, none, "1"})
	}
	events, behind := w.Take()
	if len(events) != 2 || behind {
		t.Errorf("%v %v", events, behind)
	}
	bus.Publish(Event{"sessions", a, none, "1"})
	if events, _ := w.Take(); len(events) != 1 {
		t.Error("a change after the read is not told")
	}
}

func TestOneThatFellBehindIsToldOnceAndStartsAfresh(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	slow, quick := bus.Watch(of(a, none), nil, 3), bus.Watch(of(a, none), nil, 100)
	for i := range 10 {
		bus.Publish(Event{"sessions", a, none, fmt.Sprint(i)})
	}
	if events, behind := slow.Take(); len(events) != 0 || !behind {
		t.Errorf("%v %v", events, behind)
	}
	if events, behind := slow.Take(); len(events) != 0 || behind {
		t.Errorf("told twice: %v %v", events, behind)
	}
	bus.Publish(Event{"sessions", a, none, "x"})
	if events, behind := slow.Take(); len(events) != 1 || behind {
		t.Errorf("%v %v", events, behind)
	}
	if events, behind := quick.Take(); len(events) != 11 || behind {
		t.Errorf("a slow one held up another: %d %v", len(events), behind)
	}
}

func TestNextWaitsAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	w := bus.Watch(of(a, none), nil, 3)
	got := make(chan []Event)
	go func() {
		events, _, _ := w.Next(t.Context())
		got <- events
	}()
	bus.Publish(Event{"sessions", a, none, "1"})
	if events := <-got; len(events) != 1 {
		t.Error(events)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := w.Next(ctx); err == nil {
		t.Error("no end")
	}
	w.Close()
	if bus.Watching() != 0 {
		t.Error("still watching")
	}
}

func TestManyPublishersAndWatchers(t *testing.T) {
	t.Parallel()
	bus := NewBus()
	const publishers, each = 8, 200
	w := bus.Watch(of(a, none), nil, publishers*each)
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				bus.Publish(Event{"sessions", a, none, fmt.Sprint(p, i)})
				bus.Watch(of(a, none), nil, 1).Close()
			}
		})
	}
	seen := 0
	for seen < publishers*each {
		events, behind, err := w.Next(t.Context())
		if err != nil || behind {
			t.Fatal(behind, err)
		}
		seen += len(events)
	}
	wg.Wait()
}
