package web

import (
	"context"

	"ccms/internal/ident"
	"ccms/internal/member"
)

// Group is drivers who belong together.
type Group struct {
	ID            ident.Group       `json:"id"`
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero"`
	Name          string            `json:"name"`
	Members       int               `json:"members" doc:"Drivers who are in it."`
	Version       int64             `json:"version" export:"-"`
}

func groupOf(g member.Group) Group {
	return Group{ID: g.ID, SubOperatorID: g.Sub, Name: g.Name, Members: g.Members, Version: g.Version}
}

// GroupPath is the {id} in a path.
type GroupPath struct {
	ID ident.Group `path:"id"`
}

type groupsInput struct {
	Paging
	Name string `query:"name" maxLength:"100" doc:"How the name begins."`
}

func (h *handlers) listGroups(ctx context.Context, in *groupsInput) (*found[Group], error) {
	l, err := h.svc.Member.Groups(ctx, scopeOf(ctx), member.GroupFilter{Name: in.Name}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, groupOf), nil
}

type newGroupInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
	} `nameHint:"GroupNew"`
}

func (h *handlers) createGroup(ctx context.Context, in *newGroupInput) (*made[Group], error) {
	g, err := h.svc.Member.CreateGroup(ctx, scopeOf(ctx), member.Group{Name: in.Body.Name})
	if err != nil {
		return nil, err
	}
	return madeOf(groupOf(g), g.Version, "/api/v1/groups/"+g.ID.String()), nil
}

func (h *handlers) getGroup(ctx context.Context, in *GroupPath) (*single[Group], error) {
	g, err := h.svc.Member.Group(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(groupOf(g), g.Version), nil
}

type groupPatchInput struct {
	GroupPath
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
	} `nameHint:"GroupPatch"`
}

func (h *handlers) renameGroup(ctx context.Context, in *groupPatchInput) (*single[Group], error) {
	g, err := h.svc.Member.RenameGroup(ctx, scopeOf(ctx), in.ID, in.Body.Name, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(groupOf(g), g.Version), nil
}

func (h *handlers) deleteGroup(ctx context.Context, in *GroupPath) (*nothing, error) {
	return &nothing{}, h.svc.Member.DeleteGroup(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}
