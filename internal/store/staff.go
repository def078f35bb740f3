package store

import (
	"encoding/json"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

const (
	staffRetention = "with the account, then 12 months"
	loginRetention = "until the login ends"
)

var (
	_ = table("staff", own,
		plain("id operator_id sub_operator_id rev staff_role status password_hash created_at"),
		personal("login_sealed login_hash name_sealed", "identifier", staffRetention, "overwrite"),
		personal("last_login_at", "behaviour", staffRetention, "overwrite"))
	_ = table("login_sessions", own,
		plain("token_hash operator_id sub_operator_id acting_in created_at expires_at"),
		personal("staff_id last_seen_at", "behaviour", loginRetention, "delete row"))
	_ = table("api_tokens", own,
		plain("id operator_id sub_operator_id staff_id name token_hash created_at last_used_at expires_at"))
	_ = table("login_throttles", global,
		personal("bucket tat", "behaviour", "an hour after the last attempt", "delete row"))
)

const (
	staffCols = `st.id, st.operator_id, st.sub_operator_id, st.login_sealed, st.name_sealed, st.staff_role, st.status, st.password_hash,
		st.last_login_at, st.rev`
	apiTokenCols = `t.id, t.staff_id, t.operator_id, t.sub_operator_id, t.name, t.token_hash, t.created_at, t.last_used_at, t.expires_at`
)

var (
	qStaffInsert = stmt(`INSERT INTO staff (id, operator_id, sub_operator_id, rev, login_sealed, login_hash, name_sealed, staff_role, status,
			password_hash, last_login_at, created_at)
		VALUES (?, {{own staff}}, 1, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qStaffSave = stmt(`UPDATE staff SET rev = rev + 1, name_sealed = ?, staff_role = ?, status = ?, password_hash = ?, last_login_at = ?
		WHERE {{scope staff staff}} AND id = ? AND rev = ?`)
	qStaff        = stmt(`SELECT ` + staffCols + ` FROM staff st WHERE {{scope staff st}} AND st.id = ?`)
	qStaffVersion = stmt(`SELECT st.rev FROM staff st WHERE {{scope staff st}} AND st.id = ?`)
	qStaffByLogin = stmt(`SELECT ` + staffCols + ` FROM staff st WHERE {{scope staff st key}} AND st.login_hash = ?`)
	qStaffLeaders = stmt(`SELECT st.id FROM staff st WHERE {{scope staff st}} AND st.operator_id = ? AND st.sub_operator_id = ?
		AND st.staff_role = ? AND st.status = 'VALID' ORDER BY st.id {{lock}}`)
	qStaffList = listing(listSpec{
		Cols: staffCols, From: `staff st`,
		Where: `{{scope staff st}} {{if login}} AND st.login_hash = ? {{end}} {{if role}} AND st.staff_role = ? {{end}}
			{{if status}} AND st.status = ? {{end}}`,
		ID: `st.id`, Sorts: map[string]string{"created_at": `st.created_at`}, Sort: "created_at",
	})

	qLoginInsert = stmt(`INSERT INTO login_sessions (token_hash, operator_id, sub_operator_id, staff_id, acting_in, created_at, last_seen_at, expires_at)
		VALUES (?, {{own login_sessions}}, ?, ?, ?, ?, ?)`)
	qLogin = stmt(`SELECT l.token_hash, l.operator_id, l.sub_operator_id, l.staff_id, l.acting_in, l.created_at, l.last_seen_at, l.expires_at
		FROM login_sessions l WHERE {{scope login_sessions l}} AND l.token_hash = ?`)
	qLoginTouch    = stmt(`UPDATE login_sessions SET last_seen_at = ? WHERE {{scope login_sessions login_sessions}} AND token_hash = ?`)
	qLoginActing   = stmt(`UPDATE login_sessions SET acting_in = ? WHERE {{scope login_sessions login_sessions}} AND token_hash = ?`)
	qLoginDelete   = stmt(`DELETE FROM login_sessions WHERE {{scope login_sessions login_sessions}} AND token_hash = ?`)
	qLoginDeleteOf = stmt(`DELETE FROM login_sessions WHERE {{scope login_sessions login_sessions}} AND staff_id = ?`)
	qLoginForget   = stmt(`DELETE FROM login_sessions WHERE {{scope login_sessions login_sessions}} AND expires_at <= ?`)

	qAPITokenInsert = stmt(`INSERT INTO api_tokens (id, operator_id, sub_operator_id, staff_id, name, token_hash, created_at, last_used_at, expires_at)
		VALUES (?, {{own api_tokens}}, ?, ?, ?, ?, ?, ?)`)
	qAPITokenByHash = stmt(`SELECT ` + apiTokenCols + ` FROM api_tokens t WHERE {{scope api_tokens t}} AND t.token_hash = ?`)
	qAPIToken       = stmt(`SELECT ` + apiTokenCols + ` FROM api_tokens t WHERE {{scope api_tokens t}} AND t.id = ?`)
	qAPITokenTouch  = stmt(`UPDATE api_tokens SET last_used_at = ? WHERE {{scope api_tokens api_tokens}} AND id = ?`)
	qAPITokenDelete = stmt(`DELETE FROM api_tokens WHERE {{scope api_tokens api_tokens}} AND id = ?`)
	qAPITokens      = listing(listSpec{
		Cols: apiTokenCols, From: `api_tokens t`, Where: `{{scope api_tokens t}} AND t.staff_id = ?`,
		ID: `t.id`, Sorts: map[string]string{"created_at": `t.created_at`}, Sort: "-created_at",
	})

	// The row is there before it is read, so that it can be locked: attempts that come
	// together count one after the other.
	qThrottleAdd    = stmt(`INSERT INTO login_throttles (bucket, tat) VALUES (?, 0) ON CONFLICT DO NOTHING {{unscoped nobody is known before a login}}`)
	qThrottle       = stmt(`SELECT b.tat FROM login_throttles b WHERE b.bucket = ? {{unscoped nobody is known before a login}} {{lock}}`)
	qThrottleSave   = stmt(`UPDATE login_throttles SET tat = ? WHERE bucket = ? {{unscoped nobody is known before a login}}`)
	qThrottleForget = stmt(`DELETE FROM login_throttles WHERE tat < ? {{unscoped nobody is known before a login}}`)

	qKeyClaim = stmt(`INSERT INTO idempotency (operator_id, sub_operator_id, actor, key, body_hash, status, created_at)
		VALUES ({{own idempotency}}, ?, ?, ?, 0, ?)`)
	qKeyKept = stmt(`SELECT i.operator_id, i.body_hash, i.status, i.answer_sealed FROM idempotency i
		WHERE {{scope idempotency i}} AND i.operator_id = ? AND i.actor = ? AND i.key = ?`)
	qKeyAnswer = stmt(`UPDATE idempotency SET status = ?, answer_sealed = ?
		WHERE {{scope idempotency idempotency}} AND operator_id = ? AND actor = ? AND key = ? AND status = 0`)
)

const (
	loginColumn  = "staff.login_sealed"
	nameColumn   = "staff.name_sealed"
	answerColumn = "idempotency.answer_sealed"
)

type staffRow struct {
	operator.Staff
	login, name Sealed
}

func scanStaff(r *Row, s *staffRow) error {
	return r.Scan(&s.ID, &s.Operator, &s.Sub, &s.login, &s.name, &s.Role, &s.Status, &s.PasswordHash, &s.LastLoginAt, &s.Version)
}

func (tx *Tx) openStaff(r staffRow) (operator.Staff, error) {
	var err error
	if r.Login, err = tx.OpenText(r.Operator, loginColumn, r.login); err != nil {
		return operator.Staff{}, err
	}
	r.Name, err = tx.OpenText(r.Operator, nameColumn, r.name)
	return r.Staff, err
}

// loginHash finds a login before anybody knows which operator it belongs to, so its
// key is the server's.
func (tx *Tx) loginHash(login string) []byte { return tx.store.keys.tag("login", []byte(login))[:16] }

// StaffByID implements operator.Tx.
func (tx *Tx) StaffByID(id ident.Staff) (operator.Staff, error) {
	r, err := one(tx, "account", qStaff, scanStaff, id)
	if err != nil {
		return operator.Staff{}, err
	}
	return tx.openStaff(r)
}

// StaffByLogin implements operator.Tx.
func (tx *Tx) StaffByLogin(login string) (operator.Staff, bool, error) {
	r, ok, err := maybe(tx, qStaffByLogin, scanStaff, tx.loginHash(login))
	if err != nil || !ok {
		return operator.Staff{}, false, err
	}
	s, err := tx.openStaff(r)
	return s, err == nil, err
}

// StaffPage implements operator.Tx.
func (tx *Tx) StaffPage(f operator.StaffFilter, p operator.Page) (operator.List[operator.Staff], error) {
	l, err := list(tx, qStaffList, pageOf(p), scanStaff, optIf(f.Login != "", "login", tx.loginHash(f.Login)),
		optIf(f.Role != "", "role", f.Role), optIf(f.Status != "", "status", f.Status))
	return opened(l, err, tx.openStaff)
}

// InsertStaff implements operator.Tx.
func (tx *Tx) InsertStaff(s operator.Staff) error {
	login, err := tx.SealText(s.Operator, loginColumn, s.Login)
	if err != nil {
		return err
	}
	name, err := tx.SealText(s.Operator, nameColumn, s.Name)
	if err != nil {
		return err
	}
	_, err = tx.exec(qStaffInsert, s.ID, s.Operator, s.Sub, login, tx.loginHash(s.Login), name, s.Role, s.Status, s.PasswordHash, s.LastLoginAt, tx.now)
	if duplicate(err, "staff_login") {
		return fault.New(fault.Conflict, "login_taken", "Another account has this login.").At("/login", "is taken")
	}
	return err
}

// SaveStaff implements operator.Tx. The login never changes.
func (tx *Tx) SaveStaff(s operator.Staff) error {
	name, err := tx.SealText(s.Operator, nameColumn, s.Name)
	if err != nil {
		return err
	}
	n, err := tx.exec(qStaffSave, name, s.Role, s.Status, s.PasswordHash, s.LastLoginAt, s.ID, s.Version)
	return tx.oneVersion("account", n, err, qStaffVersion, s.ID, s.Version)
}

// Leaders implements operator.Tx.
func (tx *Tx) Leaders(op ident.Operator, role authz.Role) (int, error) {
	ids, err := all(tx, qStaffLeaders, func(r *Row, id *ident.Staff) error { return r.Scan(id) }, op, ident.SubOperator{}, role)
	return len(ids), err
}

// InsertLogin implements operator.Tx.
func (tx *Tx) InsertLogin(l operator.LoginSession) error {
	_, err := tx.exec(qLoginInsert, l.TokenHash, l.Operator, l.Sub, l.Staff, l.ActingIn, l.CreatedAt, l.LastSeenAt, l.ExpiresAt)
	return err
}

// LoginByHash implements operator.Tx.
func (tx *Tx) LoginByHash(hash []byte) (operator.LoginSession, bool, error) {
	return maybe(tx, qLogin, func(r *Row, l *operator.LoginSession) error {
		return r.Scan(&l.TokenHash, &l.Operator, &l.Sub, &l.Staff, &l.ActingIn, &l.CreatedAt, &l.LastSeenAt, &l.ExpiresAt)
	}, hash)
}

// TouchLogin implements operator.Tx.
func (tx *Tx) TouchLogin(hash []byte, at time.Time) error {
	_, err := tx.exec(qLoginTouch, at, hash)
	return err
}

// SaveActingIn implements operator.Tx.
func (tx *Tx) SaveActingIn(hash []byte, in ident.Operator) error {
	return tx.execOne("login", qLoginActing, in, hash)
}

// DeleteLogin implements operator.Tx.
func (tx *Tx) DeleteLogin(hash []byte) error {
	_, err := tx.exec(qLoginDelete, hash)
	return err
}

// DeleteLoginsOf implements operator.Tx.
func (tx *Tx) DeleteLoginsOf(id ident.Staff) error {
	_, err := tx.exec(qLoginDeleteOf, id)
	return err
}

// ForgetLogins implements operator.Tx.
func (tx *Tx) ForgetLogins(now time.Time) (int, error) {
	n, err := tx.exec(qLoginForget, now)
	return int(n), err
}

func scanAPIToken(r *Row, t *operator.APIToken) error {
	return r.Scan(&t.ID, &t.Staff, &t.Operator, &t.Sub, &t.Name, &t.Hash, &t.CreatedAt, &t.LastUsed, &t.ExpiresAt)
}

// InsertAPIToken implements operator.Tx.
func (tx *Tx) InsertAPIToken(t operator.APIToken) error {
	_, err := tx.exec(qAPITokenInsert, t.ID, t.Operator, t.Sub, t.Staff, t.Name, t.Hash, t.CreatedAt, t.LastUsed, t.ExpiresAt)
	return err
}

// APITokenByHash implements operator.Tx.
func (tx *Tx) APITokenByHash(hash []byte) (operator.APIToken, bool, error) {
	return maybe(tx, qAPITokenByHash, scanAPIToken, hash)
}

// APITokenByID implements operator.Tx.
func (tx *Tx) APITokenByID(id ident.APIToken) (operator.APIToken, error) {
	return one(tx, "API token", qAPIToken, scanAPIToken, id)
}

// APITokenPage implements operator.Tx.
func (tx *Tx) APITokenPage(of ident.Staff, p operator.Page) (operator.List[operator.APIToken], error) {
	return listed(list(tx, qAPITokens, pageOf(p), scanAPIToken, of))
}

// TouchAPIToken implements operator.Tx.
func (tx *Tx) TouchAPIToken(id ident.APIToken, at time.Time) error {
	_, err := tx.exec(qAPITokenTouch, at, id)
	return err
}

// DeleteAPIToken implements operator.Tx.
func (tx *Tx) DeleteAPIToken(id ident.APIToken) error {
	return tx.execOne("API token", qAPITokenDelete, id)
}

// ThrottleTAT implements operator.Tx.
func (tx *Tx) ThrottleTAT(bucket []byte) (time.Time, error) {
	if _, err := tx.exec(qThrottleAdd, bucket); err != nil {
		return time.Time{}, err
	}
	return scalar[time.Time](tx, qThrottle, bucket)
}

// SaveThrottle implements operator.Tx.
func (tx *Tx) SaveThrottle(bucket []byte, tat time.Time) error {
	return tx.execOne("throttle", qThrottleSave, tat, bucket)
}

// ForgetThrottles implements operator.Tx.
func (tx *Tx) ForgetThrottles(now time.Time) (int, error) {
	n, err := tx.exec(qThrottleForget, now)
	return int(n), err
}

// ClaimKey implements operator.ClaimTx. The index refuses the second claim, also of
// a request that runs at the same time.
func (tx *Tx) ClaimKey(k operator.RequestKey) error {
	_, err := tx.exec(qKeyClaim, k.Operator, k.Sub, k.Staff.String(), k.Key, tx.answerHash(k.Request), tx.now)
	if duplicate(err, "idempotency_key") {
		return operator.ErrKeyInProgress()
	}
	return err
}

// KeptAnswer implements operator.Tx.
func (tx *Tx) KeptAnswer(k operator.RequestKey) (operator.KeptAnswer, bool, error) {
	var op ident.Operator
	var hash []byte
	var sealed Sealed
	var out operator.KeptAnswer
	_, ok, err := maybe(tx, qKeyKept, func(r *Row, _ *struct{}) error {
		return r.Scan(&op, &hash, &out.Answer.Status, &sealed)
	}, k.Operator, k.Staff.String(), k.Key)
	if err != nil || !ok {
		return out, false, err
	}
	out.Same, out.Done = string(hash) == string(tx.answerHash(k.Request)), out.Answer.Status != 0
	if !out.Same || !out.Done {
		return out, true, nil
	}
	plain, err := tx.Open(op, answerColumn, sealed)
	if err != nil {
		return out, false, err
	}
	return out, true, json.Unmarshal(plain, &out.Answer)
}

// SaveAnswer implements operator.Tx. The answer may hold what is shown only once, so
// it is sealed.
func (tx *Tx) SaveAnswer(k operator.RequestKey, a operator.Answer) error {
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(k.Operator, answerColumn, plain)
	if err != nil {
		return err
	}
	_, err = tx.exec(qKeyAnswer, a.Status, sealed, k.Operator, k.Staff.String(), k.Key)
	return err
}

// ForgetAnswers implements operator.Tx.
func (tx *Tx) ForgetAnswers(before time.Time) (int, error) {
	n, err := tx.PruneAnswers(before)
	return int(n), err
}

// AuditPage implements operator.Tx.
func (tx *Tx) AuditPage(f operator.AuditFilter, p operator.Page) (operator.List[operator.AuditRow], error) {
	l, err := tx.AuditRows(AuditFilter{Action: f.Action, Object: f.Object, Staff: f.Staff, From: f.From, To: f.To}, pageOf(p))
	return opened(l, err, func(a AuditRow) (operator.AuditRow, error) {
		return operator.AuditRow{ID: a.ID, Operator: a.Operator, Sub: a.Sub, At: a.At, Staff: a.Actor.Staff, Point: a.Actor.Point,
			OnBehalfOf: a.Actor.OnBehalfOf, IP: a.Actor.IP, RequestID: a.Actor.RequestID, Reason: a.Actor.Reason, Action: a.Action,
			Object: a.Object, Before: a.Before, After: a.After}, nil
	})
}
