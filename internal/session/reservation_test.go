package session

import (
	"testing"
	"time"

	"ccms/internal/ident"
)

// Whose way a reservation is in: another driver's at the connector, and the last free
// connector where any one is kept (OCPP 1.6 §5.13).
func TestInTheWay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	me, you, they := ident.New[ident.Driver](now), ident.New[ident.Driver](now), ident.New[ident.Driver](now)
	at := func(connector int, d ident.Driver) Reservation {
		return Reservation{Connector: connector, Driver: d, State: Active}
	}
	for _, row := range []struct {
		why       string
		rs        []Reservation
		busy      []int
		connector int
		want      bool
	}{
		{"none", nil, nil, 1, false},
		{"mine", []Reservation{at(1, me)}, nil, 1, false},
		{"another's", []Reservation{at(1, you)}, nil, 1, true},
		{"another's elsewhere", []Reservation{at(2, you)}, nil, 1, false},
		{"not answered yet", []Reservation{{Connector: 1, Driver: you, State: Requested}}, nil, 1, false},
		{"any one of three, two left", []Reservation{at(0, you)}, nil, 1, false},
		{"any one of three, this is the last", []Reservation{at(0, you)}, []int{2, 3}, 1, true},
		{"any one of three and a named one, this is the last", []Reservation{at(0, you), at(3, they)}, []int{2}, 1, true},
		{"any one, twice", []Reservation{at(0, you), at(0, they)}, []int{3}, 1, true},
		{"nobody knows where: one is free", []Reservation{at(1, you), at(2, they)}, nil, 0, false},
		{"nobody knows where: all that is free is kept", []Reservation{at(1, you), at(2, they)}, []int{3}, 0, true},
		{"nobody knows where: nothing is free", []Reservation{at(1, you)}, []int{1, 2, 3}, 0, false},
		{"nobody knows where: the last free one is kept", []Reservation{at(0, you)}, []int{1, 2}, 0, true},
	} {
		all := connectors{numbers: []int{1, 2, 3}, busy: map[int]bool{}}
		for _, b := range row.busy {
			all.busy[b] = true
		}
		if _, got := inTheWay(row.rs, all, row.connector, me); got != row.want {
			t.Errorf("%s: %v", row.why, got)
		}
	}
	if _, got := inTheWay([]Reservation{at(1, you)}, connectors{numbers: []int{1}, busy: map[int]bool{}}, 1, ident.Driver{}); !got {
		t.Error("a card of nobody passes")
	}
}

func TestReservation_fitsByNumberOrDriver(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	me, you := ident.New[ident.Driver](now), ident.New[ident.Driver](now)
	r := Reservation{Number: 7, Connector: 2, Driver: me, State: Active, Until: now}
	for _, row := range []struct {
		why       string
		number    int64
		connector int
		driver    ident.Driver
		at        time.Time
		want      bool
	}{
		{"its number, whoever", 7, 1, you, now.Add(time.Hour), true},
		{"its driver at its connector", 0, 2, me, now, true},
		{"its driver elsewhere", 0, 1, me, now, false},
		{"its driver too late", 0, 2, me, now.Add(time.Second), false},
		{"another driver", 0, 2, you, now, false},
		{"nobody", 0, 2, ident.Driver{}, now, false},
	} {
		if got := r.fits(row.number, row.connector, row.driver, row.at); got != row.want {
			t.Errorf("%s: %v", row.why, got)
		}
	}
}
