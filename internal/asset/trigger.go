package asset

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// TriggerOf is what a command asks the device to send, whether by TriggerMessage or by
// its like of the security extension.
func TriggerOf(a Args) (Trigger, bool) {
	switch a := a.(type) {
	case Trigger:
		return a, true
	case ExtendedTrigger:
		return Trigger(a), true
	}
	return Trigger{}, false
}

// Triggered notes the effect on every command that asked for a message which has come.
func Triggered(tx Tx, p ident.ChargePoint, message, text string) error {
	return effects(tx, p, func(_ Command, a Args) string {
		if t, ok := TriggerOf(a); ok && t.Message == message {
			return text
		}
		return ""
	})
}

// Triggered is Triggered in its own transaction, for a message that nothing is written for.
func (s *Service) Triggered(ctx context.Context, sc authz.Scope, p ident.ChargePoint, message, text string) error {
	return s.write(ctx, sc, func(tx Tx) error { return Triggered(tx, p, message, text) })
}
