package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var (
	_ = table("authorities", shared, plain(`id operator_id sub_operator_id kind name organisation certificate key_sealed revocations
		revocations_until trusted not_before not_after created_at version`))
	_ = table("point_certificates", own,
		plain(`id operator_id sub_operator_id point_id authority_id serial request_hash request chain state command_id requested_at issued_at
			installed_at not_before not_after revoked_at told_days asked_at due_at version`),
		// A person's free text.
		personal("revoke_reason", "identifier", "as long as the charge point", "overwrite"))
)

const (
	authorityCols = `a.id, a.operator_id, a.kind, a.name, a.organisation, a.certificate, a.revocations, a.revocations_until, a.trusted,
		a.not_before, a.not_after, a.created_at, a.version`
	certificateCols = `c.id, c.operator_id, c.sub_operator_id, c.point_id, c.authority_id, c.serial, c.request_hash, c.request, c.chain, c.state,
		c.command_id, c.requested_at, c.issued_at, c.installed_at, c.not_before, c.not_after, c.revoked_at, c.revoke_reason, c.told_days, c.asked_at, c.due_at, c.version`
	authorityKey = "authorities.key_sealed"
)

var (
	qAuthorityInsert = stmt(`INSERT INTO authorities (operator_id, sub_operator_id, id, kind, name, organisation, certificate, key_sealed, trusted,
			not_before, not_after, created_at, version)
		VALUES ({{own authorities}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	qAuthoritySave = stmt(`UPDATE authorities SET organisation = ?, revocations = ?, revocations_until = ?, trusted = ?, version = version + 1
		WHERE {{scope authorities authorities}} AND id = ? AND version = ?`)
	qAuthorityVersion = stmt(`SELECT a.version FROM authorities a WHERE {{scope authorities a}} AND a.id = ?`)
	qAuthority        = stmt(`SELECT ` + authorityCols + ` FROM authorities a WHERE {{scope authorities a}} AND a.id = ?`)
	qAuthorityKey     = stmt(`SELECT ` + authorityCols + `, a.key_sealed FROM authorities a WHERE {{scope authorities a}} AND a.id = ?`)
	qAuthorities      = stmt(`SELECT ` + authorityCols + ` FROM authorities a WHERE {{scope authorities a}} AND a.operator_id = ?
		ORDER BY a.created_at DESC, a.id DESC LIMIT ?`)

	qCertificateInsert = stmt(`INSERT INTO point_certificates (operator_id, sub_operator_id, id, point_id, authority_id, serial, request_hash, request,
			chain, state, command_id, requested_at, revoke_reason, told_days, version)
		VALUES ({{own point_certificates}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qCertificateSave = stmt(`UPDATE point_certificates SET authority_id = ?, serial = ?, chain = ?, state = ?, command_id = ?, issued_at = ?, installed_at = ?,
			not_before = ?, not_after = ?, revoked_at = ?, revoke_reason = ?, told_days = ?, asked_at = ?, due_at = ?, version = version + 1
		WHERE {{scope point_certificates point_certificates}} AND id = ? AND version = ?`)
	qCertificateVersion  = stmt(`SELECT c.version FROM point_certificates c WHERE {{scope point_certificates c}} AND c.id = ?`)
	qCertificate         = stmt(`SELECT ` + certificateCols + ` FROM point_certificates c WHERE {{scope point_certificates c}} AND c.id = ?`)
	qCertificateSerial   = stmt(`SELECT ` + certificateCols + ` FROM point_certificates c WHERE {{scope point_certificates c key}} AND (c.operator_id = ?) IS TRUE AND c.serial = ? LIMIT ?`)
	qCertificateRequest  = stmt(`SELECT ` + certificateCols + ` FROM point_certificates c WHERE {{scope point_certificates c}} AND c.point_id = ? AND c.request_hash = ?`)
	qCertificatesOf      = stmt(`SELECT ` + certificateCols + ` FROM point_certificates c WHERE {{scope point_certificates c}} AND c.point_id = ? ORDER BY c.requested_at DESC LIMIT ?`)
	qCertificateRequests = stmt(`SELECT count(*) FROM point_certificates c WHERE {{scope point_certificates c}} AND c.point_id = ? AND c.requested_at >= ?`)
	qCertificatesDue     = stmt(`SELECT ` + certificateCols + ` FROM point_certificates c WHERE {{scope point_certificates c}} AND c.due_at <= ? ORDER BY c.due_at LIMIT ?`)
	qCertificatesRevoked = stmt(`SELECT ` + certificateCols + ` FROM point_certificates c WHERE {{scope point_certificates c}} AND c.authority_id = ?
		AND c.state = 'revoked' AND c.not_after > ?`)

	certificateList = listing(listSpec{
		Cols: certificateCols + `, p.name, p.identity, t.name, t.time_zone`,
		From: `point_certificates c
			LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = c.point_id
			LEFT JOIN sites t ON {{scope sites t}} AND t.id = p.site_id`,
		Count: "point_certificates c",
		Where: `{{scope point_certificates c}}
			{{if point}} AND c.point_id = ? {{end}}
			{{if states}} AND {{in c.state}} {{end}}`,
		ID:    "c.id",
		Sorts: map[string]string{"requested_at": "c.requested_at"},
		Sort:  "-requested_at",
	})
)

func authorityPlaces(a *asset.Authority) []any {
	return []any{&a.ID, &a.Operator, &a.Kind, &a.Name, &a.Organisation, &a.Certificate, &a.Revocations, &a.RevocationsUntil, &a.Trusted,
		&a.NotBefore, &a.NotAfter, &a.CreatedAt, &a.Version}
}

func scanAuthority(r *Row, a *asset.Authority) error { return r.Scan(authorityPlaces(a)...) }

// InsertAuthority implements asset.Tx.
func (tx *Tx) InsertAuthority(a asset.Authority) (bool, error) {
	key, err := tx.Seal(a.Operator, authorityKey, a.Key)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(qAuthorityInsert, a.Operator, ident.SubOperator{}, a.ID, a.Kind, a.Name, a.Organisation, a.Certificate, key, a.Trusted,
		a.NotBefore, a.NotAfter, a.CreatedAt, a.Version)
	return n > 0, err
}

// SaveAuthority implements asset.Tx.
func (tx *Tx) SaveAuthority(a asset.Authority, version int64) error {
	n, err := tx.exec(qAuthoritySave, a.Organisation, a.Revocations, a.RevocationsUntil, a.Trusted, a.ID, version)
	return tx.oneVersion("authority", n, err, qAuthorityVersion, a.ID, version)
}

// AuthorityByID implements asset.Tx.
func (tx *Tx) AuthorityByID(id ident.Authority) (asset.Authority, error) {
	return one(tx, "authority", qAuthority, scanAuthority, id)
}

// AuthorityWithKey implements asset.Tx.
func (tx *Tx) AuthorityWithKey(id ident.Authority) (asset.Authority, error) {
	var sealed Sealed
	a, err := one(tx, "authority", qAuthorityKey, func(r *Row, a *asset.Authority) error { return r.Scan(append(authorityPlaces(a), &sealed)...) }, id)
	if err != nil {
		return a, err
	}
	a.Key, err = tx.Open(a.Operator, authorityKey, sealed)
	return a, err
}

// AuthoritiesOf implements asset.Tx.
func (tx *Tx) AuthoritiesOf(op ident.Operator, limit int) ([]asset.Authority, error) {
	return all(tx, qAuthorities, scanAuthority, op, limit)
}

// TrustedAuthorities implements asset.Tx.
func (tx *Tx) TrustedAuthorities(op ident.Operator) (trusted []asset.Authority, err error) {
	const most = 100 // more than there may be
	found, err := tx.AuthoritiesOf(op, most)
	for i := len(found) - 1; i >= 0; i-- {
		if found[i].Trusted {
			trusted = append(trusted, found[i])
		}
	}
	return trusted, err
}

func certificatePlaces(c *asset.PointCertificate) []any {
	return []any{&c.ID, &c.Operator, &c.Sub, &c.Point, &c.Authority, &c.Serial, &c.RequestHash, &c.Request, &c.Chain, &c.State,
		&c.Command, &c.RequestedAt, &c.IssuedAt, &c.InstalledAt, &c.NotBefore, &c.NotAfter, &c.RevokedAt, &c.RevokeReason, &c.ToldDays, &c.AskedAt, &c.DueAt, &c.Version}
}

func scanCertificate(r *Row, c *asset.PointCertificate) error { return r.Scan(certificatePlaces(c)...) }

// InsertCertificate implements asset.Tx.
func (tx *Tx) InsertCertificate(c asset.PointCertificate) error {
	_, err := tx.exec(qCertificateInsert, c.Operator, c.Sub, c.ID, c.Point, c.Authority, c.Serial, c.RequestHash, c.Request, c.Chain, c.State, c.Command,
		c.RequestedAt, c.RevokeReason, c.ToldDays, c.Version)
	tx.certificateChanged(c)
	return err
}

// SaveCertificate implements asset.Tx.
func (tx *Tx) SaveCertificate(c asset.PointCertificate, version int64) error {
	n, err := tx.exec(qCertificateSave, c.Authority, c.Serial, c.Chain, c.State, c.Command, c.IssuedAt, c.InstalledAt,
		c.NotBefore, c.NotAfter, c.RevokedAt, c.RevokeReason, c.ToldDays, c.AskedAt, c.DueAt, c.ID, version)
	if err := tx.oneVersion("certificate", n, err, qCertificateVersion, c.ID, version); err != nil {
		return err
	}
	tx.certificateChanged(c)
	return nil
}

func (tx *Tx) certificateChanged(c asset.PointCertificate) {
	tx.Changed(Change{Topic: "certificates", Operator: c.Operator, Sub: c.Sub, ID: c.ID.String(), Point: c.Point})
}

// CertificateByID implements asset.Tx.
func (tx *Tx) CertificateByID(id ident.Certificate) (asset.PointCertificate, error) {
	return one(tx, "certificate", qCertificate, scanCertificate, id)
}

// CertificatesBySerial implements asset.Tx.
func (tx *Tx) CertificatesBySerial(op ident.Operator, serial string, limit int) ([]asset.PointCertificate, error) {
	return all(tx, qCertificateSerial, scanCertificate, op, serial, limit)
}

// CertificateByRequest implements asset.Tx.
func (tx *Tx) CertificateByRequest(p ident.ChargePoint, hash []byte) (asset.PointCertificate, bool, error) {
	return maybe(tx, qCertificateRequest, scanCertificate, p, hash)
}

// CertificateByCommand implements asset.Tx. A command brings one of the newest.
func (tx *Tx) CertificateByCommand(p ident.ChargePoint, id ident.Command) (asset.PointCertificate, bool, error) {
	const newest = 100
	found, err := tx.CertificatesOf(p, newest)
	for _, c := range found {
		if c.Command == id {
			return c, true, err
		}
	}
	return asset.PointCertificate{}, false, err
}

// CertificatesOf implements asset.Tx.
func (tx *Tx) CertificatesOf(p ident.ChargePoint, limit int) ([]asset.PointCertificate, error) {
	return all(tx, qCertificatesOf, scanCertificate, p, limit)
}

// CountRequests implements asset.Tx.
func (tx *Tx) CountRequests(p ident.ChargePoint, since time.Time) (int, error) {
	return scalar[int](tx, qCertificateRequests, p, since)
}

// DueCertificates implements asset.Tx.
func (tx *Tx) DueCertificates(now time.Time, limit int) ([]asset.PointCertificate, error) {
	return all(tx, qCertificatesDue, scanCertificate, now, limit)
}

// RevokedBy implements asset.Tx.
func (tx *Tx) RevokedBy(a ident.Authority, now time.Time) ([]asset.PointCertificate, error) {
	return all(tx, qCertificatesRevoked, scanCertificate, a, now)
}

// ListCertificates implements asset.Tx.
func (tx *Tx) ListCertificates(f asset.CertificateFilter, p operator.Page) (operator.List[asset.CertificateRow], error) {
	return listed(list(tx, certificateList, pageOf(p), func(r *Row, c *asset.CertificateRow) error {
		return r.Scan(append(certificatePlaces(&c.PointCertificate), &c.PointName, &c.PointIdentity, &c.SiteName, &c.SiteZone)...)
	}, optIf(!f.Point.IsZero(), "point", f.Point), optIf(len(f.States) > 0, "states", f.States)))
}
