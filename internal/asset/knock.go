package asset

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Knocked is the payload of FactKnocked: somebody wanted in with an identity that is
// not registered, or whose charge point is out of use.
type Knocked struct {
	Identity string            `json:"identity"`
	Point    ident.ChargePoint `json:"charge_point_id,omitzero"`
}

// Contested is the payload of FactContested: two devices with one identity take each
// other's place, and the newcomer is held off (LIVE-R4).
type Contested struct {
	Point  ident.ChargePoint `json:"charge_point_id"`
	Detail string            `json:"detail,omitempty"`
}

// Knocked takes note of an identity that was turned away. It is told to the operator
// whose point is out of use, else to the only operator there is; where several share
// the platform nobody can say whose it is, and nothing is kept. The caller bounds how
// often it asks.
func (s *Service) Knocked(ctx context.Context, identity string, at time.Time) (told bool, err error) {
	if !ident.ValidIdentity(identity) {
		return false, nil
	}
	err = s.write(ctx, authz.Everything("an unknown charge point knocks"), func(tx Tx) error {
		told = false
		p, err := tx.PointByIdentity(identity)
		switch {
		case fault.Is(err, fault.Missing):
			op, only, err := tx.SoleOperator()
			if err != nil || !only {
				return err
			}
			p = ChargePoint{Operator: op}
		case err != nil:
			return err
		case p.Status == Valid: // registered a moment ago
			return nil
		}
		told = true
		return tx.Record(fact.Fact{Kind: FactKnocked, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: p.ID.String(), At: at,
			Payload: Knocked{Identity: identity, Point: p.ID}})
	})
	return told, err
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
