package cpsim

import (
	"strings"
	"time"
)

// reservation keeps a connector for a card; connector 0 is any of the point.
type reservation struct {
	id     int
	conn   int
	idTag  string
	parent string
	stop   func() bool // of its end
}

// lets reports whether a card may use it: itself, or another of its group.
func (r *reservation) lets(idTag, parent string) bool {
	return strings.EqualFold(r.idTag, idTag) || parent != "" && strings.EqualFold(r.parent, parent)
}

// reserveNow is ReserveNow, OCPP 1.6 §5.13.
func (cp *ChargePoint) reserveNow(r reserveNowRequest) reply {
	until, err := time.Parse(time.RFC3339, r.ExpiryDate)
	if err != nil || r.ConnectorID < 0 || r.ConnectorID >= len(cp.connectors) || cp.has(QuirkRefuseReservation) ||
		r.ConnectorID == 0 && !cp.boolKey("ReserveConnectorZeroSupported") {
		return status("Rejected")
	}
	same := cp.reservations[r.ReservationID] // it is replaced
	worst := "Available"
	for _, c := range cp.connectors[1:] {
		if r.ConnectorID != 0 && c.id != r.ConnectorID {
			continue
		}
		switch other := cp.reservedAt(c.id); {
		case c.status == Faulted:
			worst = "Faulted"
		case c.inoperative:
			worst = "Unavailable"
		case c.busy() || c.plugged || other != nil && other != same:
			worst = "Occupied"
		default:
			worst = "Available"
		}
		if worst == "Available" {
			break
		}
	}
	if worst != "Available" {
		return status(worst)
	}
	return reply{statusResponse{"Accepted"}, func() {
		if same != nil {
			cp.dropReservation(same)
		}
		v := &reservation{id: r.ReservationID, conn: r.ConnectorID, idTag: r.IDTag, parent: r.ParentIDTag}
		if cp.reservations == nil {
			cp.reservations = map[int]*reservation{}
		}
		cp.reservations[v.id] = v
		v.stop = cp.after(until.Sub(cp.clock()), func() {
			if cp.reservations[v.id] == v {
				cp.dropReservation(v)
			}
		})
		cp.showReserved(v.conn)
	}}
}

// cancelReservation is CancelReservation, OCPP 1.6 §5.1.
func (cp *ChargePoint) cancelReservation(r cancelReservationRequest) reply {
	v := cp.reservations[r.ReservationID]
	if v == nil {
		return status("Rejected")
	}
	return reply{statusResponse{"Accepted"}, func() { cp.dropReservation(v) }}
}

func (cp *ChargePoint) dropReservation(v *reservation) {
	v.stop()
	delete(cp.reservations, v.id)
	cp.showReserved(v.conn)
}

// showReserved reports a connector that became reserved, or free again.
func (cp *ChargePoint) showReserved(conn int) {
	c := cp.connectors[conn]
	if conn > 0 && c.tx == nil && (c.status == Reserved || c.status == Available) {
		cp.setStatus(c, cp.idle(c))
	}
}

// reservedAt is the reservation of this connector.
func (cp *ChargePoint) reservedAt(conn int) *reservation {
	for _, v := range cp.reservations {
		if v.conn == conn {
			return v
		}
	}
	return nil
}

// mayStart reports whether a card may start at a connector: nobody else's reservation is
// in the way. One of any connector needs one of them left.
func (cp *ChargePoint) mayStart(c *connector, idTag, parent string) bool {
	if v := cp.reservedAt(c.id); v != nil {
		return v.lets(idTag, parent)
	}
	anywhere, left := 0, 0
	for _, v := range cp.reservations {
		if v.conn == 0 && !v.lets(idTag, parent) {
			anywhere++
		}
	}
	for _, o := range cp.connectors[1:] {
		if o != c && !o.busy() && cp.reservedAt(o.id) == nil {
			left++
		}
	}
	return anywhere <= left
}

// takeReservation gives the id of the reservation that a start uses, and ends it.
func (cp *ChargePoint) takeReservation(c *connector, idTag, parent string) *int {
	for _, conn := range []int{c.id, 0} {
		for _, v := range cp.reservations {
			if v.conn == conn && v.lets(idTag, parent) {
				v.stop()
				delete(cp.reservations, v.id)
				return &v.id
			}
		}
	}
	return nil
}
