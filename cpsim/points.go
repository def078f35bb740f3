package cpsim

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// LoadPoint is one charge point of a load run.
type LoadPoint struct {
	Identity string
	Password string
	Tag      string
}

// NumberedPoints are n points <prefix>0001… with one password and the tags in
// turn.
func NumberedPoints(prefix string, n int, password string, tags []string) []LoadPoint {
	points := make([]LoadPoint, n)
	for i := range points {
		points[i] = LoadPoint{Identity: fmt.Sprintf("%s%04d", prefix, i+1), Password: password}
		if len(tags) > 0 {
			points[i].Tag = tags[i%len(tags)]
		}
	}
	return points
}

// ReadPoints reads lines of identity,password,tag. A first line with these
// words is a heading, lines that begin with # are left out.
func ReadPoints(r io.Reader) ([]LoadPoint, error) {
	cr := csv.NewReader(r)
	cr.Comment = '#'
	cr.FieldsPerRecord = 3
	cr.TrimLeadingSpace = true
	var points []LoadPoint
	seen := map[string]bool{}
	for {
		rec, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return points, nil
		}
		if err != nil {
			return nil, err
		}
		if len(points) == 0 && strings.EqualFold(rec[0], "identity") {
			continue
		}
		line, _ := cr.FieldPos(0)
		if rec[0] == "" {
			return nil, fmt.Errorf("line %d: no identity", line)
		}
		if seen[rec[0]] {
			return nil, fmt.Errorf("line %d: %s is there twice", line, rec[0])
		}
		seen[rec[0]] = true
		points = append(points, LoadPoint{Identity: rec[0], Password: rec[1], Tag: rec[2]})
	}
}
