package v16

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/session"
	"ccms/internal/upkeep"
)

// Link is one connection of a charge point, as its messages are translated.
type Link struct {
	Sessions  *session.Service
	Assets    *asset.Service
	Files     *upkeep.Service // what travels beside the socket
	Point     ident.ChargePoint
	Scope     authz.Scope
	Epoch     int64
	Heartbeat time.Duration // told in BootNotification.conf
	Now       func() time.Time
	// Booted hears that a boot was accepted, and what the device is, before its
	// answer goes out.
	Booted func(asset.BootReport)
	// Flawed hears what the decoder had to tolerate.
	Flawed func(flaws []string)
	// Replaced hears that a newer connection has taken over.
	Replaced func()
	// Foreign hears that the device speaks another version than its connection does.
	Foreign func(why string)
	// Failed hears of an error that is ours, with the action it hit.
	Failed func(action string, err error)

	cache session.Cache
}

// inbound is what a charge point may send and we act on. The rest of 1.6 is known,
// and answered NotSupported. A handler without an answer of its own gives nil: {}.
func inbound(a Action) func(*Link, context.Context, rpc.Call) (Message, error) {
	switch a {
	case ActionAuthorize:
		return (*Link).authorize
	case ActionBootNotification:
		return (*Link).boot
	case ActionDataTransfer:
		return (*Link).dataTransfer
	case ActionDiagnosticsStatusNotification:
		return (*Link).diagnosticsStatus
	case ActionFirmwareStatusNotification:
		return (*Link).firmwareStatus
	case ActionHeartbeat:
		return (*Link).heartbeat
	case ActionLogStatusNotification:
		return (*Link).logStatus
	case ActionMeterValues:
		return (*Link).meterValues
	case ActionSecurityEventNotification:
		return (*Link).securityEvent
	case ActionSignCertificate:
		return (*Link).signCertificate
	case ActionSignedFirmwareStatusNotification:
		return (*Link).signedFirmwareStatus
	case ActionStartTransaction:
		return (*Link).start
	case ActionStatusNotification:
		return (*Link).status
	case ActionStopTransaction:
		return (*Link).stop
	}
	return nil
}

// Carried reports whether money hangs on an action: its answer is never a CALLERROR
// (AUTH-R9), and the frame is kept in the commit that acts on it.
func Carried(action string) bool {
	switch Action(action) {
	case ActionStartTransaction, ActionMeterValues, ActionStopTransaction:
		return true
	}
	return false
}

// Quick reports whether an action is answered from memory alone.
func Quick(action string) bool { return Action(action) == ActionHeartbeat }

// answerRoom is the room that an answer is given to begin with.
const answerRoom = 64

// emptyObject is never written to.
var emptyObject = []byte("{}")

// Handle answers one CALL; it is an rpc.Handler. What could not be stored is not
// answered at all: the charge point sends it again.
func (l *Link) Handle(ctx context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
	a := Action(c.Action)
	h := inbound(a)
	switch {
	case h != nil:
	case a.Known():
		return nil, rpc.CallErrorNotSupported(c.Action)
	default:
		if later[c.Action] {
			l.foreign(c.Action)
		}
		return nil, rpc.CallErrorNotImplemented(c.Action)
	}
	m, err := h(l, ctx, c)
	switch {
	case err == nil && m == nil:
		return emptyObject, nil
	case err == nil:
		return m.AppendJSON(make([]byte, 0, answerRoom)), nil
	}
	f := fault.Of(err)
	switch {
	case f.Code == asset.StaleConnection.Code:
		l.Replaced()
		return nil, rpc.Unavailable
	case f.Kind == fault.Unavailable || f.Kind == fault.Conflict || Carried(c.Action):
		l.Failed(c.Action, err)
		return nil, rpc.Unavailable
	case errors.Is(err, decode.ErrNotObject):
		return nil, rpc.CallErrorFormation("the payload is no object")
	case f.Kind == fault.Invalid: // theirs; the journal has the frame
		what := f.Detail
		if len(f.Fields) > 0 {
			what = f.Fields[0].Pointer + " " + f.Fields[0].Detail
		}
		return nil, rpc.CallErrorProperty(what)
	}
	l.Failed(c.Action, err)
	return nil, rpc.CallErrorInternal()
}

// later are actions that only later versions have, and that a device of those sends first
// (behaviour 3).
var later = map[string]bool{"TransactionEvent": true, "NotifyReport": true, "NotifyEvent": true, "NotifyMonitoringReport": true}

func (l *Link) foreign(why string) {
	if l.Foreign != nil {
		l.Foreign(why)
	}
}

// maxConnector is the highest number that a connector has with us. What a report that
// carries money says beyond it names none.
const maxConnector = 64

func connector(n int64) int {
	if n < 0 || n > maxConnector {
		return 0
	}
	return int(n)
}

// Clean takes out of a text what no database takes, and cuts it to what a person reads.
func Clean(s string) string {
	const longest = 255
	if plain(s) && len(s) <= longest {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, s[:min(len(s), longest)])
}

// plain reports whether s is of printable ASCII alone.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func (l *Link) report(c rpc.Call, f decode.Flaws) session.Report {
	r := session.Report{Point: l.Point, Epoch: l.Epoch, ReceivedAt: c.At, MessageID: Clean(c.ID), Raw: c.Raw, Cache: &l.cache}
	for _, x := range f.List {
		r.Flaws = append(r.Flaws, Clean(x.String()))
	}
	if len(r.Flaws) > 0 && l.Flawed != nil {
		l.Flawed(r.Flaws)
	}
	return r
}

func stamp(t decode.Time) session.Stamp {
	return session.Stamp{At: t.At, Zoneless: t.Flaw&decode.NoZone != 0}
}

// lacks reports whether a required field did not arrive as a value.
func lacks(f decode.Flaws, pointer string) bool {
	return f.Has(decode.NotObject) || f.At(decode.Missing, pointer) || f.At(decode.BadValue, pointer)
}

func (l *Link) boot(ctx context.Context, c rpc.Call) (Message, error) {
	m, f, err := DecodeBootNotificationReq(c.Payload)
	if err != nil {
		return nil, err
	}
	if f.At(decode.UnknownField, "/chargingStation") {
		l.foreign("chargingStation in BootNotification")
	}
	r := bootReport(&m, c.At)
	r.Point = l.Point
	if err := l.Sessions.Boot(ctx, l.Scope, l.report(c, f), r); err != nil {
		return nil, err
	}
	l.Booted(r)
	return &BootNotificationConf{
		Status: RegistrationStatusAccepted, CurrentTime: decode.TimeOf(l.Now()), Interval: int64(l.Heartbeat / time.Second),
	}, nil
}

// heartbeat writes nothing before its answer.
func (l *Link) heartbeat(context.Context, rpc.Call) (Message, error) {
	return &HeartbeatConf{CurrentTime: decode.TimeOf(l.Now())}, nil
}

func (l *Link) authorize(ctx context.Context, c rpc.Call) (Message, error) {
	m, f, err := DecodeAuthorizeReq(c.Payload)
	if err != nil {
		return nil, err
	}
	d, err := l.Sessions.Authorize(ctx, l.Scope, session.AuthorizeReport{Report: l.report(c, f), Token: m.IDTag})
	if err != nil {
		return nil, err
	}
	return &AuthorizeConf{IDTagInfo: IDTagInfo{Status: AuthorizationStatus(d.Status), ParentIDTag: d.Parent}}, nil
}

func (l *Link) status(ctx context.Context, c rpc.Call) (Message, error) {
	m, f, err := DecodeStatusNotificationReq(c.Payload)
	if err != nil {
		return nil, err
	}
	st := asset.ConnectorStatus(m.Status)
	if !st.Known() {
		st = asset.Unknown
	}
	err = l.Sessions.Status(ctx, l.Scope, session.StatusReport{
		Report: l.report(c, f), Connector: int(m.ConnectorID), Status: st, ErrorCode: string(m.ErrorCode), Info: m.Info,
		VendorErrorCode: m.VendorErrorCode, Stamp: stamp(m.Timestamp),
	})
	return nil, err
}

func (l *Link) start(ctx context.Context, c rpc.Call) (Message, error) {
	m, f, _ := DecodeStartTransactionReq(c.Payload) // what is no object lacks everything
	ans, err := l.Sessions.Start(ctx, l.Scope, session.StartReport{
		Report: l.report(c, f), Connector: connector(m.ConnectorID), Token: m.IDTag, Register: wh(m.MeterStart),
		HasRegister: !lacks(f, "/meterStart"), Stamp: stamp(m.Timestamp), Incomplete: lacks(f, "/timestamp"),
		Reservation: m.ReservationID.Or(0),
	})
	if err != nil {
		return nil, err
	}
	return &StartTransactionConf{TransactionID: int64(ans.OCPPID),
		IDTagInfo: IDTagInfo{Status: AuthorizationStatus(ans.Status), ParentIDTag: ans.Parent}}, nil
}

func (l *Link) meterValues(ctx context.Context, c rpc.Call) (Message, error) {
	r := session.MeterReport{Report: l.report(c, decode.Flaws{})}
	if !quickMeterValues(c.Payload, &r) {
		m, f, _ := DecodeMeterValuesReq(c.Payload)
		samples, bad := readSamples(m.MeterValue)
		r = session.MeterReport{Report: l.report(c, f), Connector: connector(m.ConnectorID), OCPPID: m.TransactionID.Or(0),
			Samples: samples}
		r.Flaws = append(r.Flaws, bad...)
	}
	return nil, l.Sessions.Meter(ctx, l.Scope, r)
}

func (l *Link) stop(ctx context.Context, c rpc.Call) (Message, error) {
	m, f, _ := DecodeStopTransactionReq(c.Payload)
	samples, bad := readSamples(m.TransactionData)
	samples = inTransactionData(samples)
	r := session.StopReport{Report: l.report(c, f), OCPPID: m.TransactionID, Token: m.IDTag, Register: wh(m.MeterStop),
		HasRegister: !lacks(f, "/meterStop"), Stamp: stamp(m.Timestamp), Reason: Clean(string(m.Reason)), Samples: samples}
	r.Flaws = append(r.Flaws, bad...)
	ans, err := l.Sessions.Stop(ctx, l.Scope, r)
	if err != nil {
		return nil, err
	}
	conf := &StopTransactionConf{}
	if ans.HasToken {
		conf.IDTagInfo = &IDTagInfo{Status: AuthorizationStatus(ans.Status)}
	}
	return conf, nil
}
