package ident_test

import (
	"testing"

	"ccms/internal/ident"
)

func TestPAY_R9_cardNumbersAreMaskedAndNothingElseIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want, why string }{
		{"4242424242424242", "************4242", "alone"},
		{"paid with 4242 4242 4242 4242 today", "paid with **** **** **** 4242 today", "in groups"},
		{"4242-4242-4242-4242", "****-****-****-4242", "with hyphens"},
		{"receipt 17 4111 1111 1111 1111", "receipt 17 **** **** **** 1111", "a number before it is none of it"},
		{"378282246310005", "***********0005", "15 digits"},
		{"3782 822463 10005", "**** ****** *0005", "as they are printed"},
		{"2223003122003222", "************3222", "of the newer range"},
		{"4242424242424241", "4242424242424241", "the check digit does not fit"},
		{"2190912110415000201000000", "2190912110415000201000000", "25 digits are a transaction id"},
		{"10100000058", "10100000058", "a charging account"},
		{"+491701234567", "+491701234567", "a telephone"},
		{"1242424242424244", "1242424242424244", "no card begins so"},
		{"Zürich 4242424242424242 ü", "Zürich ************4242 ü", "other letters stay"},
		{"", "", "nothing"},
	} {
		if got := ident.MaskPAN(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}
