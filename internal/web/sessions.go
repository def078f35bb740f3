package web

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// Session is one charge, as lists and the live screen show it. Money is absent
// without the permission finance.read.
type Session struct {
	ID                ident.Session         `json:"id"`
	TransactionID     string                `json:"transaction_id" doc:"The number people read out."`
	OCPPTransactionID int64                 `json:"ocpp_transaction_id,omitempty" doc:"The number the charge point knows."`
	SiteID            ident.Site            `json:"site_id"`
	SiteName          string                `json:"site_name"`
	ChargePointID     ident.ChargePoint     `json:"charge_point_id"`
	ChargePointName   string                `json:"charge_point_name"`
	Connector         int                   `json:"connector,omitempty"`
	State             string                `json:"state" enum:"STARTING,CHARGING,PAUSED,OFFLINE_RUNNING,STOPPING,STOP_UNCONFIRMED,IDLE,COMPLETED,FAILED_TO_START,REJECTED,ABNORMAL" doc:"Where the session stands."`
	RecordState       string                `json:"record_state" enum:"RUNNING,SETTLING,COMPLETED,UNPAID,ABNORMAL,ADJUSTED,FREE,VOID" doc:"The word of the charging record."`
	User              string                `json:"user,omitempty" doc:"The driver's name."`
	Mobile            string                `json:"mobile,omitempty" doc:"The driver's mobile number, else the login."`
	DriverID          ident.Driver          `json:"driver_id,omitzero"`
	EVType            string                `json:"ev_type,omitempty"`
	StartedAt         time.Time             `json:"started_at" doc:"Of a session that has not started: when it was asked for."`
	EndedAt           time.Time             `json:"ended_at,omitzero"`
	Energy            unit.Wh               `json:"energy_wh"`
	Duration          int64                 `json:"duration_s" doc:"To the end, or to the last news of a session that runs."`
	Current           *unit.MilliAmp        `json:"current_ma,omitempty" doc:"Of the highest phase."`
	Voltage           *unit.MilliVolt       `json:"voltage_mv,omitempty"`
	Power             *unit.W               `json:"power_w,omitempty"`
	SoC               *unit.Permille        `json:"soc_permille,omitempty" doc:"State of charge."`
	SampleAt          time.Time             `json:"sample_at,omitzero" doc:"When the meter said so."`
	ConnectorStatus   asset.ConnectorStatus `json:"connector_status,omitempty"`
	Online            bool                  `json:"online" doc:"The charge point is connected."`
	Cost              *Money                `json:"cost,omitempty" doc:"So far, with tax."`
	Total             *Money                `json:"total,omitempty" doc:"Of the bill, with tax; absent until there is one."`
	Currency          money.Currency        `json:"currency,omitempty"`
	Abnormal          bool                  `json:"abnormal" doc:"A person must look at it."`
	Flags             []string              `json:"flags" doc:"What a person should know of the record."`
	StopReason        string                `json:"stop_reason,omitempty"`
	TimeZone          string                `json:"time_zone,omitempty" doc:"Of the site."`
	CanStop           bool                  `json:"can_stop" doc:"POST …/stop makes sense now."`
	Masked            bool                  `json:"masked"`
	Version           int64                 `json:"version"`
}

// SessionDetail is a session with its bill.
type SessionDetail struct {
	Session
	SiteAddress     string           `json:"site_address,omitempty"`
	Account         string           `json:"account,omitempty" doc:"The driver's login."`
	ChargingAccount string           `json:"charging_account,omitempty"`
	TokenUID        string           `json:"token_uid,omitempty"`
	Source          string           `json:"source,omitempty" enum:"RFID,PORTAL,UNKNOWN" doc:"How it was started."`
	MeterStart      unit.Wh          `json:"meter_start_wh"`
	MeterStop       *unit.Wh         `json:"meter_stop_wh,omitempty"`
	Plan            *SessionPlan     `json:"plan,omitempty"`
	Hold            *Money           `json:"hold,omitempty"`
	Bill            *Bill            `json:"bill,omitempty"`
	Captured        *Money           `json:"captured,omitempty"`
	Debt            *Money           `json:"debt,omitempty" doc:"What the balance did not cover."`
	Attempts        []SessionAttempt `json:"attempts" doc:"Tries to start that belong to it."`
	Close           *SessionClose    `json:"close,omitempty"`
}

// SessionPlan is the price that was frozen at the start.
type SessionPlan struct {
	ID          ident.Plan `json:"id"`
	Name        string     `json:"name"`
	PlanVersion int        `json:"plan_version"`
}

// SessionAttempt is one try to start.
type SessionAttempt struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind" example:"authorize"`
	Decision string    `json:"decision" example:"Accepted"`
	Reason   string    `json:"reason" doc:"One sentence that can be read out."`
}

// SessionClose says who ended it.
type SessionClose struct {
	By          string `json:"by" enum:"charge_point,system"`
	Provisional bool   `json:"provisional" doc:"Closed without a stop of the charge point; a late one corrects it."`
}

// Bill is the price of a session, line by line.
type Bill struct {
	Lines       []BillLine `json:"lines"`
	TaxIncluded bool       `json:"tax_included" doc:"Amounts of lines contain the tax."`
	Net         Money      `json:"net"`
	Taxes       []BillTax  `json:"taxes"`
	Total       Money      `json:"total"`
	Flags       []string   `json:"flags"`
	Explanation []string   `json:"explanation" doc:"How the total came about, a sentence each."`
}

// BillLine is one line.
type BillLine struct {
	Kind      string        `json:"kind" enum:"ELECTRICITY,SERVICE,START,IDLE"`
	Label     string        `json:"label,omitempty" doc:"The band; absent: always."`
	Quantity  string        `json:"quantity" doc:"Decimal, in unit." example:"18.437"`
	Unit      string        `json:"unit" enum:"kWh,min,×1"`
	UnitPrice money.Rate    `json:"unit_price"`
	Amount    Money         `json:"amount" doc:"Net, or with tax where tax_included."`
	VAT       unit.Permille `json:"vat_permille"`
	Capped    bool          `json:"capped,omitempty"`
	Segments  []BillSegment `json:"segments"`
}

// BillSegment is a stretch of time that a line charges for.
type BillSegment struct {
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	Quantity     string    `json:"quantity" doc:"Decimal, in the line's unit."`
	Why          string    `json:"why"`
	Interpolated bool      `json:"interpolated,omitempty"`
}

// BillTax is what one rate adds.
type BillTax struct {
	VAT unit.Permille `json:"vat_permille"`
	Net Money         `json:"net"`
	Tax Money         `json:"tax"`
}
