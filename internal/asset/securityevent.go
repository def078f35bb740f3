package asset

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// SecurityKind is what a security event is about: the device's word (OCPP 1.6 security
// whitepaper §5), or one of ours.
type SecurityKind string

// The kinds that the server itself notices. Those that the whitepaper has too bear its
// name.
const (
	KindWrongKey       SecurityKind = "FailedToAuthenticate"
	KindBadCertificate SecurityKind = "InvalidChargePointCertificate"
	KindBadRequest     SecurityKind = "InvalidCertificateRequest"
	KindProfileNotMet  SecurityKind = "SecurityProfileNotMet"
	KindRolledBack     SecurityKind = "SecurityChangeRolledBack"
	KindChanged        SecurityKind = "ReconfigurationOfSecurityParameters"
	KindIssued         SecurityKind = "CertificateIssued"
	KindNotTaken       SecurityKind = "CertificateNotTaken"
	KindRevoked        SecurityKind = "CertificateRevoked"
)

// SecuritySource is who noticed.
type SecuritySource string

// The sources.
const (
	FromPoint  SecuritySource = "charge_point"
	FromServer SecuritySource = "server"
)

// critical are the kinds that somebody should look at: those that the whitepaper calls
// critical, and of ours those that keep a charge point from working.
var critical = map[SecuritySource]map[SecurityKind]bool{
	FromPoint: {
		"FirmwareUpdated": true, "SettingSystemTime": true, "StartupOfTheDevice": true, "ResetOrReboot": true,
		"SecurityLogWasCleared": true, "MemoryExhaustion": true, "TamperDetectionActivated": true,
		"MaintenanceLoginAccepted": true, "MaintenanceLoginFailed": true,
	},
	FromServer: {
		KindWrongKey: true, KindBadCertificate: true, KindBadRequest: true, KindProfileNotMet: true, KindRolledBack: true, KindNotTaken: true,
	},
}

// SecurityEvent is something that touches the security of a charge point.
type SecurityEvent struct {
	ID         ident.SecurityEvent
	Operator   ident.Operator
	Sub        ident.SubOperator
	Point      ident.ChargePoint
	Source     SecuritySource
	Kind       SecurityKind
	Critical   bool
	At         time.Time // when it happened, by the device's corrected clock
	ReceivedAt time.Time
	Detail     string // the device's words, or ours
}

// FactSecurity is that a security event was noted.
const FactSecurity fact.Kind = "charge_point.security_event"

// SecurityNoted is the payload of FactSecurity.
type SecurityNoted struct {
	Point    ident.ChargePoint `json:"charge_point_id"`
	Source   SecuritySource    `json:"source"`
	Kind     SecurityKind      `json:"kind"`
	Critical bool              `json:"critical"`
}

// noteSecurity keeps an event that we noticed.
func noteSecurity(tx Tx, p ChargePoint, k SecurityKind, detail string) error {
	return keepSecurity(tx, SecurityEvent{Operator: p.Operator, Sub: p.Sub, Point: p.ID, Source: FromServer, Kind: k, At: tx.Now(), ReceivedAt: tx.Now(), Detail: detail})
}

func keepSecurity(tx Tx, e SecurityEvent) error {
	e.ID, e.Detail = ident.New[ident.SecurityEvent](tx.Now()), cut(e.Detail)
	e.Critical = critical[e.Source][e.Kind]
	fresh, err := tx.InsertSecurityEvent(e)
	if err != nil || !fresh {
		return err
	}
	return tx.Record(fact.Fact{Kind: FactSecurity, Version: 1, Operator: e.Operator, Sub: e.Sub, Object: e.Point.String(), At: e.At,
		Payload: SecurityNoted{Point: e.Point, Source: e.Source, Kind: e.Kind, Critical: e.Critical}})
}

// SecurityReport is what a device tells of its security.
type SecurityReport struct {
	Point      ident.ChargePoint
	Epoch      int64
	Kind       string
	Detail     string
	At         time.Time // as the device says; zero: it does not
	ReceivedAt time.Time
}

// TakeSecurity keeps what a device tells; told again it changes nothing.
func (s *Service) TakeSecurity(ctx context.Context, sc authz.Scope, r SecurityReport) error {
	return s.write(ctx, sc, func(tx Tx) error {
		if err := CheckEpoch(tx, r.Point, r.Epoch); err != nil {
			return err
		}
		p, err := tx.PointByID(r.Point)
		if err != nil {
			return err
		}
		at := r.At
		if !at.IsZero() {
			at = at.Add(-p.ClockOffset)
		}
		// A device tells of the past, before it had the time perhaps (behaviours 30, 31);
		// nothing happened later than we heard of it.
		if at.Year() < 2000 || at.After(r.ReceivedAt) {
			at = r.ReceivedAt
		}
		kind := cut(r.Kind)
		if kind == "" {
			kind = "Unknown"
		}
		return keepSecurity(tx, SecurityEvent{Operator: p.Operator, Sub: p.Sub, Point: p.ID, Source: FromPoint, Kind: SecurityKind(kind),
			At: at, ReceivedAt: r.ReceivedAt, Detail: r.Detail})
	})
}

// SecurityFilter narrows a list of security events; zero fields do not narrow.
type SecurityFilter struct {
	Point    ident.ChargePoint
	Kind     SecurityKind
	Source   SecuritySource
	Critical bool // only those
	From, To time.Time
}

// SecurityRow is an event with the names that a list shows.
type SecurityRow struct {
	SecurityEvent
	PointName string
	SiteName  string
	SiteZone  string
}

// SecurityEvents lists events, by default the newest first.
func (s *Service) SecurityEvents(ctx context.Context, sc authz.Scope, f SecurityFilter, p operator.Page) (operator.List[SecurityRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[SecurityRow], error) { return tx.ListSecurityEvents(f, p) })
}
