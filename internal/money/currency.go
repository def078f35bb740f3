package money

import "strings"

// Currency is an ISO 4217 alphabetic code, upper case.
type Currency string

// The currencies of ISO 4217 that people pay with, by the decimals of their minor
// unit. Units of account, precious metals and the codes for tests are none.
const (
	noDecimals  = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
	twoDecimals = `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
		COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
		IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
		NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC
		SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`
	threeDecimals = "BHD IQD JOD KWD LYD OMR TND"
)

var exponents = func() map[Currency]int {
	m := map[Currency]int{}
	for decimals, codes := range map[int]string{0: noDecimals, 2: twoDecimals, 3: threeDecimals} {
		for code := range strings.FieldsSeq(codes) {
			m[Currency(code)] = decimals
		}
	}
	return m
}()

// Exponent is the number of decimals of the currency's minor unit; 2 for a code that
// is not Valid.
func (c Currency) Exponent() int {
	if e, ok := exponents[c]; ok {
		return e
	}
	return 2
}

// Valid reports whether c is a currency that people pay with.
func (c Currency) Valid() bool {
	_, ok := exponents[c]
	return ok
}
