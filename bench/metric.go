package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// readMetric finds an unlabelled value in Prometheus' text format.
func readMetric(r io.Reader, name string) (float64, error) {
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		if v, ok := strings.CutPrefix(sc.Text(), name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(v), 64)
		}
	}
	if err := sc.Err(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("the server has no metric %s", name)
}
