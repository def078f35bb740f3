package asset

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Template is what the settings of charge points shall be (AST-R4). The narrowest that is
// active counts for a point: of its vendor and model, of its vendor, of all.
type Template struct {
	ID       ident.Template
	Operator ident.Operator
	Name     string
	Vendor   string // "": of all
	Model    string // "": of all of the vendor
	Settings []TemplateKey
	// Active says that charge points get it when they start. An inactive one is a draft.
	Active bool
	// Revision counts changes of the settings; a charge point restarts for one at most once.
	Revision  int64
	ChangedAt time.Time
	Version   int64
}

// TemplateKey is one setting of a template.
type TemplateKey struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	// AtLeast takes any whole number from Value on for right.
	AtLeast bool `json:"at_least,omitempty"`
}

// DefaultSettings are what a new template begins with (AST-R4).
func DefaultSettings() []TemplateKey {
	return []TemplateKey{
		{Key: "HeartbeatInterval", Value: "300"},
		{Key: "MeterValueSampleInterval", Value: "60"},
		{Key: "ClockAlignedDataInterval", Value: "900"},
		{Key: "MeterValuesSampledData", Value: "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"},
		{Key: "MeterValuesAlignedData", Value: "Energy.Active.Import.Register"},
		{Key: "TransactionMessageAttempts", Value: "10", AtLeast: true},
		{Key: "TransactionMessageRetryInterval", Value: "60"},
		{Key: "StopTransactionOnInvalidId", Value: "true"},
		{Key: "MaxEnergyOnInvalidId", Value: "0"},
		{Key: "AllowOfflineTxForUnknownId", Value: "false"},
		{Key: "LocalPreAuthorize", Value: "false"},
	}
}

const (
	maxTemplates = 50 // of an operator
	// maxTemplateKeys stay below MaxQueue: all of them may be sent at once.
	maxTemplateKeys = 40
)

func (t Template) checked() (Template, error) {
	t.Name, t.Vendor, t.Model = strings.TrimSpace(t.Name), strings.TrimSpace(t.Vendor), strings.TrimSpace(t.Model)
	var bad flaws
	bad.text("/name", t.Name, 1, 100)
	bad.text("/vendor", t.Vendor, 0, 255)
	bad.text("/model", t.Model, 0, 255)
	if t.Model != "" && t.Vendor == "" {
		bad.add("/vendor", "must be there where a model is named")
	}
	if len(t.Settings) == 0 || len(t.Settings) > maxTemplateKeys {
		bad.add("/settings", "must be 1 to "+strconv.Itoa(maxTemplateKeys))
	}
	t.Settings = slices.Clone(t.Settings)
	for i := range t.Settings {
		s := &t.Settings[i]
		at := "/settings/" + strconv.Itoa(i)
		s.Key = strings.TrimSpace(s.Key)
		bad.text(at+"/key", s.Key, 1, maxKeyName)
		bad.text(at+"/value", s.Value, 0, maxKeyValue)
		if why := noneOfTemplates(s.Key); why != "" {
			bad.add(at+"/key", why)
		}
		if _, err := strconv.Atoi(strings.TrimSpace(s.Value)); s.AtLeast && err != nil {
			bad.add(at+"/value", "must be a whole number where more is right, too")
		}
		if slices.ContainsFunc(t.Settings[:i], func(o TemplateKey) bool { return SameKey(o.Key, s.Key) }) {
			bad.add(at+"/key", "is there twice")
		}
	}
	return t, bad.err()
}

// fits says how narrowly the template is for a point; 0: it is not.
func (t Template) fits(p ChargePoint) int {
	switch {
	case t.Vendor == "":
		return 1
	case fold(t.Vendor) != fold(p.Vendor):
		return 0
	case t.Model == "":
		return 2
	case fold(t.Model) != fold(p.Model):
		return 0
	}
	return 3
}

// templateFor is the template that counts for a point.
func templateFor(active []Template, p ChargePoint) (best Template, found bool) {
	width := 0
	for _, t := range active {
		if n := t.fits(p); n > width {
			best, width = t, n
		}
	}
	return best, width > 0
}

// sameValue reports whether a device has what is wanted. Devices write numbers, words and
// lists each in their own way: in another case, in quotes, with blanks (behaviour 65).
func (k TemplateKey) sameValue(have string) bool {
	want, got := listOf(k.Value), listOf(have)
	if k.AtLeast {
		n, err := strconv.ParseInt(strings.Join(got, ","), 10, 64)
		least, err2 := strconv.ParseInt(strings.Join(want, ","), 10, 64)
		return err == nil && err2 == nil && n >= least
	}
	slices.Sort(want)
	slices.Sort(got)
	return slices.Equal(want, got)
}

// units are other names that devices have for the rate units (behaviour 65).
var units = map[string]string{"w": "power", "a": "current"}

// listOf is a value as the words of a list, in the spelling that is compared.
func listOf(value string) []string {
	strip := func(s string) string { return strings.Trim(strings.TrimSpace(s), `"' `) }
	parts := strings.Split(strip(value), ",")
	for i, p := range parts {
		p = strings.ToLower(strip(p))
		if n, err := strconv.ParseInt(p, 10, 64); err == nil {
			p = strconv.FormatInt(n, 10)
		}
		if u, ok := units[p]; ok {
			p = u
		}
		parts[i] = p
	}
	return parts
}

// Templates lists templates.
func (s *Service) Templates(ctx context.Context, sc authz.Scope, p operator.Page) (operator.List[Template], error) {
	if !sc.Sub().IsZero() { // they count for its charge points, and are the operator's
		return operator.List[Template]{}, nil
	}
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Template], error) { return tx.ListTemplates(p) })
}

// Template is one.
func (s *Service) Template(ctx context.Context, sc authz.Scope, id ident.Template) (Template, error) {
	if !sc.Sub().IsZero() {
		return Template{}, fault.NotFound("template")
	}
	return one(ctx, s.read, sc, func(tx Tx) (Template, error) { return tx.TemplateByID(id) })
}

// CreateTemplate makes one; without settings it has the default ones.
func (s *Service) CreateTemplate(ctx context.Context, sc authz.Scope, t Template) (Template, error) {
	if len(t.Settings) == 0 {
		t.Settings = DefaultSettings()
	}
	t, err := t.checked()
	if err != nil {
		return t, err
	}
	if err := wholeOperator(sc); err != nil {
		return t, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Template, error) {
		n := t
		n.ID, n.Operator, n.Revision, n.ChangedAt, n.Version = ident.New[ident.Template](tx.Now()), sc.Operator(), 1, tx.Now(), 1
		have, err := tx.CountTemplates(n.Operator)
		if err != nil {
			return n, err
		}
		if have >= maxTemplates {
			return n, fault.New(fault.Limit, "too_many_templates", "There are %d templates already; delete one that is of no use.", have)
		}
		if err := tx.InsertTemplate(n); err != nil {
			return n, err
		}
		if err := planAll(tx, n, CauseCheck); err != nil {
			return n, err
		}
		return n, tx.Audit("template.created", n.ID.String(), nil, n)
	})
}

// UpdateTemplate changes the one that has this version. Its charge points are compared with
// it, and get it when they start or when somebody says so.
func (s *Service) UpdateTemplate(ctx context.Context, sc authz.Scope, id ident.Template, c Template, version int64) (Template, error) {
	c, err := c.checked()
	if err != nil {
		return c, err
	}
	if !sc.Sub().IsZero() {
		return c, fault.NotFound("template")
	}
	return one(ctx, s.write, sc, func(tx Tx) (Template, error) {
		before, err := tx.TemplateByID(id)
		if err != nil {
			return before, err
		}
		after := before
		after.Name, after.Vendor, after.Model, after.Settings, after.Active = c.Name, c.Vendor, c.Model, c.Settings, c.Active
		if !slices.Equal(before.Settings, after.Settings) {
			after.Revision++
		}
		after.ChangedAt = tx.Now()
		if err := tx.SaveTemplate(after, version); err != nil {
			return before, err
		}
		after.Version = version + 1
		if err := planAll(tx, after, CauseCheck); err != nil {
			return before, err
		}
		return after, tx.Audit("template.changed", id.String(), before, after)
	})
}

// DeleteTemplate removes one; its charge points keep what they have.
func (s *Service) DeleteTemplate(ctx context.Context, sc authz.Scope, id ident.Template, version int64) error {
	if !sc.Sub().IsZero() {
		return fault.NotFound("template")
	}
	return s.write(ctx, sc, func(tx Tx) error {
		t, err := tx.TemplateByID(id)
		if err != nil {
			return err
		}
		if err := tx.DeleteTemplate(id, version); err != nil {
			return err
		}
		if err := planAll(tx, t, CauseCheck); err != nil {
			return err
		}
		return tx.Audit("template.deleted", id.String(), t, nil)
	})
}

// ApplyTemplate has all charge points compared with their templates at once, and given
// what differs.
func (s *Service) ApplyTemplate(ctx context.Context, sc authz.Scope, id ident.Template, reason string) error {
	if !sc.Sub().IsZero() {
		return fault.NotFound("template")
	}
	if strings.TrimSpace(cut(reason)) == "" {
		return fault.BadInput("/reason", "must say why, in at most 200 letters")
	}
	return s.write(ctx, sc, func(tx Tx) error {
		t, err := tx.TemplateByID(id)
		if err != nil {
			return err
		}
		if !t.Active {
			return fault.New(fault.Conflict, "template_inactive", "%s is a draft. Make it active first.", t.Name)
		}
		if err := planAll(tx, t, CauseForce); err != nil {
			return err
		}
		return tx.Audit("template.applied", id.String(), nil, map[string]any{"revision": t.Revision, "reason": cut(reason)})
	})
}

// planAll has the charge points looked at that the template is for, or was for: one by one
// by the sweeper, which finds out whose template is which.
func planAll(tx Tx, t Template, cause Cause) error {
	return tx.PlanSettings(t.Operator, cause, tx.Now().Add(settingsSoon))
}
