package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

var _ = table("firmware_installs", own, plain(`id operator_id sub_operator_id point_id site_id image_id campaign_id number canary command_id
	transfer_id request_no state told before_release release_name detail due_at created_at asked_at ended_at protocol signed not_before actor version`),
	// A person's free text.
	personal("reason", "identifier", "24 months from created_at", "overwrite"))

const (
	installCols = `n.id, n.operator_id, n.sub_operator_id, n.point_id, n.site_id, n.image_id, n.campaign_id, n.number, n.canary, n.command_id,
	n.transfer_id, n.request_no, n.state, n.told, n.before_release, n.release_name, n.detail, n.due_at, n.created_at, n.asked_at, n.ended_at,
	n.protocol, n.signed, n.not_before, n.actor, n.reason, n.version`
	installRowCols = installCols + `, coalesce(p.name, ''), coalesce(s.name, ''), coalesce(i.name, '')`
	installRowFrom = `firmware_installs n LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = n.point_id
		LEFT JOIN sites s ON {{scope sites s}} AND s.id = p.site_id
		LEFT JOIN firmware_images i ON {{scope firmware_images i}} AND i.id = n.image_id`
	installOpen = `n.state IN ('ASKED', 'SCHEDULED', 'DOWNLOADING', 'DOWNLOADED', 'INSTALLING', 'INSTALLED')`
)

var (
	qInstallInsert = stmt(`INSERT INTO firmware_installs (operator_id, sub_operator_id, id, point_id, site_id, image_id, campaign_id, number, canary,
			command_id, transfer_id, request_no, state, told, before_release, release_name, detail, due_at, created_at, asked_at, ended_at,
			protocol, signed, not_before, actor, reason, version)
		VALUES ({{own firmware_installs}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qInstallSave = stmt(`UPDATE firmware_installs SET site_id = ?, command_id = ?, transfer_id = ?, request_no = ?, state = ?, told = ?, before_release = ?,
			release_name = ?, detail = ?, due_at = ?, asked_at = ?, ended_at = ?, version = version + 1
		WHERE {{scope firmware_installs firmware_installs}} AND id = ? AND version = ?`)
	qInstallVersion = stmt(`SELECT n.version FROM firmware_installs n WHERE {{scope firmware_installs n}} AND n.id = ?`)
	qInstall        = stmt(`SELECT ` + installCols + ` FROM firmware_installs n WHERE {{scope firmware_installs n}} AND n.id = ?`)
	qInstallOpen    = stmt(`SELECT ` + installCols + ` FROM firmware_installs n WHERE {{scope firmware_installs n key}} AND n.point_id = ? AND ` + installOpen)
	qInstallRow     = stmt(`SELECT ` + installRowCols + ` FROM ` + installRowFrom + ` WHERE {{scope firmware_installs n}} AND n.id = ?`)
	qInstallsDue    = stmt(`SELECT ` + installCols + ` FROM firmware_installs n WHERE {{scope firmware_installs n}} AND ` + installOpen + `
		AND n.due_at <= ? ORDER BY n.due_at LIMIT ?`)
	qInstallCounts = stmt(`SELECT n.state, n.canary, count(*) FROM firmware_installs n WHERE {{scope firmware_installs n key}} AND n.campaign_id = ?
		GROUP BY n.state, n.canary`)
	qInstallsWaiting = stmt(`SELECT ` + installCols + ` FROM firmware_installs n WHERE {{scope firmware_installs n key}} AND n.campaign_id = ?
		AND n.state = 'WAITING' AND n.due_at <= ? AND n.canary >= ? ORDER BY n.due_at, n.number LIMIT ?`)
	qInstallWaits = stmt(`SELECT ` + installCols + ` FROM firmware_installs n WHERE {{scope firmware_installs n key}} AND n.campaign_id = ?
		AND n.state = 'WAITING' AND n.point_id = ?`)
	qInstallsCancel = stmt(`UPDATE firmware_installs SET state = 'CANCELLED', due_at = NULL, ended_at = ?, version = version + 1
		WHERE {{scope firmware_installs firmware_installs key}} AND campaign_id = ? AND state = 'WAITING'`)
	qInstallsDone = stmt(`SELECT n.point_id FROM firmware_installs n WHERE {{scope firmware_installs n key}} AND n.campaign_id = ? AND n.state = 'DONE'
		ORDER BY n.number LIMIT ?`)
	qPointsToUpdate = stmt(`SELECT ` + pointCols + ` FROM charge_points p WHERE {{scope charge_points p}} AND p.status = 'VALID'
		{{if model}} AND p.model = ? AND p.vendor = ? {{end}} {{if site}} AND p.site_id = ? {{end}} {{if firmware}} AND p.firmware = ? {{end}}
		{{if among}} AND {{in p.id}} {{end}} ORDER BY p.id LIMIT ?`)

	installList = listing(listSpec{
		Cols: installRowCols, From: installRowFrom,
		Where: `{{scope firmware_installs n}} {{if point}} AND n.point_id = ? {{end}} {{if campaign}} AND n.campaign_id = ? {{end}}
			{{if state}} AND n.state = ? {{end}}`,
		ID: "n.id", Sorts: map[string]string{"created_at": "n.created_at", "number": "n.number"}, Sort: "-created_at",
	})
)

func installPlaces(n *upkeep.Install, signed *string) []any {
	return []any{&n.ID, &n.Operator, &n.Sub, &n.Point, &n.Site, &n.Image, &n.Campaign, &n.Number, &n.Canary, &n.Command,
		&n.Transfer, &n.Request, &n.State, &n.Told, &n.Before, &n.Release, &n.Detail, &n.DueAt, &n.CreatedAt, &n.AskedAt, &n.EndedAt,
		&n.Wish.Protocol, signed, &n.Wish.At, &n.Wish.Actor, &n.Wish.Reason, &n.Version}
}

func scanInstall(r *Row, n *upkeep.Install) error {
	var signed string
	err := r.Scan(installPlaces(n, &signed)...)
	n.Wish.Signed = signedOf(signed)
	return err
}

func scanInstallRow(r *Row, n *upkeep.InstallRow) error {
	var signed string
	err := r.Scan(append(installPlaces(&n.Install, &signed), &n.PointName, &n.SiteName, &n.ImageName)...)
	n.Wish.Signed = signedOf(signed)
	return err
}

// InsertInstalls implements upkeep.InstallTx.
func (tx *Tx) InsertInstalls(all []upkeep.Install) error {
	rows := make([][]any, len(all))
	for k, n := range all {
		rows[k] = []any{n.Operator, n.Sub, n.ID, n.Point, n.Site, n.Image, n.Campaign, n.Number, n.Canary, n.Command, n.Transfer, n.Request,
			n.State, n.Told, n.Before, n.Release, n.Detail, n.DueAt, n.CreatedAt, n.AskedAt, n.EndedAt,
			n.Wish.Protocol, signedText(n.Wish.Signed), n.Wish.At, n.Wish.Actor, n.Wish.Reason, n.Version}
		if n.State == upkeep.InstallAsked || n.Campaign.IsZero() {
			tx.installChanged(n)
		}
	}
	return tx.execMany(qInstallInsert, rows)
}

// SaveInstall implements upkeep.InstallTx.
func (tx *Tx) SaveInstall(n upkeep.Install) error {
	touched, err := tx.exec(qInstallSave, n.Site, n.Command, n.Transfer, n.Request, n.State, n.Told, n.Before, n.Release, n.Detail, n.DueAt, n.AskedAt,
		n.EndedAt, n.ID, n.Version)
	tx.installChanged(n)
	return tx.oneVersion("install", touched, err, qInstallVersion, n.ID, n.Version)
}

// installChanged tells screens that something about the point is new.
func (tx *Tx) installChanged(n upkeep.Install) {
	tx.pointChanged(asset.ChargePoint{ID: n.Point, Operator: n.Operator, Sub: n.Sub})
}

// InstallByID implements upkeep.InstallTx.
func (tx *Tx) InstallByID(id ident.Install) (upkeep.Install, error) {
	return one(tx, "install", qInstall, scanInstall, id)
}

// OpenInstall implements upkeep.InstallTx.
func (tx *Tx) OpenInstall(p ident.ChargePoint) (upkeep.Install, bool, error) {
	return maybe(tx, qInstallOpen, scanInstall, p)
}

// InstallRow implements upkeep.InstallTx.
func (tx *Tx) InstallRow(id ident.Install) (upkeep.InstallRow, error) {
	return one(tx, "install", qInstallRow, scanInstallRow, id)
}

// InstallList implements upkeep.InstallTx.
func (tx *Tx) InstallList(f upkeep.InstallFilter, p operator.Page) (operator.List[upkeep.InstallRow], error) {
	l, err := list(tx, installList, pageOf(p), scanInstallRow, optIf(!f.Point.IsZero(), "point", f.Point),
		optIf(!f.Campaign.IsZero(), "campaign", f.Campaign), optIf(f.State != "", "state", f.State))
	return operator.List[upkeep.InstallRow]{Items: l.Items, Next: l.Next, Total: l.Total, Capped: l.Capped}, err
}

// WaitingInstall implements upkeep.InstallTx.
func (tx *Tx) WaitingInstall(p ident.ChargePoint) (upkeep.Install, bool, error) {
	return maybe(tx, qInstallWaits, scanInstall, ident.Campaign{}, p)
}

// DueInstalls implements upkeep.InstallTx.
func (tx *Tx) DueInstalls(now time.Time, limit int) ([]upkeep.Install, error) {
	return all(tx, qInstallsDue, scanInstall, now, limit)
}

// CountInstalls implements upkeep.CampaignTx.
func (tx *Tx) CountInstalls(c ident.Campaign) ([]upkeep.InstallCount, error) {
	return all(tx, qInstallCounts, func(r *Row, x *upkeep.InstallCount) error { return r.Scan(&x.State, &x.Canary, &x.Count) }, c)
}

// WaitingInstalls implements upkeep.CampaignTx.
func (tx *Tx) WaitingInstalls(c ident.Campaign, first bool, now time.Time, limit int) ([]upkeep.Install, error) {
	return all(tx, qInstallsWaiting, scanInstall, c, now, first, limit)
}

// CancelInstalls implements upkeep.CampaignTx.
func (tx *Tx) CancelInstalls(c ident.Campaign, now time.Time) error {
	_, err := tx.exec(qInstallsCancel, now, c)
	return err
}

// DoneInstalls implements upkeep.CampaignTx.
func (tx *Tx) DoneInstalls(c ident.Campaign, limit int) ([]ident.ChargePoint, error) {
	return all(tx, qInstallsDone, func(r *Row, id *ident.ChargePoint) error { return r.Scan(id) }, c, limit)
}

// PointsToUpdate implements upkeep.CampaignTx.
func (tx *Tx) PointsToUpdate(f upkeep.PointsFilter, limit int) ([]asset.ChargePoint, error) {
	return all(tx, qPointsToUpdate, scanPoint, optIf(f.Model != "", "model", f.Model, f.Vendor), optIf(!f.Site.IsZero(), "site", f.Site),
		optIf(f.Firmware != "", "firmware", f.Firmware), optIf(len(f.Among) > 0, "among", f.Among), limit)
}
