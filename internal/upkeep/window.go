package upkeep

import (
	"context"
	"errors"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

const (
	// WindowLongest is how long a window of maintenance may be: what is forgotten must end.
	WindowLongest = 31 * 24 * time.Hour
	// WindowAhead is how far ahead one may be planned.
	WindowAhead = 366 * 24 * time.Hour
	// windowSettles is how long after its end a window is looked at: commits that began
	// inside it have ended by then.
	windowSettles = 5 * time.Second
	// asideBatch share a commit when a window ends.
	asideBatch = 100
)

// Window is a time in which somebody works on a site or on a charge point, and warnings
// about it ask for nobody's attention.
type Window struct {
	ID        ident.Window
	Operator  ident.Operator
	Sub       ident.SubOperator
	Site      ident.Site
	Point     ident.ChargePoint // zero: all of the site
	From      time.Time
	Until     time.Time
	Reason    string
	CreatedBy string // as asset.ActorOf says it
	CreatedAt time.Time
	EndedBy   string    // who ended it early, or called it off
	DueAt     time.Time // when to look at what was suppressed; zero: that is done
	Version   int64
}

// WindowState is where a window stands.
type WindowState string

// The states of a window.
const (
	WindowPlanned WindowState = "PLANNED"
	WindowRunning WindowState = "RUNNING"
	WindowIsOver  WindowState = "OVER"
)

// WindowStates lists them.
var WindowStates = []WindowState{WindowPlanned, WindowRunning, WindowIsOver}

// State says where the window stands.
func (w Window) State(now time.Time) WindowState {
	switch {
	case !now.Before(w.Until):
		return WindowIsOver
	case now.Before(w.From):
		return WindowPlanned
	}
	return WindowRunning
}

// WindowFilter narrows a list of windows; zero fields do not narrow.
type WindowFilter struct {
	Site                ident.Site
	Point               ident.ChargePoint
	SiteName, PointName string // a word begins so
	State               WindowState
}

// WindowRow is a window with the names that lists show beside it.
type WindowRow struct {
	Window
	SiteName   string
	TimeZone   string // of the site
	PointName  string
	Suppressed int // warnings that are suppressed in it now
}

// WindowTx is what windows need of a transaction.
type WindowTx interface {
	InsertWindow(Window) error
	SaveWindow(Window) error
	LockWindow(ident.Window) (Window, error)
	WindowRow(ident.Window) (WindowRow, error)
	WindowList(WindowFilter, operator.Page) (operator.List[WindowRow], error)
	// InWindow reports whether a window of the point, or of all of the site, stands.
	InWindow(ident.Operator, ident.Site, ident.ChargePoint, time.Time) (bool, error)
	DueWindows(now time.Time, limit int) ([]Window, error)
	// AsideIn lists warnings that are suppressed at what a window is of, by id.
	AsideIn(w Window, after ident.Warning, limit int) ([]Warning, error)
}

// NewWindow is a window to plan.
type NewWindow struct {
	Site   ident.Site
	Point  ident.ChargePoint // or only this one; its site is known
	From   time.Time         // zero: now
	Until  time.Time
	Reason string
}

// Windows lists windows of maintenance, by default the latest first.
func (s *Service) Windows(ctx context.Context, sc authz.Scope, f WindowFilter, p operator.Page) (l operator.List[WindowRow], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.WindowList(f, p); return err })
	return l, err
}

// Window gives one.
func (s *Service) Window(ctx context.Context, sc authz.Scope, id ident.Window) (r WindowRow, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { r, err = tx.WindowRow(id); return err })
	return r, err
}

// PlanWindow begins a window of maintenance, now or later.
func (s *Service) PlanWindow(ctx context.Context, sc authz.Scope, n NewWindow) (r WindowRow, err error) {
	n.Reason = strings.TrimSpace(n.Reason)
	switch {
	case n.Reason == "":
		return r, fault.BadInput("/reason", "must say what is done")
	case n.Site.IsZero() == n.Point.IsZero():
		return r, fault.BadInput("/site_id", "must be given, or charge_point_id in its place")
	}
	err = s.write(ctx, sc, func(tx Tx) error {
		now := tx.Now()
		w := Window{ID: ident.New[ident.Window](now), From: n.From, Until: n.Until, Reason: n.Reason, CreatedBy: asset.ActorOf(sc), CreatedAt: now, Version: 1}
		if w.From.Before(now) {
			w.From = now
		}
		w.DueAt = w.Until.Add(windowSettles)
		switch {
		case !w.Until.After(w.From):
			return fault.BadInput("/until", "must be later than now and than the beginning")
		case w.Until.Sub(w.From) > WindowLongest:
			return fault.BadInput("/until", "must be at most 31 days after the beginning")
		case w.From.Sub(now) > WindowAhead:
			return fault.BadInput("/from", "must be within a year")
		}
		if !n.Point.IsZero() {
			p, err := tx.PointByID(n.Point)
			if err != nil {
				return err
			}
			w.Operator, w.Sub, w.Site, w.Point = p.Operator, p.Sub, p.Site, p.ID
		} else {
			site, err := tx.SiteByID(n.Site)
			if err != nil {
				return err
			}
			w.Operator, w.Sub, w.Site = site.Operator, site.Sub, site.ID
		}
		if err := tx.InsertWindow(w); err != nil {
			return err
		}
		if err := tx.Audit("maintenance_window.planned", w.ID.String(), nil, auditOfWindow(w)); err != nil {
			return err
		}
		r, err = tx.WindowRow(w.ID)
		return err
	})
	return r, err
}

// EndWindow ends a window now, or calls it off where it has not begun. Again is no error.
func (s *Service) EndWindow(ctx context.Context, sc authz.Scope, id ident.Window) (r WindowRow, err error) {
	err = s.write(ctx, sc, func(tx Tx) error {
		w, err := tx.LockWindow(id)
		if err != nil {
			return err
		}
		now := tx.Now()
		if w.State(now) != WindowIsOver {
			before := w
			w.From, w.Until, w.EndedBy = earlier(w.From, now), now, asset.ActorOf(sc)
			w.DueAt = now.Add(windowSettles)
			if err := tx.SaveWindow(w); err != nil {
				return err
			}
			if err := tx.Audit("maintenance_window.ended", w.ID.String(), auditOfWindow(before), auditOfWindow(w)); err != nil {
				return err
			}
		}
		r, err = tx.WindowRow(id)
		return err
	})
	return r, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

type auditedWindow struct {
	Site   ident.Site
	Point  ident.ChargePoint `json:",omitzero"`
	From   time.Time
	Until  time.Time
	Reason string
}

func auditOfWindow(w Window) auditedWindow {
	return auditedWindow{w.Site, w.Point, w.From, w.Until, w.Reason}
}

// SweepWindows looks at what was suppressed in windows that are over: what holds still
// waits for somebody from then on. It returns how many windows it settled.
func (s *Service) SweepWindows(ctx context.Context, now time.Time) (n int, err error) {
	var due []Window
	err = s.read(ctx, authz.Everything("windows of maintenance that are over"), func(tx Tx) (err error) {
		due, err = tx.DueWindows(now, sweepBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, w := range due {
		if err := s.settleWindow(ctx, w); err != nil {
			errs = append(errs, err)
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

func (s *Service) settleWindow(ctx context.Context, w Window) error {
	var after ident.Warning
	for {
		last := false
		err := s.write(ctx, authz.ForSystem(w.Operator, "windows of maintenance"), func(tx Tx) error {
			found, err := tx.AsideIn(w, after, asideBatch)
			if err != nil {
				return err
			}
			var from ident.Warning
			for _, x := range found {
				if err := windowEnded(tx, x); err != nil {
					return err
				}
				from = x.ID
			}
			if last = len(found) < asideBatch; !last {
				after = from
				return nil
			}
			now, err := tx.LockWindow(w.ID)
			if err != nil || now.Version != w.Version { // another node was faster
				return err
			}
			now.DueAt = time.Time{}
			return tx.SaveWindow(now)
		})
		if err != nil || last {
			return err
		}
	}
}

func windowEnded(tx Tx, x Warning) error {
	if x.Type.momentary() || !x.GoneAt.IsZero() {
		return nil
	}
	still, err := tx.InWindow(x.Operator, x.Site, x.Point, tx.Now())
	if err != nil || still {
		return err
	}
	holds, err := stands(tx, x)
	if err != nil {
		return err
	}
	out := Apply(Subject{Live: []Warning{x}}, WindowEnded{ID: x.ID, Holds: holds}, tx.Now())
	if err := save(tx, out); err != nil {
		return err
	}
	for _, c := range out.Warnings {
		if c.Type == Offline && !c.Point.IsZero() && c.Parent.IsZero() {
			if err := storm(tx, c.Warning); err != nil {
				return err
			}
		}
	}
	return nil
}
