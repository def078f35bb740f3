package web

import (
	"context"
	"maps"
	"slices"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// Model is what is known of a vendor's model of charge point with a firmware.
type Model struct {
	ID        ident.Model `json:"id"`
	Vendor    string      `json:"vendor"`
	Model     string      `json:"model"`
	Firmware  string      `json:"firmware" doc:"A version, the begin of one with * behind it, or * for all." example:"1.4*"`
	Quirks    ModelQuirks `json:"quirks" doc:"What staff say; it counts before what was learned." export:"-"`
	Learned   []ModelFact `json:"learned" doc:"What its answers, its silence and its messages have told." export:"-"`
	LearnedAt time.Time   `json:"learned_at,omitzero"`
	Note      string      `json:"note,omitempty"`
	Version   int64       `json:"version" export:"-"`
}

// ModelQuirks are what staff say of a model; what is absent is not said.
type ModelQuirks struct {
	NeverProbe   *bool             `json:"never_probe,omitempty" doc:"It restarts or hangs up when it is asked for its settings: it is never asked."`
	StackZero    *bool             `json:"stack_level_zero,omitempty" doc:"Its charging profiles have the stack level 0."`
	ProfileKind  asset.ProfileKind `json:"profile_kind,omitempty" enum:"absolute,relative" doc:"The only kind of charging profile that it takes."`
	RateUnit     asset.RateUnit    `json:"rate_unit,omitempty" enum:"A,W" doc:"The only unit of limits that it takes."`
	ConnectorOne *bool             `json:"profile_connector_one,omitempty" doc:"It takes no charging profile for the whole charge point; connector 1 gets it."`
	ZeroIgnored  *bool             `json:"zero_limit_ignored,omitempty" doc:"It goes on charging at a limit of 0: charging profiles with one are refused."`
	Actions      map[string]bool   `json:"actions,omitempty" doc:"Commands by their type, and whether it can do them; trigger_message with a colon and the message." example:"{\"change_availability\":false}"`
	Keys         map[string]bool   `json:"keys,omitempty" doc:"Settings, and whether it has them."`
}

func (q ModelQuirks) quirks() asset.Quirks {
	return asset.Quirks{NeverProbe: q.NeverProbe, StackZero: q.StackZero, ProfileKind: q.ProfileKind, RateUnit: q.RateUnit,
		ConnectorOne: q.ConnectorOne, ZeroIgnored: q.ZeroIgnored, Actions: q.Actions, Keys: q.Keys}
}

// ModelFact is one thing that was learned of a model.
type ModelFact struct {
	Kind          string            `json:"kind" enum:"action,key,effect,profile,unanswered,flaw" doc:"action, key: it says that it has no such command or setting. effect: it accepts this and does not do it; zero_limit_ignored is a limit of 0. profile: a refused charging profile passed in this form. unanswered: it left this message unanswered in a row. flaw: what its messages have wrong."`
	Subject       string            `json:"subject"`
	Times         int               `json:"times"`
	FirstAt       time.Time         `json:"first_at"`
	LastAt        time.Time         `json:"last_at"`
	ChargePointID ident.ChargePoint `json:"charge_point_id,omitzero" doc:"Where it was seen last."`
	CountsFor     string            `json:"counts_for" enum:"charge_point,model" doc:"charge_point: action, key and effect that one charge point alone has shown. They count for it, and for the model when a second one shows the same."`
}

func modelOf(m asset.Model) Model {
	out := Model{ID: m.ID, Vendor: m.Vendor, Model: m.Name, Firmware: m.Firmware, LearnedAt: at(m.LearnedAt), Note: m.Note, Version: m.Version, Learned: []ModelFact{},
		Quirks: ModelQuirks{NeverProbe: m.Quirks.NeverProbe, StackZero: m.Quirks.StackZero, ProfileKind: m.Quirks.ProfileKind, RateUnit: m.Quirks.RateUnit,
			ConnectorOne: m.Quirks.ConnectorOne, ZeroIgnored: m.Quirks.ZeroIgnored, Actions: m.Quirks.Actions, Keys: m.Quirks.Keys}}
	for _, k := range []struct {
		kind  string
		facts map[string]asset.Evidence
		one   bool // one charge point alone speaks for itself
	}{{"action", m.Learned.Actions, true}, {"key", m.Learned.Keys, true}, {"effect", m.Learned.Effects, true}, {"profile", m.Learned.Profiles, false},
		{"unanswered", m.Learned.Unanswered, false}, {"flaw", m.Learned.Flaws, false}} {
		for _, subject := range slices.Sorted(maps.Keys(k.facts)) {
			e := k.facts[subject]
			f := ModelFact{Kind: k.kind, Subject: subject, Times: e.Times, FirstAt: at(e.FirstAt), LastAt: at(e.LastAt), ChargePointID: e.Point, CountsFor: "model"}
			if k.one && !e.OfModel() {
				f.CountsFor = "charge_point"
			}
			out.Learned = append(out.Learned, f)
		}
	}
	return out
}

// ModelPath is the {id} in a path.
type ModelPath struct {
	ID ident.Model `path:"id"`
}

type modelsInput struct {
	Paging
	Name string `query:"name" maxLength:"100" doc:"How vendor and model begin."`
}

func (h *handlers) listModels(ctx context.Context, in *modelsInput) (*found[Model], error) {
	l, err := h.svc.Asset.Models(ctx, scopeOf(ctx), asset.ModelFilter{Name: in.Name}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, modelOf), nil
}

func (h *handlers) getModel(ctx context.Context, in *ModelPath) (*single[Model], error) {
	m, err := h.svc.Asset.Model(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(modelOf(m), m.Version), nil
}

type newModelInput struct {
	Body struct {
		Vendor   string      `json:"vendor" minLength:"1" maxLength:"255" doc:"As the charge point says it, in any case."`
		Model    string      `json:"model" minLength:"1" maxLength:"255"`
		Firmware string      `json:"firmware,omitempty" maxLength:"255" doc:"Absent: all."`
		Quirks   ModelQuirks `json:"quirks,omitzero"`
		Note     string      `json:"note,omitempty" maxLength:"1000"`
	} `nameHint:"ModelNew"`
}

func (h *handlers) createModel(ctx context.Context, in *newModelInput) (*made[Model], error) {
	b := in.Body
	m, err := h.svc.Asset.CreateModel(ctx, scopeOf(ctx), asset.Model{Vendor: b.Vendor, Name: b.Model, Firmware: b.Firmware, Quirks: b.Quirks.quirks(), Note: b.Note})
	if err != nil {
		return nil, err
	}
	return madeOf(modelOf(m), m.Version, "/api/v1/models/"+m.ID.String()), nil
}

type modelInput struct {
	ModelPath
	Body struct {
		Quirks ModelQuirks `json:"quirks"`
		Note   string      `json:"note,omitempty" maxLength:"1000"`
		Forget bool        `json:"forget_learned,omitempty" doc:"Forget what was learned; it is learned anew."`
	} `nameHint:"ModelPut"`
}

func (h *handlers) putModel(ctx context.Context, in *modelInput) (*single[Model], error) {
	b := in.Body
	m, err := h.svc.Asset.UpdateModel(ctx, scopeOf(ctx), in.ID, b.Quirks.quirks(), b.Note, b.Forget, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(modelOf(m), m.Version), nil
}

func (h *handlers) deleteModel(ctx context.Context, in *ModelPath) (*nothing, error) {
	return &nothing{}, h.svc.Asset.DeleteModel(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}
