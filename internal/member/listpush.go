package member

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// FactPushFailed is recorded when a charge point did not take its list after the last try.
const FactPushFailed fact.Kind = "local_list.push_failed"

// PushGivenUp is its payload.
type PushGivenUp struct {
	List  ident.LocalList   `json:"local_list_id"`
	Point ident.ChargePoint `json:"charge_point_id"`
}

// Heard is a fact as the outbox hands it on.
type Heard struct {
	Kind     fact.Kind
	Operator ident.Operator
	Payload  []byte
}

// ListKinds are the facts that local lists follow.
var ListKinds = []fact.Kind{asset.FactCommandEnded, asset.FactConnected, asset.FactBooted, FactTokenCreated, FactTokenChanged, FactDriverChanged}

// settleList is how long is waited for the changes that follow the first.
const settleList = time.Second

// ReadFact says what a fact asks for; nil is nothing.
func ReadFact(f Heard) (func(Tx) error, error) {
	switch f.Kind {
	case asset.FactCommandEnded:
		var c asset.CommandChanged
		if err := json.Unmarshal(f.Payload, &c); err != nil {
			return nil, fmt.Errorf("member: payload of %s: %w", f.Kind, err)
		}
		switch c.Type {
		case asset.CommandSendList, asset.CommandGetListVersion, asset.CommandGetConfig:
			return func(tx Tx) error { return answered(tx, c) }, nil
		}
		return nil, nil
	case asset.FactConnected:
		var c asset.ConnectionChanged
		if err := json.Unmarshal(f.Payload, &c); err != nil {
			return nil, fmt.Errorf("member: payload of %s: %w", f.Kind, err)
		}
		return func(tx Tx) error { return cameBack(tx, f.Operator, c) }, nil
	case asset.FactBooted:
		var b asset.DeviceBooted
		if err := json.Unmarshal(f.Payload, &b); err != nil {
			return nil, fmt.Errorf("member: payload of %s: %w", f.Kind, err)
		}
		return func(tx Tx) error { return booted(tx, b.Point) }, nil
	}
	return func(tx Tx) error { return tx.AskLocalLists(f.Operator, tx.Now().Add(settleList)) }, nil
}

// cameBack goes on where a charge point was waited for.
func cameBack(tx Tx, op ident.Operator, c asset.ConnectionChanged) error {
	if c.Epoch == 1 { // a new one may be one of a site that a list is for
		if err := tx.AskLocalLists(op, tx.Now().Add(settleList)); err != nil {
			return err
		}
	}
	return idle(tx, c.Point, func(p ListPoint) bool { return p.State != PushSuccess && p.State != PushNotSupported }, 0)
}

// idle has a charge point looked at, if nothing is asked of it and it is one of those
// that are meant. Most have no list: they are read without a lock.
func idle(tx Tx, id ident.ChargePoint, meant func(ListPoint) bool, in time.Duration) error {
	if _, found, err := tx.ListPointOf(id); err != nil || !found {
		return err
	}
	p, found, err := tx.LockListPoint(id)
	if err != nil || !found || p.Asking != AskNothing || !meant(p) {
		return err
	}
	p.DueAt = tx.Now().Add(in)
	return tx.SaveListPoint(p)
}

// booted looks whether a device still has what it was given: some forget it (USR-A3).
func booted(tx Tx, id ident.ChargePoint) error {
	return idle(tx, id, func(p ListPoint) bool { return p.State == PushSuccess }, bootSettle)
}

const listBatch = 50

// SweepLists works lists out whose cards may have changed, and goes on with the charge
// points that are due. It returns how many of both there were. now only selects.
func (s *Service) SweepLists(ctx context.Context, now time.Time) (int, error) {
	var lists []DueList
	var points []DueListPoint
	err := s.read(ctx, authz.Everything("local lists that are due"), func(tx Tx) (err error) {
		if lists, err = tx.DueLocalLists(now, listBatch); err != nil {
			return err
		}
		points, err = tx.DueListPoints(now, listBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, d := range lists {
		errs = append(errs, s.workOut(ctx, d))
	}
	for _, d := range points {
		errs = append(errs, s.write(ctx, authz.ForSystem(d.Operator, "local list"), func(tx Tx) error { return due(tx, d.Point) }))
	}
	return len(lists) + len(points), errors.Join(errs...)
}

// workOut brings a list's content and charge points up to what its rules find. What they
// find is read outside of the commit: it may be long. Where the list was asked for again
// meanwhile, as it is without end while thousands of cards are imported, what was found
// counts and the next sweep looks again.
func (s *Service) workOut(ctx context.Context, d DueList) error {
	sc := authz.ForSystem(d.Operator, "local list")
	var l LocalList
	var have int64 // its revision before
	var changed []Entry
	var points []ident.ChargePoint
	err := s.read(ctx, sc, func(tx Tx) (err error) {
		if l, err = tx.LocalListByID(d.ID); err != nil {
			return err
		}
		have = l.Revision
		l, changed, err = content(tx, l)
		if err == nil {
			points, err = tx.PointsFor(l)
		}
		return err
	})
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.write(ctx, sc, func(tx Tx) error {
		now, err := tx.LockLocalList(d.ID)
		if err != nil {
			return err
		}
		if now.Revision != have || now.Version != l.Version { // somebody else was quicker
			return nil
		}
		next := l
		next.DueAt = nextNight(tx.Now(), time.UTC, l.ID.Bytes())
		if now.Asked != l.Asked {
			next.DueAt = tx.Now()
		}
		if err := tx.SaveContent(next); err != nil {
			return err
		}
		if err := tx.SaveListEntries(l, changed); err != nil {
			return err
		}
		return target(tx, l, points)
	})
	if fault.Is(err, fault.Missing) {
		return nil
	}
	return err
}

// content is the list with what its rule finds now, and the entries that change by it.
func content(tx Tx, l LocalList) (LocalList, []Entry, error) {
	var cards []Card
	var err error
	if l.Status == ListValid {
		if cards, err = tx.CardsFor(l, tx.Now(), MaxEntries+1); err != nil {
			return l, nil, err
		}
	}
	if l.TooMany = len(cards) > MaxEntries; l.TooMany {
		cards = cards[:MaxEntries]
	}
	cards, l.LeftOut = sendable(cards)
	have, err := tx.ListEntriesOf(l.ID)
	if err != nil {
		return l, nil, err
	}
	changed := reconcile(have, cards, l.Revision+1)
	l.Entries = len(cards)
	if len(changed) > 0 || l.Revision == 0 {
		l.Revision++
	}
	return l, changed, nil
}

// target has exactly the charge points get the list that it is for.
func target(tx Tx, l LocalList, points []ident.ChargePoint) error {
	have, err := tx.LockListPoints(l.ID)
	if err != nil {
		return err
	}
	now := tx.Now()
	for _, id := range points { // those that have no row of the list yet
		if err := take(tx, l, id, have); err != nil {
			return err
		}
	}
	wanted := make(map[ident.ChargePoint]bool, len(points))
	for _, id := range points {
		wanted[id] = true
	}
	lowest := l.Revision
	for _, p := range have {
		next := p
		next.Leaving = !wanted[p.Point]
		if next.Leaving && next.empty() {
			if err := tx.DeleteListPoint(p.Point); err != nil {
				return err
			}
			continue
		}
		if next.Leaving != p.Leaving {
			next = next.again(now)
		} else {
			next = next.want(l.Revision, now)
		}
		if r := next.has(); r > 0 {
			lowest = min(lowest, r)
		}
		if next == p {
			continue
		}
		if err := tx.SaveListPoint(next); err != nil {
			return err
		}
	}
	return tx.ForgetListEntries(l.ID, lowest)
}

// take makes a charge point one of the list's, unless it has another that it is not
// leaving.
func take(tx Tx, l LocalList, id ident.ChargePoint, have []ListPoint) error {
	for _, p := range have {
		if p.Point == id {
			return nil
		}
	}
	now := tx.Now()
	fresh := ListPoint{Point: id, List: l.ID, Operator: l.Operator, Sub: l.Sub, State: PushQueued, DueAt: now}
	old, found, err := tx.LockListPoint(id)
	switch {
	case err != nil:
		return err
	case !found:
		_, err = tx.InsertListPoint(fresh)
		return err
	case !old.Leaving || old.Sub != l.Sub:
		return nil
	}
	old.List, old.Leaving, old.Goal = l.ID, false, 0
	return tx.SaveListPoint(old.again(now))
}

// due goes on with a charge point whose time has come.
func due(tx Tx, id ident.ChargePoint) error {
	r, ok, err := lockRound(tx, id)
	if err != nil || !ok || r.p.DueAt.IsZero() || r.p.DueAt.After(tx.Now()) || r.p.Asking != AskNothing {
		return err
	}
	return r.begin()
}

// round is what a step of a push is about.
type round struct {
	tx    Tx
	point asset.ChargePoint
	p     ListPoint
	list  LocalList
	night time.Time
}

// lockRound locks the charge point, as whoever queues a command does, and its row.
func lockRound(tx Tx, id ident.ChargePoint) (*round, bool, error) {
	cp, err := tx.LockPoint(id)
	if fault.Is(err, fault.Missing) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	p, found, err := tx.LockListPoint(id)
	if err != nil || !found {
		return nil, false, err
	}
	r := &round{tx: tx, point: cp, p: p}
	if r.list, err = tx.LocalListByID(p.List); err != nil {
		return nil, false, err
	}
	site, err := tx.SiteByID(cp.Site)
	if err != nil {
		return nil, false, err
	}
	zone, err := time.LoadLocation(site.TimeZone)
	if err != nil {
		zone = time.UTC // it was checked when the site was saved
	}
	r.night = nextNight(tx.Now(), zone, id.Bytes())
	return r, true, nil
}

// begin asks the first question of a push, or of a look at what the device has.
func (r *round) begin() error {
	switch {
	case r.p.State == PushNotSupported && r.p.empty():
		r.p.DueAt = time.Time{}
		return r.tx.SaveListPoint(r.p)
	case r.p.Revision == 0 && r.p.State != PushSuccess:
		return r.ask(AskKeys, asset.GetConfig{Keys: keysOfLists})
	}
	return r.ask(AskVersion, asset.GetListVersion{})
}

// ask queues a command; a charge point that is offline waits until it is back.
func (r *round) ask(what Asking, a asset.Args) error {
	c := asset.CommandOf(a)
	c.Actor, c.Reason = "system: local list", r.list.Name
	c, err := asset.Enqueue(r.tx, r.point, c)
	switch {
	case fault.Is(err, fault.Unavailable):
		r.p = r.p.offline(r.tx.Now())
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.Limit): // out of use, or busy
		r.p = r.p.offline(r.tx.Now())
		r.p.DueAt = r.tx.Now().Add(10 * time.Minute)
	case fault.Is(err, fault.Unsupported) && what == AskKeys: // it must not be probed: the careful numbers hold
		return r.ask(AskVersion, asset.GetListVersion{})
	case fault.Is(err, fault.Unsupported): // its model is known for it
		r.p = r.p.unsupported(fault.Of(err).Detail, r.night)
	case err != nil:
		return err
	default:
		r.p = r.p.asks(what, c.ID, r.tx.Now())
	}
	return r.tx.SaveListPoint(r.p)
}

// answered goes on with what a charge point answered, or that it did not.
func answered(tx Tx, c asset.CommandChanged) error {
	p, found, err := tx.ListPointOf(c.Point) // most commands are not ours
	if err != nil || !found || p.Command != c.Command && c.ListVersion == nil {
		return err
	}
	r, ok, err := lockRound(tx, c.Point)
	if err != nil || !ok {
		return err
	}
	now := tx.Now()
	if r.p.Command != c.Command {
		return r.overheard(c)
	}
	asking := r.p.Asking
	r.p = r.p.idle()
	why := ""
	if c.State != asset.CommandAccepted {
		cmd, err := tx.CommandByID(c.Command)
		if err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		why = cmd.ErrorDetail
	}
	switch c.State {
	case asset.CommandOffline, asset.CommandExpired:
		r.p = r.p.offline(now)
		if r.point.Online(now) { // it is back already
			r.p.DueAt = now.Add(time.Second)
		}
		return tx.SaveListPoint(r.p)
	case asset.CommandNotSupported:
		if asking == AskChunk { // that message it did not take
			r.p.SentVersion = r.p.ListVersion
		}
		if asking != AskKeys {
			r.p = r.p.unsupported(why, r.night)
			return tx.SaveListPoint(r.p)
		}
	case asset.CommandAccepted:
		if asking == AskVersion || asking == AskCheck {
			if c.ListVersion == nil {
				return r.fail("The charge point's answer could not be read.")
			}
			r.p = r.p.told(*c.ListVersion, now)
			if *c.ListVersion < 0 { // OCPP 1.6 §5.10
				r.p = r.p.unsupported("It says that it keeps no local list.", r.night)
				return tx.SaveListPoint(r.p)
			}
		}
	default:
		switch {
		case asking == AskKeys: // then the careful numbers hold
		case asking == AskChunk && c.State == asset.CommandRejected && (!r.p.Whole || r.p.Chunk > 0):
			// VersionMismatch or Failed of a change: all of it at once (OCPP 1.6 §5.15).
			if r.p.Tries++; r.p.Tries > mostTries {
				r.p.Tries--
				return r.fail(why)
			}
			r.p.Revision, r.p.Whole, r.p.Goal, r.p.After, r.p.Chunk, r.p.Detail = 0, true, r.list.Revision, 0, 0, why
			return r.send()
		default:
			return r.fail(why)
		}
	}
	return r.goOn(asking)
}

// goOn asks the next question after one that was answered.
func (r *round) goOn(asking Asking) error {
	switch asking {
	case AskKeys:
		return r.ask(AskVersion, asset.GetListVersion{})
	case AskVersion:
		if r.p.State == PushSuccess {
			return r.looked()
		}
		r.p = r.p.plan(r.list.Revision)
		return r.send()
	case AskChunk:
		r.p = r.p.taken()
		if r.p.Chunk < r.p.Chunks {
			return r.send()
		}
		return r.ask(AskCheck, asset.GetListVersion{})
	case AskCheck:
		if *r.p.Reported != r.p.ListVersion {
			return r.fail(fmt.Sprintf("It took version %d and has %d.", r.p.ListVersion, *r.p.Reported))
		}
		return r.finish()
	}
	return r.tx.SaveListPoint(r.p)
}

// overheard takes the version that somebody else asked for.
func (r *round) overheard(c asset.CommandChanged) error {
	r.p = r.p.told(*c.ListVersion, r.tx.Now())
	if r.p.State == PushSuccess && r.p.Asking == AskNothing {
		return r.looked()
	}
	return r.tx.SaveListPoint(r.p)
}

// looked judges what a device has that had all of it.
func (r *round) looked() error {
	now := r.tx.Now()
	switch {
	case *r.p.Reported != r.p.ListVersion:
		r.p = r.p.outOfSync(now)
	case r.p.Revision != r.list.Revision:
		r.p = r.p.want(r.list.Revision, now)
	default:
		r.p.DueAt = r.night
	}
	return r.tx.SaveListPoint(r.p)
}

// send sends the next part.
func (r *round) send() error {
	cfg, err := r.tx.ConfigurationOf(r.point.ID)
	if err != nil {
		return err
	}
	k := keepsOf(cfg)
	switch {
	case k.Not != "":
		r.p = r.p.unsupported(k.Not, r.night)
		return r.tx.SaveListPoint(r.p)
	case !r.p.Leaving && k.Most > 0 && r.list.Entries > k.Most:
		r.p = r.p.idle()
		r.p.State, r.p.DueAt, r.p.Tries = PushFailed, r.night, 0
		r.p.Detail = fmt.Sprintf("It keeps %d cards at most (LocalAuthListMaxLength), and the list has %d. Choose fewer.", k.Most, r.list.Entries)
		return r.tx.SaveListPoint(r.p)
	}
	if r.p.Chunk == 0 {
		n, err := r.count()
		if err != nil {
			return err
		}
		if n == 0 && !r.p.Whole {
			return r.finish()
		}
		r.p.Chunks = max(1, (n+k.PerMessage-1)/k.PerMessage)
	}
	part, err := r.part(k.PerMessage)
	if err != nil {
		return err
	}
	if len(part) == 0 && r.p.Chunk > 0 { // what was left went off the list meanwhile
		return r.ask(AskCheck, asset.GetListVersion{})
	}
	r.p.Chunks = max(r.p.Chunks, r.p.Chunk+1)
	msg := asset.SendList{Version: int(r.p.nextVersion()), Full: r.p.Whole && r.p.Chunk == 0}
	for _, e := range part {
		x := asset.ListEntry{UID: e.UID}
		if !e.Removed {
			x.Status, x.Expiry, x.Parent = string(Accepted), e.Expires, e.Account
		}
		msg.Entries = append(msg.Entries, x)
	}
	r.p.SentVersion, r.p.SentUpTo = int64(msg.Version), r.p.After
	if n := len(part); n > 0 {
		r.p.SentUpTo = part[n-1].Number
	}
	return r.ask(AskChunk, msg)
}

// part is what comes next, of the list or of what changed.
func (r *round) part(limit int) ([]Entry, error) {
	if r.p.Leaving {
		return nil, nil
	}
	return r.tx.NextListEntries(r.list.ID, r.p.Whole, r.p.Revision, r.p.After, limit)
}

func (r *round) count() (int, error) {
	if r.p.Leaving {
		return 0, nil
	}
	return r.tx.CountListEntries(r.list.ID, r.p.Whole, r.p.Revision)
}

// finish ends a push that the device confirmed.
func (r *round) finish() error {
	now := r.tx.Now()
	if r.p.Leaving {
		return r.tx.DeleteListPoint(r.p.Point)
	}
	r.p = r.p.done(r.list.Entries, now, r.night)
	if r.p.Revision != r.list.Revision {
		r.p = r.p.want(r.list.Revision, now)
	}
	return r.tx.SaveListPoint(r.p)
}

// fail tries again later, or gives up and says so.
func (r *round) fail(why string) error {
	now := r.tx.Now()
	if r.p.State == PushSuccess { // only its version was asked for
		r.p = r.p.idle()
		r.p.DueAt = r.night
		return r.tx.SaveListPoint(r.p)
	}
	r.p = r.p.failed(why, now, r.night)
	if r.p.State == PushFailed {
		err := r.tx.Record(fact.Fact{Kind: FactPushFailed, Version: 1, Operator: r.point.Operator, Sub: r.point.Sub, Object: r.point.ID.String(),
			At: now, Payload: PushGivenUp{List: r.list.ID, Point: r.point.ID}})
		if err != nil {
			return err
		}
	}
	return r.tx.SaveListPoint(r.p)
}
