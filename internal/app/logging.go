package app

import (
	"log/slog"

	"ccms/internal/ident"
)

// LogOptions are those of a log that never holds a card number (PAY-R9).
func LogOptions(level slog.Leveler) *slog.HandlerOptions {
	return &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value.Resolve(); v.Kind() {
		case slog.KindString:
			a.Value = slog.StringValue(ident.MaskPAN(v.String()))
		case slog.KindAny:
			if err, is := v.Any().(error); is {
				a.Value = slog.StringValue(ident.MaskPAN(err.Error()))
			}
		}
		return a
	}}
}
