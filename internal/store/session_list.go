package store

import (
	"encoding/json"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/tariff"
)

const (
	sessionListColumns = sessionColumns + `, t.name, t.address, p.name, p.connected_at, p.disconnected_at, p.last_seen_at,
		(SELECT c.status FROM connectors c WHERE {{scope connectors c}} AND c.point_id = s.point_id AND c.number = s.connector)`
	// Points and sites are found by the sessions, never the other way round: for a page of
	// fifty ids SQLite would go through all points and the sessions of each.
	sessionListFrom = `sessions s
		JOIN charge_points p ON {{scope charge_points p}} AND p.id = {{lite +}}s.point_id
		JOIN sites t ON {{scope sites t}} AND t.id = {{lite +}}s.site_id`
)

// recordWhere selects by the words of session.State.RecordState. Each condition stands
// as it is written: a partial index is found only by its own words.
const recordWhere = ` {{if record_running}} AND s.phase IN ('STARTING', 'CHARGING', 'PAUSED', 'OFFLINE_RUNNING', 'STOPPING', 'STOP_UNCONFIRMED') {{end}}
	{{if record_settling}} AND s.phase = 'IDLE' {{end}}
	{{if record_completed}} AND s.phase = 'COMPLETED' AND s.debt <= 0 AND s.adjusted = 0 {{end}}
	{{if record_unpaid}} AND s.phase = 'COMPLETED' AND s.debt > 0 {{end}}
	{{if record_adjusted}} AND s.phase = 'COMPLETED' AND s.debt <= 0 AND s.adjusted = 1 {{end}}
	{{if record_abnormal}} AND s.phase = 'ABNORMAL' {{end}}
	{{if record_void}} AND s.phase IN ('REJECTED', 'FAILED_TO_START') {{end}}`

var sessionWhere = `{{scope sessions s}} {{if running}} AND s.live = 1 AND s.phase <> 'REJECTED' AND s.phase <> 'COMPLETED' {{end}}
	{{if ended}} AND s.ended_at IS NOT NULL {{end}}
	{{if phases}} AND {{in s.phase}} {{end}} {{if site}} AND s.site_id = ? {{end}} {{if point}} AND s.point_id = ? {{end}}
	{{if driver}} AND s.driver_id = ? {{end}} {{if ocpp}} AND s.ocpp_id = ? AND s.ocpp_id > 0 {{end}}
	{{if from}} AND s.sort_at >= ? {{end}} {{if to}} AND s.sort_at < ? {{end}}
	{{if of_site}} AND s.site_id = ? {{end}} {{if of_sites}} AND {{in s.site_id}} {{end}}
	{{if of_point}} AND s.point_id = ? {{end}} {{if of_points}} AND {{in s.point_id}} {{end}}
	{{if of_driver}} AND s.driver_id = ? {{end}} {{if of_drivers}} AND {{in s.driver_id}} {{end}}
	{{if of_login}} AND s.driver_id = ? {{end}}
	{{if site_name}} AND ` + met + `s.site_id IN (SELECT v.object_id FROM asset_words v WHERE {{scope asset_words v}}
		AND v.field = 'site.name' AND v.phrase >= ? AND v.phrase < ?) {{end}}
	{{if point_name}} AND ` + met + `s.point_id IN (SELECT w.object_id FROM asset_words w WHERE {{scope asset_words w}}
		AND w.field = 'point.name' AND w.phrase >= ? AND w.phrase < ?) {{end}}
	{{if plan}} AND s.plan_id = ? {{end}} {{if token}} AND s.token_hash = ? {{end}}
	{{if of_account}} AND s.account_id = ? {{end}} {{if of_accounts}} AND {{in s.account_id}} {{end}}` +
	recordWhere + wordsOf(met+`s.driver_id`)

var (
	qListSums    = stmt(`SELECT s.currency, s.energy_wh, s.ended_at, s.bill, s.captured, s.debt FROM sessions s WHERE ` + unmet(sessionWhere) + ` LIMIT ?`)
	qSessionList = listing(listSpec{
		Cols: sessionListColumns, From: sessionListFrom, Count: `sessions s`,
		Where: sessionWhere,
		ID:    `s.id`, Sorts: map[string]string{"started_at": "s.sort_at"}, Sort: "-started_at",
		Rare: []string{"running", "record_running", "record_settling", "record_abnormal", "record_void", "record_unpaid", "record_adjusted"},
		Few:  `{{scope sessions s id}} AND {{in s.id}}`,
	})
	qNamed = stmt(`SELECT DISTINCT v.object_id FROM asset_words v
		WHERE {{scope asset_words v}} AND v.field = ? AND v.phrase >= ? AND v.phrase < ? LIMIT ?`)
	qDriversOfWords   = stmt(`SELECT d.id FROM drivers d WHERE {{scope drivers d}}` + wordsOf(`d.id`) + ` LIMIT ?`)
	qDriversOfLogin   = stmt(`SELECT d.id FROM drivers d WHERE {{scope drivers d key}} AND d.account_hash = ? LIMIT ?`)
	qAccountsOfNumber = stmt(`SELECT n.id FROM accounts n WHERE {{scope accounts n}} AND n.number_text = ? LIMIT ?`)
	qSessionRow       = stmt(`SELECT ` + sessionListColumns + ` FROM ` + sessionListFrom + ` WHERE {{scope sessions s}} AND s.id = ?`)
)

type listedSession struct {
	sessionRow
	row session.Row
}

func (tx *Tx) scanListed(r *Row, l *listedSession) error {
	if err := scanSession(r, &l.sessionRow); err != nil {
		return err
	}
	var c asset.Connection
	if err := r.Scan(&l.row.SiteName, &l.row.SiteAddress, &l.row.PointName, &c.ConnectedAt, &c.DisconnectedAt, &c.LastSeenAt,
		&l.row.ConnectorStatus); err != nil {
		return err
	}
	l.row.PointOnline = c.Online(tx.Now())
	return nil
}

// open decodes the session and adds its driver's names, where the scope sees them: a
// sub-operator does not see the operator's drivers (SUB-R2).
func (tx *Tx) openListed(l listedSession, drivers map[ident.Driver]member.Driver) (session.Row, error) {
	row := l.row
	var err error
	if row.State, err = tx.session(l.sessionRow); err != nil || row.Driver.IsZero() {
		return row, err
	}
	d, known := drivers[row.Driver]
	if !known {
		if d, err = tx.DriverByID(row.Driver); err != nil && !fault.Is(err, fault.Missing) {
			return row, err
		}
		drivers[row.Driver] = d
	}
	row.DriverAccount, row.DriverMobile, row.ChargingAccount = d.Account, d.Mobile, d.ChargingAccount
	row.DriverName = d.Name
	if row.DriverName == "" {
		row.DriverName = d.Nickname
	}
	return row, nil
}

// driversOf reads the drivers of a page at once.
func (tx *Tx) driversOf(rows []listedSession) (map[ident.Driver]member.Driver, error) {
	drivers := map[ident.Driver]member.Driver{}
	var ids []ident.Driver
	for _, r := range rows {
		if _, known := drivers[r.Driver]; !known && !r.Driver.IsZero() {
			drivers[r.Driver] = member.Driver{} // whom the scope does not see stays without names
			ids = append(ids, r.Driver)
		}
	}
	if len(ids) == 0 {
		return drivers, nil
	}
	found, err := all(tx, qDriversByID, scanDriver, ids)
	for _, d := range found {
		if err := tx.openFields(d.Operator, d.personalOf()); err != nil {
			return nil, err
		}
		drivers[d.ID] = d.Driver
	}
	return drivers, err
}

// sessionOptions are the arguments of sessionWhere.
func (tx *Tx) sessionOptions(f session.Filter) ([]any, error) {
	args := []any{
		optIf(f.Running, "running"), optIf(f.Ended, "ended"), optIf(len(f.Phases) > 0, "phases", f.Phases),
		optIf(!f.Site.IsZero(), "site", f.Site), optIf(!f.Point.IsZero(), "point", f.Point), optIf(!f.Driver.IsZero(), "driver", f.Driver),
		optIf(f.OCPPID != 0, "ocpp", f.OCPPID), optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To),
		optIf(!f.Plan.IsZero(), "plan", f.Plan), optIf(f.Record != "", "record_"+strings.ToLower(string(f.Record))),
	}
	if len(f.Phases) == 1 {
		if key := partOfPhase[f.Phases[0]]; key != "" && f.Record == "" {
			args = append(args, opt(key))
		}
	}
	if f.TokenUID != "" {
		hash, err := tx.SearchHash(tx.scope.Operator(), ident.NormalToken(f.TokenUID))
		if err != nil {
			return nil, err
		}
		args = append(args, opt("token", hash))
	}
	for _, look := range []func(session.Filter) ([]any, error){tx.sitesNamed, tx.pointsNamed, tx.driversOfWords, tx.driverOfLogin, tx.accountOfNumber} {
		found, err := look(f)
		if err != nil {
			return nil, err
		}
		args = append(args, found...)
	}
	return args, nil
}

// partOfPhase is the part of recordWhere whose index has the sessions of a phase. Of
// completed ones there are so many that they are met on the way.
var partOfPhase = map[session.Phase]string{
	session.Starting: "record_running", session.Charging: "record_running", session.Paused: "record_running",
	session.OfflineRunning: "record_running", session.Stopping: "record_running", session.StopUnconfirmed: "record_running",
	session.Idle: "record_settling", session.Abnormal: "record_abnormal",
	session.Rejected: "record_void", session.FailedToStart: "record_void",
}

func (tx *Tx) sitesNamed(f session.Filter) ([]any, error) {
	return tx.named(f.SiteName, "site.name", "site_name", "of_site", "of_sites")
}

func (tx *Tx) pointsNamed(f session.Filter) ([]any, error) {
	return tx.named(f.PointName, "point.name", "point_name", "of_point", "of_points")
}

func (tx *Tx) named(typed, field, key, one, many string) ([]any, error) {
	p, ok := phrase(key, typed).(option)
	if !ok || p.key == "" {
		return nil, nil
	}
	return tx.found(one, many, []any{p}, qNamed, field, p.args[0], p.args[1])
}

func (tx *Tx) driversOfWords(f session.Filter) ([]any, error) {
	words, err := tx.wordOptions(f.Words)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	return tx.found("of_driver", "of_drivers", words, qDriversOfWords, words...)
}

func (tx *Tx) driverOfLogin(f session.Filter) ([]any, error) {
	login, err := tx.exactly("login", "account", f.Login, member.NormalAccount)
	if err != nil || f.Login == "" {
		return nil, err
	}
	return tx.found("of_login", "", nil, qDriversOfLogin, login.(option).args[0]) // one, or none
}

func (tx *Tx) accountOfNumber(f session.Filter) ([]any, error) {
	if f.ChargingAccount == "" {
		return nil, nil
	}
	return tx.found("of_account", "of_accounts", nil, qAccountsOfNumber, f.ChargingAccount)
}

// EachSummed implements session.Tx.
func (tx *Tx) EachSummed(f session.Filter, upTo int, add func(session.Summed)) (bool, error) {
	args, err := tx.sessionOptions(f)
	if err != nil {
		return false, err
	}
	args, nothing := flat(args)
	if nothing {
		return false, nil
	}
	rows := 0
	err = each(tx, qListSums, func(r *Row) error {
		var x session.Summed
		var ended time.Time
		var bill string
		if err := r.Scan(&x.Currency, &x.Energy, &ended, &bill, &x.Captured.Minor, &x.Debt.Minor); err != nil {
			return err
		}
		if rows++; rows > upTo {
			return nil
		}
		x.Ended, x.Captured.Currency, x.Debt.Currency = !ended.IsZero(), x.Currency, x.Currency
		if bill != "" {
			x.Bill = new(tariff.Bill)
			if err := json.Unmarshal([]byte(bill), x.Bill); err != nil {
				return err
			}
		}
		add(x)
		return nil
	}, append(args, upTo+1)...)
	return rows > upTo, err
}

// SessionList lists sessions, newest first.
func (tx *Tx) SessionList(f session.Filter, p operator.Page) (operator.List[session.Row], error) {
	args, err := tx.sessionOptions(f)
	if err != nil {
		return operator.List[session.Row]{}, err
	}
	l, err := list(tx, qSessionList, pageOf(p), tx.scanListed, args...)
	out := operator.List[session.Row]{Next: l.Next, Total: l.Total, Capped: l.Capped}
	if err != nil {
		return out, err
	}
	drivers, err := tx.driversOf(l.Items)
	if err != nil {
		return out, err
	}
	for _, x := range l.Items {
		row, err := tx.openListed(x, drivers)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, row)
	}
	return out, nil
}

// SessionRow reads one session with its names.
func (tx *Tx) SessionRow(id ident.Session) (session.Row, error) {
	l, err := one(tx, "session", qSessionRow, tx.scanListed, id)
	if err != nil {
		return session.Row{}, err
	}
	return tx.openListed(l, map[ident.Driver]member.Driver{})
}
