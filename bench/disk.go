package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// What is stored for a Heartbeat, a MeterValues and a whole session, from the sizes of
// real tables with their indexes.

// journalled is how long the journal of frames may take to write what it has.
const journalled = 3 * time.Second

// diskUse prints a page for both engines.
func diskUse(s settings) error {
	fmt.Printf("# On the disk\n\nCommit %s. Bytes with indexes, free space in pages included: size of a table / its rows, times the rows that a message or a session left.\n", commit())
	for _, e := range []engine{sqlite, postgres} {
		page, err := diskOf(s, e)
		if err != nil {
			return fmt.Errorf("%v: %w", e, err)
		}
		fmt.Print(page)
	}
	return nil
}

// left is what a number of events of one kind left in the tables.
type left struct {
	what string
	n    int64
	rows map[string]int
}

func diskOf(s settings, e engine) (page string, err error) {
	srv, err := startServer(s.ccms, e)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, srv.remove()) }()
	all, err := srv.fill(s)
	if err = errors.Join(err, srv.stop()); err != nil {
		return "", err
	}
	counts, err := srv.db.counts()
	if err != nil {
		return "", err
	}
	sizes, err := srv.db.sizes()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n| table | rows | bytes per row |\n|---|---|---|\n", e)
	perRow := map[string]float64{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] < 500 {
			continue // a table this small is mostly the page it lies in
		}
		perRow[name] = float64(sizes[name]) / float64(counts[name])
		fmt.Fprintf(&b, "| %s | %d | %.0f |\n", name, counts[name], perRow[name])
	}
	b.WriteString("\n| one | bytes | of which |\n|---|---|---|\n")
	for _, l := range all {
		var sum float64
		var of []string
		for _, name := range slices.Sorted(maps.Keys(l.rows)) {
			bytes := perRow[name] * float64(l.rows[name]) / float64(l.n)
			sum += bytes
			of = append(of, fmt.Sprintf("%s %.0f (%.2f rows)", name, bytes, float64(l.rows[name])/float64(l.n)))
		}
		fmt.Fprintf(&b, "| %s | %.0f | %s |\n", l.what, sum, strings.Join(of, ", "))
	}
	return b.String(), nil
}

// fill drives one kind of load after the other.
func (s *server) fill(set settings) (all []left, err error) {
	points, err := s.api.chargePoints(s.site, set.points)
	if err != nil {
		return nil, err
	}
	cards, err := s.api.cards(set.points)
	if err != nil {
		return nil, err
	}
	links, err := s.booted(points)
	if err != nil {
		return nil, err
	}
	defer closeAll(links)
	observe := func(what string, drive func() (int64, error)) error {
		before, err := s.db.counts()
		if err != nil {
			return err
		}
		n, err := drive()
		if err != nil {
			return err
		}
		time.Sleep(journalled)
		after, err := s.db.counts()
		if err == nil {
			all = append(all, left{what, n, grown(before, after, n)})
		}
		return err
	}
	loop := func(links []link) error {
		_, err := closedLoop(links, 0, set.measure, s.probe())
		return err
	}
	half := len(links) / 2
	time.Sleep(journalled) // the boots
	if err := observe("Heartbeat", func() (int64, error) {
		// So slow that the journal, which may lose frames when it is overrun, keeps all.
		l, _, err := onSchedule(links, schedule{every: time.Second}, 0, set.measure, s.probe())
		return l.messages, err
	}); err != nil {
		return nil, err
	}
	if err := observe(fmt.Sprintf("session with %d MeterValues", samplesPerSession), func() (ended int64, err error) {
		var ls []link
		for i, l := range links[:half] {
			ls = append(ls, &sessionLink{socket: l.(*socket), card: cards[i], register: meterStart})
		}
		if err := loop(ls); err != nil {
			return 0, err
		}
		err = each(len(ls), func(i int) error { return ls[i].(*sessionLink).finish() })
		for _, l := range ls {
			ended += l.(*sessionLink).ended
		}
		return ended, err
	}); err != nil {
		return nil, err
	}
	if err := charging(links[half:], cards[half:]); err != nil {
		return nil, err
	}
	err = observe("MeterValues of 12 values", func() (n int64, err error) {
		for _, l := range links[half:] {
			l.(*socket).serial = 0
		}
		err = loop(links[half:])
		for _, l := range links[half:] {
			n += int64(l.(*socket).serial)
		}
		return n, err
	})
	return all, err
}
