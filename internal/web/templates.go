package web

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Template is what the settings of charge points shall be.
type Template struct {
	ID        ident.Template `json:"id"`
	Name      string         `json:"name"`
	Vendor    string         `json:"vendor,omitempty" doc:"Absent: charge points of all vendors."`
	Model     string         `json:"model,omitempty" doc:"Absent: all of the vendor."`
	Settings  []WantedKey    `json:"settings" export:"-"`
	Active    bool           `json:"active" doc:"Charge points get it when they start; a draft is compared with nothing. The narrowest that is active counts."`
	Revision  int64          `json:"revision" doc:"Counts changes of the settings; a charge point restarts for one at most once."`
	ChangedAt time.Time      `json:"changed_at"`
	Version   int64          `json:"version" export:"-"`
}

// WantedKey is one setting of a template.
type WantedKey struct {
	Key     string `json:"key" minLength:"1" maxLength:"50" example:"HeartbeatInterval"`
	Value   string `json:"value" maxLength:"500"`
	AtLeast bool   `json:"at_least,omitempty" doc:"Any whole number from the value on is right."`
}

func wantedOf(keys []asset.TemplateKey) []WantedKey {
	out := make([]WantedKey, 0, len(keys))
	for _, k := range keys {
		out = append(out, WantedKey{Key: k.Key, Value: k.Value, AtLeast: k.AtLeast})
	}
	return out
}

func templateOf(t asset.Template) Template {
	return Template{ID: t.ID, Name: t.Name, Vendor: t.Vendor, Model: t.Model, Settings: wantedOf(t.Settings), Active: t.Active, Revision: t.Revision,
		ChangedAt: at(t.ChangedAt), Version: t.Version}
}

// TemplatePath is the {id} in a path.
type TemplatePath struct {
	ID ident.Template `path:"id"`
}

type templatesInput struct{ Paging }

func (h *handlers) listTemplates(ctx context.Context, in *templatesInput) (*found[Template], error) {
	l, err := h.svc.Asset.Templates(ctx, scopeOf(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, templateOf), nil
}

func (h *handlers) getTemplate(ctx context.Context, in *TemplatePath) (*single[Template], error) {
	t, err := h.svc.Asset.Template(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(templateOf(t), t.Version), nil
}

// TemplateBody is what people say of a template.
type TemplateBody struct {
	Name     string      `json:"name" minLength:"1" maxLength:"100"`
	Vendor   string      `json:"vendor,omitempty" maxLength:"255"`
	Model    string      `json:"model,omitempty" maxLength:"255"`
	Settings []WantedKey `json:"settings,omitempty" maxItems:"40" doc:"Absent in a new one: the default settings."`
	Active   bool        `json:"active,omitempty"`
}

func (b TemplateBody) template() asset.Template {
	t := asset.Template{Name: b.Name, Vendor: b.Vendor, Model: b.Model, Active: b.Active}
	for _, k := range b.Settings {
		t.Settings = append(t.Settings, asset.TemplateKey{Key: k.Key, Value: k.Value, AtLeast: k.AtLeast})
	}
	return t
}

type newTemplateInput struct{ Body TemplateBody }

func (h *handlers) createTemplate(ctx context.Context, in *newTemplateInput) (*made[Template], error) {
	t, err := h.svc.Asset.CreateTemplate(ctx, scopeOf(ctx), in.Body.template())
	if err != nil {
		return nil, err
	}
	return madeOf(templateOf(t), t.Version, "/api/v1/config-templates/"+t.ID.String()), nil
}

type templateInput struct {
	TemplatePath
	Body TemplateBody
}

func (h *handlers) putTemplate(ctx context.Context, in *templateInput) (*single[Template], error) {
	t, err := h.svc.Asset.UpdateTemplate(ctx, scopeOf(ctx), in.ID, in.Body.template(), versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(templateOf(t), t.Version), nil
}

func (h *handlers) deleteTemplate(ctx context.Context, in *TemplatePath) (*nothing, error) {
	return &nothing{}, h.svc.Asset.DeleteTemplate(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}

// Reasoned is the body of what needs a reason alone.
type Reasoned struct {
	Reason string `json:"reason" minLength:"1" maxLength:"200"`
}

type applyTemplateInput struct {
	TemplatePath
	Body Reasoned
}

func mayConfigure(ctx context.Context) error {
	if !callerOf(ctx).May(authz.LiveConfigure) {
		return fault.New(fault.Denied, "forbidden", "Your role does not allow this.")
	}
	return nil
}

func (h *handlers) applyTemplate(ctx context.Context, in *applyTemplateInput) (*nothing, error) {
	if err := mayConfigure(ctx); err != nil {
		return nil, err
	}
	return &nothing{}, h.svc.Asset.ApplyTemplate(ctx, scopeOf(ctx), in.ID, in.Body.Reason)
}

// PointSettings is how a charge point stands to its template.
type PointSettings struct {
	TemplateID   ident.Template      `json:"template_id,omitzero" doc:"Absent: no active template is for it."`
	TemplateName string              `json:"template_name,omitempty"`
	Revision     int64               `json:"revision,omitempty"`
	Phase        asset.SettingsPhase `json:"phase" enum:"none,waiting,reading,applying,restart,restarting,idle,never_asked" doc:"restart: it restarts once nothing charges. never_asked: its model must not be asked."`
	CheckedAt    time.Time           `json:"checked_at,omitzero" doc:"When it was last compared."`
	NextAt       time.Time           `json:"next_at,omitzero" doc:"When it is looked at again; absent: when it starts."`
	Items        []PointSetting      `json:"items"`
}

// PointSetting is one setting of a charge point beside what is wanted.
type PointSetting struct {
	WantedKey
	Have  *string            `json:"have,omitempty" doc:"As last read; absent: not read, or it has none."`
	State asset.SettingState `json:"state" enum:"unread,same,differs,sent,taken,restart,refused,read_only,not_supported,not_taken,failed,skipped" doc:"restart: it counts after a restart. not_taken: the charge point said yes and has another value all the same. not_supported, read_only: no error. skipped: no template may set it; text says why."`
	At    time.Time          `json:"at,omitzero"`
	Text  string             `json:"text,omitempty"`
}

func settingsOf(g asset.PointSettings, t asset.Template) PointSettings {
	out := PointSettings{TemplateID: t.ID, TemplateName: t.Name, Revision: g.Revision, Phase: g.Phase, CheckedAt: at(g.CheckedAt), NextAt: at(g.DueAt),
		Items: make([]PointSetting, 0, len(g.Settings))}
	if out.Phase == "" {
		out.Phase = asset.SettingsNone
	}
	for _, s := range g.Settings {
		out.Items = append(out.Items, PointSetting{WantedKey: WantedKey{Key: s.Key, Value: s.Value, AtLeast: s.AtLeast}, Have: s.Have, State: s.State, At: at(s.At), Text: s.Text})
	}
	return out
}

func (h *handlers) getSettings(ctx context.Context, in *PointPath) (*struct{ Body PointSettings }, error) {
	g, t, err := h.svc.Asset.Settings(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body PointSettings }{settingsOf(g, t)}, nil
}

type applySettingsInput struct {
	PointPath
	Body Reasoned
}

func (h *handlers) applySettings(ctx context.Context, in *applySettingsInput) (*struct{ Body PointSettings }, error) {
	if err := mayConfigure(ctx); err != nil {
		return nil, err
	}
	if _, err := h.svc.Asset.ApplySettings(ctx, scopeOf(ctx), in.ID, in.Body.Reason); err != nil {
		return nil, err
	}
	return h.getSettings(ctx, &in.PointPath)
}
