package cpsim

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// chargingProfile is one that the server has set (OCPP 1.6 §7.8).
type chargingProfile struct {
	ID         int              `json:"chargingProfileId"`
	Tx         int              `json:"transactionId,omitempty"`
	Stack      int              `json:"stackLevel"`
	Purpose    string           `json:"chargingProfilePurpose"`
	Kind       string           `json:"chargingProfileKind"`
	Recurrency string           `json:"recurrencyKind,omitempty"`
	ValidFrom  time.Time        `json:"validFrom,omitzero"`
	ValidTo    time.Time        `json:"validTo,omitzero"`
	Schedule   chargingSchedule `json:"chargingSchedule"`

	conn int
	set  time.Time
}

type chargingSchedule struct {
	Duration int              `json:"duration,omitempty"`
	Start    *time.Time       `json:"startSchedule,omitempty"`
	Unit     string           `json:"chargingRateUnit"`
	Periods  []chargingPeriod `json:"chargingSchedulePeriod"`
}

type chargingPeriod struct {
	Start  int         `json:"startPeriod"`
	Limit  json.Number `json:"limit"`
	Phases int         `json:"numberPhases,omitempty"`
}

type setProfileRequest struct {
	ConnectorID int             `json:"connectorId"`
	Profile     chargingProfile `json:"csChargingProfiles"`
}

type clearProfileRequest struct {
	ID          *int   `json:"id"`
	ConnectorID *int   `json:"connectorId"`
	Purpose     string `json:"chargingProfilePurpose"`
	Stack       *int   `json:"stackLevel"`
}

type compositeRequest struct {
	ConnectorID int    `json:"connectorId"`
	Duration    int    `json:"duration"`
	Unit        string `json:"chargingRateUnit"`
}

type compositeResponse struct {
	Status      string            `json:"status"`
	ConnectorID *int              `json:"connectorId,omitempty"`
	Start       string            `json:"scheduleStart,omitempty"`
	Schedule    *chargingSchedule `json:"chargingSchedule,omitempty"`
}

// milli is a limit in thousandths; the server sends tenths.
func (p chargingPeriod) milli() int64 {
	whole, rest, _ := strings.Cut(p.Limit.String(), ".")
	n, err := json.Number(whole + (rest + "000")[:3]).Int64()
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (cp *ChargePoint) smart() bool {
	return strings.Contains(cp.key("SupportedFeatureProfiles"), "SmartCharging")
}

// setProfile is SetChargingProfile, OCPP 1.6 §5.16, with the refusals of a device that
// keeps to what it tells of itself.
func (cp *ChargePoint) setProfile(r setProfileRequest) reply {
	p := r.Profile
	if !cp.smart() {
		return status("NotSupported")
	}
	if r.ConnectorID < 0 || r.ConnectorID >= len(cp.connectors) || p.Stack < 0 || p.Stack > cp.intKey("ChargeProfileMaxStackLevel") ||
		len(p.Schedule.Periods) == 0 || len(p.Schedule.Periods) > cp.intKey("ChargingScheduleMaxPeriods") || !cp.counts(p.Schedule.Unit) {
		return status("Rejected")
	}
	switch p.Purpose {
	case "ChargePointMaxProfile":
		if r.ConnectorID != 0 {
			return status("Rejected")
		}
	case "TxProfile": // §5.16.2: only for the transaction that runs
		c := cp.connectors[r.ConnectorID]
		if c.tx == nil || p.Tx != 0 && p.Tx != c.tx.id {
			return status("Rejected")
		}
		p.Tx = c.tx.id
	}
	p.conn, p.set = r.ConnectorID, cp.cfg.Now().Add(cp.offset)
	cp.profiles = slices.DeleteFunc(cp.profiles, func(o chargingProfile) bool {
		return o.ID == p.ID || o.conn == p.conn && o.Purpose == p.Purpose && o.Stack == p.Stack
	})
	cp.profiles = append(cp.profiles, p)
	return reply{statusResponse{"Accepted"}, cp.followProfiles}
}

// counts reports whether ChargingScheduleAllowedChargingRateUnit has the unit.
func (cp *ChargePoint) counts(unit string) bool {
	word := map[string]string{"A": "Current", "W": "Power"}[unit]
	return word != "" && strings.Contains(cp.key("ChargingScheduleAllowedChargingRateUnit"), word)
}

// clearProfile is ClearChargingProfile, OCPP 1.6 §5.4.
func (cp *ChargePoint) clearProfile(r clearProfileRequest) reply {
	before := len(cp.profiles)
	cp.profiles = slices.DeleteFunc(cp.profiles, func(p chargingProfile) bool {
		if r.ID != nil {
			return p.ID == *r.ID
		}
		return (r.ConnectorID == nil || *r.ConnectorID == p.conn) && (r.Purpose == "" || r.Purpose == p.Purpose) && (r.Stack == nil || *r.Stack == p.Stack)
	})
	if len(cp.profiles) == before {
		return status("Unknown")
	}
	return reply{statusResponse{"Accepted"}, cp.followProfiles}
}

// composite is GetCompositeSchedule, OCPP 1.6 §5.7.
func (cp *ChargePoint) composite(r compositeRequest) reply {
	if !cp.smart() || r.ConnectorID < 0 || r.ConnectorID >= len(cp.connectors) || r.Duration <= 0 || r.Unit != "" && !cp.counts(r.Unit) {
		return status("Rejected")
	}
	if r.Unit == "" {
		r.Unit = "W"
	}
	c := cp.connectors[r.ConnectorID]
	from := cp.cfg.Now().Add(cp.offset).Truncate(time.Second)
	s := chargingSchedule{Duration: r.Duration, Unit: r.Unit, Periods: []chargingPeriod{}}
	last := int64(-1)
	for at := from; at.Before(from.Add(time.Duration(r.Duration) * time.Second)); {
		limit, until := cp.offered(c, at)
		if limit < 0 {
			limit = c.spec.MaxW * 1000
			for _, o := range cp.connectors[1:] {
				if c.id == 0 {
					limit += o.spec.MaxW * 1000
				}
			}
		}
		if limit != last {
			value := limit
			if r.Unit == "A" {
				value /= int64(voltAC * max(1, c.spec.Phases))
			}
			s.Periods = append(s.Periods, chargingPeriod{Start: int(at.Sub(from) / time.Second), Limit: json.Number(tenths(value / 100))})
			last = limit
		}
		if until.IsZero() {
			break
		}
		at = until
	}
	return reply{conf: compositeResponse{Status: "Accepted", ConnectorID: &r.ConnectorID, Start: cp.format(from), Schedule: &s}}
}

// offered is what the profiles leave a connector, in thousandths of a watt, and until
// when; below 0: they say nothing. Of the profiles for one purpose the one with the
// highest level counts, one for the transaction before the default, and none more than
// the whole point may have.
func (cp *ChargePoint) offered(c *connector, at time.Time) (limit int64, until time.Time) {
	limit = -1
	best := map[string]chargingProfile{}
	limits := map[string]int64{}
	for _, p := range cp.profiles {
		if p.conn != 0 && p.conn != c.id || p.Purpose == "TxProfile" && (c.tx == nil || c.tx.id != p.Tx) {
			continue
		}
		l, ends := p.at(at, c)
		if !ends.IsZero() && (until.IsZero() || ends.Before(until)) {
			until = ends
		}
		if b, have := best[p.Purpose]; l >= 0 && (!have || cmp.Or(cmp.Compare(p.Stack, b.Stack), cmp.Compare(p.conn, b.conn)) > 0) {
			best[p.Purpose], limits[p.Purpose] = p, l
		}
	}
	for _, purpose := range []string{"TxProfile", "TxDefaultProfile"} {
		if l, have := limits[purpose]; have {
			limit = l
			break
		}
	}
	if l, have := limits["ChargePointMaxProfile"]; have && (limit < 0 || l < limit) {
		limit = l
	}
	return limit, until
}

// at is the limit of a profile, and when the next one begins.
func (p chargingProfile) at(now time.Time, c *connector) (limit int64, until time.Time) {
	if now.Before(p.ValidFrom) {
		return -1, p.ValidFrom
	}
	if !p.ValidTo.IsZero() && !now.Before(p.ValidTo) {
		return -1, time.Time{}
	}
	start := p.set
	switch {
	case p.Kind != "Relative" && p.Schedule.Start != nil:
		start = *p.Schedule.Start
	case c.tx != nil && !c.tx.began.IsZero():
		start = c.tx.began
	}
	every := map[string]time.Duration{"Daily": 24 * time.Hour, "Weekly": 7 * 24 * time.Hour}[p.Recurrency]
	if every > 0 && !now.Before(start) {
		start = start.Add(now.Sub(start).Truncate(every))
		until = start.Add(every)
	}
	limit = -1
	if now.Before(start) {
		return limit, start
	}
	ends := func(t time.Time) {
		if t.After(now) && (until.IsZero() || t.Before(until)) {
			until = t
		}
	}
	ends(p.ValidTo)
	if d := time.Duration(p.Schedule.Duration) * time.Second; d > 0 {
		if ends(start.Add(d)); !now.Before(start.Add(d)) {
			return -1, until
		}
	}
	for _, x := range p.Schedule.Periods {
		from := start.Add(time.Duration(x.Start) * time.Second)
		if now.Before(from) {
			ends(from)
			break
		}
		limit = x.milli()
		if p.Schedule.Unit == "A" {
			phases := x.Phases
			if phases == 0 {
				phases = max(1, c.spec.Phases)
			}
			limit *= int64(voltAC * phases)
		}
	}
	return limit, until
}

// followProfiles brings every connector to what the profiles leave it, now and when that
// changes next.
func (cp *ChargePoint) followProfiles() {
	if cp.stopProfile != nil {
		cp.stopProfile()
		cp.stopProfile = nil
	}
	now := cp.cfg.Now()
	var next time.Time
	for _, c := range cp.connectors[1:] {
		milli, until := cp.offered(c, now.Add(cp.offset))
		bound, w := milli >= 0, max(milli, 0)/1000
		if milli == 0 && cp.has(QuirkIgnoreZero) {
			bound = false
		}
		if bound != c.meter.bound || w != c.meter.offer {
			c.meter.advance(now)
			c.meter.bound, c.meter.offer = bound, w
			cp.followPower(c)
		}
		if !until.IsZero() && (next.IsZero() || until.Before(next)) {
			next = until
		}
	}
	if !next.IsZero() {
		cp.stopProfile = cp.after(max(next.Sub(now.Add(cp.offset)), time.Second), cp.followProfiles)
	}
}
