package v16_test

import (
	"fmt"
	"strings"
	"testing"

	"ccms/internal/ocpp/v16"
)

// Signed readings are texts with braces of their own: they take no room from others.
func TestMeterValues_TextsFullOfBraces(t *testing.T) {
	t.Parallel()
	signed := strings.Repeat("{", 200)
	m, flaws, err := v16.DecodeMeterValuesReq(fmt.Appendf(nil, `{"connectorId":1,"meterValue":[{"timestamp":"2026-11-30T10:00:00Z","sampledValue":[
		{"value":%q,"format":"SignedData"},{"value":"1200"}]}]}`, signed))
	if err != nil || flaws.Any() || len(m.MeterValue) != 1 || len(m.MeterValue[0].SampledValue) != 2 {
		t.Errorf("%+v, %v, %v", m, flaws, err)
	}
}
