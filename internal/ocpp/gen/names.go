package main

import (
	"fmt"
	"strings"
	"unicode"
)

// The schemas of the core profiles define everything in place and name nothing.
// These are the names of OCPP 1.6 §7, found by the property.

// objectNames: property that holds the object, or a list of it.
var objectNames = map[string]string{
	"idTagInfo":              "IDTagInfo",              // §7.27
	"chargingProfile":        "ChargingProfile",        // §7.8
	"csChargingProfiles":     "ChargingProfile",        // §7.8
	"chargingSchedule":       "ChargingSchedule",       // §7.13
	"chargingSchedulePeriod": "ChargingSchedulePeriod", // §7.14
	"configurationKey":       "KeyValue",               // §7.29
	"localAuthorizationList": "AuthorizationData",      // §7.1
	"meterValue":             "MeterValue",             // §7.33
	"transactionData":        "MeterValue",             // §7.33
	"sampledValue":           "SampledValue",           // §7.43
}

// enumNames: message and property, or the property alone where it means the same
// everywhere.
var enumNames = map[string]string{
	"idTagInfo/status":                      "AuthorizationStatus",
	"BootNotificationResponse/status":       "RegistrationStatus",
	"CancelReservationResponse/status":      "CancelReservationStatus",
	"ChangeAvailability/type":               "AvailabilityType",
	"ChangeAvailabilityResponse/status":     "AvailabilityStatus",
	"ChangeConfigurationResponse/status":    "ConfigurationStatus",
	"ClearCacheResponse/status":             "ClearCacheStatus",
	"ClearChargingProfileResponse/status":   "ClearChargingProfileStatus",
	"DataTransferResponse/status":           "DataTransferStatus",
	"DiagnosticsStatusNotification/status":  "DiagnosticsStatus",
	"FirmwareStatusNotification/status":     "FirmwareStatus",
	"GetCompositeScheduleResponse/status":   "GetCompositeScheduleStatus",
	"RemoteStartTransactionResponse/status": "RemoteStartStopStatus",
	"RemoteStopTransactionResponse/status":  "RemoteStartStopStatus",
	"ReserveNowResponse/status":             "ReservationStatus",
	"Reset/type":                            "ResetType",
	"ResetResponse/status":                  "ResetStatus",
	"SendLocalList/updateType":              "UpdateType",
	"SendLocalListResponse/status":          "UpdateStatus",
	"SetChargingProfileResponse/status":     "ChargingProfileStatus",
	"StatusNotification/errorCode":          "ChargePointErrorCode",
	"StatusNotification/status":             "ChargePointStatus",
	"StopTransaction/reason":                "Reason",
	"TriggerMessage/requestedMessage":       "MessageTrigger",
	"TriggerMessageResponse/status":         "TriggerMessageStatus",
	"UnlockConnectorResponse/status":        "UnlockStatus",

	"chargingProfilePurpose": "ChargingProfilePurpose",
	"chargingProfileKind":    "ChargingProfileKind",
	"recurrencyKind":         "RecurrencyKind",
	"chargingRateUnit":       "ChargingRateUnit",
	"context":                "ReadingContext",
	"format":                 "ValueFormat",
	"measurand":              "Measurand",
	"phase":                  "Phase",
	"location":               "Location",
	"unit":                   "UnitOfMeasure",
}

// definitionNames: names of the security extension that would clash with others,
// or read badly without their suffix.
var definitionNames = map[string]string{
	"MessageTriggerEnumType":       "ExtendedMessageTrigger",
	"FirmwareStatusEnumType":       "SignedFirmwareStatus",
	"UpdateFirmwareStatusEnumType": "SignedUpdateFirmwareStatus",
	"LogEnumType":                  "LogType",
	"GenericStatusEnumType":        "GenericStatus",
}

func definitionName(def string) string {
	if name, ok := definitionNames[def]; ok {
		return name
	}
	return goName(strings.TrimSuffix(strings.TrimSuffix(def, "Type"), "Enum"))
}

func enumName(message, owner, prop string) (string, error) {
	for _, key := range []string{message + "/" + prop, owner + "/" + prop, prop} {
		if name, ok := enumNames[key]; ok {
			return name, nil
		}
	}
	return "", fmt.Errorf("%s/%s: no name for this enum", message, prop)
}

// initialisms are written in capitals in Go names.
var initialisms = map[string]string{
	"Id": "ID", "Url": "URL", "Csr": "CSR", "Iccid": "ICCID", "Imsi": "IMSI", "Cs": "CS", "Ev": "EV", "Evse": "EVSE",
}

// goName makes idTag into IDTag, and "L1-N" into L1N.
func goName(s string) string {
	var words []string
	start := 0
	rs := []rune(s)
	flush := func(end int) {
		if end > start {
			words = append(words, string(rs[start:end]))
		}
		start = end
	}
	for i, r := range rs {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush(i)
			start = i + 1
		case i > 0 && unicode.IsUpper(r) && unicode.IsLower(rs[i-1]):
			flush(i)
		}
	}
	flush(len(rs))
	var b strings.Builder
	for _, w := range words {
		w = strings.ToUpper(w[:1]) + w[1:]
		if up, ok := initialisms[w]; ok {
			w = up
		}
		b.WriteString(w)
	}
	return b.String()
}
