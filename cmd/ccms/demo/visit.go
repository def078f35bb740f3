package demo

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// story is what becomes of a visit.
type story int

const (
	plainStory  story = iota
	overstays         // the car is left at the connector after it is full
	fromAfar          // staff start it
	neverBegins       // from afar, and nobody plugs in
	strangers         // a card that nobody knows
	barred            // a card or a profile that may not charge
	unasked           // it starts while the point is out of reach
	forbidden         // out of reach, with a card that nobody knows
	faulted           // the connector reports a fault and the charge ends
	meterBack         // the stop's register is below the start's
	meterless         // the stop has no register
	lostStop          // the point boots, and its stop never comes
)

// Of a thousand visits; the rest is plain.
var stories = []struct {
	of    int
	story story
}{{55, overstays}, {70, fromAfar}, {6, neverBegins}, {22, strangers}, {9, barred}, {10, unasked}, {3, forbidden}, {6, faulted}, {3, meterBack}, {2, meterless}, {4, lostStop}}

func someStory(rng *rand.Rand) story {
	x := rng.IntN(1000)
	for _, s := range stories {
		if x -= s.of; x < 0 {
			return s.story
		}
	}
	return plainStory
}

// visit is one car at one connector, with what is needed to write it.
type visit struct {
	session.Past
	story   story
	rider   *rider // nil: nobody known
	careful bool   // recharges before the account is empty
	end     time.Time
}

// sessionID is the id of the k-th visit of a UTC day: always the same, so that a piece
// that was written is known again.
func sessionID(day time.Time, k int) ident.Session {
	h := sha256.Sum256(fmt.Appendf(nil, "ccms demo session %s %d", day.Format(time.DateOnly), k))
	b := binary.BigEndian.AppendUint64(nil, uint64(day.UnixMilli()+int64(k))<<16)
	b = append(b[:6], h[:10]...)
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	id, err := ident.FromBytes[ident.Session](b)
	if err != nil {
		panic(err) // 16 bytes
	}
	return id
}

// steps between the meter values; those of the last days are kept as rows.
const (
	stepDC     = time.Minute
	stepAC     = 15 * time.Minute
	stepRecent = 5 * time.Minute
)

// someVisit lets a car come to connector c at the moment; recent ones keep their rows.
func (y *year) someVisit(rng *rand.Rand, p *Point, c asset.Connector, at time.Time, recent bool) (visit, bool) {
	v := visit{story: someStory(rng), careful: rng.IntN(3) > 0}
	key := meterKey{p.ID, c.Number}
	plan := y.world.price(p, at)
	v.Start = session.State{
		Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID, Connector: c.Number, Source: session.ByRFID, Zone: p.site.TimeZone,
		MaxPower: c.MaxPower, Currency: currency, MeterStart: y.meters[key],
		Inner: session.Inner{Direct: !p.Type.Alternating()},
	}
	if plan != nil {
		v.Prices = y.sheet(plan, p.site.TimeZone)
	}
	begin := at.Add(time.Duration(25+rng.IntN(50)) * time.Second)
	v.AskedAt, v.Start.StartedAt = at, begin
	switch v.story {
	case strangers, forbidden:
		v.Start.TokenUID = fmt.Sprintf("%08X", rng.Uint32())
	default:
		if v.rider = y.someRider(rng, p, at, v.story == barred); v.rider == nil {
			return v, false
		}
		v.Holder, v.Start.TokenUID = v.rider.Holder, v.rider.Token.UID
	}
	switch v.story {
	case strangers, barred:
		v.end = at
		return v, true
	case fromAfar, neverBegins:
		v.Start.Source, v.Start.RequestedAt, v.AskedAt = session.ByPortal, at, time.Time{}
	case unasked, forbidden:
		v.AskedAt = time.Time{}
	}
	if v.story == neverBegins {
		v.Start.StartedAt = time.Time{}
		v.end = at.Add(151 * time.Second)
		v.Then = []session.Happened{{At: v.end, Event: session.Due{}}}
		return v, true
	}
	y.charge(rng, &v, p, c, begin, recent)
	return v, true
}

// charge makes what happens from the start to the unplugging.
func (y *year) charge(rng *rand.Rand, v *visit, p *Point, c asset.Connector, begin time.Time, recent bool) {
	car := someCar(rng, p, c.MaxPower)
	stay := somePark(rng, p, car.dc)
	step := pick(car.dc, stepDC, pick(recent, stepRecent, stepAC))
	ends := begin.Add(stay)
	if v.story == faulted {
		ends = begin.Add(stay/4 + time.Minute)
	}
	if ends.After(y.Ends()) {
		ends = y.Ends() // who would be there at the end leaves for the simulated ones
	}
	start := v.Start.MeterStart
	var full time.Time
	now := begin
	for minute := 1; ; minute++ {
		next := begin.Add(time.Duration(minute) * time.Minute)
		if next.After(ends) {
			break
		}
		now = next
		car.minute()
		done := car.power() == 0
		if done && full.IsZero() {
			full = now
			v.happens(now, session.Metered{Readings: []session.Reading{car.reading(now, start, "Sample.Periodic")}})
			v.happens(now.Add(time.Second), session.StatusSeen{Status: asset.SuspendedEV, At: now.Add(time.Second)})
			if soon, ok := comesBack(rng, car.dc, v.story == overstays); ok && now.Add(soon).Before(ends) {
				ends = now.Add(soon)
			}
			continue
		}
		if next.Sub(begin)%step == 0 && (full.IsZero() || minute%30 == 0) {
			v.happens(now, session.Metered{Readings: []session.Reading{car.reading(now, start, "Sample.Periodic")}})
		}
	}
	register := start + unit.Wh(car.wh())
	y.meters[meterKey{p.ID, c.Number}] = register
	stopAt := now.Add(time.Duration(5+rng.IntN(50)) * time.Second)
	stop := session.Stopped{At: stopAt, Device: stopAt, Register: register, HasRegister: true, Reason: "Local"}
	away := stopAt.Add(time.Duration(30+rng.IntN(200)) * time.Second)
	switch v.story {
	case overstays:
		away = stopAt.Add(time.Duration(20+rng.IntN(200)) * time.Minute)
	case fromAfar:
		stop.Reason = "Remote"
	case faulted:
		v.happens(stopAt.Add(-2*time.Second), session.StatusSeen{Status: asset.Faulted, At: stopAt.Add(-2 * time.Second)})
		stop.Reason = "EmergencyStop"
	case meterBack:
		stop.Register = start - 2500
	case meterless:
		stop.HasRegister, stop.Register = false, 0
	case lostStop:
		v.happens(stopAt, session.Suspected{Why: "the charge point booted"})
		v.end = stopAt.Add(16 * time.Minute)
		v.happens(v.end, session.Due{Quiet: true})
		// After a week nobody guesses at its stop any more.
		if late := v.end.AddDate(0, 0, 8); late.Before(y.until) {
			v.happens(late, session.Due{})
		}
		return
	default:
		if rng.IntN(6) == 0 { // the cable is pulled
			stop.Reason, away = "EVDisconnected", stopAt.Add(time.Second)
		}
	}
	v.happens(stopAt, stop)
	v.happens(away, session.StatusSeen{Status: asset.Available, At: away})
	v.end = away
	v.OutOfMoney = func(st session.State, at time.Time) []session.Happened {
		at = at.Add(4 * time.Second)
		gone := at.Add(6 * time.Minute)
		return []session.Happened{
			{At: at, Event: session.Stopped{At: at, Device: at, Register: st.Inner.Register, HasRegister: true, Reason: "Remote"}},
			{At: gone, Event: session.StatusSeen{Status: asset.Available, At: gone}},
		}
	}
	if recent {
		v.Samples = true
		v.Raw = reports
	}
}

func (v *visit) happens(at time.Time, e session.Event) {
	v.Then = append(v.Then, session.Happened{At: at, Event: e})
}

// somePark is how long somebody means to stay.
func somePark(rng *rand.Rand, p *Point, dc bool) time.Duration {
	minutes := func(from, to int) time.Duration { return time.Duration(from+rng.IntN(to-from)) * time.Minute }
	switch {
	case dc:
		return minutes(14, 58)
	case p.place.kind == mall:
		return minutes(35, 170)
	case p.place.kind == office:
		return minutes(200, 560)
	case p.place.kind == hotel:
		return minutes(300, 720)
	}
	return minutes(40, 260)
}

// comesBack is how soon somebody takes a full car away, who does not leave it there.
func comesBack(rng *rand.Rand, dc, overstays bool) (time.Duration, bool) {
	if dc || !overstays && rng.IntN(3) > 0 {
		return time.Duration(1+rng.IntN(12)) * time.Minute, true
	}
	return 0, false
}

// someRider is a driver who is free: mostly one who lives near the site.
func (y *year) someRider(rng *rand.Rand, p *Point, at time.Time, barred bool) *rider {
	all := y.world.riders
	for range 40 {
		n := rng.IntN(len(all))
		if rng.IntN(10) < 7 && p.place.kind != highway { // a local
			n = (y.siteNo[p.Site]*driversPerSite + rng.IntN(driversPerSite)) % len(all)
		}
		r := all[n]
		if at.After(r.until) && (r.person.trouble != fine) == barred && (r.person.spanish == (p.site.TimeZone == spain) || rng.IntN(25) == 0) {
			return r
		}
	}
	return nil
}

// mayCharge reports whether money decides about the visit.
func (v *visit) mayCharge() bool {
	return v.rider != nil && v.rider.Token.Status == member.TokenEnabled && v.rider.Driver.Status == member.DriverValid
}

// shift puts the visit off.
func (v *visit) shift(d time.Duration) {
	move := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(d)
		}
	}
	for _, t := range []*time.Time{&v.AskedAt, &v.Start.RequestedAt, &v.Start.StartedAt, &v.end} {
		move(t)
	}
	then := make([]session.Happened, len(v.Then))
	for i, h := range v.Then {
		h.At = h.At.Add(d)
		switch e := h.Event.(type) {
		case session.Metered:
			r := e.Readings[0]
			r.At = r.At.Add(d)
			h.Event = session.Metered{Readings: []session.Reading{r}}
		case session.StatusSeen:
			e.At = e.At.Add(d)
			h.Event = e
		case session.Stopped:
			e.At, e.Device = e.At.Add(d), e.Device.Add(d)
			h.Event = e
		}
		then[i] = h
	}
	v.Then = then
}

// sheet is a plan in a zone, made ready once.
func (y *year) sheet(p *tariff.Plan, zone string) *tariff.Sheet {
	k := sheetKey{p, zone}
	if y.sheets[k] == nil {
		y.sheets[k] = tariff.NewSheet(p, y.zone(zone))
	}
	return y.sheets[k]
}
