package ident

import "strings"

// MaskPAN hides card numbers in a text, all but their last four digits: runs of 13 to 19
// digits, also in groups with blanks or hyphens between them, that begin as cards do and
// whose check digit fits (ISO/IEC 7812, PAY-R9). This is the only place that knows what
// one looks like. Longer runs, such as our transaction ids, are none.
func MaskPAN(s string) string {
	if !MayHavePAN(s) {
		return s
	}
	out := []byte(s)
	for at := 0; at < len(s); {
		groups := digitGroups(s[at:])
		if len(groups) == 0 {
			at++
			continue
		}
		for i := range groups {
			for j := i; j < len(groups); j++ {
				var digits []int // where they are
				for _, g := range groups[i : j+1] {
					for k := g[0]; k < g[1]; k++ {
						digits = append(digits, at+k)
					}
				}
				if isPAN(s, digits) {
					for _, k := range digits[:len(digits)-4] {
						out[k] = '*'
					}
				}
			}
		}
		at += groups[len(groups)-1][1]
	}
	return string(out)
}

// MayHavePAN is a quick look: are there enough digits at all?
func MayHavePAN(s string) bool {
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			if n++; n >= 13 {
				return true
			}
		case c != ' ' && c != '-':
			n = 0
		}
	}
	return false
}

// digitGroups are the groups of digits that s begins with, one blank or hyphen between them.
func digitGroups(s string) (groups [][2]int) {
	for i := 0; i < len(s); {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		if i == from {
			return groups
		}
		groups = append(groups, [2]int{from, i})
		if i < len(s) && (s[i] == ' ' || s[i] == '-') {
			i++
		}
	}
	return groups
}

func isPAN(s string, digits []int) bool {
	if len(digits) < 13 || len(digits) > 19 {
		return false
	}
	text := func(n int) string {
		var b strings.Builder
		for _, at := range digits[:n] {
			b.WriteByte(s[at])
		}
		return b.String()
	}
	// 2221 to 2720 and all that begin with 3 to 6: what card schemes are given out under.
	if first := s[digits[0]]; (first < '3' || first > '6') && (text(4) < "2221" || text(4) > "2720") {
		return false
	}
	sum := 0
	for i, at := range digits {
		d := int(s[at] - '0')
		if (len(digits)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
