package app_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"ccms/internal/app"
)

func TestPAY_R9_noLineOfTheLogHasACardNumber(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, app.LogOptions(slog.LevelInfo)))
	log.Info("said 4242424242424242", "text", "5555 5555 5555 4444", "error", errors.New("of 378282246310005"), "n", 4242)
	if s := b.String(); strings.Contains(s, "424242") || strings.Contains(s, "5555 5555") || strings.Contains(s, "378282") || !strings.Contains(s, "****4242") || !strings.Contains(s, "n=4242") {
		t.Fatal(s)
	}
}
