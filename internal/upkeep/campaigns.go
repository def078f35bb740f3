package upkeep

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strconv"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// CampaignTx keeps campaigns.
type CampaignTx interface {
	InsertCampaign(Campaign) error
	SaveCampaign(Campaign) error
	CampaignByID(ident.Campaign) (Campaign, error)
	// LockCampaign is CampaignByID that makes other writers of it wait.
	LockCampaign(ident.Campaign) (Campaign, error)
	CampaignList(operator.Page) (operator.List[Campaign], error)
	// DueCampaigns lists campaigns that it is time to look at.
	DueCampaigns(now time.Time, limit int) ([]Campaign, error)
	CountInstalls(ident.Campaign) ([]InstallCount, error)
	// WaitingInstalls lists those of a campaign that are due, in their order; first: only
	// of those that go first. Of the zero one those that were asked for by themselves.
	WaitingInstalls(c ident.Campaign, first bool, now time.Time, limit int) ([]Install, error)
	// CancelInstalls ends those of a campaign that wait.
	CancelInstalls(c ident.Campaign, now time.Time) error
	// DoneInstalls lists the points of a campaign that have its image.
	DoneInstalls(c ident.Campaign, limit int) ([]ident.ChargePoint, error)
	// PointsToUpdate lists the points in use of a model; zero fields do not narrow.
	PointsToUpdate(PointsFilter, int) ([]asset.ChargePoint, error)
}

// PointsFilter selects the points of a campaign.
type PointsFilter struct {
	Vendor, Model string
	Site          ident.Site
	Firmware      string // what they have now; "": any
	Among         []ident.ChargePoint
}

// NewCampaign is what is asked for: the points that are named, else those that the filter
// finds among the image's model.
type NewCampaign struct {
	Campaign
	Points   []ident.ChargePoint
	Site     ident.Site
	Firmware string
}

// StartCampaign keeps a campaign; RunCampaigns then takes it on.
func (s *Service) StartCampaign(ctx context.Context, sc authz.Scope, n NewCampaign) (Campaign, error) {
	if sc.Operator().IsZero() {
		return n.Campaign, fault.New(fault.Denied, "operator_needed", "Enter an operator first.")
	}
	c, err := n.Campaign.checked()
	if err != nil {
		return c, err
	}
	if len(n.Points) > MostCampaign {
		return c, fault.BadInput("/charge_point_ids", "must be at most %d charge points", MostCampaign)
	}
	err = s.write(ctx, sc, func(tx Tx) (err error) {
		c, err = s.startCampaign(tx, sc, c, n)
		return err
	})
	return c, err
}

func (s *Service) startCampaign(tx Tx, sc authz.Scope, c Campaign, n NewCampaign) (Campaign, error) {
	img, err := imageFor(tx, c.Image, "/image_id")
	if err != nil {
		return c, err
	}
	if c.Signed != nil && *c.Signed && !img.Signed() {
		return c, fault.BadInput("/signed", "is not possible: the image has no signature")
	}
	if !c.Rollback.IsZero() {
		back, err := imageFor(tx, c.Rollback, "/rollback_image_id")
		if err != nil {
			return c, err
		}
		if back.Vendor != img.Vendor || back.Model != img.Model || back.ID == img.ID {
			return c, fault.BadInput("/rollback_image_id", "must be another image for the same model")
		}
	}
	if s.offers.None() || c.Protocol != "" && !s.offers.has(c.Protocol) {
		_, err := s.offers.choose(c.Protocol, nil, false)
		return c, err
	}
	f := PointsFilter{Vendor: img.Vendor, Model: img.Model, Site: n.Site, Firmware: n.Firmware}
	if len(n.Points) > 0 {
		f = PointsFilter{Among: n.Points}
	}
	points, err := tx.PointsToUpdate(f, MostCampaign+1)
	if err != nil {
		return c, err
	}
	if len(points) > MostCampaign {
		return c, fault.BadInput("/site_id", "narrows too little: more than %d charge points are meant", MostCampaign)
	}
	for i, id := range n.Points {
		if !slices.ContainsFunc(points, func(p asset.ChargePoint) bool { return p.ID == id }) {
			return c, fault.BadInput("/charge_point_ids/"+strconv.Itoa(i), "is no charge point in use")
		}
	}
	now := tx.Now()
	c.ID, c.Operator, c.Sub, c.Version = ident.New[ident.Campaign](now), sc.Operator(), sc.Sub(), 1
	c.State, c.CreatedAt, c.DueAt, c.Actor = CampaignRunning, now, now, asset.ActorOf(sc)
	rows := c.rows(img, points, now)
	if c.Total = len(rows); !slices.ContainsFunc(rows, func(i Install) bool { return i.State == InstallWaiting }) {
		return c, fault.New(fault.Conflict, "nothing_to_update", "No charge point that is meant needs this image.")
	}
	if err := tx.InsertCampaign(c); err != nil {
		return c, err
	}
	if err := tx.InsertInstalls(rows); err != nil {
		return c, err
	}
	return c, tx.Audit("firmware_campaign.created", c.ID.String(), nil, campaignNote{Name: c.Name, Image: img.Name, Release: img.Release, Total: c.Total, Reason: c.Reason})
}

type campaignNote struct {
	Name    string        `json:"name,omitempty"`
	Image   string        `json:"image,omitempty"`
	Release string        `json:"release,omitempty"`
	Total   int           `json:"charge_points,omitempty"`
	State   CampaignState `json:"state,omitempty"`
	Reason  string        `json:"reason,omitempty"`
}

func imageFor(tx Tx, id ident.Image, pointer string) (Image, error) {
	img, err := tx.ImageByID(id)
	if fault.Is(err, fault.Missing) || err == nil && img.State != ImageReady {
		return img, fault.BadInput(pointer, "is no firmware image with a file")
	}
	return img, err
}

// rows are the installs of a campaign, in an order that has nothing to do with where the
// points stand: those that go first are a sample.
func (c Campaign) rows(img Image, points []asset.ChargePoint, now time.Time) []Install {
	key := func(p asset.ChargePoint) []byte {
		h := sha256.Sum256(append(p.ID.Bytes(), c.ID.Bytes()...))
		return h[:]
	}
	slices.SortFunc(points, func(a, b asset.ChargePoint) int {
		return cmp.Or(bytes.Compare(key(a), key(b)), bytes.Compare(a.ID.Bytes(), b.ID.Bytes()))
	})
	out := make([]Install, len(points))
	need := 0
	for k, p := range points {
		i := Install{ID: ident.New[ident.Install](now), Operator: p.Operator, Sub: p.Sub, Point: p.ID, Site: p.Site, Image: img.ID, Campaign: c.ID,
			Number: k, State: InstallWaiting, Before: p.Firmware, Release: img.Release, DueAt: now, CreatedAt: now, Version: 1}
		switch {
		case img.fits(p) != nil:
			i = i.end(InstallSkipped, "It is another model.", now)
		case p.Firmware == img.Release:
			i = i.end(InstallSkipped, "It has this version.", now)
		default:
			need++
		}
		out[k] = i
	}
	first := 0
	if c.Canary > 0 && c.Canary < 100 {
		first = max(1, (need*c.Canary+99)/100)
	}
	for k := range out {
		if out[k].State == InstallWaiting && first > 0 {
			out[k].Canary = true
			first--
		}
	}
	return out
}

// RunCampaigns takes on the campaigns that are due, and returns how many installs began.
func (s *Service) RunCampaigns(ctx context.Context, now time.Time) (begun int, err error) {
	var due []Campaign
	err = s.read(ctx, authz.Everything("firmware campaigns that are due"), func(tx Tx) (err error) { due, err = tx.DueCampaigns(now, 50); return err })
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, c := range due {
		n, missing := 0, s.missing(Image{ID: c.Image}.Vault())
		err := s.write(ctx, authz.ForSystem(c.Operator, "firmware campaign "+c.ID.String()), func(tx Tx) (err error) {
			n, err = s.stepCampaign(tx, c.ID, missing)
			return err
		})
		begun += n
		if err != nil && !fault.Is(err, fault.Conflict) { // another node was faster
			errs = append(errs, err)
		}
	}
	return begun, errors.Join(errs...)
}

// campaignStep is how many installs one transaction looks at.
const campaignStep = 20

func (s *Service) stepCampaign(tx Tx, id ident.Campaign, missing bool) (begun int, err error) {
	c, err := tx.LockCampaign(id)
	if err != nil || c.State != CampaignRunning {
		return 0, err
	}
	now := tx.Now()
	all, err := tx.CountInstalls(id)
	if err != nil {
		return 0, err
	}
	n := countOf(all)
	next := c.decide(n, now)
	if most, first := next.wave(n); most > 0 {
		img, err := tx.ImageByID(c.Image)
		if err != nil {
			return 0, err
		}
		img.Missing = missing
		rows, err := tx.WaitingInstalls(id, first, now, campaignStep)
		if err != nil {
			return 0, err
		}
		for _, i := range rows {
			if begun >= most {
				break
			}
			i, err := s.turn(tx, next, img, i, now)
			if err != nil {
				return 0, err
			}
			if i.State == InstallAsked {
				begun++
			}
			if err := tx.SaveInstall(i); err != nil {
				return 0, err
			}
		}
	}
	if err := tx.SaveCampaign(next); err != nil {
		return 0, err
	}
	if next.State == c.State {
		return begun, nil
	}
	return begun, tx.Audit("firmware_campaign."+auditWord(next.State), id.String(), campaignNote{State: c.State}, campaignNote{State: next.State, Reason: next.Why})
}

func auditWord(s CampaignState) string {
	return map[CampaignState]string{CampaignHalted: "halted", CampaignDone: "done", CampaignPaused: "paused", CampaignRunning: "resumed", CampaignCancelled: "cancelled"}[s]
}

// turn asks the point of an install whose turn it is, or puts it off.
func (s *Service) turn(tx Tx, c Campaign, img Image, i Install, now time.Time) (Install, error) {
	later := func(at time.Time, why string) (Install, error) {
		i.DueAt, i.Detail = at, why
		return i, nil
	}
	p, err := tx.LockPoint(i.Point)
	if fault.Is(err, fault.Missing) {
		return i.end(InstallSkipped, "The charge point is gone.", now), nil
	}
	if err != nil {
		return i, err
	}
	site, err := tx.SiteByID(p.Site)
	if err != nil {
		return i, err
	}
	zone, err := time.LoadLocation(site.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	if at := c.opens(zone, now); at.After(now) {
		return later(at, "It waits for its window.")
	}
	switch {
	case p.Status != asset.Valid:
		return i.end(InstallSkipped, "The charge point is out of use.", now), nil
	case p.Firmware == img.Release:
		return i.end(InstallSkipped, "It has this version.", now), nil
	case !p.Online(now):
		return later(now.Add(againIn), "It is offline.")
	case img.Missing:
		return later(now.Add(againIn), "The image waits for its file: upload it again.")
	}
	if err := session.PointBlocked(tx, p.ID); err != nil {
		if fault.Is(err, fault.Conflict) {
			return later(now.Add(againIn), chargingText)
		}
		return i, err
	}
	asked, err := s.ask(tx, p, i, img, InstallRequest{Protocol: c.Protocol, Signed: c.Signed, Reason: c.Name, At: i.Wish.At}, c.Actor)
	if err == nil {
		return asked, nil
	}
	f := fault.Of(err)
	switch f.Kind {
	case fault.Unsupported, fault.Invalid:
		return i.end(InstallFailed, f.Detail, now), nil
	case fault.Unavailable, fault.Limit:
		return later(now.Add(againIn), f.Detail)
	case fault.Conflict:
		if f.Code == "install_running" {
			return later(now.Add(againIn), f.Detail)
		}
		if f.Code != "stale_version" {
			return i.end(InstallSkipped, f.Detail, now), nil
		}
	}
	return i, err
}

// Campaigns lists campaigns, the newest first.
func (s *Service) Campaigns(ctx context.Context, sc authz.Scope, p operator.Page) (l operator.List[Campaign], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.CampaignList(p); return err })
	return l, err
}

// Campaign is one campaign and how its installs stand.
func (s *Service) Campaign(ctx context.Context, sc authz.Scope, id ident.Campaign) (c Campaign, n Counts, err error) {
	err = s.read(ctx, sc, func(tx Tx) error {
		if c, err = tx.CampaignByID(id); err != nil {
			return err
		}
		all, err := tx.CountInstalls(id)
		n = countOf(all)
		return err
	})
	return c, n, err
}

// change moves a campaign to a state by a person's word. The same again is no error.
func (s *Service) change(ctx context.Context, sc authz.Scope, id ident.Campaign, to CampaignState, do func(Tx, Campaign) (Campaign, error)) (c Campaign, err error) {
	err = s.write(ctx, sc, func(tx Tx) error {
		was, err := tx.LockCampaign(id)
		if err != nil {
			return err
		}
		if c = was; was.State == to {
			return nil
		}
		if was.State.over() {
			return fault.New(fault.Conflict, "campaign_over", "The campaign is over.")
		}
		n := was
		n.State = to
		if n, err = do(tx, n); err != nil {
			return err
		}
		if to != CampaignPaused { // a halt that is paused stays one for ResumeCampaign
			n.Why = ""
		}
		if err := tx.SaveCampaign(n); err != nil {
			return err
		}
		n.Version++
		c = n
		return tx.Audit("firmware_campaign."+auditWord(to), id.String(), campaignNote{State: was.State, Reason: was.Why}, campaignNote{State: to})
	})
	return c, err
}

// PauseCampaign has no further install begin. Those that are on their way go on.
func (s *Service) PauseCampaign(ctx context.Context, sc authz.Scope, id ident.Campaign) (Campaign, error) {
	return s.change(ctx, sc, id, CampaignPaused, func(_ Tx, c Campaign) (Campaign, error) {
		c.DueAt = time.Time{}
		return c, nil
	})
}

// ResumeCampaign goes on. After a halt, what failed until now is forgiven: the share is
// counted anew.
func (s *Service) ResumeCampaign(ctx context.Context, sc authz.Scope, id ident.Campaign) (Campaign, error) {
	return s.change(ctx, sc, id, CampaignRunning, func(tx Tx, c Campaign) (Campaign, error) {
		c.DueAt = tx.Now()
		if c.Why == "" { // it was paused, not halted
			return c, nil
		}
		all, err := tx.CountInstalls(c.ID)
		n := countOf(all)
		c.Forgave = Counted{n.Done, n.Failed}
		return c, err
	})
}

// CancelCampaign ends it. Installs that are on their way go on.
func (s *Service) CancelCampaign(ctx context.Context, sc authz.Scope, id ident.Campaign) (Campaign, error) {
	return s.change(ctx, sc, id, CampaignCancelled, func(tx Tx, c Campaign) (Campaign, error) {
		c.DueAt, c.EndedAt = time.Time{}, tx.Now()
		return c, tx.CancelInstalls(c.ID, tx.Now())
	})
}

// TakeBack ends a campaign and starts another that brings its roll-back image into the
// points that have the new one.
func (s *Service) TakeBack(ctx context.Context, sc authz.Scope, id ident.Campaign, reason string) (back Campaign, err error) {
	err = s.write(ctx, sc, func(tx Tx) error {
		c, err := tx.LockCampaign(id)
		if err != nil {
			return err
		}
		if c.Rollback.IsZero() {
			return fault.New(fault.Conflict, "no_rollback_image", "The campaign names no image that takes it back.")
		}
		points, err := tx.DoneInstalls(id, MostCampaign)
		if err != nil {
			return err
		}
		if len(points) == 0 {
			return fault.New(fault.Conflict, "nothing_to_update", "No charge point has the new image.")
		}
		if !c.State.over() {
			n := c
			n.State, n.DueAt, n.EndedAt = CampaignCancelled, time.Time{}, tx.Now()
			if err := tx.CancelInstalls(id, tx.Now()); err != nil {
				return err
			}
			if err := tx.SaveCampaign(n); err != nil {
				return err
			}
			if err := tx.Audit("firmware_campaign.cancelled", id.String(), campaignNote{State: c.State}, campaignNote{State: n.State, Reason: reason}); err != nil {
				return err
			}
		}
		b := Campaign{Name: cutRunes("↩ "+c.Name, 100), Image: c.Rollback, Takes: c.ID, From: c.From, To: c.To, Parallel: c.Parallel, MinCount: c.MinCount,
			Protocol: c.Protocol, Signed: nil, Reason: reason}
		if b, err = b.checked(); err != nil {
			return err
		}
		back, err = s.startCampaign(tx, sc, b, NewCampaign{Points: points})
		return err
	})
	return back, err
}

func cutRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
