package web

import (
	"context"
	"time"

	"ccms/internal/ident"
	"ccms/internal/report"
)

// SiteStatuses is the map of sites.
type SiteStatuses struct {
	AsOf  time.Time    `json:"as_of"`
	Items []SiteStatus `json:"items" doc:"Sites in use, by name; at most 2,000."`
	More  bool         `json:"more" doc:"There are more sites. Narrow the answer by sub-operator."`
}

// SiteStatus is what the connectors of a site do now.
type SiteStatus struct {
	ID            ident.Site        `json:"id"`
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero" doc:"Absent: the operator's own."`
	Name          string            `json:"name"`
	Address       string            `json:"address"`
	Position      *SitePosition     `json:"position,omitempty" doc:"Absent: nobody has said where it is."`
	State         report.Word       `json:"state" enum:"FREE,IN_USE,OUT_OF_ORDER,UNKNOWN" doc:"The best that a driver finds: a connector that is free; else one in use; else one out of order; else none that says anything."`
	Connectors    int64             `json:"connectors" minimum:"0" doc:"The sum of the four below."`
	Free          int64             `json:"free" minimum:"0"`
	InUse         int64             `json:"in_use" minimum:"0" doc:"With a car, or kept for one."`
	OutOfOrder    int64             `json:"out_of_order" minimum:"0" doc:"Faulted or Unavailable."`
	Unknown       int64             `json:"unknown" minimum:"0" doc:"Offline, or it has never said."`
}

func (h *handlers) siteStatus(ctx context.Context, in *HomeScope) (*homeOf[SiteStatuses], error) {
	v, err := h.svc.Report.Sites(ctx, scopeOf(ctx), in.filter())
	if err != nil {
		return nil, err
	}
	out := SiteStatuses{AsOf: at(v.At), Items: []SiteStatus{}, More: v.More}
	for _, s := range v.Sites {
		out.Items = append(out.Items, SiteStatus{ID: s.Site, SubOperatorID: s.Sub, Name: s.Name, Address: s.Address, Position: positionOf(s.Position),
			State: s.Word(), Connectors: s.Connectors, Free: s.Free, InUse: s.InUse, OutOfOrder: s.OutOfOrder, Unknown: s.Unknown})
	}
	return &homeOf[SiteStatuses]{Body: out}, nil
}
