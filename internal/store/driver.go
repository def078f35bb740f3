package store

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

var (
	_ = table("drivers", wideRead,
		plain("id operator_id sub_operator_id membership_level group_id charging_account wallet_id status version created_at"),
		personal("account_sealed account_hash mobile_sealed mobile_hash email_sealed email_hash", "contact", "until the profile is erased", "overwrite"),
		personal("name_sealed nickname_sealed", "identifier", "until the profile is erased", "overwrite"))
	_ = table("driver_terms", wideRead,
		plain("operator_id sub_operator_id driver_id"),
		personal("term", "identifier", "until the profile is erased", "delete row"))
	// The platform's charging accounts.
	chargingAccounts = sequence("charging_accounts", 1)
)

const driverCols = `d.id, d.operator_id, d.sub_operator_id, d.account_sealed, d.nickname_sealed, d.name_sealed, d.mobile_sealed,
	d.email_sealed, d.membership_level, d.group_id, d.charging_account, d.wallet_id, d.status, d.version`

// driverWords narrows a list of drivers aliased d to those that have all the typed words.
const driverWords = `
	{{if word1}} AND EXISTS (SELECT 1 FROM driver_terms w WHERE {{scope driver_terms w}} AND w.driver_id = d.id AND w.term = ?) {{end}}
	{{if word2}} AND EXISTS (SELECT 1 FROM driver_terms w WHERE {{scope driver_terms w}} AND w.driver_id = d.id AND w.term = ?) {{end}}
	{{if word3}} AND EXISTS (SELECT 1 FROM driver_terms w WHERE {{scope driver_terms w}} AND w.driver_id = d.id AND w.term = ?) {{end}}
	{{if word4}} AND EXISTS (SELECT 1 FROM driver_terms w WHERE {{scope driver_terms w}} AND w.driver_id = d.id AND w.term = ?) {{end}}
	{{if word5}} AND EXISTS (SELECT 1 FROM driver_terms w WHERE {{scope driver_terms w}} AND w.driver_id = d.id AND w.term = ?) {{end}}
	{{if word6}} AND EXISTS (SELECT 1 FROM driver_terms w WHERE {{scope driver_terms w}} AND w.driver_id = d.id AND w.term = ?) {{end}}`

var wordKeys = [...]string{"word1", "word2", "word3", "word4", "word5", "word6"}

var (
	qDriverInsert = stmt(`INSERT INTO drivers (operator_id, sub_operator_id, id, account_sealed, account_hash, nickname_sealed, name_sealed,
			mobile_sealed, mobile_hash, email_sealed, email_hash, membership_level, group_id, charging_account, wallet_id, status, version, created_at)
		VALUES ({{own drivers}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qDriverSave = stmt(`UPDATE drivers SET account_sealed = ?, account_hash = ?, nickname_sealed = ?, name_sealed = ?, mobile_sealed = ?,
			mobile_hash = ?, email_sealed = ?, email_hash = ?, membership_level = ?, group_id = ?, status = ?, version = version + 1
		WHERE {{scope drivers drivers}} AND id = ? AND version = ?`)
	qDriverVersion = stmt(`SELECT d.version FROM drivers d WHERE {{scope drivers d}} AND d.id = ?`)
	qDriver        = stmt(`SELECT ` + driverCols + ` FROM drivers d WHERE {{scope drivers d}} AND d.id = ?`)
	qDriversByID   = stmt(`SELECT ` + driverCols + ` FROM drivers d WHERE {{scope drivers d id}} AND {{in d.id}}`)
	qTermInsert    = stmt(`INSERT INTO driver_terms (operator_id, sub_operator_id, driver_id, term) VALUES ({{own driver_terms}}, ?, ?)`)
	qTermForget    = stmt(`DELETE FROM driver_terms WHERE {{scope driver_terms driver_terms}} AND driver_id = ?`)

	driverList = listing(listSpec{
		Cols: driverCols,
		From: "drivers d",
		Where: `{{scope drivers d}}
			{{if account}} AND d.account_hash = ? {{end}}
			{{if mobile}} AND d.mobile_hash = ? {{end}}
			{{if email}} AND d.email_hash = ? {{end}}
			{{if number}} AND d.charging_account = ? {{end}}
			{{if group}} AND d.group_id = ? {{end}}
			{{if status}} AND d.status = ? {{end}}` + driverWords,
		ID:    "d.id",
		Sorts: map[string]string{"created": "d.created_at", "charging_account": "d.charging_account"},
		Sort:  "-created",
	})
)

// storedDriver is a driver whose personal columns are still sealed.
type storedDriver struct {
	member.Driver
	account, nickname, name, mobile, email Sealed
}

func scanDriver(r *Row, d *storedDriver) error {
	return r.Scan(&d.ID, &d.Operator, &d.Sub, &d.account, &d.nickname, &d.name, &d.mobile, &d.email,
		&d.Level, &d.Group, &d.ChargingAccount, &d.Wallet, &d.Status, &d.Version)
}

// personalOf pairs the sealed columns with the fields they hold.
func (d *storedDriver) personalOf() []sealedField {
	return []sealedField{
		{"drivers.account_sealed", &d.account, &d.Account}, {"drivers.nickname_sealed", &d.nickname, &d.Nickname},
		{"drivers.name_sealed", &d.name, &d.Name}, {"drivers.mobile_sealed", &d.mobile, &d.Mobile},
		{"drivers.email_sealed", &d.email, &d.Email},
	}
}

type sealedField struct {
	column string
	sealed *Sealed
	plain  *string
}

func (tx *Tx) openFields(op ident.Operator, fields []sealedField) (err error) {
	for _, f := range fields {
		if *f.plain, err = tx.OpenText(op, f.column, *f.sealed); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) sealFields(op ident.Operator, fields []sealedField) (err error) {
	for _, f := range fields {
		if *f.sealed, err = tx.SealText(op, f.column, *f.plain); err != nil {
			return err
		}
	}
	return nil
}

// hashOf is the exact hash of a value, none for none.
func (tx *Tx) hashOf(op ident.Operator, kind, value string) ([]byte, error) {
	if value == "" {
		return nil, nil
	}
	return tx.SearchHash(op, kind+":"+value)
}

// sealDriver seals and hashes what is personal.
func (tx *Tx) sealDriver(d member.Driver) (s storedDriver, account, mobile, email []byte, err error) {
	s.Driver = d
	if err = tx.sealFields(d.Operator, s.personalOf()); err != nil {
		return
	}
	if account, err = tx.hashOf(d.Operator, "account", d.Account); err != nil {
		return
	}
	if mobile, err = tx.hashOf(d.Operator, "mobile", d.Mobile); err != nil {
		return
	}
	email, err = tx.hashOf(d.Operator, "email", d.Email)
	return
}

var accountTaken = fault.New(fault.Conflict, "account_taken", "Another profile has this account.").At("/account", "is taken")

// NextChargingAccount implements member.Tx.
func (tx *Tx) NextChargingAccount() (int64, error) { return tx.Next(chargingAccounts) }

// InsertDriver implements member.Tx.
func (tx *Tx) InsertDriver(d member.Driver) error {
	s, account, mobile, email, err := tx.sealDriver(d)
	if err != nil {
		return err
	}
	_, err = tx.exec(qDriverInsert, d.Operator, d.Sub, d.ID, s.account, account, s.nickname, s.name, s.mobile, mobile, s.email, email,
		d.Level, d.Group, d.ChargingAccount, d.Wallet, d.Status, d.Version, tx.now)
	if duplicate(err, "drivers_account") {
		return accountTaken
	}
	if err != nil {
		return err
	}
	return tx.saveTerms(d)
}

// SaveDriver implements member.Tx.
func (tx *Tx) SaveDriver(d member.Driver, version int64) error {
	s, account, mobile, email, err := tx.sealDriver(d)
	if err != nil {
		return err
	}
	n, err := tx.exec(qDriverSave, s.account, account, s.nickname, s.name, s.mobile, mobile, s.email, email, d.Level, d.Group, d.Status, d.ID, version)
	if duplicate(err, "drivers_account") {
		return accountTaken
	}
	if err := tx.oneVersion("driver", n, err, qDriverVersion, d.ID, version); err != nil {
		return err
	}
	if _, err := tx.exec(qTermForget, d.ID); err != nil {
		return err
	}
	return tx.saveTerms(d)
}

// saveTerms keeps what the driver is found by: the beginnings of all words.
func (tx *Tx) saveTerms(d member.Driver) error {
	hashes, err := tx.PrefixHashes(d.Operator, d.Account+" "+d.Nickname+" "+d.Name+" "+d.Mobile+" "+d.Email+" "+d.ChargingAccount)
	if err != nil {
		return err
	}
	rows := make([][]any, len(hashes))
	for i, h := range hashes {
		rows[i] = []any{d.Operator, d.Sub, d.ID, h}
	}
	return tx.execMany(qTermInsert, rows)
}

// DriverByID implements member.Tx.
func (tx *Tx) DriverByID(id ident.Driver) (member.Driver, error) {
	d, err := one(tx, "driver", qDriver, scanDriver, id)
	if err != nil {
		return member.Driver{}, err
	}
	return d.Driver, tx.openFields(d.Operator, d.personalOf())
}

// wordOptions narrows by typed words. Hashes are keyed by operator, so a scope over
// all operators cannot search.
func (tx *Tx) wordOptions(q string) ([]any, error) {
	if q == "" {
		return nil, nil
	}
	hashes, err := tx.QueryHashes(tx.scope.Operator(), q)
	switch {
	case err != nil:
		return nil, err
	case len(hashes) > len(wordKeys):
		return nil, fault.BadInput("/q", "has too many words; at most %d", len(wordKeys))
	case len(hashes) == 0: // signs only: no name has them
		return []any{opt(wordKeys[0], []byte{})}, nil
	}
	var args []any
	for i, h := range hashes {
		args = append(args, opt(wordKeys[i], h))
	}
	return args, nil
}

// exactly is the option for a value that is compared by its hash; a value that has
// no normal form finds nothing.
func (tx *Tx) exactly(key, kind, typed string, normal func(string) (string, bool)) (any, error) {
	if typed == "" {
		return option{}, nil
	}
	v, ok := normal(typed)
	if !ok {
		return opt(key, []byte{}), nil
	}
	h, err := tx.hashOf(tx.scope.Operator(), kind, v)
	return opt(key, h), err
}

// ListDrivers implements member.Tx.
func (tx *Tx) ListDrivers(f member.DriverFilter, p operator.Page) (operator.List[member.Driver], error) {
	var out operator.List[member.Driver]
	args, err := tx.wordOptions(f.Q)
	if err != nil {
		return out, err
	}
	for _, x := range []struct {
		key, kind, typed string
		normal           func(string) (string, bool)
	}{{"account", "account", f.Account, member.NormalAccount}, {"mobile", "mobile", f.Mobile, member.NormalMobile}, {"email", "email", f.Email, member.NormalEmail}} {
		o, err := tx.exactly(x.key, x.kind, x.typed, x.normal)
		if err != nil {
			return out, err
		}
		args = append(args, o)
	}
	args = append(args, optIf(f.ChargingAccount != "", "number", f.ChargingAccount), optIf(f.Status != "", "status", f.Status),
		optIf(!f.Group.IsZero(), "group", f.Group))
	l, err := list(tx, driverList, pageOf(p), scanDriver, args...)
	out.Next, out.Total, out.Capped = l.Next, l.Total, l.Capped
	for i := range l.Items {
		d := &l.Items[i]
		if err := tx.openFields(d.Operator, d.personalOf()); err != nil {
			return out, err
		}
		out.Items = append(out.Items, d.Driver)
	}
	return out, err
}

var _ member.Tx = (*Tx)(nil)
