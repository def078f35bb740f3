package upkeep

import (
	"time"

	"ccms/internal/fact"
	"ccms/internal/ident"
)

// The facts of this package. At is the original time of the event (WARN-R5).
const (
	FactRaised       fact.Kind = "warning.raised"
	FactAcknowledged fact.Kind = "warning.acknowledged"
	FactCleared      fact.Kind = "warning.cleared"
)

// Told is the payload of this package's facts.
type Told struct {
	Warning   ident.Warning     `json:"warning_id"`
	Site      ident.Site        `json:"site_id,omitzero"`
	Point     ident.ChargePoint `json:"charge_point_id,omitzero"`
	Connector int               `json:"connector"`
	Type      Type              `json:"type"`
	Code      string            `json:"code,omitempty"`
	Level     string            `json:"level"`
	Count     int               `json:"count"`
	// Suppressed was raised in a window of maintenance: nobody is to be called for it.
	Suppressed bool `json:"suppressed,omitempty"`
}

// save stores an outcome and records what others may act on.
func save(tx Tx, out Outcome) error {
	if out.Watched {
		if err := tx.SaveWatch(out.Watch); err != nil {
			return err
		}
	}
	for _, c := range out.Warnings {
		if err := tx.SaveWarning(c); err != nil {
			return err
		}
		for _, e := range c.Entries {
			var kind fact.Kind
			at := e.At
			switch e.Kind {
			case Raised, Again, WindowOver: // each time counts for rules such as "three times in an hour"
				kind = FactRaised
			case WasAck:
				kind = FactAcknowledged
			case WasCleared:
				kind = FactCleared
			default:
				continue
			}
			if err := tx.Record(factOf(c.Warning, kind, at)); err != nil {
				return err
			}
		}
	}
	return nil
}

func factOf(w Warning, kind fact.Kind, at time.Time) fact.Fact {
	return fact.Fact{Kind: kind, Version: 1, Operator: w.Operator, Sub: w.Sub, Object: w.ID.String(), At: at,
		Payload: Told{Warning: w.ID, Site: w.Site, Point: w.Point, Connector: w.Connector, Type: w.Type, Code: w.Code, Level: w.Level.String(), Count: w.Count,
			Suppressed: w.State == Suppressed}}
}
