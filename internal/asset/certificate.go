package asset

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// CertificateState is how far a certificate of a charge point got.
type CertificateState string

// The states of a certificate.
const (
	CertRequested CertificateState = "requested" // it waits to be signed
	CertIssued    CertificateState = "issued"    // signed, and on its way to the device
	CertInstalled CertificateState = "installed" // the device said that it has it, or showed it
	CertRefused   CertificateState = "refused"   // the device did not take it
	CertReplaced  CertificateState = "replaced"  // the device has a newer one; it is good until it ends
	CertRevoked   CertificateState = "revoked"
)

// PointCertificate is the certificate of a charge point, from the request on.
type PointCertificate struct {
	ID           ident.Certificate
	Operator     ident.Operator
	Sub          ident.SubOperator
	Point        ident.ChargePoint
	Authority    ident.Authority // zero until it is signed
	Serial       string          // hex; "" until it is signed
	RequestHash  []byte
	Request      []byte // DER
	Chain        []byte // PEM, its own first
	State        CertificateState
	Command      ident.Command // that brought it
	RequestedAt  time.Time
	IssuedAt     time.Time
	InstalledAt  time.Time
	NotBefore    time.Time
	NotAfter     time.Time
	RevokedAt    time.Time
	RevokeReason string
	ToldDays     int       // the last stage that was told of; 0: none
	AskedAt      time.Time // when the device was last asked to renew
	DueAt        time.Time
	Version      int64
}

// RequestPEM is the request as authorities take it.
func (c PointCertificate) RequestPEM() string { return pemOf("CERTIFICATE REQUEST", c.Request) }

// Good reports whether it opens the door at now.
func (c PointCertificate) Good(now time.Time) bool {
	switch c.State {
	case CertIssued, CertInstalled, CertReplaced:
		return now.Before(c.NotAfter)
	}
	return false
}

const (
	// renewBefore is when the device is asked to renew; what is told of an end that comes
	// near (AST-R6) is what that did not help.
	renewBefore = 90 * 24 * time.Hour
	// askEvery is how often it is asked then.
	askEvery = 24 * time.Hour
	// requestsADay is how many certificates a device may ask for in a day.
	requestsADay = 10
)

// expiryStages are the days before its end at which a certificate is told of (AST-R6).
var expiryStages = []int{60, 30, 7}

// The facts about certificates.
const (
	FactCertExpiring fact.Kind = "charge_point.certificate_expiring"
	FactCertSettled  fact.Kind = "charge_point.certificate_settled" // renewed or revoked
)

// CertificateTold is their payload.
type CertificateTold struct {
	Point       ident.ChargePoint `json:"charge_point_id"`
	Certificate ident.Certificate `json:"certificate_id"`
	Days        int               `json:"days"` // that were left; 0: it has expired
}

// signed is a certificate once it has been signed.
func (c PointCertificate) signed(a ident.Authority, chain []byte, serial string, from, until, at time.Time) PointCertificate {
	c.Authority, c.Chain, c.Serial, c.State = a, chain, serial, CertIssued
	c.NotBefore, c.NotAfter, c.IssuedAt = from, until, at
	return c
}

// is reports whether it is exactly this certificate. Its number says too little: each
// authority has numbers of its own, and one that is added anew is another row.
func (c PointCertificate) is(leaf *x509.Certificate) bool {
	b, _ := pem.Decode(c.Chain)
	return b != nil && bytes.Equal(b.Bytes, leaf.Raw)
}

// sameSerial is more than the certificates with one number that an operator may have: each
// of its authorities gives it once.
const sameSerial = 5 * mostAuthorities

// recordOf is the record of a certificate that somebody shows as p; zero: there is none.
// Where it is there twice, which takes two requests with one key, the one that says most
// against it counts.
func recordOf(tx Tx, p ChargePoint, leaf *x509.Certificate) (best PointCertificate, err error) {
	all, err := tx.CertificatesBySerial(p.Operator, serialOf(leaf), sameSerial)
	rank := func(c PointCertificate) int {
		switch {
		case c.State == CertRevoked:
			return 3
		case c.Point != p.ID:
			return 2
		}
		return 1
	}
	for _, c := range all {
		if c.is(leaf) && (best.ID.IsZero() || rank(c) > rank(best) || rank(c) == rank(best) && c.IssuedAt.After(best.IssuedAt)) {
			best = c
		}
	}
	return best, err
}

func recordCertificate(tx Tx, k fact.Kind, c PointCertificate, days int) error {
	return tx.Record(fact.Fact{Kind: k, Version: 1, Operator: c.Operator, Sub: c.Sub, Object: c.ID.String(), At: tx.Now(),
		Payload: CertificateTold{Point: c.Point, Certificate: c.ID, Days: days}})
}

// errRefused is a request that is answered with Rejected.
type errRefused struct{ why string }

func (e errRefused) Error() string { return e.why }

// SignRequest takes a device's request for a certificate. It is signed at once by the
// authority that is ours, or kept for the operator's own, and reports whether the device
// may wait for it. The same request again brings the same certificate again.
func (s *Service) SignRequest(ctx context.Context, sc authz.Scope, id ident.ChargePoint, epoch int64, text string) (bool, error) {
	a, p, err := s.signer(ctx, sc, id, epoch)
	if err != nil {
		return false, err
	}
	now := time.Time{}
	hash, der := requestHash(text)
	req, bad := readRequest(text, p, a.Organisation)
	var refused errRefused
	err = s.write(ctx, sc, func(tx Tx) error {
		now = tx.Now()
		if bad != nil {
			refused = errRefused{bad.Error()}
			return noteSecurity(tx, p, KindBadRequest, "Its request for a certificate is refused: "+bad.Error()+".")
		}
		refused = errRefused{}
		c, again, err := tx.CertificateByRequest(id, hash)
		if err != nil {
			return err
		}
		if !again {
			n, err := tx.CountRequests(id, now.Add(-24*time.Hour))
			if err != nil {
				return err
			}
			if n >= requestsADay {
				refused = errRefused{"it asks too often"}
				return nil
			}
			c = PointCertificate{ID: ident.New[ident.Certificate](now), Operator: p.Operator, Sub: p.Sub, Point: id, RequestHash: hash, Request: der,
				State: CertRequested, RequestedAt: now, Version: 1}
			if err := tx.InsertCertificate(c); err != nil {
				return err
			}
		}
		switch c.State {
		case CertRevoked, CertReplaced:
			refused = errRefused{"it asks for a certificate that it had; it must make a new key"}
			return noteSecurity(tx, p, KindBadRequest, "Its request for a certificate is refused: "+refused.why+".")
		}
		return EffectOn(tx, id, CommandExtendedTrigger, "The charge point asked for its certificate.", func(x Args) bool {
			return x.(ExtendedTrigger).Message == "SignChargePointCertificate"
		})
	})
	switch {
	case err != nil:
		return false, err
	case refused.why != "":
		return false, nil
	case a.Kind == OwnCA:
		return true, nil // somebody will sign it
	}
	leaf, err := a.leaf(req, now)
	if err != nil {
		return false, err
	}
	return true, s.write(ctx, sc, func(tx Tx) error {
		c, _, err := tx.CertificateByRequest(id, hash)
		if err != nil {
			return err
		}
		if c.State != CertRequested { // signed before: it is sent again
			return s.deliver(tx, c)
		}
		return s.issue(tx, c, a, pemOf("CERTIFICATE", leaf, a.Certificate))
	})
}

func requestHash(text string) (hash, der []byte) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der = block.Bytes
	}
	sum := sha256.Sum256(der)
	return sum[:], der
}

// signer is who signs for the point; ours is made when it is first needed.
func (s *Service) signer(ctx context.Context, sc authz.Scope, id ident.ChargePoint, epoch int64) (a Authority, p ChargePoint, err error) {
	var set SecuritySettings
	var name string
	find := func(tx Tx) error {
		if p, err = tx.PointByID(id); err != nil {
			return err
		}
		if p.Epoch != epoch {
			return StaleConnection
		}
		if set, err = settingsOf(tx, p.Operator); err != nil {
			return err
		}
		all, err := tx.TrustedAuthorities(p.Operator)
		if err != nil {
			return err
		}
		a = Authority{}
		for _, x := range all {
			if x.Kind == set.Issuer {
				a = x // the newest is the last
			}
		}
		switch {
		case set.Issuer == OwnCA && a.ID.IsZero(): // kept until somebody says whose it is
			a = Authority{Kind: OwnCA}
		case set.Issuer == BuiltIn && !a.ID.IsZero():
			a, err = tx.AuthorityWithKey(a.ID)
			return err
		}
		name, err = tx.OperatorName(p.Operator)
		if a.Organisation == "" {
			a.Organisation = name
		}
		return err
	}
	if err := s.read(ctx, sc, find); err != nil || set.Issuer == OwnCA || !a.ID.IsZero() {
		return a, p, err
	}
	if _, err := s.makeAuthority(ctx, authz.ForSystem(p.Operator, "a charge point asks for a certificate"), p.Operator, name); err != nil {
		return a, p, err
	}
	err = s.read(ctx, sc, find)
	return a, p, err
}

// issue keeps a signed certificate and has it brought to the device.
func (s *Service) issue(tx Tx, c PointCertificate, a Authority, chain string) error {
	all, err := readChain(chain)
	if err != nil {
		return err
	}
	next := c.signed(a.ID, []byte(chain), serialOf(all[0]), all[0].NotBefore, all[0].NotAfter, tx.Now())
	if err := tx.SaveCertificate(next, c.Version); err != nil {
		return err
	}
	next.Version++
	p, err := tx.LockPoint(c.Point)
	if err != nil {
		return err
	}
	if err := noteSecurity(tx, p, KindIssued, "Number "+next.Serial+", until "+next.NotAfter.UTC().Format(time.DateOnly)+"."); err != nil {
		return err
	}
	if err := tx.Audit("certificate.issued", c.ID.String(), nil, map[string]any{"charge_point_id": c.Point.String(), "serial": next.Serial, "authority_id": a.ID.String()}); err != nil {
		return err
	}
	return s.deliver(tx, next)
}

// deliver queues the command that brings a certificate to its device.
func (s *Service) deliver(tx Tx, c PointCertificate) error {
	p, err := tx.LockPoint(c.Point)
	if err != nil {
		return err
	}
	if !c.Command.IsZero() {
		before, err := tx.CommandByID(c.Command)
		if err != nil {
			return err
		}
		if !before.State.Final() { // it is on its way
			return nil
		}
	}
	cmd := CommandOf(CertificateSigned{Chain: string(c.Chain)})
	cmd.Actor, cmd.Reason, cmd.WaitsUntil = "system: certificates", "its certificate is signed", tx.Now().Add(MaxWait)
	if cmd, err = Enqueue(tx, p, cmd); err != nil {
		return err
	}
	next := c
	next.Command, next.State = cmd.ID, CertIssued
	return tx.SaveCertificate(next, c.Version)
}

// certificateUsed takes note that the point came with a certificate: it has it, and those
// before it are replaced.
func certificateUsed(tx Tx, p ChargePoint, id ident.Certificate) error {
	c, err := tx.CertificateByID(id)
	if err != nil || c.State != CertIssued && c.State != CertInstalled {
		return err
	}
	next := c
	if next.State = CertInstalled; next.InstalledAt.IsZero() {
		next.InstalledAt = tx.Now()
	}
	if next.DueAt.IsZero() {
		next.DueAt = next.NotAfter.Add(-renewBefore)
	}
	if next.State != c.State || !next.DueAt.Equal(c.DueAt) {
		if err := tx.SaveCertificate(next, c.Version); err != nil {
			return err
		}
	}
	all, err := tx.CertificatesOf(p.ID, changesShown)
	if err != nil {
		return err
	}
	for _, old := range all {
		if old.ID == id || old.State != CertInstalled || !old.IssuedAt.Before(c.IssuedAt) {
			continue
		}
		next := old
		next.State, next.DueAt = CertReplaced, time.Time{}
		if err := tx.SaveCertificate(next, old.Version); err != nil {
			return err
		}
		if err := recordCertificate(tx, FactCertSettled, next, 0); err != nil {
			return err
		}
	}
	return nil
}

// securityEnded takes note of what the end of a command means for the security of its
// point.
func securityEnded(tx Tx, c Command, a Answer) error {
	switch c.Type {
	case CommandChangeConfig:
		change, open, err := tx.OpenSecurityChange(c.Point)
		if err != nil || !open || change.Command != c.ID {
			return err
		}
		p, err := tx.PointByID(c.Point)
		if err != nil {
			return err
		}
		return saveChange(tx, p, change, change.answered(c, tx.Now()))
	case CommandCertSigned:
		return delivered(tx, c)
	case CommandInstallCert, CommandDeleteCert, CommandGetCerts:
		if c.State != CommandAccepted {
			return nil
		}
		return rootsTold(tx, c, a)
	}
	return nil
}

// delivered takes note of whether the device took its certificate. Where nobody knows, it
// shows it the next time it comes, or asks again.
func delivered(tx Tx, cmd Command) error {
	c, found, err := tx.CertificateByCommand(cmd.Point, cmd.ID)
	if err != nil || !found || c.State != CertIssued {
		return err
	}
	next := c
	switch cmd.State {
	case CommandAccepted:
		next.State, next.InstalledAt, next.DueAt = CertInstalled, tx.Now(), c.NotAfter.Add(-renewBefore)
	case CommandRejected, CommandNotSupported:
		next.State = CertRefused
		p, err := tx.PointByID(c.Point)
		if err != nil {
			return err
		}
		if err := noteSecurity(tx, p, KindNotTaken, "It does not take its certificate "+c.Serial+". "+cmd.ErrorDetail); err != nil {
			return err
		}
	default:
		return nil
	}
	return tx.SaveCertificate(next, c.Version)
}

// rootsTold keeps what a command told of the roots that a device has.
func rootsTold(tx Tx, cmd Command, a Answer) error {
	args, err := cmd.Arguments()
	if err != nil {
		return err
	}
	p, err := tx.LockPoint(cmd.Point)
	if err != nil {
		return err
	}
	sec, _, err := securityOf(tx, p)
	if err != nil {
		return err
	}
	switch x := args.(type) {
	case InstallCertificate:
		if x.Use != CentralRoot {
			return nil
		}
		sec.RootAt = tx.Now()
	case DeleteCertificate:
		kept := sec.Installed[:0:0]
		for _, h := range sec.Installed {
			if !strings.EqualFold(h.Serial, x.Hash.Serial) || !strings.EqualFold(h.Name, x.Hash.Name) {
				kept = append(kept, h)
			}
		}
		if sec.Installed = kept; len(kept) == 0 {
			sec.RootAt = time.Time{}
		}
	case GetCertificates:
		if x.Use != CentralRoot {
			return nil
		}
		sec.Installed, sec.InstalledAt = a.Certificates, tx.Now()
		if len(a.Certificates) == 0 {
			sec.RootAt = time.Time{}
		}
	}
	return saveSecurity(tx, sec)
}

// UploadCertificate takes the certificate that the operator's own authority signed for a
// request that waits, and has it brought to the device.
func (s *Service) UploadCertificate(ctx context.Context, sc authz.Scope, id ident.Certificate, text string) (PointCertificate, error) {
	chain, bad := readChain(text)
	return one(ctx, s.write, sc, func(tx Tx) (PointCertificate, error) {
		c, err := tx.CertificateByID(id)
		if err != nil {
			return c, err
		}
		if bad != nil {
			return c, fault.BadInput("/certificate_pem", "%v", bad)
		}
		if c.State != CertRequested {
			return c, fault.New(fault.Conflict, "certificate_state", "This request is %s; nothing waits to be signed.", c.State)
		}
		p, err := tx.PointByID(c.Point)
		if err != nil {
			return c, err
		}
		req, err := x509.ParseCertificateRequest(c.Request)
		if err != nil {
			return c, err
		}
		if !samePublic(chain[0].PublicKey, req.PublicKey) {
			return c, fault.BadInput("/certificate_pem", "is for another key than this request")
		}
		trusted, err := tx.TrustedAuthorities(c.Operator)
		if err != nil {
			return c, err
		}
		var own []Authority
		for _, a := range trusted {
			if a.Kind == OwnCA {
				own = append(own, a)
			}
		}
		a, _, err := verify(chain, own, tx.Now())
		if err == nil {
			err = ofPoint(chain[0].Subject, p, a.Organisation)
		}
		if err != nil {
			return c, fault.BadInput("/certificate_pem", "is not taken: %v", err)
		}
		if before, err := recordOf(tx, p, chain[0]); err != nil {
			return c, err
		} else if !before.ID.IsZero() && before.State == CertRevoked {
			return c, fault.BadInput("/certificate_pem", "was revoked on %s; sign the request anew", before.RevokedAt.UTC().Format(time.DateOnly))
		}
		var between [][]byte
		for _, x := range chain {
			between = append(between, x.Raw)
		}
		if err := s.issue(tx, c, a, pemOf("CERTIFICATE", between...)); err != nil {
			return c, err
		}
		return tx.CertificateByID(id)
	})
}

// RevokeCertificate shuts a certificate out. A point that is connected by it is sent away.
func (s *Service) RevokeCertificate(ctx context.Context, sc authz.Scope, id ident.Certificate, reason string) (PointCertificate, error) {
	var bad flaws
	bad.text("/reason", strings.TrimSpace(reason), 1, 200)
	if err := bad.err(); err != nil {
		return PointCertificate{}, err
	}
	out := false
	c, err := one(ctx, s.write, sc, func(tx Tx) (PointCertificate, error) {
		c, err := tx.CertificateByID(id)
		if err != nil {
			return c, err
		}
		if c.State == CertRevoked || c.State == CertRequested {
			return c, fault.New(fault.Conflict, "certificate_state", "It is %s; there is nothing to revoke.", c.State)
		}
		p, err := tx.LockPoint(c.Point)
		if err != nil {
			return c, err
		}
		sec, _, err := securityOf(tx, p)
		if err != nil {
			return c, err
		}
		out = sec.Certificate == id
		next := c
		next.State, next.RevokedAt, next.RevokeReason, next.DueAt = CertRevoked, tx.Now(), reason, time.Time{}
		if err := tx.SaveCertificate(next, c.Version); err != nil {
			return c, err
		}
		if err := recordCertificate(tx, FactCertSettled, next, 0); err != nil {
			return c, err
		}
		if err := noteSecurity(tx, p, KindRevoked, "Number "+c.Serial+": "+reason); err != nil {
			return c, err
		}
		next.Version++
		return next, tx.Audit("certificate.revoked", id.String(), map[string]any{"state": c.State}, map[string]any{"state": next.State, "reason": reason, "serial": c.Serial})
	})
	if err == nil && out {
		s.drop(c.Point)
	}
	return c, err
}

// SweepCertificates asks devices to renew what ends soon, and tells of what nothing helped
// (AST-R6). It returns how many were due.
func (s *Service) SweepCertificates(ctx context.Context, now time.Time) (int, error) {
	due, err := one(ctx, s.read, authz.Everything("certificates that are due"), func(tx Tx) ([]PointCertificate, error) {
		return tx.DueCertificates(now, sweepSecurity)
	})
	var errs []error
	for _, d := range due {
		errs = append(errs, s.write(ctx, authz.ForSystem(d.Operator, "certificates that end soon"), func(tx Tx) error {
			c, err := tx.CertificateByID(d.ID)
			if err != nil || c.DueAt.IsZero() || c.DueAt.After(tx.Now()) {
				return err
			}
			return s.renew(tx, c)
		}))
	}
	return len(due), errors.Join(append(errs, err)...)
}

func (s *Service) renew(tx Tx, c PointCertificate) error {
	now := tx.Now()
	next := c
	p, err := tx.LockPoint(c.Point)
	if err != nil {
		return err
	}
	if stage, told := c.stage(now); told {
		next.ToldDays = stage + 1 // 0 is none
		if err := recordCertificate(tx, FactCertExpiring, c, stage); err != nil {
			return err
		}
	}
	if now.Sub(c.AskedAt) >= askEvery && p.Status == Valid && p.Online(now) && now.Before(c.NotAfter) {
		cmd := CommandOf(ExtendedTrigger{Message: "SignChargePointCertificate"})
		cmd.Actor, cmd.Reason = "system: certificates", "its certificate ends on "+c.NotAfter.UTC().Format(time.DateOnly)
		switch _, err := Enqueue(tx, p, cmd); {
		case fault.Is(err, fault.Limit), fault.Is(err, fault.Unsupported): // another day
		case err != nil:
			return err
		}
		next.AskedAt = now
	}
	if next.DueAt = now.Add(askEvery); !now.Before(c.NotAfter) {
		next.DueAt = time.Time{} // it has ended; that was told
	} else if c.NotAfter.Before(next.DueAt) {
		next.DueAt = c.NotAfter
	}
	return tx.SaveCertificate(next, c.Version)
}

// stage is the stage of its end that is to be told of now.
func (c PointCertificate) stage(now time.Time) (days int, tell bool) {
	left := c.NotAfter.Sub(now)
	stage := -1
	for _, d := range append(expiryStages, 0) {
		if left <= time.Duration(d)*24*time.Hour {
			stage = d
		}
	}
	return stage, stage >= 0 && (c.ToldDays == 0 || stage < c.ToldDays-1)
}

func samePublic(a, b any) bool {
	k, ok := a.(interface{ Equal(x crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
