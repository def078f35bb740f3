package rpc

import (
	"testing"

	"ccms/internal/ocpp/junk"
)

// Frames as they come, and as they should not: each is cut as JSON is, or refused with
// what could be read, and nothing of it stays.
func TestJunk_Split(t *testing.T) {
	src := junk.New(1,
		[]byte(`[2,"19","Heartbeat",{}]`), []byte(`[2,"a\"b\u00e9","Authorize",{"idTag":"B4A63CDF"}]`),
		[]byte(`[2,1000000,"BootNotification",{"chargePointVendor":"v","chargePointModel":"m"}]`),
		[]byte(`[2,"s","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-03-01T12:00:00Z"}]`),
		[]byte(`[2,"t","StopTransaction",{"transactionId":7,"meterStop":12,"timestamp":"2026-03-01T12:00:00Z","transactionData":[]}]`),
		[]byte(`[3,"0a1b2c3d4e-1",{"status":"Accepted"}]`), []byte(`[4,"0a1b2c3d4e-2","NotSupported","no",{"x":[1,2,"]"]}]`),
		[]byte(meterValues12))
	junk.Flat(t, junk.Inputs(), func(int) { splitsAsJSONDoes(t, append([]byte(nil), src.Next()...)) })
}
