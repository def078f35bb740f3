package store

import (
	"errors"

	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

var _ = table("tokens", wideRead,
	plain("id operator_id sub_operator_id driver_id status expires_at max_sessions delivery_type version created_at"),
	personal("uid_sealed uid_hash visual_sealed", "identifier", "until the profile is erased", "overwrite"))

const cardCols = `t.id, t.operator_id, t.sub_operator_id, t.driver_id, t.uid_sealed, t.visual_sealed, t.status, t.expires_at,
	t.max_sessions, t.delivery_type, t.version`

var (
	qCardInsert = stmt(`INSERT INTO tokens (operator_id, sub_operator_id, id, driver_id, uid_sealed, uid_hash, visual_sealed, status,
			expires_at, max_sessions, delivery_type, version, created_at)
		VALUES ({{own tokens}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	// The uid of a card never changes.
	qCardSave = stmt(`UPDATE tokens SET visual_sealed = ?, status = ?, expires_at = ?, max_sessions = ?, delivery_type = ?, version = version + 1
		WHERE {{scope tokens tokens}} AND id = ? AND version = ?`)
	qCardVersion = stmt(`SELECT t.version FROM tokens t WHERE {{scope tokens t}} AND t.id = ?`)
	qCard        = stmt(`SELECT ` + cardCols + ` FROM tokens t WHERE {{scope tokens t}} AND t.id = ?`)
	qCardHolder  = stmt(`SELECT ` + cardCols + `, ` + driverCols + ` FROM tokens t JOIN drivers d ON d.id = t.driver_id
		WHERE {{scope tokens t key}} AND {{scope drivers d}} AND (t.operator_id = ?) IS TRUE AND t.uid_hash = ?`)

	cardList = listing(listSpec{
		Cols: cardCols + `, ` + driverCols,
		From: "tokens t JOIN drivers d ON d.id = t.driver_id", FromOf: map[string]string{"charging_account": "drivers d CROSS JOIN tokens t"},
		Where: `{{scope tokens t}} AND {{scope drivers d}} AND t.driver_id = d.id
			{{if driver}} AND t.driver_id = ? {{end}}
			{{if uid}} AND t.uid_hash = ? {{end}}
			{{if number}} AND d.charging_account = ? {{end}}
			{{if status}} AND t.status = ? {{end}}` + driverWords,
		ID:    "t.id",
		Sorts: map[string]string{"created": "t.created_at", "charging_account": "d.charging_account"},
		Sort:  "-created",
	})
)

// storedToken is a token whose personal columns are still sealed.
type storedToken struct {
	member.Token
	uid, visual Sealed
}

func scanToken(r *Row, t *storedToken) error {
	return r.Scan(&t.ID, &t.Operator, &t.Sub, &t.Driver, &t.uid, &t.visual, &t.Status, &t.ExpiresAt, &t.MaxSessions, &t.Delivery, &t.Version)
}

func (t *storedToken) personalOf() []sealedField {
	return []sealedField{{"tokens.uid_sealed", &t.uid, &t.UID}, {"tokens.visual_sealed", &t.visual, &t.Visual}}
}

type storedHolder struct {
	token  storedToken
	driver storedDriver
}

func scanHolder(r *Row, h *storedHolder) error {
	if err := scanToken(r, &h.token); err != nil {
		return err
	}
	return scanDriver(r, &h.driver)
}

func (tx *Tx) openHolder(h *storedHolder) (member.Holder, error) {
	if err := tx.openFields(h.token.Operator, h.token.personalOf()); err != nil {
		return member.Holder{}, err
	}
	err := tx.openFields(h.driver.Operator, h.driver.personalOf())
	return member.Holder{Token: h.token.Token, Driver: h.driver.Driver, Found: true}, err
}

// uidHash is the same for all spellings and byte orders of a token.
func (tx *Tx) uidHash(op ident.Operator, uid string) ([]byte, error) {
	return tx.SearchHash(op, "uid:"+member.CanonicalUID(uid))
}

// InsertToken implements member.Tx.
func (tx *Tx) InsertToken(t member.Token) error {
	s := storedToken{Token: t}
	if err := tx.sealFields(t.Operator, s.personalOf()); err != nil {
		return err
	}
	hash, err := tx.uidHash(t.Operator, t.UID)
	if err != nil {
		return err
	}
	_, err = tx.exec(qCardInsert, t.Operator, t.Sub, t.ID, t.Driver, s.uid, hash, s.visual, t.Status, t.ExpiresAt,
		t.MaxSessions, t.Delivery, t.Version, tx.now)
	if duplicate(err, "tokens_uid") { // of somebody this scope does not see
		return member.TokenExists("This card is there already.")
	}
	return err
}

// SaveToken implements member.Tx.
func (tx *Tx) SaveToken(t member.Token, version int64) error {
	s := storedToken{Token: t}
	if err := tx.sealFields(t.Operator, s.personalOf()); err != nil {
		return err
	}
	n, err := tx.exec(qCardSave, s.visual, t.Status, t.ExpiresAt, t.MaxSessions, t.Delivery, t.ID, version)
	return tx.oneVersion("token", n, err, qCardVersion, t.ID, version)
}

// TokenByID implements member.Tx.
func (tx *Tx) TokenByID(id ident.Token) (member.Token, error) {
	t, err := one(tx, "token", qCard, scanToken, id)
	if err != nil {
		return member.Token{}, err
	}
	return t.Token, tx.openFields(t.Operator, t.personalOf())
}

// TokenByUID implements member.Tx.
func (tx *Tx) TokenByUID(uid string) (member.Holder, error) {
	op := tx.scope.Operator()
	if op.IsZero() {
		return member.Holder{}, errors.New("store: a token is looked up inside one operator")
	}
	hash, err := tx.uidHash(op, uid)
	if err != nil {
		return member.Holder{}, err
	}
	h, ok, err := maybe(tx, qCardHolder, scanHolder, op, hash)
	if err != nil || !ok {
		return member.Holder{}, err
	}
	return tx.openHolder(&h)
}

// ListTokens implements member.Tx. What is typed into the search is a token's uid
// where there is one, else words of its driver.
func (tx *Tx) ListTokens(f member.TokenFilter, p operator.Page) (operator.List[member.Holder], error) {
	var out operator.List[member.Holder]
	var args []any
	uid := f.UID
	if f.Q != "" && uid == "" {
		h, err := tx.TokenByUID(f.Q)
		if err != nil {
			return out, err
		}
		if h.Found {
			uid = f.Q
		} else if args, err = tx.wordOptions(f.Q); err != nil {
			return out, err
		}
	} else if f.Q != "" {
		var err error
		if args, err = tx.wordOptions(f.Q); err != nil {
			return out, err
		}
	}
	if uid != "" {
		hash, err := tx.uidHash(tx.scope.Operator(), uid)
		if err != nil {
			return out, err
		}
		args = append(args, opt("uid", hash))
	}
	args = append(args, optIf(!f.Driver.IsZero(), "driver", f.Driver),
		optIf(f.ChargingAccount != "", "number", f.ChargingAccount), optIf(f.Status != "", "status", f.Status))
	l, err := list(tx, cardList, pageOf(p), scanHolder, args...)
	out.Next, out.Total, out.Capped = l.Next, l.Total, l.Capped
	for i := range l.Items {
		h, err := tx.openHolder(&l.Items[i])
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, h)
	}
	return out, err
}
