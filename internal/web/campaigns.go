package web

import (
	"context"
	"fmt"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/upkeep"
)

// FirmwareCampaign brings an image into many charge points.
type FirmwareCampaign struct {
	ID              ident.Campaign       `json:"id"`
	Name            string               `json:"name"`
	ImageID         ident.Image          `json:"image_id"`
	RollbackImageID ident.Image          `json:"rollback_image_id,omitzero"`
	TakesBackID     ident.Campaign       `json:"takes_back_id,omitzero" doc:"The campaign that this one takes back."`
	Canary          int                  `json:"canary_percent"`
	WindowFrom      string               `json:"window_from,omitempty" doc:"Local time of each site; absent: at any time." example:"01:00"`
	WindowTo        string               `json:"window_to,omitempty" example:"05:00"`
	Parallel        int                  `json:"parallel"`
	MinCount        int                  `json:"halt_min_count" doc:"From how many finished ones on a share of failures says something."`
	Protocol        upkeep.Protocol      `json:"protocol,omitempty" enum:"https,ftps,http,ftp"`
	Signed          *bool                `json:"signed,omitempty"`
	Reason          string               `json:"reason" export:"pii"`
	State           upkeep.CampaignState `json:"state" enum:"RUNNING,PAUSED,HALTED,CANCELLED,DONE" doc:"HALTED: more than 5 % of what is finished failed."`
	Why             string               `json:"why,omitempty" doc:"It halted, in words."`
	CreatedBy       string               `json:"created_by,omitempty"`
	Total           int                  `json:"total"`
	Counts          *CampaignCounts      `json:"counts,omitempty" doc:"Only where one campaign is asked for."`
	CreatedAt       time.Time            `json:"created_at"`
	EndedAt         time.Time            `json:"ended_at,omitzero"`
}

// CampaignCounts say how the installs of a campaign stand.
type CampaignCounts struct {
	Waiting   int  `json:"waiting"`
	Open      int  `json:"open" doc:"Those at it now."`
	Done      int  `json:"done"`
	Failed    int  `json:"failed"`
	Cancelled int  `json:"cancelled"`
	Skipped   int  `json:"skipped"`
	Canaries  int  `json:"canaries"`
	First     bool `json:"canaries_at_it" doc:"Those that go first are not finished yet; the others wait for them."`
}

func clockOf(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

func campaignOf(c upkeep.Campaign) FirmwareCampaign {
	out := FirmwareCampaign{ID: c.ID, Name: c.Name, ImageID: c.Image, RollbackImageID: c.Rollback, TakesBackID: c.Takes, Canary: c.Canary,
		Parallel: c.Parallel, MinCount: c.MinCount, Protocol: c.Protocol, Signed: c.Signed, Reason: c.Reason, State: c.State, Why: c.Why,
		CreatedBy: c.Actor, Total: c.Total, CreatedAt: at(c.CreatedAt), EndedAt: at(c.EndedAt)}
	if c.From != c.To {
		out.WindowFrom, out.WindowTo = clockOf(c.From), clockOf(c.To)
	}
	return out
}

// CampaignPath is the {id} in a path.
type CampaignPath struct {
	ID ident.Campaign `path:"id"`
}

type newCampaignInput struct {
	Body struct {
		Name            string              `json:"name" minLength:"1" maxLength:"100"`
		ImageID         ident.Image         `json:"image_id"`
		RollbackImageID ident.Image         `json:"rollback_image_id,omitzero" doc:"What takes it back: another image for the same model."`
		ChargePointIDs  []ident.ChargePoint `json:"charge_point_ids,omitempty" maxItems:"5000" doc:"Absent: every charge point of the image's model that site_id and firmware leave."`
		SiteID          ident.Site          `json:"site_id,omitzero"`
		Firmware        string              `json:"firmware,omitempty" maxLength:"255" doc:"Only those that have this version now."`
		Canary          *int                `json:"canary_percent,omitempty" minimum:"0" maximum:"100" doc:"How many go first, alone; absent: 5."`
		WindowFrom      string              `json:"window_from,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"Local time of each site from which installs may begin; over midnight where it is later than window_to." example:"01:00"`
		WindowTo        string              `json:"window_to,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"05:00"`
		Parallel        *int                `json:"parallel,omitempty" minimum:"1" maximum:"500" doc:"How many may be at it at once; absent: 10."`
		MinCount        *int                `json:"halt_min_count,omitempty" minimum:"1" maximum:"1000" doc:"Absent: 10."`
		Protocol        upkeep.Protocol     `json:"protocol,omitempty" enum:"https,ftps,http,ftp"`
		Signed          *bool               `json:"signed,omitempty"`
		Reason          string              `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"FirmwareCampaignNew"`
}

func minuteOf(clock string) int {
	var h, m int
	_, _ = fmt.Sscanf(clock, "%d:%d", &h, &m) // its pattern is checked
	return h*60 + m
}

func orElse(v *int, def int) int {
	if v == nil {
		return def
	}
	return *v
}

func (h *handlers) createCampaign(ctx context.Context, in *newCampaignInput) (*made[FirmwareCampaign], error) {
	b := in.Body
	if (b.WindowFrom == "") != (b.WindowTo == "") {
		return nil, fault.BadInput("/window_to", "and window_from must be there together")
	}
	c, err := h.svc.Upkeep.StartCampaign(ctx, scopeOf(ctx), upkeep.NewCampaign{Points: b.ChargePointIDs, Site: b.SiteID, Firmware: b.Firmware,
		Campaign: upkeep.Campaign{Name: b.Name, Image: b.ImageID, Rollback: b.RollbackImageID, Canary: orElse(b.Canary, 5), From: minuteOf(b.WindowFrom),
			To: minuteOf(b.WindowTo), Parallel: orElse(b.Parallel, 10), MinCount: orElse(b.MinCount, 10), Protocol: b.Protocol, Signed: b.Signed, Reason: b.Reason}})
	if err != nil {
		return nil, err
	}
	return madeOf(campaignOf(c), c.Version, "/api/v1/firmware-campaigns/"+c.ID.String()), nil
}

type campaignsInput struct{ Paging }

func (h *handlers) listCampaigns(ctx context.Context, in *campaignsInput) (*found[FirmwareCampaign], error) {
	l, err := h.svc.Upkeep.Campaigns(ctx, scopeOf(ctx), in.page())
	if err != nil {
		return nil, err
	}
	name := h.names(ctx, scopeOf(ctx))
	return foundOf(l, func(c upkeep.Campaign) FirmwareCampaign {
		out := campaignOf(c)
		out.CreatedBy = name.of(out.CreatedBy)
		return out
	}), nil
}

func (h *handlers) getCampaign(ctx context.Context, in *CampaignPath) (*struct{ Body FirmwareCampaign }, error) {
	c, n, err := h.svc.Upkeep.Campaign(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := campaignOf(c)
	out.CreatedBy = h.names(ctx, scopeOf(ctx)).of(out.CreatedBy)
	out.Counts = &CampaignCounts{Waiting: n.Waiting, Open: n.Open, Done: n.Done, Failed: n.Failed, Cancelled: n.Cancelled, Skipped: n.Skipped,
		Canaries: n.Canaries, First: n.CanaryWaiting+n.CanaryOpen > 0}
	return &struct{ Body FirmwareCampaign }{out}, nil
}

func (h *handlers) pauseCampaign(ctx context.Context, in *CampaignPath) (*struct{ Body FirmwareCampaign }, error) {
	c, err := h.svc.Upkeep.PauseCampaign(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body FirmwareCampaign }{campaignOf(c)}, err
}

func (h *handlers) resumeCampaign(ctx context.Context, in *CampaignPath) (*struct{ Body FirmwareCampaign }, error) {
	c, err := h.svc.Upkeep.ResumeCampaign(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body FirmwareCampaign }{campaignOf(c)}, err
}

func (h *handlers) cancelCampaign(ctx context.Context, in *CampaignPath) (*struct{ Body FirmwareCampaign }, error) {
	c, err := h.svc.Upkeep.CancelCampaign(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body FirmwareCampaign }{campaignOf(c)}, err
}

type takeBackInput struct {
	CampaignPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"FirmwareCampaignRollback"`
}

func (h *handlers) takeBackCampaign(ctx context.Context, in *takeBackInput) (*made[FirmwareCampaign], error) {
	c, err := h.svc.Upkeep.TakeBack(ctx, scopeOf(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return madeOf(campaignOf(c), c.Version, "/api/v1/firmware-campaigns/"+c.ID.String()), nil
}
