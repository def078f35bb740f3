package web

import (
	"context"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
)

// Configuration is what is known of a charge point's settings: a copy, as old as it says.
type Configuration struct {
	ReadAt   time.Time `json:"read_at,omitzero" doc:"When all settings were last read; absent: never."`
	Firmware string    `json:"firmware,omitempty" doc:"Of the charge point when they were read."`
	Items    []Setting `json:"items"`
}

// Setting is one key of the configuration.
type Setting struct {
	Key       string    `json:"key"`
	Value     string    `json:"value" doc:"Covered where it opens something and your role may not set it."`
	Masked    bool      `json:"masked,omitempty"`
	ReadOnly  bool      `json:"read_only" doc:"The charge point says that it can only be read."`
	ReadAt    time.Time `json:"read_at,omitzero" doc:"When the charge point said so; absent: it was set, and never read."`
	Was       *string   `json:"was,omitempty" doc:"The value before the last change, ours or one that a reading found."`
	ChangedAt time.Time `json:"changed_at,omitzero" doc:"When that change was made or found."`
	Reboot    bool      `json:"reboot_required,omitempty" doc:"The change counts after the next restart."`
}

func (h *handlers) getConfiguration(ctx context.Context, in *PointPath) (*struct{ Body Configuration }, error) {
	c := callerOf(ctx)
	p, cfg, err := h.svc.Asset.Configuration(ctx, c.Scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := Configuration{ReadAt: at(cfg.ReadAt), Firmware: cfg.Firmware, Items: make([]Setting, 0, len(cfg.Keys))}
	for _, k := range cfg.Keys {
		s := Setting{Key: k.Key, Value: k.Value, ReadOnly: k.ReadOnly, ReadAt: at(k.ReadAt), Was: k.Was, ChangedAt: at(k.ChangedAt), Reboot: k.Pending(p.BootedAt)}
		if strings.EqualFold(k.Key, ownKey) && !c.May(authz.SecurityWrite) || asset.SecretKey(k.Key) && !c.May(authz.LiveConfigure) {
			s.Value, s.Masked = covered, true
			if s.Was != nil {
				hidden := covered
				s.Was = &hidden
			}
		}
		out.Items = append(out.Items, s)
	}
	return &struct{ Body Configuration }{out}, nil
}
