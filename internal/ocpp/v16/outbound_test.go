package v16_test

import (
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ocpp/v16"
)

// What goes over the wire for each command, and what its answer makes of it.
func TestOutbound_eachCommandAsItsMessage(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 22, 0, 0, 0, time.UTC)
	zero, one := 0, 1
	file := asset.Transfer{URL: "ftp://u:p@files.example/x", Retries: 3, Interval: 60}
	const accepted = `{"status":"Accepted"}`
	for _, c := range []struct {
		args         asset.Args
		action, sent string
		answer       string
		want         asset.CommandState
	}{
		{asset.SetProfile{Connector: 1, Profile: asset.Profile{ID: 7, Stack: 2, Purpose: asset.ForSession, Kind: asset.Relative, OCPPID: 11,
			Schedule: asset.Schedule{Unit: asset.Amperes, MinRate: 6000, Periods: []asset.Period{{Limit: 16500, Phases: 3}, {Start: 3600, Limit: 6000}}}}},
			"SetChargingProfile", `{"connectorId":1,"csChargingProfiles":{"chargingProfileId":7,"transactionId":11,"stackLevel":2,"chargingProfilePurpose":"TxProfile","chargingProfileKind":"Relative","chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16.5,"numberPhases":3},{"startPeriod":3600,"limit":6}],"minChargingRate":6}}}`,
			`{"status":"NotSupported"}`, asset.CommandNotSupported},
		{asset.ClearProfile{ID: 7}, "ClearChargingProfile", `{"id":7}`, `{"status":"Unknown"}`, asset.CommandRejected},
		{asset.ClearProfile{Connector: &zero, Stack: &one}, "ClearChargingProfile", `{"connectorId":0,"stackLevel":1}`, accepted, asset.CommandAccepted},
		{asset.GetSchedule{Connector: 1, Duration: 600}, "GetCompositeSchedule", `{"connectorId":1,"duration":600}`, accepted, asset.CommandAccepted},
		{asset.SendList{Version: 3, Entries: []asset.ListEntry{{UID: "04A1", Status: "Accepted", Parent: "1300"}, {UID: "04A2"}}},
			"SendLocalList", `{"listVersion":3,"localAuthorizationList":[{"idTag":"04A1","idTagInfo":{"parentIdTag":"1300","status":"Accepted"}},{"idTag":"04A2"}],"updateType":"Differential"}`,
			`{"status":"VersionMismatch"}`, asset.CommandRejected},
		{asset.GetListVersion{}, "GetLocalListVersion", `{}`, `{"listVersion":3}`, asset.CommandAccepted},
		{asset.Reserve{Number: 5, Connector: 1, Token: "04A1", Parent: "1300", Until: at},
			"ReserveNow", `{"connectorId":1,"expiryDate":"2026-05-01T22:00:00.000Z","idTag":"04A1","parentIdTag":"1300","reservationId":5}`,
			`{"status":"Occupied"}`, asset.CommandRejected},
		{asset.CancelReserve{Number: 5}, "CancelReservation", `{"reservationId":5}`, accepted, asset.CommandAccepted},
		{asset.UpdateFirmware{Transfer: file, At: at}, "UpdateFirmware",
			`{"location":"ftp://u:p@files.example/x","retries":3,"retrieveDate":"2026-05-01T22:00:00.000Z","retryInterval":60}`, `{}`, asset.CommandAccepted},
		{asset.GetDiagnostics{Transfer: file, From: at}, "GetDiagnostics",
			`{"location":"ftp://u:p@files.example/x","retries":3,"retryInterval":60,"startTime":"2026-05-01T22:00:00.000Z"}`, `{"fileName":"d.zip"}`, asset.CommandAccepted},
		{asset.GetLog{Transfer: asset.Transfer{URL: "https://files.example/l"}, Request: 4, Log: asset.SecurityLog}, "GetLog",
			`{"log":{"remoteLocation":"https://files.example/l"},"logType":"SecurityLog","requestId":4}`, `{"status":"AcceptedCanceled"}`, asset.CommandAccepted},
		{asset.SignedUpdate{Transfer: asset.Transfer{URL: "https://files.example/i"}, Request: 4, At: at, Certificate: "C", Signature: "S"}, "SignedUpdateFirmware",
			`{"requestId":4,"firmware":{"location":"https://files.example/i","retrieveDateTime":"2026-05-01T22:00:00.000Z","signingCertificate":"C","signature":"S"}}`,
			`{"status":"InvalidCertificate"}`, asset.CommandRejected},
		{asset.DataTransfer{Vendor: "com.example", Message: "m", Data: "{}"}, "DataTransfer", `{"vendorId":"com.example","messageId":"m","data":"{}"}`,
			`{"status":"UnknownMessageId"}`, asset.CommandRejected},
		{asset.InstallCertificate{Use: asset.CentralRoot, PEM: "C"}, "InstallCertificate", `{"certificateType":"CentralSystemRootCertificate","certificate":"C"}`,
			`{"status":"Failed"}`, asset.CommandRejected},
		{asset.DeleteCertificate{Hash: asset.CertificateHash{Algorithm: "SHA256", Name: "a", Key: "b", Serial: "c"}}, "DeleteCertificate",
			`{"certificateHashData":{"hashAlgorithm":"SHA256","issuerNameHash":"a","issuerKeyHash":"b","serialNumber":"c"}}`, `{"status":"NotFound"}`, asset.CommandRejected},
		{asset.GetCertificates{Use: asset.ManufacturerRoot}, "GetInstalledCertificateIds", `{"certificateType":"ManufacturerRootCertificate"}`,
			`{"status":"NotFound"}`, asset.CommandAccepted},
		{asset.CertificateSigned{Chain: "C"}, "CertificateSigned", `{"certificateChain":"C"}`, `{"status":"Rejected"}`, asset.CommandRejected},
		{asset.ExtendedTrigger{Message: "SignChargePointCertificate"}, "ExtendedTriggerMessage", `{"requestedMessage":"SignChargePointCertificate"}`,
			`{"status":"NotImplemented"}`, asset.CommandNotSupported},
	} {
		action, m, err := v16.Outbound(c.args)
		if err != nil || string(action) != c.action {
			t.Errorf("%T: %s, %v", c.args, action, err)
			continue
		}
		if got := string(m.AppendJSON(nil)); got != c.sent {
			t.Errorf("%s\n got %s\nwant %s", c.action, got, c.sent)
		}
		if got := v16.Answer(action, []byte(c.answer), nil); got.State != c.want {
			t.Errorf("%s answered %s is %s (%s)", c.action, c.answer, got.State, got.Detail)
		}
	}
}
