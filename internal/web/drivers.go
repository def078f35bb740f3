package web

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

// Driver is a person who charges, with their charging account.
type Driver struct {
	ID              ident.Driver        `json:"id"`
	Account         string              `json:"account" doc:"The login: a mobile number or an e-mail address." export:"pii"`
	Nickname        string              `json:"nickname,omitempty" export:"pii"`
	Name            string              `json:"name,omitempty" export:"pii"`
	Mobile          string              `json:"mobile,omitempty" export:"pii"`
	Email           string              `json:"email,omitempty" export:"pii"`
	MembershipLevel string              `json:"membership_level" example:"Regular Member"`
	GroupID         ident.Group         `json:"group_id,omitzero" doc:"The group that the driver is in."`
	ChargingAccount string              `json:"charging_account" doc:"Eleven digits." example:"10100000054"`
	Balance         *Money              `json:"balance,omitempty" doc:"Absent without the permission finance.read; so are held and available."`
	Held            *Money              `json:"held,omitempty" doc:"Set aside for sessions that run."`
	Available       *Money              `json:"available,omitempty" doc:"balance without held."`
	Status          member.DriverStatus `json:"status" enum:"PENDING,VALID,SUSPENDED,CLOSED"`
	Masked          bool                `json:"masked" doc:"Personal data are covered: the permission pii.view is missing." export:"-"`
	Version         int64               `json:"version" export:"-"`
}

// driver adds the balance and covers what the caller may not see.
func (h *handlers) driver(ctx context.Context, d member.Driver) (Driver, error) {
	c := callerOf(ctx)
	masked := !c.May(authz.PIIView)
	if masked {
		d = d.Masked()
	}
	out := Driver{ID: d.ID, Account: d.Account, Nickname: d.Nickname, Name: d.Name, Mobile: d.Mobile, Email: d.Email, MembershipLevel: d.Level,
		GroupID: d.Group, ChargingAccount: d.ChargingAccount, Status: d.Status, Masked: masked, Version: d.Version}
	if c.May(authz.FinanceRead) {
		a, err := h.svc.Ledger.Balance(ctx, c.Scope, d.Wallet)
		if err != nil {
			return Driver{}, err
		}
		out.Balance, out.Held, out.Available = someAmount(a.Balance), someAmount(a.Held), someAmount(a.Available())
	}
	return out, nil
}

// DriverPath is the {id} in a path.
type DriverPath struct {
	ID ident.Driver `path:"id"`
}

type driversInput struct {
	Paging
	Q               string              `query:"q" maxLength:"100" doc:"How words of name, nickname, account, mobile, e-mail or charging account begin."`
	Account         string              `query:"account" maxLength:"254" doc:"The whole login."`
	Mobile          string              `query:"mobile" maxLength:"30" doc:"The whole number."`
	Email           string              `query:"email" maxLength:"254" doc:"The whole address."`
	ChargingAccount string              `query:"charging_account" maxLength:"11" doc:"The whole number."`
	Status          member.DriverStatus `query:"status" enum:"PENDING,VALID,SUSPENDED,CLOSED"`
	GroupID         ident.Group         `query:"group_id" doc:"Who is in this group."`
}

func (h *handlers) listDrivers(ctx context.Context, in *driversInput) (*found[Driver], error) {
	l, err := h.svc.Member.Drivers(ctx, scopeOf(ctx), member.DriverFilter{Q: in.Q, Account: in.Account, Mobile: in.Mobile, Email: in.Email,
		ChargingAccount: in.ChargingAccount, Status: in.Status, Group: in.GroupID}, in.page())
	if err != nil {
		return nil, err
	}
	return foundAll(l, func(d member.Driver) (Driver, error) { return h.driver(ctx, d) })
}

// foundAll is foundOf where an item may fail.
func foundAll[T, D any](l operator.List[D], one func(D) (T, error)) (*found[T], error) {
	var first error
	out := foundOf(l, func(d D) T {
		t, err := one(d)
		if err != nil && first == nil {
			first = err
		}
		return t
	})
	return out, first
}

type newDriverInput struct {
	Body struct {
		Account         string `json:"account" minLength:"3" maxLength:"254" doc:"A mobile number or an e-mail address."`
		Nickname        string `json:"nickname,omitempty" maxLength:"100"`
		Name            string `json:"name,omitempty" maxLength:"200"`
		Mobile          string `json:"mobile,omitempty" maxLength:"30"`
		Email           string `json:"email,omitempty" maxLength:"254"`
		MembershipLevel string `json:"membership_level,omitempty" maxLength:"50"`

		GroupID ident.Group `json:"group_id,omitzero"`
	} `nameHint:"DriverNew"`
}

func (h *handlers) createDriver(ctx context.Context, in *newDriverInput) (*made[Driver], error) {
	b := in.Body
	d, err := h.svc.Member.CreateDriver(ctx, scopeOf(ctx), member.Driver{Account: b.Account, Nickname: b.Nickname, Name: b.Name,
		Mobile: b.Mobile, Email: b.Email, Level: b.MembershipLevel, Group: b.GroupID})
	if err != nil {
		return nil, err
	}
	out, err := h.driver(ctx, d)
	if err != nil {
		return nil, err
	}
	return madeOf(out, d.Version, "/api/v1/drivers/"+d.ID.String()), nil
}

func (h *handlers) getDriver(ctx context.Context, in *DriverPath) (*single[Driver], error) {
	d, err := h.svc.Member.Driver(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out, err := h.driver(ctx, d)
	return singleOf(out, d.Version), err
}

type driverPatchInput struct {
	DriverPath
	Body struct {
		Account         *string              `json:"account,omitempty" minLength:"3" maxLength:"254"`
		Nickname        Opt[string]          `json:"nickname,omitempty"`
		Name            Opt[string]          `json:"name,omitempty"`
		Mobile          Opt[string]          `json:"mobile,omitempty"`
		Email           Opt[string]          `json:"email,omitempty"`
		MembershipLevel Opt[string]          `json:"membership_level,omitempty"`
		GroupID         Opt[ident.Group]     `json:"group_id,omitempty" doc:"null: out of the group."`
		Status          *member.DriverStatus `json:"status,omitempty" enum:"PENDING,VALID,SUSPENDED,CLOSED"`
	} `nameHint:"DriverPatch"`
}

func (h *handlers) updateDriver(ctx context.Context, in *driverPatchInput) (*single[Driver], error) {
	b := in.Body
	d, err := h.svc.Member.UpdateDriver(ctx, scopeOf(ctx), in.ID, member.DriverChange{Account: b.Account, Nickname: b.Nickname.ptr(), Name: b.Name.ptr(),
		Mobile: b.Mobile.ptr(), Email: b.Email.ptr(), Level: b.MembershipLevel.ptr(), Group: b.GroupID.ptr(), Status: b.Status}, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	out, err := h.driver(ctx, d)
	return singleOf(out, d.Version), err
}

// Token is what a driver presents: a card.
type Token struct {
	ID              ident.Token         `json:"id"`
	DriverID        ident.Driver        `json:"driver_id"`
	Account         string              `json:"account" doc:"The driver's login." export:"pii"`
	ChargingAccount string              `json:"charging_account"`
	UID             string              `json:"uid" doc:"In capitals without separators." export:"pii"`
	Visual          string              `json:"visual,omitempty" doc:"The number printed on the card." export:"pii"`
	Status          member.TokenStatus  `json:"status" enum:"ENABLE,DISABLE,LOST,EXPIRED"`
	ExpiresAt       time.Time           `json:"expires_at,omitzero" doc:"Absent: never."`
	MaxSessions     int                 `json:"max_sessions" doc:"How many may run at once."`
	DeliveryType    member.DeliveryType `json:"delivery_type" enum:"Pick-up,Mail,Digital,Batch"`
	Masked          bool                `json:"masked" export:"-"`
	Version         int64               `json:"version" export:"-"`
}

func token(ctx context.Context, th member.Holder) Token {
	t, d := th.Token, th.Driver
	masked := !callerOf(ctx).May(authz.PIIView)
	if masked {
		d = d.Masked()
		t.UID, t.Visual = member.MaskAccount(t.UID), member.MaskAccount(t.Visual)
	}
	return Token{ID: t.ID, DriverID: t.Driver, Account: d.Account, ChargingAccount: d.ChargingAccount, UID: t.UID, Visual: t.Visual, Status: t.Status,
		ExpiresAt: at(t.ExpiresAt), MaxSessions: t.MaxSessions, DeliveryType: t.Delivery, Masked: masked, Version: t.Version}
}

// TokenPath is the {id} in a path.
type TokenPath struct {
	ID ident.Token `path:"id"`
}

type tokensInput struct {
	Paging
	DriverID        ident.Driver       `query:"driver_id"`
	UID             string             `query:"uid" maxLength:"80" doc:"The whole UID in any spelling."`
	ChargingAccount string             `query:"charging_account" maxLength:"11" doc:"The whole number."`
	Q               string             `query:"q" maxLength:"100" doc:"The UID, or how words of the driver begin."`
	Status          member.TokenStatus `query:"status" enum:"ENABLE,DISABLE,LOST,EXPIRED"`
}

func (h *handlers) listTokens(ctx context.Context, in *tokensInput) (*found[Token], error) {
	l, err := h.svc.Member.Tokens(ctx, scopeOf(ctx), member.TokenFilter{Driver: in.DriverID, UID: in.UID, ChargingAccount: in.ChargingAccount,
		Q: in.Q, Status: in.Status}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(t member.Holder) Token { return token(ctx, t) }), nil
}

type newTokenInput struct {
	Body struct {
		DriverID     ident.Driver        `json:"driver_id"`
		UID          string              `json:"uid" minLength:"1" maxLength:"80" doc:"Blanks, colons, dashes and case do not matter."`
		Visual       string              `json:"visual,omitempty" maxLength:"40"`
		ExpiresAt    time.Time           `json:"expires_at,omitzero"`
		MaxSessions  int                 `json:"max_sessions,omitempty" minimum:"1" maximum:"1000" doc:"Absent: 1."`
		DeliveryType member.DeliveryType `json:"delivery_type,omitempty" enum:"Pick-up,Mail,Digital,Batch" doc:"Absent: Pick-up."`
	} `nameHint:"TokenNew"`
}

func (h *handlers) createToken(ctx context.Context, in *newTokenInput) (*made[Token], error) {
	b := in.Body
	t, err := h.svc.Member.CreateToken(ctx, scopeOf(ctx), member.Token{Driver: b.DriverID, UID: b.UID, Visual: b.Visual,
		ExpiresAt: b.ExpiresAt, MaxSessions: b.MaxSessions, Delivery: b.DeliveryType})
	if err != nil {
		return nil, err
	}
	return madeOf(token(ctx, t), t.Token.Version, "/api/v1/tokens/"+t.Token.ID.String()), nil
}

func (h *handlers) getToken(ctx context.Context, in *TokenPath) (*single[Token], error) {
	t, err := h.svc.Member.Token(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(token(ctx, t), t.Token.Version), nil
}

type tokenPatchInput struct {
	TokenPath
	Body struct {
		UID          *string              `json:"uid,omitempty" maxLength:"80" doc:"Only the one it has."`
		Visual       Opt[string]          `json:"visual,omitempty"`
		Status       *member.TokenStatus  `json:"status,omitempty" enum:"ENABLE,DISABLE,LOST,EXPIRED"`
		ExpiresAt    Opt[time.Time]       `json:"expires_at,omitempty" doc:"null: never."`
		MaxSessions  *int                 `json:"max_sessions,omitempty" minimum:"1" maximum:"1000"`
		DeliveryType *member.DeliveryType `json:"delivery_type,omitempty" enum:"Pick-up,Mail,Digital,Batch"`
	} `nameHint:"TokenPatch"`
}

func (h *handlers) updateToken(ctx context.Context, in *tokenPatchInput) (*single[Token], error) {
	b := in.Body
	t, err := h.svc.Member.UpdateToken(ctx, scopeOf(ctx), in.ID, member.TokenChange{UID: b.UID, Visual: b.Visual.ptr(), Status: b.Status,
		ExpiresAt: b.ExpiresAt.ptr(), MaxSessions: b.MaxSessions, Delivery: b.DeliveryType}, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(token(ctx, t), t.Token.Version), nil
}
