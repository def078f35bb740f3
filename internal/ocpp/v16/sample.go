package v16

import (
	"slices"
	"strings"

	"ccms/internal/ocpp/decode"
	"ccms/internal/session"
	"ccms/internal/unit"
)

func wh(n int64) unit.Wh { return unit.Wh(n) }

// reading makes a sample of one MeterValue: what it says of the vehicle's meter, with
// the defaults of OCPP 1.6 §7.43: measurand Energy.Active.Import.Register, unit Wh,
// context Sample.Periodic, location Outlet.
type reading struct {
	s          session.Sample
	values     int   // seen so far
	phasePower int64 // W, sum over phases
	hasPhase   bool
	volts      int64 // mV, sum of those counted
	counted    int64
}

func readingAt(t decode.Time) reading {
	r := reading{s: session.Sample{Stamp: stamp(t)}}
	r.s.Context = string(ReadingContextSamplePeriodic)
	return r
}

// add takes one value in; false: it is not a number.
func (r *reading) add(v *SampledValue) bool {
	r.values++
	if r.values == 1 && v.Context != "" && v.Context != ReadingContextSamplePeriodic {
		r.s.Context = strings.Clone(Clean(string(v.Context))) // it outlives the frame
	}
	if v.Format == ValueFormatSignedData || v.Location != "" && v.Location != LocationOutlet && v.Measurand != MeasurandSoC {
		return true
	}
	n, ok := number(v)
	if !ok {
		return false
	}
	s := &r.s
	switch v.Measurand {
	case "", MeasurandEnergyActiveImportRegister:
		if v.Phase == "" && s.Has&session.HasEnergy == 0 {
			s.Energy, s.Has = unit.Wh(n), s.Has|session.HasEnergy
		}
	case MeasurandPowerActiveImport:
		if v.Phase == "" {
			s.Power, s.Has = unit.W(n), s.Has|session.HasPower
		} else {
			r.phasePower, r.hasPhase = r.phasePower+n, true
		}
	case MeasurandCurrentImport:
		if v.Phase != "N" {
			s.Current, s.Has = max(s.Current, unit.MilliAmp(n)), s.Has|session.HasCurrent
		}
	case MeasurandVoltage:
		r.volts, r.counted = r.volts+n, r.counted+1
	case MeasurandSoC:
		if n >= 0 && n <= 1000 {
			s.SoC, s.Has = unit.Permille(n), s.Has|session.HasSoC
		}
	}
	return true
}

// sample is what the values come to.
func (r *reading) sample() session.Sample {
	s := r.s
	if r.hasPhase && s.Has&session.HasPower == 0 {
		s.Power, s.Has = unit.W(r.phasePower), s.Has|session.HasPower
	}
	if r.counted > 0 {
		s.Voltage, s.Has = unit.MilliVolt(r.volts/r.counted), s.Has|session.HasVoltage
	}
	return s
}

// number is a value in the unit that its measurand has with us: Wh, W, mA, mV, ‰.
func number(v *SampledValue) (int64, bool) {
	places := 0
	switch v.Measurand {
	case MeasurandCurrentImport, MeasurandVoltage:
		places = 3
	case MeasurandSoC:
		places = 1
	}
	if v.Unit == UnitOfMeasureKWh || v.Unit == UnitOfMeasureKW {
		places = 3
	}
	return decode.Scaled(v.Value, places)
}

// readSamples translates meter values. bad lists values that are no numbers.
func readSamples(in []MeterValue) (out []session.Sample, bad []string) {
	for i := range in {
		r := readingAt(in[i].Timestamp)
		for j := range in[i].SampledValue {
			if v := &in[i].SampledValue[j]; !r.add(v) {
				bad = append(bad, "bad value of "+Clean(string(v.Measurand)))
			}
		}
		out = append(out, r.sample())
	}
	return ordered(out), bad
}

// ordered numbers and sorts the samples of a message. The ordinal counts those of one
// instant and context, so that the same sample sent twice has one key.
func ordered(s []session.Sample) []session.Sample {
	if len(s) < 2 {
		return s
	}
	type key struct {
		at      int64
		context string
	}
	seen := map[key]int{}
	for i := range s {
		k := key{s[i].Stamp.At.UnixMicro(), s[i].Context}
		s[i].Ordinal = seen[k]
		seen[k]++
	}
	slices.SortStableFunc(s, func(a, b session.Sample) int { return a.Stamp.At.Compare(b.Stamp.At) })
	return s
}
