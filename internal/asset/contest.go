package asset

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
)

// Contested is the payload of FactContested: two devices with one identity take each
// other's place, and the newcomer is held off (LIVE-R4).
type Contested struct {
	Point  ident.ChargePoint `json:"charge_point_id"`
	Detail string            `json:"detail,omitempty"`
}

// Contested takes note that the newcomer of two is held off.
func (s *Service) Contested(ctx context.Context, sc authz.Scope, id ident.ChargePoint, detail string) error {
	return s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.PointByID(id)
		if err != nil {
			return err
		}
		return tx.Record(fact.Fact{Kind: FactContested, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: id.String(), At: tx.Now(),
			Payload: Contested{Point: id, Detail: detail}})
	})
}
