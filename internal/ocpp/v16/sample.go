package v16

import (
	"slices"
	"strings"

	"ccms/internal/ocpp/decode"
	"ccms/internal/session"
	"ccms/internal/unit"
)

// wh is a register; there are charge points that begin a little below zero (behaviour 59).
func wh(n int64) unit.Wh { return unit.Wh(max(n, 0)) }

// reading makes a sample of one MeterValue: what it says of the vehicle's meter, with
// the defaults of OCPP 1.6 §7.43: measurand Energy.Active.Import.Register, unit Wh,
// context Sample.Periodic, location Outlet.
type reading struct {
	s      session.Sample
	values int    // seen so far
	energy phases // Wh, where there is no total
	other  phases // the same in the other unit
	power  phases // W, where there is no total
	volts  mean   // mV between a phase and the neutral
	linked mean   // between two phases
}

// phases adds up what is told phase by phase. What is told of a phase twice, as L1 and as
// L1-N, counts once; what is told of the neutral or between two phases does not count
// (behaviour 61).
type phases struct {
	values [3]int64
	has    uint8 // a bit per phase
}

func (p *phases) add(phase Phase, n int64) {
	i := -1
	switch phase {
	case PhaseL1, PhaseL1N:
		i = 0
	case PhaseL2, PhaseL2N:
		i = 1
	case PhaseL3, PhaseL3N:
		i = 2
	}
	if i < 0 || p.has&(1<<i) != 0 {
		return
	}
	p.values[i], p.has = n, p.has|1<<i
}

func (p *phases) sum() int64 { return p.values[0] + p.values[1] + p.values[2] }

// mean is of the values that were added.
type mean struct{ sum, count int64 }

func (m *mean) add(n int64) { m.sum, m.count = m.sum+n, m.count+1 }

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
		switch {
		case v.Phase.Known():
			r.energy.add(v.Phase, n)
			r.other.add(v.Phase, swapped(v))
		case s.Has&session.HasEnergy == 0:
			s.Energy, s.Swapped, s.Has = wh(n), wh(swapped(v)), s.Has|session.HasEnergy
		}
	case MeasurandPowerActiveImport:
		if v.Phase == "" {
			s.Power, s.Has = unit.W(n), s.Has|session.HasPower
		} else {
			r.power.add(v.Phase, n)
		}
	case MeasurandCurrentImport:
		if v.Phase != "N" {
			s.Current, s.Has = max(s.Current, unit.MilliAmp(n)), s.Has|session.HasCurrent
		}
	case MeasurandVoltage:
		switch v.Phase {
		case PhaseL1L2, PhaseL2L3, PhaseL3L1:
			r.linked.add(n)
		default:
			r.volts.add(n)
		}
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
	if r.energy.has != 0 && s.Has&session.HasEnergy == 0 {
		s.Energy, s.Swapped, s.Has = wh(r.energy.sum()), wh(r.other.sum()), s.Has|session.HasEnergy
	}
	if r.power.has != 0 && s.Has&session.HasPower == 0 {
		s.Power, s.Has = unit.W(r.power.sum()), s.Has|session.HasPower
	}
	volts := r.volts
	if volts.count == 0 {
		volts = r.linked
	}
	if volts.count > 0 {
		s.Voltage, s.Has = unit.MilliVolt(volts.sum/volts.count), s.Has|session.HasVoltage
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

// swapped is a register as it is if its unit is not the one that it says: in kWh for Wh,
// or the other way round; 0 where that cannot be (behaviour 54).
func swapped(v *SampledValue) int64 {
	places := 3
	if v.Unit == UnitOfMeasureKWh {
		places = 0
	}
	n, ok := decode.Scaled(v.Value, places)
	if !ok {
		return 0
	}
	return n
}

// inTransactionData leaves out what the clock asked for: it may be of another register, and
// what the transaction asked for is there (behaviour 63). The report is kept as it came.
func inTransactionData(s []session.Sample) []session.Sample {
	return slices.DeleteFunc(s, func(s session.Sample) bool { return s.Context == string(ReadingContextSampleClock) })
}

// mostBad is how many values that are no numbers are told of one message.
const mostBad = 32

// readSamples translates meter values. bad lists values that are no numbers.
func readSamples(in []MeterValue) (out []session.Sample, bad []string) {
	if len(in) > 0 {
		out = make([]session.Sample, 0, len(in))
	}
	for i := range in {
		r := readingAt(in[i].Timestamp)
		for j := range in[i].SampledValue {
			if v := &in[i].SampledValue[j]; !r.add(v) {
				if len(bad) < mostBad {
					bad = append(bad, "bad value of "+Clean(string(v.Measurand)))
				}
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
	slices.SortStableFunc(s, func(a, b session.Sample) int { return a.Stamp.At.Compare(b.Stamp.At) })
	for i := 0; i < len(s); {
		at, end := s[i].Stamp.At.UnixMicro(), i+1
		for end < len(s) && s[end].Stamp.At.UnixMicro() == at {
			end++
		}
		if end > i+1 {
			ordinals(s[i:end])
		}
		i = end
	}
	return s
}

// ordinals counts the samples of one instant by their context.
func ordinals(s []session.Sample) {
	seen := map[string]int{}
	for i := range s {
		s[i].Ordinal = seen[s[i].Context]
		seen[s[i].Context]++
	}
}
