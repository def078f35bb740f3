package v16

import (
	"ccms/internal/session"
	"ccms/internal/unit"
)

func wh(n int64) unit.Wh { return unit.Wh(n) }

// readSample reads what one MeterValue says of the vehicle's meter, with the defaults of
// OCPP 1.6 §7.43: measurand Energy.Active.Import.Register, unit Wh, context
// Sample.Periodic, location Outlet. bad lists values that are no numbers.
func readSample(mv MeterValue) (s session.Sample, bad []string) {
	s.Stamp = stamp(mv.Timestamp)
	s.Context = string(ReadingContextSamplePeriodic)
	var (
		phasePower   int64 // W, sum over phases
		hasPhase     bool
		volts, count int64
	)
	for i, v := range mv.SampledValue {
		if i == 0 && v.Context != "" {
			s.Context = Clean(string(v.Context))
		}
		if v.Format == ValueFormatSignedData || v.Location != "" && v.Location != LocationOutlet && v.Measurand != MeasurandSoC {
			continue
		}
		n, ok := number(v)
		if !ok {
			bad = append(bad, "bad value of "+Clean(string(v.Measurand)))
			continue
		}
		switch v.Measurand {
		case "", MeasurandEnergyActiveImportRegister:
			if v.Phase == "" && s.Has&session.HasEnergy == 0 {
				s.Energy, s.Has = unit.Wh(n), s.Has|session.HasEnergy
			}
		case MeasurandPowerActiveImport:
			if v.Phase == "" {
				s.Power, s.Has = unit.W(n), s.Has|session.HasPower
			} else {
				phasePower, hasPhase = phasePower+n, true
			}
		case MeasurandCurrentImport:
			if v.Phase != "N" {
				s.Current, s.Has = max(s.Current, unit.MilliAmp(n)), s.Has|session.HasCurrent
			}
		case MeasurandVoltage:
			volts, count = volts+n, count+1
		case MeasurandSoC:
			if n >= 0 && n <= 1000 {
				s.SoC, s.Has = unit.Permille(n), s.Has|session.HasSoC
			}
		}
	}
	if hasPhase && s.Has&session.HasPower == 0 {
		s.Power, s.Has = unit.W(phasePower), s.Has|session.HasPower
	}
	if count > 0 {
		s.Voltage, s.Has = unit.MilliVolt(volts/count), s.Has|session.HasVoltage
	}
	return s, bad
}

// number is a value in the unit that its measurand has with us: Wh, W, mA, mV, ‰.
func number(v SampledValue) (int64, bool) {
	scale := 0
	switch v.Measurand {
	case MeasurandCurrentImport, MeasurandVoltage:
		scale = 3
	case MeasurandSoC:
		scale = 1
	}
	if v.Unit == UnitOfMeasureKWh || v.Unit == UnitOfMeasureKW {
		scale = 3
	}
	n, err := unit.Parse(v.Value, scale)
	return n, err == nil
}
