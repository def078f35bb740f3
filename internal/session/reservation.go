package session

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/fact"
	"ccms/internal/ident"
)

// ReservationState is how a reservation stands.
type ReservationState string

// The states. All but Requested and Active are final, except that an expired one becomes
// used by a start that was made in its time and is told of later.
const (
	Requested ReservationState = "REQUESTED" // the charge point has not answered yet
	Active    ReservationState = "ACTIVE"
	Used      ReservationState = "USED"
	Cancelled ReservationState = "CANCELLED"
	NoShow    ReservationState = "EXPIRED" // nobody came
	Refused   ReservationState = "REFUSED" // by the charge point
)

// ReservationStates are all of them.
var ReservationStates = []ReservationState{Requested, Active, Used, Cancelled, NoShow, Refused}

// Reservation keeps a connector for a driver until a time.
type Reservation struct {
	ID        ident.Reservation
	Number    int32 // reservationId of 1.6, > 0, from a sequence of the platform
	Operator  ident.Operator
	Sub       ident.SubOperator
	Site      ident.Site
	Point     ident.ChargePoint
	Connector int // 0: any of the charge point
	Token     ident.Token
	TokenUID  string // sealed in the store; the start names the same (AUTH-R6)
	Driver    ident.Driver
	Account   string // the charging account, the parentIdTag (AUTH-R6)

	State ReservationState
	// Soft says that the charge point keeps none, and the server alone refuses others.
	Soft    bool
	Session ident.Session // that used it
	Command ident.Command // the last that was sent for it
	Detail  string        // why it is so, in words
	Actor   string
	Reason  string

	CreatedAt time.Time
	Until     time.Time
	EndedAt   time.Time
	DueAt     time.Time
	Version   int64
}

// Stands reports whether it may still be used.
func (r Reservation) Stands() bool { return r.State == Requested || r.State == Active }

// ends is r in a final state.
func (r Reservation) ends(s ReservationState, at time.Time, detail string) Reservation {
	r.State, r.EndedAt, r.Detail, r.DueAt = s, at, detail, time.Time{}
	return r
}

// fits reports whether a start uses it: by its number, else by its driver at its connector.
func (r Reservation) fits(number int64, connector int, driver ident.Driver, at time.Time) bool {
	if number > 0 && int64(r.Number) == number {
		return true
	}
	return r.Stands() && !driver.IsZero() && r.Driver == driver && (r.Connector == 0 || r.Connector == connector) && !at.After(r.Until)
}

// connectors are those of a point, and which of them are taken by a session.
type connectors struct {
	numbers []int
	busy    map[int]bool
}

func connectorsOf(cs []asset.Connector, live []State) connectors {
	out := connectors{busy: map[int]bool{}}
	for _, c := range cs {
		out.numbers = append(out.numbers, c.Number)
	}
	for _, st := range live {
		if st.Phase.Open() || st.Phase == Starting {
			out.busy[st.Connector] = true
		}
	}
	return out
}

// inTheWay finds the reservation of another driver that a start at a connector would take;
// connector 0 is a start of which nobody knows yet where: then all that are free must be
// kept. A reservation of any connector needs one of them left (OCPP 1.6 §5.13).
func inTheWay(rs []Reservation, all connectors, connector int, driver ident.Driver) (Reservation, bool) {
	others := rs[:0:0]
	for _, r := range rs {
		if r.State == Active && (driver.IsZero() || r.Driver != driver) {
			others = append(others, r)
		}
	}
	if len(others) == 0 {
		return Reservation{}, false
	}
	if connector > 0 {
		return keptFrom(others, all, connector)
	}
	var first Reservation
	kept := false
	for _, c := range all.numbers {
		if all.busy[c] {
			continue
		}
		r, taken := keptFrom(others, all, c)
		if !taken {
			return Reservation{}, false
		}
		if !kept {
			first, kept = r, true
		}
	}
	return first, kept
}

func keptFrom(others []Reservation, all connectors, connector int) (Reservation, bool) {
	named := map[int]bool{}
	var anywhere []Reservation
	for _, r := range others {
		switch {
		case r.Connector == connector:
			return r, true
		case r.Connector == 0:
			anywhere = append(anywhere, r)
		default:
			named[r.Connector] = true
		}
	}
	left := 0
	for _, c := range all.numbers {
		if c != connector && !all.busy[c] && !named[c] {
			left++
		}
	}
	if len(anywhere) > left {
		return anywhere[0], true
	}
	return Reservation{}, false
}

// FactReservation is recorded whenever a reservation changes its state.
const FactReservation fact.Kind = "reservation.changed"

// ReservationChanged is its payload.
type ReservationChanged struct {
	Reservation ident.Reservation `json:"reservation"`
	Point       ident.ChargePoint `json:"charge_point"`
	Connector   int               `json:"connector"`
	State       ReservationState  `json:"state"`
	Session     ident.Session     `json:"session,omitzero"`
	Until       time.Time         `json:"until"`
}

// ReservationFilter narrows a list of reservations; zero fields do not narrow.
type ReservationFilter struct {
	Point  ident.ChargePoint
	Driver ident.Driver
	States []ReservationState
}

// ReservationRow is a reservation with the names that lists show beside it.
type ReservationRow struct {
	Reservation
	SiteName, TimeZone string
	PointName          string
	DriverAccount      string // opened from its seal
	DriverName         string
}

// reservedFor is why somebody else is refused, in words that support can read out.
func reservedFor(r Reservation) string {
	return "The connector is reserved for another driver until " + clock(r.Until) + "."
}
