package cpsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// keySpec is one standard configuration key, OCPP 1.6 §9.
type keySpec struct {
	name     string
	value    string
	readonly bool
	kind     byte // 'i' integer ≥ 0, 'b' boolean, 's' text
}

var keySpecs = []keySpec{
	{"AllowOfflineTxForUnknownId", "true", false, 'b'},
	{"AuthorizationCacheEnabled", "true", false, 'b'},
	{"AuthorizeRemoteTxRequests", "false", false, 'b'},
	{"ChargeProfileMaxStackLevel", "8", true, 'i'},
	{"ChargingScheduleAllowedChargingRateUnit", "Current,Power", true, 's'},
	{"ChargingScheduleMaxPeriods", "24", true, 'i'},
	{"ClockAlignedDataInterval", "0", true, 'i'},
	{"ConnectionTimeOut", "60", false, 'i'},
	{"ConnectorPhaseRotation", "NotApplicable", true, 's'},
	{"GetConfigurationMaxKeys", "64", true, 'i'},
	{"HeartbeatInterval", "300", false, 'i'},
	{"LocalAuthListEnabled", "true", false, 'b'},
	{"LocalAuthListMaxLength", "1000", true, 'i'},
	{"LocalAuthorizeOffline", "true", false, 'b'},
	{"LocalPreAuthorize", "false", true, 'b'},
	{"MaxChargingProfilesInstalled", "24", true, 'i'},
	{"MeterValuesAlignedData", "", true, 's'},
	{"MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC", false, 's'},
	{"MeterValueSampleInterval", "60", false, 'i'},
	{"NumberOfConnectors", "1", true, 'i'},
	{"ReserveConnectorZeroSupported", "true", true, 'b'},
	{"ResetRetries", "0", true, 'i'},
	{"SendLocalListMaxLength", "500", true, 'i'},
	{"StopTransactionOnEVSideDisconnect", "true", true, 'b'},
	{"StopTransactionOnInvalidId", "true", false, 'b'},
	{"StopTxnAlignedData", "", true, 's'},
	{"StopTxnSampledData", "", false, 's'},
	{"SupportedFeatureProfiles", "Core,LocalAuthListManagement,RemoteTrigger,Reservation,SmartCharging", true, 's'},
	{"TransactionMessageAttempts", "3", false, 'i'},
	{"TransactionMessageRetryInterval", "60", false, 'i'},
	{"UnlockConnectorOnEVSideDisconnect", "true", true, 'b'},
	{"WebSocketPingInterval", "0", true, 'i'},
}

// measurands are what a sample can contain.
var measurands = []string{
	"Energy.Active.Import.Register", "Power.Active.Import", "Power.Offered", "Current.Import", "Current.Offered",
	"Power.Reactive.Import", "Voltage", "Temperature", "SoC",
}

func findKey(name string) *keySpec {
	for i := range keySpecs {
		if strings.EqualFold(keySpecs[i].name, name) { // CiString
			return &keySpecs[i]
		}
	}
	return nil
}

// key is the value of a configuration key. Only changed ones are stored: an
// idle point shares the table.
func (cp *ChargePoint) key(name string) string {
	if v, ok := cp.keys[name]; ok {
		return v
	}
	switch name {
	case "NumberOfConnectors":
		return strconv.Itoa(len(cp.connectors) - 1)
	case "MeterValueSampleInterval":
		return strconv.Itoa(max(0, int(cp.cfg.MeterInterval.Seconds())))
	}
	if s := findKey(name); s != nil {
		return s.value
	}
	return ""
}

func (cp *ChargePoint) intKey(name string) int {
	n, err := strconv.Atoi(cp.key(name))
	if err != nil {
		return 0
	}
	return n
}

func (cp *ChargePoint) boolKey(name string) bool { return strings.EqualFold(cp.key(name), "true") }

func (cp *ChargePoint) setKey(name, value string) {
	if s := findKey(name); s != nil {
		name = s.name
	}
	if cp.keys == nil {
		cp.keys = map[string]string{}
	}
	cp.keys[name] = value
}

// changeKey is ChangeConfiguration, OCPP 1.6 §5.3.
func (cp *ChargePoint) changeKey(name, value string) string {
	s := findKey(name)
	if s == nil {
		return "NotSupported"
	}
	if s.readonly || !s.allows(value) {
		return "Rejected"
	}
	cp.setKey(s.name, value)
	switch s.name {
	case "HeartbeatInterval":
		cp.interval = 0
		if cp.accepted {
			cp.armHeartbeat()
		}
	case "MeterValueSampleInterval":
		for _, c := range cp.connectors {
			if c.tx != nil && c.tx.energised {
				cp.armSample(c)
			}
		}
	}
	return "Accepted"
}

func (s *keySpec) allows(value string) bool {
	switch {
	case s.kind == 'i':
		n, err := strconv.Atoi(value)
		return err == nil && n >= 0
	case s.kind == 'b':
		return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	case strings.HasSuffix(s.name, "SampledData"):
		for m := range strings.SplitSeq(value, ",") {
			if m = strings.TrimSpace(m); m != "" && !slices.Contains(measurands, m) {
				return false
			}
		}
	}
	return true
}

// readKeys is GetConfiguration, OCPP 1.6 §5.8.
func (cp *ChargePoint) readKeys(names []string) getConfigurationResponse {
	var r getConfigurationResponse
	if len(names) == 0 {
		for _, s := range keySpecs {
			names = append(names, s.name)
		}
	}
	for _, n := range names {
		s := findKey(n)
		if s == nil {
			r.UnknownKey = append(r.UnknownKey, n)
			continue
		}
		v := cp.key(s.name)
		r.ConfigurationKey = append(r.ConfigurationKey, configurationKey{Key: s.name, Readonly: s.readonly, Value: &v})
	}
	return r
}

// Key is the value of a configuration key; an error where there is none.
func (cp *ChargePoint) Key(name string) (string, error) {
	cp.lock()
	defer cp.unlock()
	s := findKey(name)
	if s == nil {
		return "", fmt.Errorf("cpsim: no configuration key %q", name)
	}
	return cp.key(s.name), nil
}
