package web

import (
	"context"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// One field finds what a caller reads out on the phone (ui.md "Frame").

// Found is what a text may mean, by kind.
type Found struct {
	Groups []FoundGroup `json:"groups" doc:"Only kinds that something was found of, and that the caller may read."`
}

// FoundGroup is what was found of one kind.
type FoundGroup struct {
	Kind string `json:"kind" enum:"session,recharge,card,driver,charge_point,site"`
	Hits []Hit  `json:"hits" doc:"At most ten."`
	More bool   `json:"more" doc:"There are more: the list of this kind has them."`
}

// Hit is one object.
type Hit struct {
	ID     string    `json:"id"`
	Title  string    `json:"title" doc:"What it is called: covered like everywhere without the permission pii.view."`
	Detail string    `json:"detail,omitempty" doc:"What tells it from others."`
	Status string    `json:"status,omitempty"`
	At     time.Time `json:"at,omitzero" doc:"When it was."`
	Find   string    `json:"find,omitempty" doc:"As a filter it finds the object in the list of its kind."`
}

type searchInput struct {
	Q     string `query:"q" maxLength:"100" doc:"A transaction id, a card in any spelling, a mobile number, an account, a charging account, a name, or a code, identity or serial number of a charge point; at least two characters, or a number."`
	Limit int    `query:"limit" minimum:"1" maximum:"10" default:"5" doc:"Hits per kind."`
}

// meanings are what a text can be.
type meanings struct {
	text        string
	transaction int64    // of a session
	recharge    string   // 25 digits
	uids        []string // of a card: as read, and with its bytes the other way round
	account     string   // eleven digits
	session     ident.Session
}

func meaningsOf(q string) (m meanings) {
	m.text = strings.TrimSpace(q)
	plain := strings.NewReplacer(" ", "", ":", "", "-", "", ".", "").Replace(m.text)
	digits := plain != "" && strings.Trim(plain, "0123456789") == ""
	if digits {
		if n, err := strconv.ParseInt(plain, 10, 64); err == nil && n > 0 && n <= math.MaxInt32 {
			m.transaction = n
		}
		switch len(plain) {
		case 25:
			m.recharge = plain
		case 11:
			m.account = plain
		}
	}
	if id, err := ident.Parse[ident.Session](m.text); err == nil {
		m.session = id
	}
	if len(plain) >= 4 && len(plain) <= 40 {
		m.uids = append(m.uids, ident.NormalToken(m.text))
	}
	// Readers differ in the order of the bytes, and cards of four bytes are often
	// printed as a decimal number.
	if b, err := hex.DecodeString(plain); err == nil && len(b) >= 4 && len(b) <= 10 {
		m.uids = append(m.uids, strings.ToUpper(hex.EncodeToString(b)), turned(b))
	}
	if n, err := strconv.ParseUint(plain, 10, 32); digits && err == nil && len(plain) >= 8 {
		b := []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
		m.uids = append(m.uids, strings.ToUpper(hex.EncodeToString(b)), turned(b))
	}
	slices.Sort(m.uids)
	m.uids = slices.Compact(m.uids)
	return m
}

func turned(b []byte) string {
	b = slices.Clone(b)
	slices.Reverse(b)
	return strings.ToUpper(hex.EncodeToString(b))
}

func (h *handlers) search(ctx context.Context, in *searchInput) (*struct{ Body Found }, error) {
	out := &struct{ Body Found }{Found{Groups: []FoundGroup{}}}
	m := meaningsOf(in.Q)
	if len([]rune(m.text)) < 2 && m.transaction == 0 {
		return out, nil
	}
	c, p := callerOf(ctx), operator.Page{Limit: in.Limit, Quick: true}
	for _, kind := range []struct {
		name string
		need authz.Permission
		find func(context.Context, operator.Caller, meanings, operator.Page) ([]Hit, bool, error)
	}{
		{"session", authz.LiveRead, h.findSessions},
		{"recharge", authz.FinanceRead, h.findRecharges},
		{"card", authz.DriverRead, h.findCards},
		{"driver", authz.DriverRead, h.findDrivers},
		{"charge_point", authz.AssetRead, h.findPoints},
		{"site", authz.AssetRead, h.findSites},
	} {
		if !c.May(kind.need) {
			continue
		}
		hits, more, err := kind.find(ctx, c, m, p)
		if err != nil {
			return nil, err
		}
		if len(hits) > in.Limit {
			hits, more = hits[:in.Limit], true
		}
		if len(hits) > 0 {
			out.Body.Groups = append(out.Body.Groups, FoundGroup{Kind: kind.name, Hits: hits, More: more})
		}
	}
	return out, nil
}

func (h *handlers) findSessions(ctx context.Context, c operator.Caller, m meanings, p operator.Page) ([]Hit, bool, error) {
	var rows []session.Row
	if !m.session.IsZero() {
		r, err := h.svc.Session.Get(ctx, c.Scope, m.session)
		if err == nil {
			rows = append(rows, r)
		} else if !fault.Is(err, fault.Missing) {
			return nil, false, err
		}
	}
	more := false
	if m.transaction != 0 {
		l, err := h.svc.Session.List(ctx, c.Scope, session.Filter{OCPPID: m.transaction}, p)
		if err != nil {
			return nil, false, err
		}
		rows, more = append(rows, l.Items...), l.Next != ""
	}
	var hits []Hit
	for i := range rows {
		s := h.session(c, &rows[i])
		title := s.TransactionID
		if title == "" {
			title = s.ChargePointName
		}
		hits = append(hits, Hit{ID: s.ID.String(), Title: title, Detail: join(s.SiteName, s.ChargePointName, s.User), Status: s.RecordState, At: s.StartedAt})
	}
	return hits, more, nil
}

func (h *handlers) findRecharges(ctx context.Context, c operator.Caller, m meanings, p operator.Page) ([]Hit, bool, error) {
	if m.recharge == "" {
		return nil, false, nil
	}
	l, err := h.svc.Ledger.Recharges(ctx, c.Scope, ledger.RechargeFilter{TransactionID: m.recharge}, p)
	var hits []Hit
	for _, r := range l.Items {
		hits = append(hits, Hit{ID: r.ID.String(), Title: r.TransactionID, Detail: r.Amount.Decimal() + " " + string(r.Amount.Currency), Status: r.State, At: at(r.At), Find: r.TransactionID})
	}
	return hits, l.Next != "", err
}

func (h *handlers) findCards(ctx context.Context, c operator.Caller, m meanings, p operator.Page) ([]Hit, bool, error) {
	var hits []Hit
	for _, uid := range m.uids {
		l, err := h.svc.Member.Tokens(ctx, c.Scope, member.TokenFilter{UID: uid}, p)
		if err != nil {
			return nil, false, err
		}
		for _, x := range l.Items {
			t := token(ctx, x)
			find := t.UID
			if t.Masked {
				find = t.ChargingAccount
			}
			hits = append(hits, Hit{ID: t.ID.String(), Title: t.UID, Detail: t.Account, Status: string(t.Status), Find: find})
		}
	}
	return hits, false, nil
}

func (h *handlers) findDrivers(ctx context.Context, c operator.Caller, m meanings, p operator.Page) ([]Hit, bool, error) {
	filters := []member.DriverFilter{{Q: m.text}}
	if m.account != "" {
		filters = append(filters, member.DriverFilter{ChargingAccount: m.account})
	}
	if n, ok := member.NormalMobile(m.text); ok {
		filters = append(filters, member.DriverFilter{Mobile: n}, member.DriverFilter{Account: n})
	}
	var hits []Hit
	more := false
	for _, f := range filters {
		l, err := h.svc.Member.Drivers(ctx, c.Scope, f, p)
		if err != nil {
			return nil, false, err
		}
		more = more || l.Next != ""
		for _, d := range l.Items {
			if !c.May(authz.PIIView) {
				d = d.Masked()
			}
			id := d.ID.String()
			if slices.ContainsFunc(hits, func(x Hit) bool { return x.ID == id }) {
				continue
			}
			title := d.Name
			if title == "" {
				title = d.Account
			}
			hits = append(hits, Hit{ID: id, Title: title, Detail: join(d.Account, d.ChargingAccount), Status: string(d.Status), Find: d.ChargingAccount})
		}
	}
	return hits, more, nil
}

func (h *handlers) findPoints(ctx context.Context, c operator.Caller, m meanings, p operator.Page) ([]Hit, bool, error) {
	l, err := h.svc.Asset.ChargePoints(ctx, c.Scope, asset.PointFilter{Q: m.text}, p)
	var hits []Hit
	for _, x := range l.Items {
		hits = append(hits, Hit{ID: x.ID.String(), Title: x.Name, Detail: join(x.SiteName, x.Code, x.Identity), Status: string(x.PointStatus), Find: x.Code})
	}
	return hits, l.Next != "", err
}

func (h *handlers) findSites(ctx context.Context, c operator.Caller, m meanings, p operator.Page) ([]Hit, bool, error) {
	l, err := h.svc.Asset.Sites(ctx, c.Scope, asset.SiteFilter{Q: m.text}, p)
	var hits []Hit
	for _, s := range l.Items {
		hits = append(hits, Hit{ID: s.ID.String(), Title: s.Name, Detail: s.Address, Status: string(s.Status), Find: s.Name})
	}
	return hits, l.Next != "", err
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}
