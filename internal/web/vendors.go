package web

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
)

// VendorRule says what the messages of a vendor are answered with (OCPP 1.6 §4.3).
type VendorRule struct {
	ID        ident.VendorRule   `json:"id"`
	VendorID  string             `json:"vendor_id" doc:"Compared without regard to case." example:"com.example"`
	MessageID string             `json:"message_id,omitempty" doc:"Absent: every message of the vendor that has no rule of its own."`
	Answer    asset.VendorAnswer `json:"answer" enum:"accepted,rejected,unknown_vendor_id" doc:"What the charge point is told. What came is kept all the same."`
	Note      string             `json:"note,omitempty" doc:"What it is for." export:"pii"`
	CreatedAt time.Time          `json:"created_at"`
	Version   int64              `json:"version"`
}

// VendorMessage is a message that only its vendor knows, as a charge point sent it.
type VendorMessage struct {
	ID         ident.Event        `json:"id"`
	ReceivedAt time.Time          `json:"received_at"`
	VendorID   string             `json:"vendor_id"`
	MessageID  string             `json:"message_id,omitempty"`
	Data       string             `json:"data,omitempty" doc:"As it came, at most 65536 bytes; covered without the permission pii.view." export:"pii"`
	Cut        bool               `json:"cut,omitempty" doc:"There was more data than is kept."`
	Answer     asset.VendorAnswer `json:"answer" enum:"accepted,rejected,unknown_vendor_id,unknown_message_id" doc:"What the charge point was told."`
}

func vendorRuleOf(r asset.VendorRule) VendorRule {
	return VendorRule{ID: r.ID, VendorID: r.Vendor, MessageID: r.Message, Answer: r.Answer, Note: r.Note, CreatedAt: at(r.CreatedAt), Version: r.Version}
}

type vendorRulesInput struct{ Paging }

func (h *handlers) listVendorRules(ctx context.Context, in *vendorRulesInput) (*found[VendorRule], error) {
	l, err := h.svc.Asset.VendorRules(ctx, scopeOf(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, vendorRuleOf), nil
}

type newVendorRuleInput struct {
	Body struct {
		VendorID  string             `json:"vendor_id" minLength:"1" maxLength:"255" example:"com.example"`
		MessageID string             `json:"message_id,omitempty" maxLength:"50" doc:"Absent: every message of the vendor that has no rule of its own. What has none at all is answered UnknownMessageId."`
		Answer    asset.VendorAnswer `json:"answer" enum:"accepted,rejected,unknown_vendor_id"`
		Note      string             `json:"note,omitempty" maxLength:"200"`
	} `nameHint:"VendorRuleNew"`
}

func (h *handlers) createVendorRule(ctx context.Context, in *newVendorRuleInput) (*made[VendorRule], error) {
	b := in.Body
	r, err := h.svc.Asset.CreateVendorRule(ctx, scopeOf(ctx), asset.VendorRule{Vendor: b.VendorID, Message: b.MessageID, Answer: b.Answer, Note: b.Note})
	if err != nil {
		return nil, err
	}
	return madeOf(vendorRuleOf(r), r.Version, "/api/v1/vendor-rules/"+r.ID.String()), nil
}

// VendorRulePath is the {id} in a path.
type VendorRulePath struct {
	ID ident.VendorRule `path:"id"`
}

func (h *handlers) getVendorRule(ctx context.Context, in *VendorRulePath) (*single[VendorRule], error) {
	r, err := h.svc.Asset.VendorRule(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(vendorRuleOf(r), r.Version), nil
}

type vendorRulePatchInput struct {
	VendorRulePath
	Body struct {
		Answer *asset.VendorAnswer `json:"answer,omitempty" enum:"accepted,rejected,unknown_vendor_id"`
		Note   Opt[string]         `json:"note,omitempty"`
	} `nameHint:"VendorRulePatch"`
}

func (h *handlers) updateVendorRule(ctx context.Context, in *vendorRulePatchInput) (*single[VendorRule], error) {
	r, err := h.svc.Asset.ChangeVendorRule(ctx, scopeOf(ctx), in.ID, in.Body.Answer, in.Body.Note.ptr(), versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(vendorRuleOf(r), r.Version), nil
}

func (h *handlers) deleteVendorRule(ctx context.Context, in *VendorRulePath) (*nothing, error) {
	return &nothing{}, h.svc.Asset.DeleteVendorRule(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}

type vendorMessagesInput struct {
	PointPath
	Paging
}

func (h *handlers) listVendorMessages(ctx context.Context, in *vendorMessagesInput) (*found[VendorMessage], error) {
	c := callerOf(ctx)
	l, err := h.svc.Asset.VendorMessages(ctx, c.Scope, in.ID, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(m asset.VendorMessage) VendorMessage {
		out := VendorMessage{ID: m.ID, ReceivedAt: at(m.At), VendorID: m.Vendor, MessageID: m.Message, Data: m.Data, Cut: m.Cut, Answer: m.Answer}
		if out.Data != "" && !c.May(authz.PIIView) {
			out.Data = covered
		}
		return out
	}), nil
}
