package asset

import "ccms/internal/ident"

// PointStatus is one word for a whole charge point.
type PointStatus string

// The point states, worst first (product §3.2.1).
const (
	PointOffline     PointStatus = "OFFLINE"
	PointFault       PointStatus = "FAULT"
	PointUpgrading   PointStatus = "UPGRADING" // it installs firmware
	PointMaintenance PointStatus = "MAINTENANCE"
	PointAlarm       PointStatus = "ALARM"
	PointCharging    PointStatus = "CHARGING"
	PointSuspended   PointStatus = "SUSPENDED"
	PointFinishing   PointStatus = "FINISHING"
	PointReserved    PointStatus = "RESERVED"
	PointPreparing   PointStatus = "PREPARING"
	PointAvailable   PointStatus = "AVAILABLE"
	PointPending     PointStatus = "PENDING" // it has not said anything yet
)

// PointStatuses lists the point states, worst first.
var PointStatuses = []PointStatus{PointOffline, PointFault, PointUpgrading, PointMaintenance, PointAlarm, PointCharging,
	PointSuspended, PointFinishing, PointReserved, PointPreparing, PointAvailable, PointPending}

func (s PointStatus) rank() int {
	for i, w := range PointStatuses {
		if s == w {
			return i
		}
	}
	return len(PointStatuses)
}

// RollUp is the worst of what the device says of itself and of its connectors. Of
// connector 0 only trouble counts: a device that calls itself Available says nothing
// about its plugs, and some never report connector 0 at all (behaviour 84).
func RollUp(online bool, own Condition, connectors []Connector) PointStatus {
	if !online {
		return PointOffline
	}
	worst := PointPending
	take := func(s PointStatus) {
		if s.rank() < worst.rank() {
			worst = s
		}
	}
	switch s := own.word(); s {
	case PointFault, PointMaintenance, PointAlarm:
		take(s)
	}
	for _, c := range connectors {
		take(c.word())
	}
	return worst
}

// rollUp is RollUp of a point that is online, with the connectors as they are.
func (p ChargePoint) rollUp(all []Connector) PointStatus {
	s := RollUp(true, p.Own, all)
	if p.Upgrading && PointUpgrading.rank() < s.rank() {
		return PointUpgrading
	}
	return s
}

// SetUpgrading notes that the point installs firmware, or no longer does.
func SetUpgrading(tx Tx, id ident.ChargePoint, on bool) error {
	p, err := tx.LockPoint(id)
	if err != nil || p.Upgrading == on {
		return err
	}
	all, err := tx.ConnectorsOf(id)
	if err != nil {
		return err
	}
	p.Upgrading = on
	p.Rolled = p.rollUp(all)
	return tx.SaveOwn(p)
}

// word is the point state that one condition alone would give.
func (c Condition) word() PointStatus {
	// An error code beside Finishing is the echo of a fault that is over
	// (behaviour 38), beside Faulted it is the fault itself.
	if c.HasError() && c.Status != Faulted && c.Status != Finishing && c.Status != Unavailable {
		return PointAlarm
	}
	switch c.Status {
	case Faulted:
		return PointFault
	case Unavailable:
		return PointMaintenance
	case Charging:
		return PointCharging
	case SuspendedEV, SuspendedEVSE:
		return PointSuspended
	case Finishing:
		return PointFinishing
	case Reserved:
		return PointReserved
	case Preparing:
		return PointPreparing
	case Available:
		return PointAvailable
	}
	return PointPending
}
