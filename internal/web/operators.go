package web

import (
	"context"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
)

// Operator owns sites, drivers, prices and staff.
type Operator struct {
	ID            ident.Operator `json:"id"`
	Name          string         `json:"name"`
	Code          string         `json:"code" doc:"Six digits; they end every transaction id."`
	Currency      money.Currency `json:"currency"`
	TimeZone      string         `json:"time_zone" doc:"IANA name" example:"Europe/Berlin"`
	DefaultPlanID ident.Plan     `json:"default_plan_id,omitzero" doc:"The price where neither charge point nor site names a plan."`
	Version       int64          `json:"version" export:"-"`
}

func operatorOf(o operator.Operator) Operator {
	return Operator{ID: o.ID, Name: o.Name, Code: o.Code, Currency: o.Currency, TimeZone: o.TimeZone, DefaultPlanID: o.DefaultPlan, Version: o.Version}
}

// OperatorPath is the {id} in a path. huma reads embedded types only where they are exported.
type OperatorPath struct {
	ID ident.Operator `path:"id"`
}

type operatorsInput struct {
	Paging
	Name string `query:"name" maxLength:"100" doc:"How the name begins."`
}

func (h *handlers) listOperators(ctx context.Context, in *operatorsInput) (*found[Operator], error) {
	l, err := h.svc.Operator.Operators(ctx, scopeOf(ctx), operator.OperatorFilter{Name: in.Name}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, operatorOf), nil
}

type newOperatorInput struct {
	Body struct {
		Name     string         `json:"name" minLength:"1" maxLength:"100"`
		Code     string         `json:"code,omitempty" pattern:"^[0-9]{6}$" doc:"Six digits; absent takes the next free one."`
		Currency money.Currency `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217. It cannot change later."`
		TimeZone string         `json:"time_zone" minLength:"1" maxLength:"60" doc:"IANA name"`
	} `nameHint:"OperatorNew"`
}

func (h *handlers) createOperator(ctx context.Context, in *newOperatorInput) (*made[Operator], error) {
	b := in.Body
	o, err := h.svc.Operator.CreateOperator(ctx, scopeOf(ctx), operator.NewOperator{Name: b.Name, Code: b.Code, Currency: b.Currency, TimeZone: b.TimeZone})
	if err != nil {
		return nil, err
	}
	return madeOf(operatorOf(o), o.Version, "/api/v1/operators/"+o.ID.String()), nil
}

func (h *handlers) getOperator(ctx context.Context, in *OperatorPath) (*single[Operator], error) {
	o, err := h.svc.Operator.Operator(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(operatorOf(o), o.Version), nil
}

type operatorPatchInput struct {
	OperatorPath
	Body struct {
		Name          *string         `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Currency      *money.Currency `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"Only the one it has."`
		TimeZone      *string         `json:"time_zone,omitempty" minLength:"1" maxLength:"60"`
		DefaultPlanID Opt[ident.Plan] `json:"default_plan_id,omitempty" doc:"null takes it away."`
	} `nameHint:"OperatorPatch"`
}

func (h *handlers) updateOperator(ctx context.Context, in *operatorPatchInput) (*single[Operator], error) {
	b := in.Body
	o, err := h.svc.Operator.UpdateOperator(ctx, scopeOf(ctx), in.ID, versionOf(ctx),
		operator.OperatorChange{Name: b.Name, Currency: b.Currency, TimeZone: b.TimeZone, DefaultPlan: b.DefaultPlanID.ptr()})
	if err != nil {
		return nil, err
	}
	return singleOf(operatorOf(o), o.Version), nil
}

// SubOperator is the second tier, under one operator.
type SubOperator struct {
	ID      ident.SubOperator  `json:"id"`
	No      int                `json:"no" doc:"Its number within the operator."`
	Name    string             `json:"name"`
	Email   string             `json:"email,omitempty" doc:"Of its first administrator." export:"pii"`
	Status  operator.SubStatus `json:"status" enum:"INVITED,VALID,SUSPENDED,CLOSED"`
	Version int64              `json:"version" export:"-"`
}

func subOperatorOf(s operator.SubOperator) SubOperator {
	return SubOperator{ID: s.ID, No: s.No, Name: s.Name, Email: s.Email, Status: s.Status, Version: s.Version}
}

// SubOperatorPath is the {id} in a path.
type SubOperatorPath struct {
	ID ident.SubOperator `path:"id"`
}

type subOperatorsInput struct {
	Paging
	No     int                `query:"no" minimum:"1" doc:"Its number."`
	Name   string             `query:"name" maxLength:"100" doc:"How the name begins."`
	Status operator.SubStatus `query:"status" enum:"INVITED,VALID,SUSPENDED,CLOSED"`
}

func (h *handlers) listSubOperators(ctx context.Context, in *subOperatorsInput) (*found[SubOperator], error) {
	l, err := h.svc.Operator.SubOperators(ctx, scopeOf(ctx), operator.SubOperatorFilter{No: in.No, Name: in.Name, Status: in.Status}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, subOperatorOf), nil
}

type newSubOperatorInput struct {
	Body struct {
		Name  string `json:"name" minLength:"1" maxLength:"100"`
		Email string `json:"email,omitempty" maxLength:"254"`
	} `nameHint:"SubOperatorNew"`
}

func (h *handlers) createSubOperator(ctx context.Context, in *newSubOperatorInput) (*made[SubOperator], error) {
	s, err := h.svc.Operator.CreateSubOperator(ctx, scopeOf(ctx), operator.NewSubOperator{Name: in.Body.Name, Email: in.Body.Email})
	if err != nil {
		return nil, err
	}
	return madeOf(subOperatorOf(s), s.Version, "/api/v1/sub-operators/"+s.ID.String()), nil
}

func (h *handlers) getSubOperator(ctx context.Context, in *SubOperatorPath) (*single[SubOperator], error) {
	s, err := h.svc.Operator.SubOperator(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(subOperatorOf(s), s.Version), nil
}

type subOperatorPatchInput struct {
	SubOperatorPath
	Body struct {
		Name   *string             `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Email  Opt[string]         `json:"email,omitempty" doc:"null takes it away."`
		Status *operator.SubStatus `json:"status,omitempty" enum:"INVITED,VALID,SUSPENDED,CLOSED"`
	} `nameHint:"SubOperatorPatch"`
}

func (h *handlers) updateSubOperator(ctx context.Context, in *subOperatorPatchInput) (*single[SubOperator], error) {
	s, err := h.svc.Operator.UpdateSubOperator(ctx, scopeOf(ctx), in.ID, versionOf(ctx),
		operator.SubOperatorChange{Name: in.Body.Name, Email: in.Body.Email.ptr(), Status: in.Body.Status})
	if err != nil {
		return nil, err
	}
	return singleOf(subOperatorOf(s), s.Version), nil
}
