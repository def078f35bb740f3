package member

import (
	"strconv"

	"ccms/internal/fault"
)

// flaws collects everything that is wrong with an input.
type flaws []fault.Field

func (f *flaws) add(pointer, detail string) {
	*f = append(*f, fault.Field{Pointer: pointer, Detail: detail})
}

// text notes a text that is too long or cannot be printed.
func (f *flaws) text(pointer, s string, most int) {
	n := 0
	for _, r := range s {
		n++
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			f.add(pointer, "holds characters that cannot be printed")
			return
		}
	}
	if n > most {
		f.add(pointer, "is too long; at most "+strconv.Itoa(most)+" characters")
	}
}

func (f flaws) err() error {
	if len(f) == 0 {
		return nil
	}
	e := fault.BadInput(f[0].Pointer, "%s", f[0].Detail)
	e.Fields = f
	return e
}
