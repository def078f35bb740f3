package session

import (
	"slices"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Phase is where a session stands (product §3.2.2).
type Phase string

// The phases that OCPP 1.6 reaches.
const (
	Starting        Phase = "STARTING"         // remote start sent, no StartTransaction yet
	Charging        Phase = "CHARGING"         // energy flows, or may
	Paused          Phase = "PAUSED"           // SuspendedEV or SuspendedEVSE
	OfflineRunning  Phase = "OFFLINE_RUNNING"  // the charge point is out of reach
	Stopping        Phase = "STOPPING"         // we asked it to stop
	StopUnconfirmed Phase = "STOP_UNCONFIRMED" // it did not, within 120 s
	Idle            Phase = "IDLE"             // stopped, cable in, the idle clock may run
	Completed       Phase = "COMPLETED"        // billed and captured
	FailedToStart   Phase = "FAILED_TO_START"  // remote start without StartTransaction in time
	Rejected        Phase = "REJECTED"         // started by a token that may not, or void by a person's word: nothing is owed
	Abnormal        Phase = "ABNORMAL"         // cannot be billed without a person
)

// Open reports whether the charge point may still send a StopTransaction that ends
// this phase.
func (p Phase) Open() bool {
	switch p {
	case Charging, Paused, OfflineRunning, Stopping, StopUnconfirmed:
		return true
	}
	return false
}

// Source is how a session was started.
type Source string

// The sources that exist so far.
const (
	ByRFID   Source = "RFID"
	ByPortal Source = "PORTAL"
	ByGuest  Source = "GUEST"   // paid on the spot, without an account
	Unknown  Source = "UNKNOWN" // adopted: it ran before we knew it
)

// Flag marks what a person should know of a record.
type Flag string

// The flags. Those of the rating (INTERPOLATED, NO_SAMPLES of BILL-R6) are in the bill.
const (
	FlagClock         Flag = "CLOCK"          // device time was corrected (BILL-R7)
	FlagUntimed       Flag = "UNTIMED"        // and cannot be trusted for time-based prices
	FlagRegisterBack  Flag = "REGISTER_BACK"  // the register stepped back (BILL-R1)
	FlagMeterBelow    Flag = "STOP_BELOW"     // meterStop < meterStart (BILL-R1)
	FlagOrphanStop    Flag = "ORPHAN_STOP"    // a stop that fits no session (BILL-R4)
	FlagMatched       Flag = "MATCHED"        // stop matched without its id (BILL-R4)
	FlagProvisional   Flag = "PROVISIONAL"    // closed by the system (BILL-R5)
	FlagAdopted       Flag = "ADOPTED"        // ran before we knew it (AUTH-R8)
	FlagMissingField  Flag = "MISSING_FIELD"  // the start lacked something (AUTH-R9)
	FlagDeniedEnergy  Flag = "DENIED_ENERGY"  // energy went to a token that may not (AUTH-R2)
	FlagLateSample    Flag = "LATE_SAMPLE"    // samples after the stop, not billed (behaviour 49)
	FlagOffline48h    Flag = "OFFLINE_48H"    // out of reach for two days
	FlagUnpriced      Flag = "UNPRICED"       // no plan resolved (PRICE-R2, BILL-R10)
	FlagLowBalance    Flag = "LOW_BALANCE"    // we stopped it before overdraft (BAL-R2)
	FlagMissingEnergy Flag = "MISSING_ENERGY" // the stop had no register
	FlagImplausible   Flag = "IMPLAUSIBLE"    // more energy than the connector can give in that time (BILL-R2)
	FlagLongEmpty     Flag = "LONG_EMPTY"     // long, and next to no energy (BILL-R3)
	FlagOverlap       Flag = "OVERLAP"        // another session on the connector at the same time (BILL-R16)
	FlagMeterBase     Flag = "METER_BASE"     // the start did not tell the register that ran (BILL-R18)
	FlagReviewed      Flag = "REVIEWED"       // a person has decided what it comes to
	FlagRefusedCard   Flag = "REFUSED_CARD"   // billed to the owner of a card that may not charge: it was offline (BILL-R9)
	FlagChargeFell    Flag = "CHARGE_FELL"    // the state of charge fell while energy flowed (BILL-R13)
	FlagRegisters     Flag = "REGISTERS"      // start and stop do not agree with the meter values (behaviour 56)
)

// Reading is what the meter said last, as the screens show it. A field that was
// never reported has its Has bit unset: an AC car has no state of charge.
type Reading struct {
	At      time.Time      `json:"at"`
	Current unit.MilliAmp  `json:"current_ma"` // highest phase
	Voltage unit.MilliVolt `json:"voltage_mv"` // mean of the phases reported
	Power   unit.W         `json:"power_w"`
	SoC     unit.Permille  `json:"soc_permille"`
	Has     ReadingHas     `json:"has"`
	Energy  unit.Wh        `json:"energy_wh"` // register as reported
	Context string         `json:"context,omitempty"`
}

// ReadingHas says which fields of a Reading were reported.
type ReadingHas uint8

// The bits of ReadingHas.
const (
	HasEnergy ReadingHas = 1 << iota
	HasPower
	HasCurrent
	HasVoltage
	HasSoC
)

// State is one session. The zero values mean "not yet".
type State struct {
	ID        ident.Session
	Rev       int64 // row version; every save compares it
	Operator  ident.Operator
	Sub       ident.SubOperator
	Site      ident.Site
	Point     ident.ChargePoint
	Connector int   // OCPP connectorId, ≥ 1; 0 where a flawed report named none
	OCPPID    int32 // transactionId, ours: > 0, unique per platform (behaviour 43)
	ForeignID int64 // the charge point's own transactionId of an adopted session

	Phase  Phase
	Source Source

	TokenUID   string // as presented; sealed in the store
	Token      ident.Token
	Driver     ident.Driver
	Wallet     ident.Account // zero: nobody pays (rejected, adopted, orphan)
	Plan       ident.Plan
	PlanNumber int // plan version of the snapshot (PRICE-R3)
	// Choice is why it is that plan. It is written with a new session; readers of a session
	// get it by Tx.ChoiceOf.
	Choice     tariff.Choice
	Currency   money.Currency
	Zone       string       // IANA zone of the site at the start: prices use it
	MaxPower   unit.W       // of the connector at the start
	HoldAmount money.Amount // what is held now, incl. extensions

	RequestedAt time.Time // remote start asked
	StartedAt   time.Time // corrected
	StartDevice time.Time // as the charge point wrote it
	StartEpoch  int64     // connection that brought the StartTransaction
	StartMsgID  string
	StartAnswer Decision // a repeated start gets the same (BILL-R8)
	MeterStart  unit.Wh

	EndedAt    time.Time // corrected time of the stop
	StopDevice time.Time
	MeterStop  unit.Wh
	RealStop   bool  // a StopTransaction was received
	StopID     int64 // the transactionId that it carried
	StopReason string
	ClosedBy   string // "charge_point", "system"

	Energy unit.Wh // cumulative, monotone
	Last   Reading
	Cost   money.Amount // running, gross
	// NewestAt is the newest device time among its samples: what is newer still is new.
	NewestAt time.Time

	Bill     *tariff.Bill
	BilledAt time.Time
	Captured money.Amount
	Debt     money.Amount // part of the capture that the balance did not cover
	Adjusted bool

	Flags []Flag
	DueAt time.Time // when Apply(Due) is next worth calling; zero: never

	Inner Inner
}

// Inner is what only the machine reads. A field that is added here is added to the
// list in running.go.
type Inner struct {
	Register     unit.Wh           `json:"register"`                // highest register of the present run of the meter
	LastAt       time.Time         `json:"last_at,omitzero"`        // time of the last sample counted
	Gap          time.Duration     `json:"gap,omitzero"`            // real distance of the last two samples
	SilentAt     time.Time         `json:"silent_at,omitzero"`      // server time at which a missing sample matters
	Running      tariff.Running    `json:"running"`                 // the fold behind Cost
	LowSince     time.Time         `json:"low_since,omitzero"`      // first sample below 100 W
	IdleFrom     time.Time         `json:"idle_from,omitzero"`      // the idle clock runs since
	Idle         []tariff.Interval `json:"idle,omitempty"`          // idle windows that ended
	PluggedUntil time.Time         `json:"plugged_until,omitzero"`  // last evidence that the cable is in
	Unplugged    time.Time         `json:"unplugged,omitzero"`      // evidence that it is out
	StopAskedAt  time.Time         `json:"stop_asked_at,omitzero"`  //
	StopCommand  ident.Command     `json:"stop_command,omitzero"`   //
	Resume       Phase             `json:"resume,omitempty"`        // phase before OFFLINE_RUNNING or STOPPING
	OfflineSince time.Time         `json:"offline_since,omitzero"`  //
	CloseFrom    time.Time         `json:"close_from,omitzero"`     // provisional close was first suspected
	CloseWhy     string            `json:"close_why,omitempty"`     //
	SafeCost     int64             `json:"safe_cost,omitzero"`      // minor units; cost before the register went wrong
	RefreshedAt  time.Time         `json:"refreshed_at,omitzero"`   // somebody waits for fresh meter values
	StopOnDenied time.Time         `json:"stop_on_denied,omitzero"` // last RemoteStop for a rejected session
	NoIdle       bool              `json:"no_idle,omitempty"`       // faulted, held back or out of reach: the idle clock stands
	HeardAt      time.Time         `json:"heard_at,omitzero"`       // server time of the last meter values, at first of the start
	StopAnswer   Decision          `json:"stop_answer,omitempty"`   // what the stop was answered of its card
	Forgotten    bool              `json:"forgotten,omitempty"`     // its stop is no longer guessed at
	Direct       bool              `json:"direct,omitempty"`        // the connector gives direct current
	Apart        bool              `json:"apart,omitempty"`         // meter values are of another register than the start
	Swapped      bool              `json:"swapped,omitempty"`       // and in the other unit than they say, Wh or kWh
	Before       unit.Wh           `json:"before,omitzero"`         // the connector's register before, where the start is below it
	RivalAt      time.Time         `json:"rival_at,omitzero"`       // another session began on the connector
	Base         bool              `json:"base,omitempty"`          // its start was suspect (BILL-R18) when its stop came
	ZeroCommand  ident.Command     `json:"zero_command,omitzero"`   // set a limit of 0, and is watched (behaviour 75)
	ZeroAt       time.Time         `json:"zero_at,omitzero"`        // since when
	ZeroFrom     time.Time         `json:"zero_from,omitzero"`      // of the reading that ZeroEnergy is of
	ZeroEnergy   unit.Wh           `json:"zero_energy,omitzero"`    // delivered until then, where no power is told
	TopSoC       unit.Permille     `json:"top_soc,omitzero"`        // highest state of charge that was told
	TopEnergy    unit.Wh           `json:"top_energy,omitzero"`     // delivered until then
}

// Has reports whether the session carries the flag.
func (s *State) Has(f Flag) bool {
	for _, x := range s.Flags {
		if x == f {
			return true
		}
	}
	return false
}

func (s *State) flag(f Flag) {
	if !s.Has(f) {
		s.Flags = append(s.Flags[:len(s.Flags):len(s.Flags)], f)
	}
}

func (s *State) unflag(f Flag) {
	s.Flags = slices.DeleteFunc(slices.Clone(s.Flags), func(x Flag) bool { return x == f })
}

// Suspect reports whether a flag stands in the way of billing without a person.
func (s *State) Suspect() bool {
	return !s.Has(FlagReviewed) && s.doubtful()
}

func (s *State) doubtful() bool {
	return s.misread() || s.Has(FlagMeterBase) || s.Has(FlagLongEmpty) || s.Has(FlagOverlap) ||
		s.Has(FlagOrphanStop) || s.Has(FlagAdopted) || s.Has(FlagUnpriced) || s.Has(FlagMissingEnergy)
}

// Live reports whether a report may still change the session.
func (s *State) Live() bool {
	switch s.Phase {
	case Starting, Idle:
		return true
	case FailedToStart:
		return false
	}
	return !s.RealStop && !s.Inner.Forgotten && (s.Phase.Open() || s.Phase == Rejected || s.Has(FlagProvisional) || s.Has(FlagAdopted) || s.Has(FlagOffline48h))
}

// Runs reports whether the session counts against its token's sessions at once
// (AUTH-R3): one that the system holds stale does not.
func (s *State) Runs() bool {
	return (s.Phase.Open() || s.Phase == Starting) && s.Inner.CloseFrom.IsZero()
}

// RecordState is the word of the charging record (product §3.4.4).
type RecordState string

// The states of a record that sessions reach.
const (
	RecordRunning   RecordState = "RUNNING"
	RecordSettling  RecordState = "SETTLING"
	RecordCompleted RecordState = "COMPLETED"
	RecordUnpaid    RecordState = "UNPAID"
	RecordAbnormal  RecordState = "ABNORMAL"
	RecordAdjusted  RecordState = "ADJUSTED"
	RecordVoid      RecordState = "VOID"
)

// RecordStates are all of them, in the order of a session's life.
var RecordStates = []RecordState{RecordRunning, RecordSettling, RecordCompleted, RecordUnpaid, RecordAdjusted, RecordAbnormal, RecordVoid}

// RecordState is the session's. The list of records selects by the same conditions
// (store, recordWhere).
func (s *State) RecordState() RecordState {
	switch {
	case s.Phase == Abnormal:
		return RecordAbnormal
	case s.Phase == Rejected, s.Phase == FailedToStart:
		return RecordVoid
	case s.Phase == Idle:
		return RecordSettling
	case s.Phase != Completed:
		return RecordRunning
	case s.Debt.Minor > 0:
		return RecordUnpaid
	case s.Adjusted:
		return RecordAdjusted
	}
	return RecordCompleted
}
