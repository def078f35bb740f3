package web

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/unit"
)

// Frame is one OCPP frame of a session's timeline.
type Frame struct {
	At         time.Time       `json:"at,omitzero" doc:"The device's time where the frame carries one."`
	ReceivedAt time.Time       `json:"received_at"`
	Direction  string          `json:"direction" enum:"in,out" doc:"in: from the charge point."`
	Action     string          `json:"action"`
	MessageID  string          `json:"message_id"`
	Payload    json.RawMessage `json:"payload" doc:"Tokens are covered without the permission pii.view."`
	Flaws      []string        `json:"flaws"`
}

// Frames is a timeline.
type Frames struct {
	Items []Frame `json:"items"`
}

// Sample is one point of the meter chart.
type Sample struct {
	At      time.Time       `json:"at"`
	Energy  *unit.Wh        `json:"energy_wh,omitempty" doc:"The register as reported."`
	Power   *unit.W         `json:"power_w,omitempty"`
	Current *unit.MilliAmp  `json:"current_ma,omitempty"`
	Voltage *unit.MilliVolt `json:"voltage_mv,omitempty"`
	SoC     *unit.Permille  `json:"soc_permille,omitempty"`
	Context string          `json:"context,omitempty"`
}

// Samples is a meter chart.
type Samples struct {
	Items []Sample `json:"items"`
}

// Attempt is one try to start, with the reason in words.
type Attempt struct {
	ID            ident.Attempt     `json:"id"`
	At            time.Time         `json:"at"`
	SiteID        ident.Site        `json:"site_id,omitzero"`
	SiteName      string            `json:"site_name,omitempty"`
	TimeZone      string            `json:"time_zone,omitempty" doc:"Of the site."`
	ChargePointID ident.ChargePoint `json:"charge_point_id"`
	PointName     string            `json:"charge_point_name,omitempty" doc:"Absent where the charge point was removed since."`
	Connector     int               `json:"connector,omitempty"`
	Kind          string            `json:"kind" enum:"authorize,start,remote_start"`
	TokenUID      string            `json:"token_uid,omitempty" export:"pii"`
	DriverID      ident.Driver      `json:"driver_id,omitzero"`
	SessionID     ident.Session     `json:"session_id,omitzero"`
	Decision      string            `json:"decision" enum:"Accepted,Blocked,Expired,Invalid,ConcurrentTx"`
	Reason        string            `json:"reason"`
}

type timelineInput struct {
	SessionPath
	Limit int `query:"limit" minimum:"1" maximum:"5000" default:"1000"`
}

type framesOutput struct{ Body Frames }

func (h *handlers) sessionFrames(ctx context.Context, in *timelineInput) (*framesOutput, error) {
	c := callerOf(ctx)
	fs, err := h.svc.Session.Frames(ctx, c.Scope, in.ID, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &framesOutput{Body: Frames{Items: make([]Frame, 0, len(fs))}}
	for _, f := range fs {
		out.Body.Items = append(out.Body.Items, frameOf(f, hiddenFrom(c)))
	}
	return out, nil
}

// hidden is what of a frame somebody may not see.
type hidden struct{ persons, secrets, keys bool }

func hiddenFrom(c operator.Caller) hidden {
	return hidden{persons: !c.May(authz.PIIView), secrets: !c.May(authz.LiveConfigure), keys: !c.May(authz.SecurityWrite)}
}

func frameOf(f session.Frame, h hidden) Frame {
	frame := Frame{At: at(f.At), ReceivedAt: at(f.ReceivedAt), Direction: "out", Action: f.Action, MessageID: f.MessageID,
		Payload: payload(f.Payload, h), Flaws: f.Flaws}
	if f.Inbound {
		frame.Direction = "in"
	}
	if frame.Flaws == nil {
		frame.Flaws = []string{}
	}
	return frame
}

// payload is the frame's JSON as received, or as text where it is none. Without
// pii.view the tokens in it are covered, without live.configure the settings that open
// something, without security.write the charge point's key, and the addresses of files of
// everybody; then its fields stand in another order.
func payload(raw []byte, h hidden) json.RawMessage {
	if !json.Valid(raw) {
		if h != (hidden{}) {
			return json.RawMessage("null") // nobody knows where in it a token stands
		}
		text, _ := json.Marshal(string(raw))
		return text
	}
	if h == (hidden{}) && !opensSomething(raw) {
		return raw
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // registers keep their digits
	var v any
	if dec.Decode(&v) != nil {
		return json.RawMessage("null")
	}
	covered, err := json.Marshal(h.cover(v))
	if err != nil {
		return json.RawMessage("null")
	}
	return covered
}

// Whom a frame shows these, it would give them: the address of a file has the credentials
// that open it, and with the key of a charge point one is the charge point.
var (
	addresses = []string{"location", "remoteLocation"} // of GetDiagnostics and UpdateFirmware; of GetLog
	ownKey    = "AuthorizationKey"
)

// opensSomething reports whether a frame may hold one of them. A meter value has a location,
// too, which is no address.
func opensSomething(raw []byte) bool {
	return bytes.Contains(raw, []byte("://")) || bytes.Contains(bytes.ToLower(raw), []byte("authorizationkey"))
}

// cover replaces in OCPP 1.6 frames what identifies a person, the values of settings that
// open something, and the addresses of files.
func (h hidden) cover(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch s, text := x.(string); {
			case text && h.persons && (k == "idTag" || k == "parentIdTag" || k == "data"):
				v[k] = member.MaskAccount(s)
			case text && slices.Contains(addresses, k) && strings.Contains(s, "://"):
				v[k] = covered
			default:
				v[k] = h.cover(x)
			}
		}
		name, ok := v["key"].(string)
		if ok && v["value"] != nil && (h.keys && strings.EqualFold(name, ownKey) || h.secrets && asset.SecretKey(name)) {
			v["value"] = covered
		}
	case []any:
		for i, x := range v {
			v[i] = h.cover(x)
		}
	}
	return v
}

type samplesOutput struct{ Body Samples }

func (h *handlers) sessionSamples(ctx context.Context, in *timelineInput) (*samplesOutput, error) {
	ss, err := h.svc.Session.Samples(ctx, scopeOf(ctx), in.ID, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &samplesOutput{Body: Samples{Items: make([]Sample, 0, len(ss))}}
	for _, s := range ss {
		has := func(b session.ReadingHas) bool { return s.Has&b != 0 }
		out.Body.Items = append(out.Body.Items, Sample{At: at(s.At), Energy: some(s.Energy, has(session.HasEnergy)), Power: some(s.Power, has(session.HasPower)),
			Current: some(s.Current, has(session.HasCurrent)), Voltage: some(s.Voltage, has(session.HasVoltage)), SoC: some(s.SoC, has(session.HasSoC)), Context: s.Context})
	}
	return out, nil
}

type attemptsInput struct {
	Paging
	ChargePointID ident.ChargePoint `query:"charge_point_id"`
	Point         string            `query:"point" maxLength:"100" doc:"How a word of the charge point's name begins."`
	SessionID     ident.Session     `query:"session_id"`
	Decision      string            `query:"decision" maxLength:"80" doc:"refused (all but Accepted), or decisions with commas between." example:"refused"`
	Q             string            `query:"q" maxLength:"80" doc:"The card's UID in any spelling."`
	From          time.Time         `query:"from" doc:"At or after."`
	To            time.Time         `query:"to" doc:"Before."`
}

func (h *handlers) listAttempts(ctx context.Context, in *attemptsInput) (*found[Attempt], error) {
	c := callerOf(ctx)
	decisions, err := decisionsOf(in.Decision)
	if err != nil {
		return nil, err
	}
	l, err := h.svc.Session.Attempts(ctx, c.Scope, session.AttemptFilter{Point: in.ChargePointID, PointName: in.Point, Decisions: decisions, Session: in.SessionID, TokenUID: in.Q, From: in.From, To: in.To}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(a session.AttemptRow) Attempt {
		out := Attempt{ID: a.ID, At: at(a.At), SiteID: a.Site, SiteName: a.SiteName, TimeZone: a.TimeZone, ChargePointID: a.Point, PointName: a.PointName, Connector: a.Connector, Kind: a.Kind, TokenUID: a.TokenUID,
			DriverID: a.Driver, SessionID: a.Session, Decision: string(a.Decision), Reason: a.Reason}
		if !c.May(authz.PIIView) {
			out.TokenUID = member.MaskAccount(out.TokenUID)
		}
		return out
	}), nil
}

var decisions = []session.Decision{session.Accepted, session.Blocked, session.Expired, session.Invalid, session.Concurrent}

func decisionsOf(text string) (out []session.Decision, err error) {
	for word := range strings.SplitSeq(text, ",") {
		switch d := session.Decision(word); {
		case word == "":
		case word == "refused":
			out = append(out, decisions[1:]...)
		case slices.Contains(decisions, d):
			out = append(out, d)
		default:
			return nil, fault.BadInput("/query/decision", "must be refused, Accepted, Blocked, Expired, Invalid or ConcurrentTx")
		}
	}
	return out, nil
}
