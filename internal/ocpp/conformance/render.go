package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"ccms/internal/ocpp/v16"
)

// empty stands where no test shows anything.
const empty = "**none**"

func render(tests []test) []byte {
	var b bytes.Buffer
	b.WriteString(`# What is shown of OCPP 1.6

Written by ` + "`make generate`" + ` from the names of the tests and their comments (` + "`internal/ocpp/conformance`" + `); do not edit. A place that says ` + empty + ` is one that no test shows.

`)
	actions := actionTable(tests)
	behaviours := rowTable(tests)
	fmt.Fprintf(&b, "Actions shown: %d of %d. Behaviours shown: %d of %d; %d more are of OCPP 2.x alone.\n\n",
		actions.shown, actions.all, behaviours.shown, behaviours.all, len(rows)-behaviours.all)
	b.WriteString("## Actions\n\nin: from the charge point. out: to the charge point.\n\n| action | direction | tests |\n|---|---|---|\n")
	b.WriteString(actions.text)
	b.WriteString("\n## Real behaviours\n\nWhat charge points do in the field, and who shows that we live with it.\n\n| # | behaviour | tests |\n|---|---|---|\n")
	b.WriteString(behaviours.text)
	b.WriteString("\n## Cases of the Open Charge Alliance\n\n")
	b.WriteString(caseTable(tests))
	return b.Bytes()
}

type table struct {
	text       string
	shown, all int
}

func listOf(tests []test, which func(test) bool) string {
	var names []string
	for _, t := range tests {
		if which(t) {
			names = append(names, t.String())
		}
	}
	if len(names) == 0 {
		return empty
	}
	return strings.Join(names, "<br>")
}

func actionTable(tests []test) (out table) {
	for _, a := range v16.Actions {
		for _, in := range []bool{true, false} {
			if in && !a.FromChargePoint() || !in && !a.ToChargePoint() {
				continue
			}
			way := "out"
			if in {
				way = "in"
			}
			list := listOf(tests, func(t test) bool { return slices.Contains(t.actions, shown{a, in}) })
			if out.all++; list != empty {
				out.shown++
			}
			out.text += fmt.Sprintf("| %s | %s | %s |\n", a, way, list)
		}
	}
	return out
}

func rowTable(tests []test) (out table) {
	for i, r := range rows {
		list := listOf(tests, func(t test) bool { return slices.Contains(t.rows, i+1) })
		switch {
		case r.later && list == empty:
			list = "OCPP 2.x only"
		case list == empty:
			out.all++
		default:
			out.all, out.shown = out.all+1, out.shown+1
		}
		out.text += fmt.Sprintf("| %d | %s | %s |\n", i+1, r.text, list)
	}
	return out
}

func caseTable(tests []test) string {
	var ids []string
	for _, t := range tests {
		ids = append(ids, t.cases...)
	}
	if len(ids) == 0 {
		return "No test carries the id of a case.\n"
	}
	slices.Sort(ids)
	var b strings.Builder
	b.WriteString("| case | tests |\n|---|---|\n")
	for _, id := range slices.Compact(ids) {
		fmt.Fprintf(&b, "| %s | %s |\n", id, listOf(tests, func(t test) bool { return slices.Contains(t.cases, id) }))
	}
	return b.String()
}
