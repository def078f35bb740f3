package asset

import (
	"strings"
	"time"

	"ccms/internal/ident"
	"ccms/internal/unit"
)

// ChargerType is what kind of device it is; the guide's words (product §3.2.1).
type ChargerType string

// The charger types.
const (
	AC       ChargerType = "AC"
	DCFast   ChargerType = "DC Fast"
	DC       ChargerType = "DC"
	HPC      ChargerType = "HPC"
	MCS      ChargerType = "MCS"
	Wireless ChargerType = "Wireless"
	V2G      ChargerType = "V2G"
)

func (t ChargerType) known() bool {
	switch t {
	case AC, DCFast, DC, HPC, MCS, Wireless, V2G:
		return true
	}
	return false
}

// Alternating reports whether the device feeds the car with alternating current; the
// rest feed direct current. A wireless pad is fed like an AC box.
func (t ChargerType) Alternating() bool { return t == AC || t == Wireless }

// ChargePoint is one device with one OCPP connection and identity.
type ChargePoint struct {
	ID       ident.ChargePoint
	Operator ident.Operator
	Sub      ident.SubOperator // the site's
	Site     ident.Site
	Identity string // in the URL path; case-sensitive, never changes
	Offer    Offer
	Name     string
	Code     string // printed on the pile, unique within the operator
	Type     ChargerType
	MaxPower unit.W
	Plan     ident.Plan // zero: the site's
	Status   Status
	Keys     KeyMACs
	Version  int64 // counts what people change, not what the device reports

	// What the device told in its last boot.
	Vendor, Model, Serial, Firmware, ICCID, IMSI, MeterType, MeterSerial string
	BootedAt                                                             time.Time

	Connection
	ClockOffset time.Duration // device − server, as last measured
	Zone        string        // learned for timestamps without a zone (behaviour 28)
	Own         Condition     // what the device said of itself as connector 0
	Upgrading   bool          // it installs firmware
	Rolled      PointStatus   // the roll-up while online
	// SettingsDiffer is how many settings are not as the template wants them.
	SettingsDiffer int
}

// Offer says what is made of the sub-protocols that the device offers when it connects.
type Offer string

// The offers.
const (
	OfferLenient  Offer = ""         // none offered counts as OCPP 1.6 (behaviour 1)
	OfferRequired Offer = "required" // OCPP 1.6 must be offered
	OfferPinned   Offer = "pinned"   // whatever is offered, it speaks OCPP 1.6 (behaviour 3)
)

// PointStatus is the roll-up as a screen shows it now.
func (p ChargePoint) PointStatus(now time.Time) PointStatus {
	switch {
	case !p.Online(now):
		return PointOffline
	case p.Rolled == "":
		return PointPending
	}
	return p.Rolled
}

// Used reports whether the point ever talked to us: then it is kept when deleted.
func (p ChargePoint) Used() bool { return p.Epoch > 0 || !p.BootedAt.IsZero() }

// checked returns the point with blanks trimmed and defaults set, or where it is wrong.
func (p ChargePoint) checked() (ChargePoint, error) {
	p.Name, p.Code = strings.TrimSpace(p.Name), strings.TrimSpace(p.Code)
	if p.Status == "" {
		p.Status = Valid
	}
	var bad flaws
	bad.text("/name", p.Name, 1, 200)
	bad.text("/code", p.Code, 0, 32)
	if !ident.ValidIdentity(p.Identity) {
		bad.add("/identity", "must be 1 to 48 of the characters A-Z a-z 0-9 * - _ = : + | @ .")
	}
	switch p.Offer {
	case OfferLenient, OfferRequired, OfferPinned:
	default:
		bad.add("/subprotocol", "must be lenient, required or pinned")
	}
	if !p.Type.known() {
		bad.add("/charger_type", "must be one of AC, DC Fast, DC, HPC, MCS, Wireless, V2G")
	}
	bad.power("/max_power_w", p.MaxPower)
	if !p.Status.known() {
		bad.add("/status", "must be VALID or INVALID")
	}
	return p, bad.err()
}

// maxPower is above any charger there is: a megawatt system has 3.75 MW.
const maxPower unit.W = 10_000_000

// minPower is below any charger there is: what is less was meant in kilowatts.
const minPower unit.W = 1000

// power checks what a charger or a connector gives at most; 0: nobody knows.
func (b *flaws) power(at string, w unit.W) {
	switch {
	case w < 0 || w > maxPower:
		b.add(at, "must be between 0 and 10000000 watts")
	case w > 0 && w < minPower:
		b.add(at, "is in watts: 22 kW are 22000; 0 where it is not known, else 1000 or more")
	}
}

// maxConnectors is what a cabinet with satellites may have.
const maxConnectors = 64
