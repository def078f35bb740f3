package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// fullSession is what a charge costs from the card to the bill, in a closed loop.
func fullSession(s settings, e engine) (row, error) {
	r := row{name: "CPU per message of a full session, committed, rated and billed, " + e.String(), unit: "µs", must: 1.6, goal: 1.2,
		perSecondWas: "Answers per second", floorWas: "the after-commit row of the same engine, measured in turn"}
	return r, inTurn(&r, s.repeat,
		func() (float64, error) {
			run, err := storedOnce(s, e, false)
			return micros(run.load.perMessage()), err
		},
		func() (float64, error) {
			run, err := sessionsOnce(s, e)
			if err != nil {
				return 0, err
			}
			r.perSecond = append(r.perSecond, run.load.perSecond())
			r.remark("%d messages to a commit; %d sessions billed.", run.load.batch(), run.billed)
			return micros(run.load.perMessage()), nil
		})
}

// sessionsRun is one repetition of full sessions.
type sessionsRun struct {
	load   load
	billed int64
}

// sessionsOnce runs a server under full sessions and looks whether all were billed.
func sessionsOnce(s settings, e engine) (run sessionsRun, err error) {
	srv, err := startServer(s.ccms, e)
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, srv.remove()) }()
	ended, err := srv.underSessions(s, &run)
	if err = errors.Join(err, srv.stop()); err != nil {
		return run, err
	}
	const billed = `SELECT count(*) FROM sessions WHERE phase = 'COMPLETED' AND bill IS NOT NULL AND energy_wh > 0`
	if run.billed, err = srv.db.number(billed); err != nil {
		return run, err
	}
	if run.billed != ended {
		var phases []string
		for _, p := range []string{"CHARGING", "IDLE", "COMPLETED", "ABNORMAL", "STOP_UNCONFIRMED"} {
			n, err := srv.db.number(`SELECT count(*) FROM sessions WHERE phase = '` + p + `'`)
			if err != nil {
				return run, err
			}
			phases = append(phases, fmt.Sprintf("%s %d", p, n))
		}
		return run, fmt.Errorf("%d sessions were ended and %d are billed: %s", ended, run.billed, strings.Join(phases, ", "))
	}
	return run, nil
}

func (s *server) underSessions(set settings, run *sessionsRun) (ended int64, err error) {
	points, err := s.api.chargePoints(s.site, set.points)
	if err != nil {
		return 0, err
	}
	cards, err := s.api.cards(set.points)
	if err != nil {
		return 0, err
	}
	booted, err := s.booted(points)
	if err != nil {
		return 0, err
	}
	defer closeAll(booted)
	links := make([]link, len(booted))
	for i, l := range booted {
		links[i] = &sessionLink{socket: l.(*socket), card: cards[i], register: meterStart}
	}
	err = s.counting(func(p probe) (err error) {
		run.load, err = set.saturated(links, p)
		return err
	})
	if err != nil {
		return 0, err
	}
	err = each(len(links), func(i int) error { return links[i].(*sessionLink).finish() })
	for _, l := range links {
		ended += l.(*sessionLink).ended
	}
	return ended, err
}

// sessionLink charges again and again: Authorize, StartTransaction, StatusNotification,
// 8 MeterValues, StopTransaction, StatusNotification, one of them per round trip. Its
// clock is the present.
type sessionLink struct {
	*socket
	card        string
	register    int // Wh
	step        int // within the session
	transaction int
	ended       int64
}

const (
	samplesPerSession = 8
	// perSample is energy that is plausible however fast the session passes.
	perSample = 40 // Wh
)

func (l *sessionLink) roundTrip() error {
	now := time.Now().UTC().Format(stampMillis)
	step := l.step
	l.step++
	switch {
	case step == 0:
		return l.ask(fmt.Sprintf(`"Authorize",{"idTag":"%s"}`, l.card), &authorized{})
	case step == 1:
		var a authorized
		if err := l.ask(fmt.Sprintf(`"StartTransaction",{"connectorId":1,"idTag":"%s","meterStart":%d,"timestamp":"%s"}`, l.card, l.register, now), &a); err != nil {
			return err
		}
		l.transaction = a.TransactionID
		l.message = l.meterValues()
		return nil
	case step == 2:
		return l.ask(fmt.Sprintf(`"StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Charging","timestamp":"%s"}`, now), nil)
	case step < 3+samplesPerSession:
		l.register += perSample
		return l.socket.roundTrip()
	case step == 3+samplesPerSession:
		return l.ask(fmt.Sprintf(`"StopTransaction",{"transactionId":%d,"idTag":"%s","meterStop":%d,"timestamp":"%s","reason":"Local"}`,
			l.transaction, l.card, l.register, now), nil)
	}
	// The cable is out: what idling costs is known now, and the bill is made.
	l.step = 0
	l.ended++
	return l.ask(fmt.Sprintf(`"StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available","timestamp":"%s"}`, now), nil)
}

// meterValues are those of the session, with its register and the present.
func (l *sessionLink) meterValues() message {
	return meterValuesOf(1, l.transaction, "TTTTTTTTTTTTTTTTTTTTTTTT",
		func(dst []byte, _ int) { counting(l.register)(dst, 0) },
		// AppendFormat would write nanoseconds behind the stamp and cut them off again.
		func(dst []byte, _ int) { copy(dst, time.Now().UTC().Format(stampMillis)) })
}

// finish goes on to the end of the session.
func (l *sessionLink) finish() error {
	for l.step != 0 {
		if err := l.roundTrip(); err != nil {
			return err
		}
	}
	return nil
}

const stampMillis = "2006-01-02T15:04:05.000Z"

// authorized is an answer that must accept the card.
type authorized struct {
	TransactionID int `json:"transactionId"`
	IDTagInfo     struct {
		Status string `json:"status"`
	} `json:"idTagInfo"`
}

// ask sends a call and reads its answer.
func (l *sessionLink) ask(call string, into *authorized) error {
	l.serial++
	answer, err := l.call(fmt.Sprintf(`[2,"%08d",%s]`, l.serial, call))
	if err != nil {
		return err
	}
	return answered(answer, into)
}

// answered reads a CALLRESULT. into may be nil; else the card must have been accepted.
func answered(answer string, into *authorized) error {
	if into == nil && strings.HasPrefix(answer, "[3,") {
		return nil
	}
	var frame []json.RawMessage
	if err := json.Unmarshal([]byte(answer), &frame); err != nil || len(frame) != 3 || string(frame[0]) != "3" {
		return errors.Join(fmt.Errorf("the answer is %s", answer), err)
	}
	if err := json.Unmarshal(frame[2], into); err != nil || into.IDTagInfo.Status != "Accepted" {
		return errors.Join(fmt.Errorf("the answer is %s", answer), err)
	}
	return nil
}
