package app

import (
	"context"
	"encoding/json"

	"ccms/internal/asset"
	"ccms/internal/fact"
	"ccms/internal/member"
	"ccms/internal/outbox"
	"ccms/internal/store"
	"ccms/internal/upkeep"
)

// warnings makes package upkeep's warnings out of facts. It looks at nothing but the
// fact, so effects may share a commit: a site that goes dark is one of a few.
func warnings() outbox.Consumer {
	return outbox.Consumer{Name: "warnings", Kinds: upkeep.Kinds, Together: 20, Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
		task, err := upkeep.Read(upkeep.Heard{Kind: f.Kind, Operator: f.Operator, Sub: f.Sub, At: f.At, Payload: f.Payload})
		if task == nil || err != nil {
			return nil, err
		}
		return func(tx *store.Tx) error { return task(tx) }, nil
	}}
}

// templates has charge points that start compared with their template.
func templates() outbox.Consumer {
	return outbox.Consumer{Name: "templates", Kinds: []fact.Kind{asset.FactBooted}, Together: 20, Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
		var b asset.DeviceBooted
		if err := json.Unmarshal(f.Payload, &b); err != nil {
			return nil, err
		}
		return func(tx *store.Tx) error { return asset.SettingsBooted(tx, b) }, nil
	}}
}

// localLists keeps the copies of local lists on charge points: what a card's change, a
// charge point that comes back and the answer to a part of a list ask for.
func localLists() outbox.Consumer {
	return outbox.Consumer{Name: "local_lists", Kinds: member.ListKinds, Together: 20, Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
		task, err := member.ReadFact(member.Heard{Kind: f.Kind, Operator: f.Operator, Payload: f.Payload})
		if task == nil || err != nil {
			return nil, err
		}
		return func(tx *store.Tx) error { return task(tx) }, nil
	}}
}
