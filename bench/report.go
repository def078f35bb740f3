package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// row is one figure: what the system takes, what the floor takes, in the same
// unit, once per repetition.
type row struct {
	name, unit   string
	must, goal   float64
	system       []float64
	floor        []float64
	floorWas     string   // what the floor is, in words
	remarks      []string // what was observed on the way
	notMeasured  string   // why there is no figure
	perSecond    []float64
	perSecondWas string
	busy         string  // load average when it began
	orBelow      float64 // in unit; a figure up to it is within the bar whatever the ratio
	mustBe       string  // a bar in words, where it is no ratio
	broken       string  // why that bar is not met, "" if it is
}

func (r row) bar() string {
	switch {
	case r.mustBe != "":
		return r.mustBe
	case r.orBelow > 0:
		return fmt.Sprintf("%g× or %g %s", r.must, r.orBelow, r.unit)
	}
	return fmt.Sprintf("%g×", r.must)
}

// ratio is the median of the repetitions' own ratios: machine noise hits the
// system and the floor of one repetition alike.
func (r row) ratio() float64 {
	ratios := make([]float64, 0, len(r.system))
	for i := range r.system {
		ratios = append(ratios, r.system[i]/r.floor[i])
	}
	return median(ratios)
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	switch n := len(s); {
	case n == 0:
		return 0
	case n%2 == 1:
		return s[n/2]
	default:
		return (s[n/2-1] + s[n/2]) / 2
	}
}

func (r row) verdict() string {
	switch ratio := r.ratio(); {
	case r.broken != "":
		return "**" + r.broken + "**"
	case ratio <= r.goal:
		return "goal reached"
	case ratio <= r.must, r.mustBe != "", r.orBelow > 0 && median(r.system) <= r.orBelow:
		return "within the bar"
	default:
		return "**above the bar**"
	}
}

func spread(values []float64) string {
	var all []string
	for _, v := range values {
		all = append(all, fmt.Sprintf("%.2f", v))
	}
	return strings.Join(all, ", ")
}

// report writes the page of a run.
func report(rows []row, began time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Bench of %s\n\n", began.UTC().Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(&b, "Commit %s · %s · %d cores · %s · Linux %s\n\n", commit(), cpuModel(), runtime.NumCPU(), runtime.Version(), kernel())
	b.WriteString("Judge by ratio: system and floor were measured in turn, in this run, on this machine. Figures are medians.\n\n")
	b.WriteString("| figure | measured | floor | ratio | must | goal | |\n|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		if r.notMeasured != "" {
			fmt.Fprintf(&b, "| %s | – | – | – | %s | %g× | not measured: %s |\n", r.name, r.bar(), r.goal, r.notMeasured)
			continue
		}
		fmt.Fprintf(&b, "| %s | %.2f %s | %.2f %s | %.2f× | %s | %g× | %s |\n", r.name,
			median(r.system), r.unit, median(r.floor), r.unit, r.ratio(), r.bar(), r.goal, r.verdict())
	}
	b.WriteString("\n## How each came about\n\n")
	for _, r := range rows {
		if r.notMeasured != "" {
			continue
		}
		fmt.Fprintf(&b, "- **%s**: system %s; floor %s %s (%s).", r.name, spread(r.system), spread(r.floor), r.unit, r.floorWas)
		if len(r.perSecond) > 0 {
			fmt.Fprintf(&b, " %s: %s.", r.perSecondWas, spread(r.perSecond))
		}
		for _, remark := range r.remarks {
			fmt.Fprintf(&b, " %s", remark)
		}
		fmt.Fprintf(&b, " Load average when it began: %s.", r.busy)
		b.WriteString("\n")
	}
	return b.String()
}

func commit() string {
	head, err := exec.Command("git", "describe", "--always", "--abbrev=12", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(head))
}

func cpuModel() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, " \t:"))
		}
	}
	return runtime.GOARCH
}

// loadAverage tells how many others wanted the processors: over one, five and fifteen
// minutes.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}

func kernel() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}
