package report

import "ccms/internal/unit"

// Sessions is what ended sessions come to.
type Sessions struct {
	Sessions  int64 // that ended; those that never began are not among them
	Succeeded int64 // with energy, and nobody has to look at the record
	Failed    int64 // never began, or were refused
	Energy    unit.Wh
	Seconds   int64 // from start to end, each rounded down
}

// Add sums two.
func (s Sessions) Add(o Sessions) Sessions {
	return Sessions{s.Sessions + o.Sessions, s.Succeeded + o.Succeeded, s.Failed + o.Failed, s.Energy + o.Energy, s.Seconds + o.Seconds}
}

// AverageEnergy is per session, half up; false where there was none.
func (s Sessions) AverageEnergy() (unit.Wh, bool) {
	if s.Sessions == 0 {
		return 0, false
	}
	return unit.Wh(divide(int64(s.Energy), s.Sessions)), true
}

// AverageSeconds is per session, half up; false where there was none.
func (s Sessions) AverageSeconds() (int64, bool) {
	if s.Sessions == 0 {
		return 0, false
	}
	return divide(s.Seconds, s.Sessions), true
}

// Success is the share of attempts that led to energy without a fault (KPI-R5); false
// where nobody tried.
func (s Sessions) Success() (unit.Permille, bool) {
	tried := s.Sessions + s.Failed
	if tried == 0 {
		return 0, false
	}
	return unit.Permille(divide(s.Succeeded*1000, tried)), true
}

// divide rounds half up; b is above 0.
func divide(a, b int64) int64 {
	if a < 0 {
		return -divide(-a, b)
	}
	return (2*a + b) / (2 * b)
}

// Carbon says what a kilowatt-hour in a car saves (KPI-R10).
type Carbon struct {
	Version string // of the table
	Region  string
	Fuel    int64 // g CO₂ that a petrol car emits for what one kWh drives
	Grid    int64 // g CO₂ per kWh of the grid
}

// CarbonTable holds the factors, newest last. Fuel: 164 g/km of an average petrol car
// (DEFRA conversion factors 2023) at 18 kWh per 100 km. Grid: world mean of 2023 (Ember,
// Global Electricity Review 2024).
var CarbonTable = []Carbon{{Version: "2024.1", Region: "world", Fuel: 911, Grid: 480}}

// Avoided is in grams.
func (c Carbon) Avoided(e unit.Wh) int64 { return divide(int64(e)*(c.Fuel-c.Grid), 1000) }
