package demo

import (
	"time"

	"ccms/internal/money"
	"ccms/internal/tariff"
)

const currency = money.Currency("EUR")

func rate(text string) money.Rate {
	r, err := money.ParseRate(text)
	if err != nil {
		panic(err) // constants of this file
	}
	return r
}

var (
	weekdays = tariff.On(time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday)
	weekend  = tariff.On(time.Saturday, time.Sunday)
)

func clock(hour int) tariff.Clock { return tariff.Clock(60 * hour) }

// dayAndNight is the operator's default; it was cheaper in the first months.
func dayAndNight(night, day string) tariff.Draft {
	return tariff.Draft{
		Name: "Day and night", Currency: currency, VAT: 190,
		Electricity: []tariff.Band{
			{From: 0, To: clock(6), Price: rate(night)}, {From: clock(6), To: clock(22), Price: rate(day)}, {From: clock(22), To: clock(24), Price: rate(night)},
		},
		ServicePerKWh: rate("0.10"),
		Idle:          &tariff.IdleFee{PerMinute: rate("0.05"), Grace: time.Minute, Cap: money.New(1000, currency)},
		Hold:          money.New(5000, currency),
	}
}

// fast is for the highways: dearer on working days, with a fee for the start.
func fast() tariff.Draft {
	return tariff.Draft{
		Name: "Fast on the road", Currency: currency, VAT: 190,
		Electricity: []tariff.Band{
			{From: 0, To: clock(24), Days: weekdays, Price: rate("0.46")}, {From: 0, To: clock(24), Days: weekend, Price: rate("0.41")},
		},
		ServicePerKWh: rate("0.06"), StartFee: rate("0.50"),
		Idle: &tariff.IdleFee{PerMinute: rate("0.20"), Grace: 10 * time.Minute, Cap: money.New(2000, currency)},
		Hold: money.New(6000, currency),
	}
}

// peninsula is for the sites in Spain: prices with tax, three bands on working days.
func peninsula() tariff.Draft {
	return tariff.Draft{
		Name: "Península", Currency: currency, VAT: 210, PricesIncludeTax: true,
		Electricity: []tariff.Band{
			{From: 0, To: clock(8), Days: weekdays, Price: rate("0.33")}, {From: clock(8), To: clock(18), Days: weekdays, Price: rate("0.39")},
			{From: clock(18), To: clock(22), Days: weekdays, Price: rate("0.48")}, {From: clock(22), To: clock(24), Days: weekdays, Price: rate("0.39")},
			{From: 0, To: clock(24), Days: weekend, Price: rate("0.33")},
		},
		ServicePerKWh: rate("0.05"),
		Idle:          &tariff.IdleFee{PerMinute: rate("0.08"), Grace: 15 * time.Minute, Cap: money.New(1500, currency)},
		Hold:          money.New(5000, currency),
	}
}

// offices pay by the kWh and nothing else.
func offices() tariff.Draft {
	return tariff.Draft{
		Name: "Colleagues", Currency: currency, VAT: 190,
		Electricity: []tariff.Band{{From: 0, To: clock(24), Price: rate("0.24")}},
		Hold:        money.New(3000, currency),
	}
}
