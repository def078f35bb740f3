package store

import (
	"time"

	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
)

var (
	// wideRead: a driver of the operator has one reservation, at whichever sub-operator.
	_ = table("reservations", wideRead,
		plain(`id operator_id sub_operator_id number site_id point_id connector token_id driver_id account state soft session_id command_id
			actor created_at until ended_at due_at version`),
		// A person's free text.
		personal("uid_sealed detail reason", "identifier", "24 months from created_at", "overwrite"))
	reservationNumbers = sequence("reservations", 1)
)

const (
	reservationCols = `v.id, v.operator_id, v.sub_operator_id, v.number, v.site_id, v.point_id, v.connector, v.token_id, v.uid_sealed, v.driver_id,
	v.account, v.state, v.soft, v.session_id, v.command_id, v.detail, v.actor, v.reason, v.created_at, v.until, v.ended_at, v.due_at, v.version`
	reservationRowCols = reservationCols + `, coalesce(t.name, ''), coalesce(t.time_zone, ''), coalesce(p.name, ''), d.account_sealed, d.name_sealed`
	reservationRowFrom = `reservations v
		LEFT JOIN sites t ON {{scope sites t}} AND t.id = v.site_id
		LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = v.point_id
		LEFT JOIN drivers d ON {{scope drivers d}} AND d.id = v.driver_id`
	reservationUID = "reservations.uid_sealed"
)

var (
	qReservationInsert = stmt(`INSERT INTO reservations (operator_id, sub_operator_id, id, number, site_id, point_id, connector, token_id, uid_sealed,
			driver_id, account, state, soft, session_id, command_id, detail, actor, reason, created_at, until, ended_at, due_at, version)
		VALUES ({{own reservations}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qReservationSave = stmt(`UPDATE reservations SET state = ?, soft = ?, session_id = ?, command_id = ?, detail = ?, ended_at = ?, due_at = ?,
			version = version + 1
		WHERE {{scope reservations reservations}} AND id = ? AND version = ?`)
	qReservationVersion = stmt(`SELECT v.version FROM reservations v WHERE {{scope reservations v}} AND v.id = ?`)
	qReservation        = stmt(`SELECT ` + reservationCols + ` FROM reservations v WHERE {{scope reservations v}} AND v.id = ?`)
	qReservationCommand = stmt(`SELECT ` + reservationCols + ` FROM reservations v WHERE {{scope reservations v key}} AND v.point_id = ? AND v.command_id = ?`)
	qReservationNumber  = stmt(`SELECT ` + reservationCols + ` FROM reservations v WHERE {{scope reservations v key}} AND v.point_id = ? AND v.number = ?`)
	qReservationDriver  = stmt(`SELECT ` + reservationCols + ` FROM reservations v WHERE {{scope reservations v key}} AND v.driver_id = ?
		AND v.state IN ('REQUESTED', 'ACTIVE') ORDER BY v.number LIMIT 1`)
	qReservationsOf = stmt(`SELECT ` + reservationCols + ` FROM reservations v WHERE {{scope reservations v key}} AND v.point_id = ?
		AND v.state IN ('REQUESTED', 'ACTIVE') ORDER BY v.number`)
	qReservationsDue = stmt(`SELECT ` + reservationCols + ` FROM reservations v WHERE {{scope reservations v}} AND v.due_at <= ? ORDER BY v.due_at LIMIT ?`)
	qReservationRow  = stmt(`SELECT ` + reservationRowCols + ` FROM ` + reservationRowFrom + ` WHERE {{scope reservations v}} AND v.id = ?`)

	reservationList = listing(listSpec{
		Cols: reservationRowCols, From: reservationRowFrom, Count: "reservations v",
		Where: `{{scope reservations v}} {{if point}} AND v.point_id = ? {{end}} {{if driver}} AND v.driver_id = ? {{end}}
			{{if states}} AND {{in v.state}} {{end}}`,
		ID: "v.id", Sorts: map[string]string{"created": "v.created_at", "until": "v.until"}, Sort: "-created",
	})
)

// storedReservation is a reservation whose uid is still sealed.
type storedReservation struct {
	session.Reservation
	uid Sealed
}

func scanReservation(r *Row, v *storedReservation) error {
	return r.Scan(&v.ID, &v.Operator, &v.Sub, &v.Number, &v.Site, &v.Point, &v.Connector, &v.Token, &v.uid, &v.Driver,
		&v.Account, &v.State, &v.Soft, &v.Session, &v.Command, &v.Detail, &v.Actor, &v.Reason, &v.CreatedAt, &v.Until, &v.EndedAt, &v.DueAt, &v.Version)
}

func (tx *Tx) openReservation(v storedReservation) (session.Reservation, error) {
	err := tx.openFields(v.Operator, []sealedField{{reservationUID, &v.uid, &v.TokenUID}})
	return v.Reservation, err
}

func (tx *Tx) openReservations(sealed []storedReservation, err error) ([]session.Reservation, error) {
	if err != nil || len(sealed) == 0 {
		return nil, err
	}
	out := make([]session.Reservation, len(sealed))
	for i := range sealed {
		if out[i], err = tx.openReservation(sealed[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// NextReservation implements session.Tx.
func (tx *Tx) NextReservation() (int32, error) {
	n, err := tx.Next(reservationNumbers)
	return int32(n), err
}

// InsertReservation implements session.Tx.
func (tx *Tx) InsertReservation(v session.Reservation) error {
	uid, err := tx.SealText(v.Operator, reservationUID, v.TokenUID)
	if err != nil {
		return err
	}
	_, err = tx.exec(qReservationInsert, v.Operator, v.Sub, v.ID, v.Number, v.Site, v.Point, v.Connector, v.Token, uid,
		v.Driver, v.Account, v.State, v.Soft, v.Session, v.Command, v.Detail, v.Actor, v.Reason, v.CreatedAt, v.Until, v.EndedAt, v.DueAt, v.Version)
	return err
}

// SaveReservation implements session.Tx.
func (tx *Tx) SaveReservation(v session.Reservation) error {
	n, err := tx.exec(qReservationSave, v.State, v.Soft, v.Session, v.Command, v.Detail, v.EndedAt, v.DueAt, v.ID, v.Version)
	return tx.oneVersion("reservation", n, err, qReservationVersion, v.ID, v.Version)
}

// ReservationByID implements session.Tx.
func (tx *Tx) ReservationByID(id ident.Reservation) (session.Reservation, error) {
	v, err := one(tx, "reservation", qReservation, scanReservation, id)
	if err != nil {
		return session.Reservation{}, err
	}
	return tx.openReservation(v)
}

func (tx *Tx) maybeReservation(q *Stmt, args ...any) (session.Reservation, bool, error) {
	v, ok, err := maybe(tx, q, scanReservation, args...)
	if err != nil || !ok {
		return session.Reservation{}, false, err
	}
	r, err := tx.openReservation(v)
	return r, err == nil, err
}

// ReservationByCommand implements session.Tx.
func (tx *Tx) ReservationByCommand(p ident.ChargePoint, c ident.Command) (session.Reservation, bool, error) {
	return tx.maybeReservation(qReservationCommand, p, c)
}

// ReservationByNumber implements session.Tx.
func (tx *Tx) ReservationByNumber(p ident.ChargePoint, number int64) (session.Reservation, bool, error) {
	return tx.maybeReservation(qReservationNumber, p, number)
}

// ReservationOfDriver implements session.Tx.
func (tx *Tx) ReservationOfDriver(d ident.Driver) (session.Reservation, bool, error) {
	return tx.maybeReservation(qReservationDriver, d)
}

// StandingReservations implements session.Tx.
func (tx *Tx) StandingReservations(p ident.ChargePoint) ([]session.Reservation, error) {
	return tx.openReservations(all(tx, qReservationsOf, scanReservation, p))
}

// DueReservations implements session.Tx.
func (tx *Tx) DueReservations(now time.Time, limit int) ([]session.Reservation, error) {
	return tx.openReservations(all(tx, qReservationsDue, scanReservation, now, limit))
}

type storedReservationRow struct {
	storedReservation
	siteName, zone, pointName string
	account, name             Sealed
}

func scanReservationRow(r *Row, v *storedReservationRow) error {
	if err := scanReservation(r, &v.storedReservation); err != nil {
		return err
	}
	return r.Scan(&v.siteName, &v.zone, &v.pointName, &v.account, &v.name)
}

func (tx *Tx) openReservationRow(v storedReservationRow) (row session.ReservationRow, err error) {
	if row.Reservation, err = tx.openReservation(v.storedReservation); err != nil {
		return row, err
	}
	row.SiteName, row.TimeZone, row.PointName = v.siteName, v.zone, v.pointName
	err = tx.openFields(v.Operator, []sealedField{{"drivers.account_sealed", &v.account, &row.DriverAccount}, {"drivers.name_sealed", &v.name, &row.DriverName}})
	return row, err
}

// ReservationRow implements session.Tx.
func (tx *Tx) ReservationRow(id ident.Reservation) (session.ReservationRow, error) {
	v, err := one(tx, "reservation", qReservationRow, scanReservationRow, id)
	if err != nil {
		return session.ReservationRow{}, err
	}
	return tx.openReservationRow(v)
}

// ReservationList implements session.Tx.
func (tx *Tx) ReservationList(f session.ReservationFilter, p operator.Page) (operator.List[session.ReservationRow], error) {
	l, err := list(tx, reservationList, pageOf(p), scanReservationRow, optIf(!f.Point.IsZero(), "point", f.Point),
		optIf(!f.Driver.IsZero(), "driver", f.Driver), optIf(len(f.States) > 0, "states", f.States))
	out := operator.List[session.ReservationRow]{Next: l.Next, Total: l.Total, Capped: l.Capped}
	for i := 0; err == nil && i < len(l.Items); i++ {
		var row session.ReservationRow
		if row, err = tx.openReservationRow(l.Items[i]); err == nil {
			out.Items = append(out.Items, row)
		}
	}
	return out, err
}
