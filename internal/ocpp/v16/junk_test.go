package v16_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/junk"
	"ccms/internal/ocpp/v16"
)

// fill puts something into every field, also those that may be absent.
func fill(rnd *rand.Rand, v reflect.Value) {
	if v.Type() == reflect.TypeFor[decode.Time]() {
		v.Set(reflect.ValueOf(decode.TimeOf(time.Unix(1_767_225_600+rnd.Int64N(1e8), 0).UTC())))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(rnd, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(rnd, v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+rnd.IntN(2), 2))
		for i := range v.Len() {
			fill(rnd, v.Index(i))
		}
	case reflect.String:
		v.SetString([]string{"A1", "Accepted", "Energy.Active.Import.Register", "é\u2028\"\\", strings.Repeat("x", 30), "12.5"}[rnd.IntN(6)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(rnd.Int64N(100_000))
	case reflect.Uint8: // a set of flaws
	default:
		panic(fmt.Sprint("a field of kind ", v.Kind()))
	}
}

// Payloads of every action, full and as they should not be: each is read to its end, and
// what was read is written as JSON that reads the same.
func TestJunk_Decode(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	sources := make([]*junk.Source, len(v16.Actions))
	for i, a := range v16.Actions {
		var seeds [][]byte
		for _, read := range []func(v16.Action, []byte) (v16.Message, decode.Flaws, error){v16.DecodeReq, v16.DecodeConf} {
			for range 3 {
				m, _, err := read(a, []byte("{}"))
				if err != nil {
					t.Fatal(err)
				}
				fill(rnd, reflect.ValueOf(m).Elem())
				seeds = append(seeds, m.AppendJSON(nil))
			}
		}
		sources[i] = junk.New(uint64(i), append(seeds, []byte(meterValues12), []byte("{}"))...)
	}
	junk.Flat(t, junk.Inputs(), func(i int) {
		n := i % len(sources)
		decodesToItsEnd(t, n, append([]byte(nil), sources[n].Next()...))
	})
}
