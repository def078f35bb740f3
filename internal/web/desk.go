package web

import (
	"context"

	"ccms/internal/ident"
	"ccms/internal/operator"
)

// View is a list as the account likes to see it.
type View struct {
	ID      ident.View `json:"id"`
	List    string     `json:"list" doc:"Word of the screen." example:"records"`
	Name    string     `json:"name" export:"pii"`
	Query   string     `json:"query" doc:"Filters and order, as in the screen's address." example:"state=running&sort=-started_at" export:"pii"`
	Default bool       `json:"default" doc:"The screen opens with it."`
}

func viewOf(v operator.View) View {
	return View{ID: v.ID, List: v.List, Name: v.Name, Query: v.Query, Default: v.Default}
}

// ViewPath is the {id} in a path.
type ViewPath struct {
	ID ident.View `path:"id"`
}

type viewsInput struct {
	Paging
	List string `query:"list" maxLength:"40" doc:"Word of a screen; absent: all."`
}

func (h *handlers) listViews(ctx context.Context, in *viewsInput) (*found[View], error) {
	l, err := h.svc.Operator.Views(ctx, callerOf(ctx), in.List, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, viewOf), nil
}

type newViewInput struct {
	Body struct {
		List    string `json:"list" minLength:"1" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$" doc:"Word of the screen."`
		Name    string `json:"name" minLength:"1" maxLength:"60"`
		Query   string `json:"query" maxLength:"2000"`
		Default bool   `json:"default,omitempty"`
	} `nameHint:"ViewNew"`
}

func (h *handlers) createView(ctx context.Context, in *newViewInput) (*made[View], error) {
	b := in.Body
	v, err := h.svc.Operator.CreateView(ctx, callerOf(ctx), operator.View{List: b.List, Name: b.Name, Query: b.Query, Default: b.Default})
	if err != nil {
		return nil, err
	}
	return madeOf(viewOf(v), 0, "/api/v1/views/"+v.ID.String()), nil
}

type viewPatchInput struct {
	ViewPath
	Body struct {
		Name    *string `json:"name,omitempty" minLength:"1" maxLength:"60"`
		Query   *string `json:"query,omitempty" maxLength:"2000"`
		Default *bool   `json:"default,omitempty"`
	} `nameHint:"ViewPatch"`
}

func (h *handlers) updateView(ctx context.Context, in *viewPatchInput) (*struct{ Body View }, error) {
	v, err := h.svc.Operator.UpdateView(ctx, callerOf(ctx), in.ID, operator.ViewChange{Name: in.Body.Name, Query: in.Body.Query, Default: in.Body.Default})
	return &struct{ Body View }{viewOf(v)}, err
}

func (h *handlers) deleteView(ctx context.Context, in *ViewPath) (*nothing, error) {
	return &nothing{}, h.svc.Operator.DeleteView(ctx, callerOf(ctx), in.ID)
}

// ListColumns are what an account changed of the columns of a list.
type ListColumns struct {
	List    string          `json:"list" minLength:"1" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$" doc:"Word of the screen." example:"records"`
	Columns map[string]bool `json:"columns" doc:"Word of a column: is it shown. What is not named is as the list comes."`
}

func (h *handlers) listColumns(ctx context.Context, in *struct{ Paging }) (*found[ListColumns], error) {
	l, err := h.svc.Operator.ColumnsOf(ctx, callerOf(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(c operator.Columns) ListColumns { return ListColumns{List: c.List, Columns: c.Choice} }), nil
}

type columnsInput struct{ Body ListColumns }

func (h *handlers) saveColumns(ctx context.Context, in *columnsInput) (*struct{ Body ListColumns }, error) {
	c, err := h.svc.Operator.SaveColumns(ctx, callerOf(ctx), in.Body.List, in.Body.Columns)
	return &struct{ Body ListColumns }{ListColumns{List: c.List, Columns: c.Choice}}, err
}
