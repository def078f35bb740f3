package web

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/member"
)

// LocalList says which cards some charge points let in while they are offline.
type LocalList struct {
	ID             ident.LocalList     `json:"id"`
	SubOperatorID  ident.SubOperator   `json:"sub_operator_id,omitzero"`
	Name           string              `json:"name"`
	Cards          member.CardRule     `json:"cards" enum:"ALL,SUB_OPERATOR,MANUAL" doc:"Whose cards: all that may charge, those of the drivers of a sub-operator, or those that were picked."`
	CardsOf        ident.SubOperator   `json:"cards_of,omitzero" doc:"Where cards is SUB_OPERATOR."`
	WithoutBalance bool                `json:"without_balance" doc:"Cards of accounts that have nothing to spend are on it too."`
	TokenIDs       []ident.Token       `json:"token_ids" doc:"Where cards is MANUAL." export:"-"`
	SiteIDs        []ident.Site        `json:"site_ids" doc:"All charge points of these." export:"-"`
	ChargePointIDs []ident.ChargePoint `json:"charge_point_ids" export:"-"`
	Status         member.ListStatus   `json:"status" enum:"VALID,INVALID" doc:"INVALID: every card is taken off the charge points."`

	PushState    member.PushState `json:"push_state" enum:"DRAFT,QUEUED,PUSHING,PARTIAL,SUCCESS,FAILED,OUT_OF_SYNC" doc:"Of all its charge points. DRAFT: there are none."`
	PushedAt     time.Time        `json:"pushed_at,omitzero" doc:"When the last push to one of them began."`
	SucceededAt  time.Time        `json:"succeeded_at,omitzero" doc:"When one of them last said that it has the newest."`
	Points       int              `json:"points" doc:"Charge points that are to have it."`
	PointsPushed int              `json:"points_pushed" doc:"Those that said that they have the newest."`
	PointsFailed int              `json:"points_failed" doc:"Those that did not take it, or keep no list."`
	PointsLeft   int              `json:"points_leaving" doc:"Those that are no longer of the list and are still to be emptied."`
	Users        int              `json:"users" doc:"Cards on it."`
	UsersPushed  int              `json:"users_pushed" doc:"The fewest that one of the charge points has, without those that keep no list."`
	LeftOut      int              `json:"left_out" doc:"Cards whose number is too long for OCPP 1.6."`
	TooMany      bool             `json:"too_many" doc:"More than 10,000 cards are found; the oldest are on it."`
	Revision     int64            `json:"revision" doc:"It rises with every change of a card on it."`
	Version      int64            `json:"version" export:"-"`
}

func localListOf(v member.ListView) LocalList {
	l, c := v.LocalList, v.Pushes.Count
	return LocalList{ID: l.ID, SubOperatorID: l.Sub, Name: l.Name, Cards: l.Cards, CardsOf: l.CardsOf, WithoutBalance: l.WithoutBalance,
		TokenIDs: idsOf(l.Tokens), SiteIDs: idsOf(l.Sites), ChargePointIDs: idsOf(l.Points), Status: l.Status,
		PushState: v.Pushes.State(), PushedAt: at(v.Pushes.StartedAt), SucceededAt: at(v.Pushes.SucceededAt),
		Points: v.Pushes.Points(), PointsPushed: c[member.PushSuccess], PointsFailed: c[member.PushFailed] + c[member.PushNotSupported], PointsLeft: v.Pushes.Leaving,
		Users: l.Entries, UsersPushed: v.Pushes.Cards, LeftOut: l.LeftOut, TooMany: l.TooMany, Revision: l.Revision, Version: l.Version}
}

// idsOf is ids as a list that is never null.
func idsOf[T any](ids []T) []T {
	if ids == nil {
		return []T{}
	}
	return ids
}

// LocalListPath is the {id} in a path.
type LocalListPath struct {
	ID ident.LocalList `path:"id"`
}

type localListsInput struct {
	Paging
	Name   string            `query:"name" maxLength:"100" doc:"How the name begins."`
	Status member.ListStatus `query:"status" enum:"VALID,INVALID"`
}

func (h *handlers) listLocalLists(ctx context.Context, in *localListsInput) (*found[LocalList], error) {
	l, err := h.svc.Member.LocalLists(ctx, scopeOf(ctx), member.ListFilter{Name: in.Name, Status: in.Status}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, localListOf), nil
}

func (h *handlers) getLocalList(ctx context.Context, in *LocalListPath) (*single[LocalList], error) {
	v, err := h.svc.Member.LocalList(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(localListOf(v), v.Version), nil
}

type newLocalListInput struct {
	Body struct {
		SubOperatorID  ident.SubOperator   `json:"sub_operator_id,omitzero" doc:"Whose list it is; its cards and charge points are of this one only."`
		Name           string              `json:"name" minLength:"1" maxLength:"100"`
		Cards          member.CardRule     `json:"cards" enum:"ALL,SUB_OPERATOR,MANUAL"`
		CardsOf        ident.SubOperator   `json:"cards_of,omitzero" doc:"Where cards is SUB_OPERATOR."`
		WithoutBalance bool                `json:"without_balance,omitempty"`
		TokenIDs       []ident.Token       `json:"token_ids,omitempty" maxItems:"2000" doc:"Where cards is MANUAL."`
		SiteIDs        []ident.Site        `json:"site_ids,omitempty" maxItems:"2000"`
		ChargePointIDs []ident.ChargePoint `json:"charge_point_ids,omitempty" maxItems:"2000" doc:"A charge point has one list."`
	} `nameHint:"LocalListNew"`
}

func (h *handlers) createLocalList(ctx context.Context, in *newLocalListInput) (*made[LocalList], error) {
	b := in.Body
	v, err := h.svc.Member.CreateLocalList(ctx, scopeOf(ctx), member.NewLocalList{Sub: b.SubOperatorID, Name: b.Name, Cards: b.Cards, CardsOf: b.CardsOf,
		WithoutBalance: b.WithoutBalance, Tokens: b.TokenIDs, Sites: b.SiteIDs, Points: b.ChargePointIDs})
	if err != nil {
		return nil, err
	}
	return madeOf(localListOf(v), v.Version, "/api/v1/local-lists/"+v.ID.String()), nil
}

type localListPatchInput struct {
	LocalListPath
	Body struct {
		Name           *string              `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Cards          *member.CardRule     `json:"cards,omitempty" enum:"ALL,SUB_OPERATOR,MANUAL"`
		CardsOf        *ident.SubOperator   `json:"cards_of,omitempty"`
		WithoutBalance *bool                `json:"without_balance,omitempty"`
		Status         *member.ListStatus   `json:"status,omitempty" enum:"VALID,INVALID"`
		TokenIDs       *[]ident.Token       `json:"token_ids,omitempty" maxItems:"2000"`
		SiteIDs        *[]ident.Site        `json:"site_ids,omitempty" maxItems:"2000"`
		ChargePointIDs *[]ident.ChargePoint `json:"charge_point_ids,omitempty" maxItems:"2000"`
	} `nameHint:"LocalListPatch"`
}

func (h *handlers) updateLocalList(ctx context.Context, in *localListPatchInput) (*single[LocalList], error) {
	b := in.Body
	v, err := h.svc.Member.UpdateLocalList(ctx, scopeOf(ctx), in.ID, member.LocalListChange{Name: b.Name, Cards: b.Cards, CardsOf: b.CardsOf,
		WithoutBalance: b.WithoutBalance, Status: b.Status, Tokens: b.TokenIDs, Sites: b.SiteIDs, Points: b.ChargePointIDs}, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(localListOf(v), v.Version), nil
}

func (h *handlers) deleteLocalList(ctx context.Context, in *LocalListPath) (*nothing, error) {
	return &nothing{}, h.svc.Member.DeleteLocalList(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}

type pushLocalListInput struct {
	LocalListPath
	Body struct {
		ChargePointID ident.ChargePoint `json:"charge_point_id,omitzero" doc:"Only to this one; absent: to all."`
	} `nameHint:"LocalListPush"`
}

func (h *handlers) pushLocalList(ctx context.Context, in *pushLocalListInput) (*single[LocalList], error) {
	v, err := h.svc.Member.Push(ctx, scopeOf(ctx), in.ID, in.Body.ChargePointID)
	if err != nil {
		return nil, err
	}
	return singleOf(localListOf(v), v.Version), nil
}

// LocalListPoint is a charge point of a list, and how far it has it.
type LocalListPoint struct {
	ChargePointID   ident.ChargePoint `json:"charge_point_id"`
	ChargePointName string            `json:"charge_point_name"`
	Identity        string            `json:"identity"`
	SiteName        string            `json:"site_name,omitempty"`
	Online          bool              `json:"online"`
	State           member.PushState  `json:"state" enum:"QUEUED,PUSHING,SUCCESS,FAILED,OUT_OF_SYNC,NOT_SUPPORTED" doc:"QUEUED: it waits for its turn, or to be online; then it gets the newest only."`
	Leaving         bool              `json:"leaving,omitempty" doc:"It is no longer of the list: its copy is emptied."`
	Reported        *int64            `json:"reported_version,omitempty" doc:"The version that it told last; 0: none, -1: it keeps no list. Absent: never asked."`
	ReportedAt      time.Time         `json:"reported_at,omitzero"`
	ListVersion     int64             `json:"list_version" doc:"Of the last message that it took. Each message has one."`
	Chunk           int               `json:"chunk,omitempty" doc:"Parts that it took of the push that is under way."`
	Chunks          int               `json:"chunks,omitempty"`
	Users           int               `json:"users" doc:"Cards that it has."`
	Tries           int               `json:"tries,omitempty" doc:"That failed in a row."`
	Detail          string            `json:"detail,omitempty" doc:"Why it has not the newest, in words."`
	NextAt          time.Time         `json:"next_at,omitzero" doc:"When something is done about it next."`
	PushedAt        time.Time         `json:"pushed_at,omitzero"`
	SucceededAt     time.Time         `json:"succeeded_at,omitzero"`
}

func localListPointOf(r member.ListPointRow) LocalListPoint {
	return LocalListPoint{ChargePointID: r.Point, ChargePointName: r.PointName, Identity: r.Identity, SiteName: r.SiteName, Online: r.Online,
		State: r.State, Leaving: r.Leaving, Reported: r.Reported, ReportedAt: at(r.ReportedAt), ListVersion: r.ListVersion, Chunk: r.Chunk, Chunks: r.Chunks,
		Users: r.Cards, Tries: r.Tries, Detail: r.Detail, NextAt: at(r.DueAt), PushedAt: at(r.StartedAt), SucceededAt: at(r.SucceededAt)}
}

type localListPointsInput struct {
	LocalListPath
	Paging
	State member.PushState `query:"state" enum:"QUEUED,PUSHING,SUCCESS,FAILED,OUT_OF_SYNC,NOT_SUPPORTED"`
	Name  string           `query:"name" maxLength:"100" doc:"How a word of the charge point's name begins."`
}

func (h *handlers) localListPoints(ctx context.Context, in *localListPointsInput) (*found[LocalListPoint], error) {
	l, err := h.svc.Member.ListPoints(ctx, scopeOf(ctx), in.ID, member.ListPointFilter{State: in.State, Name: in.Name}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, localListPointOf), nil
}

// LocalListCard is a card of a list: what charge points are told of it.
type LocalListCard struct {
	TokenID         ident.Token `json:"token_id"`
	UID             string      `json:"uid" export:"pii"`
	ChargingAccount string      `json:"charging_account" doc:"Charge points take it for the group of the card: parentIdTag."`
	ExpiresAt       time.Time   `json:"expires_at,omitzero" doc:"Absent: never."`
}

type localListCardsInput struct {
	LocalListPath
	Paging
}

func (h *handlers) localListCards(ctx context.Context, in *localListCardsInput) (*found[LocalListCard], error) {
	l, err := h.svc.Member.ListCards(ctx, scopeOf(ctx), in.ID, in.page())
	if err != nil {
		return nil, err
	}
	seen := callerOf(ctx).May(authz.PIIView)
	return foundOf(l, func(e member.Entry) LocalListCard {
		if !seen {
			e.UID = member.MaskAccount(e.UID)
		}
		return LocalListCard{TokenID: e.Token, UID: e.UID, ChargingAccount: e.Account, ExpiresAt: at(e.Expires)}
	}), nil
}
