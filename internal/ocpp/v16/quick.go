package v16

import (
	"bytes"

	"ccms/internal/ocpp/decode"
	"ccms/internal/session"
)

// MeterValues is the message that comes by the million, nearly always without a flaw.
// What follows reads such a one in a single pass, straight into samples. It decides
// nothing of its own: where it says yes, DecodeMeterValuesReq finds no flaw and
// readSamples gives the same (FuzzQuickMeterValues).

// leads is what each MeterValue that is read here has once, and leastMeterValue how many
// bytes one takes at least.
var leads = []byte(`"timestamp"`)

const leastMeterValue = len(`{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[]}`)

// quickMeterValues fills in r what the payload says. False: something about it is
// unusual, and r is as it was.
func quickMeterValues(payload []byte, r *session.MeterReport) bool {
	const (
		connectorID = 1 << iota
		transactionID
		meterValue
	)
	var (
		p           = decode.PlainOf(payload)
		seen        uint8
		at          int64
		transaction int64
		samples     []session.Sample
	)
	once := func(field uint8) {
		if seen&field != 0 {
			p.GiveUp()
		}
		seen |= field
	}
	p.Open('{')
	for p.More('}') {
		switch p.Key() {
		case "connectorId":
			once(connectorID)
			at = p.Int()
		case "transactionId":
			once(transactionID)
			transaction = p.Int()
		case "meterValue":
			once(meterValue)
			p.Open('[')
			if n := min(bytes.Count(payload, leads), len(payload)/leastMeterValue); n > 0 {
				samples = make([]session.Sample, 0, n)
			}
			for p.More(']') {
				samples = append(samples, quickMeterValue(&p))
			}
		default:
			p.GiveUp()
		}
	}
	if !p.Done() || seen&connectorID == 0 || seen&meterValue == 0 {
		return false
	}
	r.Connector, r.OCPPID, r.Samples = connector(at), transaction, ordered(samples)
	return true
}

// quickMeterValue reads one MeterValue. Its values can only be added up once the
// timestamp is known, which all write first.
func quickMeterValue(p *decode.Plain) session.Sample {
	p.Open('{')
	if !p.More('}') || p.Key() != "timestamp" {
		p.GiveUp()
	}
	r := readingAt(p.Time())
	if !p.More('}') || p.Key() != "sampledValue" {
		p.GiveUp()
	}
	p.Open('[')
	for p.More(']') {
		var v SampledValue
		quickSampledValue(p, &v)
		if p.Lost() || !r.add(&v) {
			p.GiveUp()
		}
	}
	if p.More('}') {
		p.GiveUp()
	}
	return r.sample()
}

func quickSampledValue(p *decode.Plain, v *SampledValue) {
	known := true
	p.Open('{')
	for p.More('}') {
		switch p.Key() {
		case "value":
			v.Value = p.String()
		case "context":
			v.Context = ReadingContext(p.String())
			known = v.Context.Known()
		case "format":
			v.Format = ValueFormat(p.String())
			known = v.Format.Known()
		case "measurand":
			v.Measurand = Measurand(p.String())
			known = v.Measurand.Known()
		case "phase":
			v.Phase = Phase(p.String())
			known = v.Phase.Known()
		case "location":
			v.Location = Location(p.String())
			known = v.Location.Known()
		case "unit":
			v.Unit = UnitOfMeasure(p.String())
			known = v.Unit.Known()
		default:
			known = false
		}
		if !known {
			p.GiveUp()
		}
	}
	if v.Value == "" {
		p.GiveUp()
	}
}
