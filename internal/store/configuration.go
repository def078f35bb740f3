package store

import (
	"encoding/json"
	"fmt"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// Values of settings hold passwords: all keys of a point are one sealed text.
var _ = table("point_configurations", own, plain("point_id operator_id sub_operator_id firmware read_at keys_sealed"))

const configurationKeys = "point_configurations.keys_sealed"

var (
	qConfiguration = stmt(`SELECT g.operator_id, g.sub_operator_id, g.firmware, g.read_at, g.keys_sealed FROM point_configurations g
		WHERE {{scope point_configurations g}} AND g.point_id = ?`)
	qConfigurationSave = stmt(`INSERT INTO point_configurations (operator_id, sub_operator_id, point_id, firmware, read_at, keys_sealed)
		VALUES ({{own point_configurations}}, ?, ?, ?, ?)
		ON CONFLICT (point_id) DO UPDATE SET firmware = excluded.firmware, read_at = excluded.read_at, keys_sealed = excluded.keys_sealed
		WHERE {{scope point_configurations point_configurations}}`)
)

// ConfigurationOf implements asset.Tx.
func (tx *Tx) ConfigurationOf(p ident.ChargePoint) (asset.Configuration, error) {
	c := asset.Configuration{Point: p}
	type row struct {
		asset.Configuration
		sealed Sealed
	}
	found, err := all(tx, qConfiguration, func(r *Row, g *row) error {
		return r.Scan(&g.Operator, &g.Sub, &g.Firmware, &g.ReadAt, &g.sealed)
	}, p)
	if err != nil || len(found) == 0 {
		return c, err
	}
	g := found[0]
	g.Point = p
	keys, err := tx.Open(g.Operator, configurationKeys, g.sealed)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(keys, &g.Keys); err != nil {
		return c, fmt.Errorf("store: the configuration of %s: %w", p, err)
	}
	return g.Configuration, nil
}

// SaveConfiguration implements asset.Tx.
func (tx *Tx) SaveConfiguration(c asset.Configuration) error {
	keys, err := json.Marshal(c.Keys)
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(c.Operator, configurationKeys, keys)
	if err != nil {
		return err
	}
	return tx.execOne("configuration", qConfigurationSave, c.Operator, c.Sub, c.Point, c.Firmware, c.ReadAt, sealed)
}
