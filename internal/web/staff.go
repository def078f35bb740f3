package web

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Staff is an account of the portal.
type Staff struct {
	ID            ident.Staff       `json:"id"`
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero" doc:"Absent: the whole operator."`
	Login         string            `json:"login" export:"pii"`
	Name          string            `json:"name" export:"pii"`
	Role          authz.Role        `json:"role" enum:"owner,op_admin,op_ops,auditor"`
	Status        operator.Status   `json:"status" enum:"VALID,INVALID"`
	LastLoginAt   time.Time         `json:"last_login_at,omitzero"`
	Version       int64             `json:"version" export:"-"`
}

func staffOf(s operator.Staff) Staff {
	return Staff{ID: s.ID, SubOperatorID: s.Sub, Login: s.Login, Name: s.Name, Role: s.Role, Status: s.Status, LastLoginAt: at(s.LastLoginAt), Version: s.Version}
}

// StaffPath is the {id} in a path.
type StaffPath struct {
	ID ident.Staff `path:"id"`
}

type staffListInput struct {
	Paging
	Login  string          `query:"login" maxLength:"400" doc:"The whole login."`
	Role   authz.Role      `query:"role" enum:"owner,op_admin,op_ops,auditor"`
	Status operator.Status `query:"status" enum:"VALID,INVALID"`
}

func (h *handlers) listStaff(ctx context.Context, in *staffListInput) (*found[Staff], error) {
	l, err := h.svc.Operator.StaffList(ctx, scopeOf(ctx), operator.StaffFilter{Login: in.Login, Role: in.Role, Status: in.Status}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, staffOf), nil
}

type newStaffInput struct {
	Body struct {
		SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero" doc:"Absent: the whole operator."`
		Login         string            `json:"login" minLength:"3" maxLength:"400" doc:"Unique on the platform, any case."`
		Name          string            `json:"name" minLength:"1" maxLength:"100"`
		Role          authz.Role        `json:"role" enum:"owner,op_admin,op_ops,auditor"`
		Password      string            `json:"password" minLength:"10" maxLength:"200" writeOnly:"true"`
	} `nameHint:"StaffNew"`
}

func (h *handlers) createStaff(ctx context.Context, in *newStaffInput) (*made[Staff], error) {
	b := in.Body
	s, err := h.svc.Operator.CreateStaff(ctx, scopeOf(ctx), operator.NewStaff{Sub: b.SubOperatorID, Login: b.Login, Name: b.Name, Role: b.Role, Password: b.Password})
	if err != nil {
		return nil, err
	}
	return madeOf(staffOf(s), s.Version, "/api/v1/staff/"+s.ID.String()), nil
}

func (h *handlers) getStaff(ctx context.Context, in *StaffPath) (*single[Staff], error) {
	s, err := h.svc.Operator.StaffMember(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(staffOf(s), s.Version), nil
}

type staffPatchInput struct {
	StaffPath
	Body struct {
		Name   *string          `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Role   *authz.Role      `json:"role,omitempty" enum:"owner,op_admin,op_ops,auditor"`
		Status *operator.Status `json:"status,omitempty" enum:"VALID,INVALID"`
	} `nameHint:"StaffPatch"`
}

func (h *handlers) updateStaff(ctx context.Context, in *staffPatchInput) (*single[Staff], error) {
	s, err := h.svc.Operator.UpdateStaff(ctx, scopeOf(ctx), in.ID, versionOf(ctx),
		operator.StaffChange{Name: in.Body.Name, Role: in.Body.Role, Status: in.Body.Status})
	if err != nil {
		return nil, err
	}
	return singleOf(staffOf(s), s.Version), nil
}

type passwordInput struct {
	StaffPath
	Body struct {
		Password string `json:"password" minLength:"10" maxLength:"200" writeOnly:"true"`
	} `nameHint:"PasswordNew"`
}

func (h *handlers) resetPassword(ctx context.Context, in *passwordInput) (*nothing, error) {
	return &nothing{}, h.svc.Operator.ResetPassword(ctx, scopeOf(ctx), in.ID, in.Body.Password)
}
