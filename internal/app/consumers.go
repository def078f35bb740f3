package app

import (
	"context"
	"encoding/json"
	"slices"

	"ccms/internal/asset"
	"ccms/internal/member"
	"ccms/internal/outbox"
	"ccms/internal/pay"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/upkeep"
)

// warnings makes package upkeep's warnings out of facts, has charge points that start
// compared with their template, and keeps the copies of local lists: consumers of their own
// would each read every fact once more. It looks at nothing but the fact, so effects may
// share a commit: a site that goes dark is one of a few.
func warnings() outbox.Consumer {
	kinds := slices.Concat(upkeep.Kinds, member.ListKinds)
	slices.Sort(kinds)
	return outbox.Consumer{Name: "warnings", Kinds: slices.Compact(kinds), Together: 20, Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
		var effects []outbox.Effect
		if slices.Contains(upkeep.Kinds, f.Kind) {
			task, err := upkeep.Read(upkeep.Heard{Kind: f.Kind, Operator: f.Operator, Sub: f.Sub, At: f.At, Payload: f.Payload})
			if err != nil {
				return nil, err
			}
			if task != nil {
				effects = append(effects, func(tx *store.Tx) error { return task(tx) })
			}
		}
		if slices.Contains(member.ListKinds, f.Kind) {
			task, err := member.ReadFact(member.Heard{Kind: f.Kind, Operator: f.Operator, Payload: f.Payload})
			if err != nil {
				return nil, err
			}
			if task != nil {
				effects = append(effects, func(tx *store.Tx) error { return task(tx) })
			}
		}
		if f.Kind == asset.FactBooted {
			var b asset.DeviceBooted
			if err := json.Unmarshal(f.Payload, &b); err != nil {
				return nil, err
			}
			effects = append(effects, func(tx *store.Tx) error { return asset.SettingsBooted(tx, f.Operator, b.Point) })
		}
		if len(effects) == 0 {
			return nil, nil
		}
		return func(tx *store.Tx) error {
			for _, e := range effects {
				if err := e(tx); err != nil {
					return err
				}
			}
			return nil
		}, nil
	}}
}

// guests has what guests pay for looked at when something happens to their payment or
// their session.
func guests() outbox.Consumer {
	kinds := append(slices.Clone(session.EndFacts), pay.Changed)
	return outbox.Consumer{Name: "guests", Kinds: kinds, Together: 60, Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
		var p pay.ChangedPayload
		var s session.Changed
		var err error
		if f.Kind == pay.Changed {
			err = json.Unmarshal(f.Payload, &p)
		} else {
			err = json.Unmarshal(f.Payload, &s)
		}
		if err != nil {
			return nil, err
		}
		return func(tx *store.Tx) error { return pay.Wake(tx, p.Payment, s.Session) }, nil
	}}
}
