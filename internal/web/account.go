package web

import (
	"context"
	"net/http"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
)

// Me is who is logged in, and what they may do where they are now.
type Me struct {
	Staff       MeStaff            `json:"staff"`
	Operator    *MeOperator        `json:"operator,omitempty" doc:"Where the caller acts; absent for platform staff outside of any operator."`
	SubOperator *MeSubOperator     `json:"sub_operator,omitempty"`
	Permissions []authz.Permission `json:"permissions"`
	CSRFToken   string             `json:"csrf_token,omitempty" doc:"For the header X-CSRF-Token; absent for API tokens."`
	ActingIn    *ActingIn          `json:"acting_in,omitempty" doc:"Set while platform staff act inside an operator."`
	ExpiresAt   time.Time          `json:"expires_at,omitzero" doc:"When this login ends at the latest."`
	Map         *MeMap             `json:"map,omitempty" doc:"Where the map's pictures come from; absent: only the outlines of countries are shown."`
}

// MeMap is the source of the map's pictures.
type MeMap struct {
	Tiles  string `json:"tiles" doc:"With {z}, {x} and {y}." example:"https://tiles.example.org/{z}/{x}/{y}.png"`
	Credit string `json:"credit" doc:"Whom they are by; to be shown on the map."`
}

// MeStaff is the account of the caller.
type MeStaff struct {
	ID    ident.Staff `json:"id"`
	Login string      `json:"login"`
	Name  string      `json:"name"`
	Role  authz.Role  `json:"role" enum:"owner,op_admin,op_ops,auditor"`
}

// MeOperator is the operator of the caller.
type MeOperator struct {
	ID       ident.Operator `json:"id"`
	Name     string         `json:"name"`
	Currency money.Currency `json:"currency"`
	TimeZone string         `json:"time_zone"`
}

// MeSubOperator is the sub-operator of the caller.
type MeSubOperator struct {
	ID   ident.SubOperator `json:"id"`
	Name string            `json:"name"`
}

// ActingIn says that platform staff act inside an operator.
type ActingIn struct {
	Operator MeOperator `json:"operator"`
}

func (h *handlers) me(ctx context.Context, c operator.Caller) (Me, error) {
	m := Me{
		Staff:       MeStaff{ID: c.Staff.ID, Login: c.Staff.Login, Name: c.Staff.Name, Role: c.Staff.Role},
		Permissions: c.Permissions(), CSRFToken: c.Login.CSRF, ExpiresAt: at(c.Login.ExpiresAt),
	}
	if h.opt.MapTiles.URL != "" {
		m.Map = &MeMap{Tiles: h.opt.MapTiles.URL, Credit: h.opt.MapTiles.Credit}
	}
	if id := c.Scope.Operator(); !id.IsZero() {
		o, err := h.svc.Operator.Operator(ctx, c.Scope, id)
		if err != nil {
			return Me{}, err
		}
		m.Operator = &MeOperator{ID: o.ID, Name: o.Name, Currency: o.Currency, TimeZone: o.TimeZone}
		if !c.Login.ActingIn.IsZero() {
			m.ActingIn = &ActingIn{Operator: *m.Operator}
		}
	}
	if id := c.Scope.Sub(); !id.IsZero() {
		so, err := h.svc.Operator.SubOperator(ctx, c.Scope, id)
		if err != nil {
			return Me{}, err
		}
		m.SubOperator = &MeSubOperator{ID: so.ID, Name: so.Name}
	}
	return m, nil
}

type empty struct{}

type meOutput struct{ Body Me }

type loginInput struct {
	Body struct {
		Login    string `json:"login" minLength:"1" maxLength:"400"`
		Password string `json:"password" minLength:"1" maxLength:"1000"`
	} `nameHint:"LoginNew"`
}

type loginOutput struct {
	SetCookie string `header:"Set-Cookie" doc:"The login session."`
	Body      struct {
		Me Me `json:"me"`
	} `nameHint:"LoggedIn"`
}

func (h *handlers) login(ctx context.Context, in *loginInput) (*loginOutput, error) {
	req := requestOf(ctx)
	token, c, err := h.svc.Operator.Login(ctx, in.Body.Login, in.Body.Password, authz.Actor{IP: req.IP, RequestID: req.ID})
	if err != nil {
		return nil, err
	}
	req.staff = c.Staff.ID.String()
	m, err := h.me(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &loginOutput{SetCookie: cookie(req, token).String()}
	out.Body.Me = m
	return out, nil
}

// cookie is a session cookie of the browser: it ends with the browser, and the
// login ends by the server's clock. An empty token takes it away.
func cookie(req *request, token string) *http.Cookie {
	c := &http.Cookie{Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: req.Secure}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

type logoutOutput struct {
	SetCookie string `header:"Set-Cookie" doc:"Takes the login session away."`
}

func (h *handlers) logout(ctx context.Context, _ *empty) (*logoutOutput, error) {
	if err := h.svc.Operator.Logout(ctx, callerOf(ctx)); err != nil {
		return nil, err
	}
	return &logoutOutput{SetCookie: cookie(requestOf(ctx), "").String()}, nil
}

func (h *handlers) getMe(ctx context.Context, _ *empty) (*meOutput, error) {
	m, err := h.me(ctx, callerOf(ctx))
	return &meOutput{Body: m}, err
}

type enterInput struct {
	Body struct {
		OperatorID ident.Operator `json:"operator_id"`
		Reason     string         `json:"reason" minLength:"1" maxLength:"500" doc:"Stands in the audit of both sides."`
	} `nameHint:"EnterOperator"`
}

func (h *handlers) enterOperator(ctx context.Context, in *enterInput) (*meOutput, error) {
	c, err := h.svc.Operator.EnterOperator(ctx, callerOf(ctx), in.Body.OperatorID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	m, err := h.me(ctx, c)
	return &meOutput{Body: m}, err
}

func (h *handlers) leaveOperator(ctx context.Context, _ *empty) (*meOutput, error) {
	c, err := h.svc.Operator.LeaveOperator(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	m, err := h.me(ctx, c)
	return &meOutput{Body: m}, err
}

// APIToken lets a program act as the account that made it.
type APIToken struct {
	ID         ident.APIToken `json:"id"`
	Name       string         `json:"name"`
	CreatedAt  time.Time      `json:"created_at"`
	LastUsedAt time.Time      `json:"last_used_at,omitzero" doc:"To five minutes."`
	ExpiresAt  time.Time      `json:"expires_at,omitzero" doc:"Absent: never."`
}

// APITokenMade has the text of the token, which is not shown again.
type APITokenMade struct {
	APIToken
	Token string `json:"token" doc:"For the header Authorization: Bearer. Shown this once."`
}

func apiToken(t operator.APIToken) APIToken {
	return APIToken{ID: t.ID, Name: t.Name, CreatedAt: at(t.CreatedAt), LastUsedAt: at(t.LastUsed), ExpiresAt: at(t.ExpiresAt)}
}

type newAPITokenInput struct {
	Body struct {
		Name      string    `json:"name" minLength:"1" maxLength:"100"`
		ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Absent: never."`
	} `nameHint:"APITokenNew"`
}

func (h *handlers) createAPIToken(ctx context.Context, in *newAPITokenInput) (*made[APITokenMade], error) {
	c := callerOf(ctx)
	if err := atHome(c); err != nil {
		return nil, err
	}
	t, text, err := h.svc.Operator.CreateAPIToken(ctx, c.Scope, operator.NewAPIToken{Staff: c.Staff.ID, Name: in.Body.Name, ExpiresAt: in.Body.ExpiresAt})
	if err != nil {
		return nil, err
	}
	return madeOf(APITokenMade{APIToken: apiToken(t), Token: text}, 0, "/api/v1/api-tokens/"+t.ID.String()), nil
}

// atHome refuses platform staff inside an operator: their tokens are the platform's.
func atHome(c operator.Caller) error {
	if !c.Login.ActingIn.IsZero() {
		return fault.New(fault.Conflict, "leave_operator_first", "Leave the operator first: your API tokens belong to the platform.")
	}
	return nil
}

type pageInput struct{ Paging }

func (h *handlers) listAPITokens(ctx context.Context, in *pageInput) (*found[APIToken], error) {
	c := callerOf(ctx)
	if err := atHome(c); err != nil {
		return nil, err
	}
	l, err := h.svc.Operator.APITokens(ctx, c.Scope, c.Staff.ID, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, apiToken), nil
}

// APITokenPath is the {id} in a path.
type APITokenPath struct {
	ID ident.APIToken `path:"id"`
}

func (h *handlers) revokeAPIToken(ctx context.Context, in *APITokenPath) (*nothing, error) {
	c := callerOf(ctx)
	if err := atHome(c); err != nil {
		return nil, err
	}
	return &nothing{}, h.svc.Operator.RevokeAPIToken(ctx, c.Scope, c.Staff.ID, in.ID)
}
