package store

import (
	"slices"
	"strings"
	"time"

	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

var (
	_ = table("local_lists", own, plain(`id operator_id sub_operator_id name name_sort cards cards_of without_balance status revision size
		left_out too_many due_at asked created_at version`))
	_ = table("local_list_picks", own, plain("list_id operator_id sub_operator_id kind object_id"))
	_ = table("local_list_entries", own,
		plain("list_id number operator_id sub_operator_id token_id account expires_at removed changed"),
		personal("uid_sealed", "identifier", "until every charge point has let go of the card", "delete row"))
)

const localListCols = `l.id, l.operator_id, l.sub_operator_id, l.name, l.cards, l.cards_of, l.without_balance, l.status, l.revision, l.size,
	l.left_out, l.too_many, l.due_at, l.asked, l.version`

const (
	listEntryCols = `e.token_id, e.operator_id, e.uid_sealed, e.account, e.expires_at, e.number, e.removed, e.changed`
	listEntryUID  = "local_list_entries.uid_sealed"
)

var (
	qLocalListInsert = stmt(`INSERT INTO local_lists (operator_id, sub_operator_id, id, name, name_sort, cards, cards_of, without_balance, status,
			revision, size, left_out, too_many, due_at, asked, created_at, version)
		VALUES ({{own local_lists}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qLocalListSave = stmt(`UPDATE local_lists SET name = ?, name_sort = ?, cards = ?, cards_of = ?, without_balance = ?, status = ?, due_at = ?,
			asked = ?, version = version + 1
		WHERE {{scope local_lists local_lists}} AND id = ? AND version = ?`)
	qLocalListVersion = stmt(`SELECT l.version FROM local_lists l WHERE {{scope local_lists l}} AND l.id = ?`)
	qLocalListDelete  = stmt(`DELETE FROM local_lists WHERE {{scope local_lists local_lists}} AND id = ? AND version = ?`)
	qLocalList        = stmt(`SELECT ` + localListCols + ` FROM local_lists l WHERE {{scope local_lists l}} AND l.id = ?`)
	qLocalListLock    = stmt(`SELECT ` + localListCols + ` FROM local_lists l WHERE {{scope local_lists l}} AND l.id = ? {{lock}}`)
	qLocalListContent = stmt(`UPDATE local_lists SET revision = ?, size = ?, left_out = ?, too_many = ?, due_at = ?
		WHERE {{scope local_lists local_lists}} AND id = ?`)
	qLocalListAsk = stmt(`UPDATE local_lists SET due_at = ?, asked = asked + 1 WHERE {{scope local_lists local_lists}} AND id = ?`)
	// One that is due before stays so.
	qLocalListsAsk = stmt(`UPDATE local_lists SET due_at = CASE WHEN due_at <= ? THEN due_at ELSE ? END, asked = asked + 1
		WHERE {{scope local_lists local_lists}} AND operator_id = ? AND status = 'VALID'`)
	qLocalListsDue = stmt(`SELECT l.id, l.operator_id FROM local_lists l WHERE {{scope local_lists l}} AND l.due_at <= ? ORDER BY l.due_at LIMIT ?`)

	qPickInsert = stmt(`INSERT INTO local_list_picks (operator_id, sub_operator_id, list_id, kind, object_id) VALUES ({{own local_list_picks}}, ?, ?, ?)`)
	qPickForget = stmt(`DELETE FROM local_list_picks WHERE {{scope local_list_picks local_list_picks key}} AND list_id = ?`)
	qPicks      = stmt(`SELECT k.kind, k.object_id FROM local_list_picks k WHERE {{scope local_list_picks k key}} AND k.list_id = ? ORDER BY k.kind, k.object_id`)

	// The oldest first: ids rise with time.
	qCardsFor = stmt(`SELECT t.id, t.operator_id, t.uid_sealed, d.charging_account, t.expires_at
		FROM tokens t JOIN drivers d ON d.id = t.driver_id
		WHERE {{scope tokens t}} AND {{scope drivers d}} AND t.status = 'ENABLE' AND d.status = 'VALID' AND (t.expires_at IS NULL OR t.expires_at > ?)
			{{if sub}} AND t.sub_operator_id = ? {{end}}
			{{if picked}} AND t.id IN (SELECT k.object_id FROM local_list_picks k WHERE {{scope local_list_picks k}} AND k.list_id = ? AND k.kind = 'token') {{end}}
			{{if solvent}} AND EXISTS (SELECT 1 FROM accounts a WHERE {{scope accounts a}} AND a.id = d.wallet_id AND a.balance - a.held > ?) {{end}}
		ORDER BY t.id LIMIT ?`)

	qEntriesAll    = stmt(`SELECT ` + listEntryCols + ` FROM local_list_entries e WHERE {{scope local_list_entries e key}} AND e.list_id = ? ORDER BY e.number`)
	qListEntrySave = stmt(`INSERT INTO local_list_entries (operator_id, sub_operator_id, list_id, number, token_id, uid_sealed, account, expires_at, removed, changed)
		VALUES ({{own local_list_entries}}, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (list_id, number) DO UPDATE SET uid_sealed = excluded.uid_sealed, account = excluded.account, expires_at = excluded.expires_at,
			removed = excluded.removed, changed = excluded.changed
		WHERE {{scope local_list_entries local_list_entries}}`)
	qEntriesForget = stmt(`DELETE FROM local_list_entries WHERE {{scope local_list_entries local_list_entries key}} AND list_id = ? AND removed = 1 AND changed <= ?`)
	qEntriesCount  = stmt(`SELECT count(*) FROM local_list_entries e WHERE {{scope local_list_entries e key}} AND e.list_id = ?
		{{if whole}} AND e.removed = 0 {{end}} {{if since}} AND e.changed > ? {{end}}`)
	qEntriesNext = stmt(`SELECT ` + listEntryCols + ` FROM local_list_entries e WHERE {{scope local_list_entries e key}} AND e.list_id = ? AND e.number > ?
		{{if whole}} AND e.removed = 0 {{end}} {{if since}} AND e.changed > ? {{end}} ORDER BY e.number LIMIT ?`)

	localListList = listing(listSpec{
		Cols: localListCols, From: "local_lists l",
		Where: `{{scope local_lists l}} {{if name}} AND l.name_sort >= ? AND l.name_sort < ? {{end}} {{if status}} AND l.status = ? {{end}}`,
		ID:    "l.id", Sorts: map[string]string{"name": "l.name_sort", "created": "l.created_at"}, Sort: "name",
	})
	localListCards = listing(listSpec{
		Cols: listEntryCols, From: "local_list_entries e", Where: `{{scope local_list_entries e}} AND e.list_id = ? AND e.removed = 0`,
		ID: "e.token_id", Sorts: map[string]string{"number": "e.number"}, Sort: "number",
	})
)

func scanLocalList(r *Row, l *member.LocalList) error {
	return r.Scan(&l.ID, &l.Operator, &l.Sub, &l.Name, &l.Cards, &l.CardsOf, &l.WithoutBalance, &l.Status, &l.Revision, &l.Entries,
		&l.LeftOut, &l.TooMany, &l.DueAt, &l.Asked, &l.Version)
}

// InsertLocalList implements member.Tx.
func (tx *Tx) InsertLocalList(l member.LocalList) error {
	if _, err := tx.exec(qLocalListInsert, l.Operator, l.Sub, l.ID, l.Name, sortKey(l.Name), l.Cards, l.CardsOf, l.WithoutBalance, l.Status,
		l.Revision, l.Entries, l.LeftOut, l.TooMany, l.DueAt, l.Asked, tx.now, l.Version); err != nil {
		return err
	}
	return tx.savePicks(l)
}

// SaveLocalList implements member.Tx.
func (tx *Tx) SaveLocalList(l member.LocalList, version int64) error {
	n, err := tx.exec(qLocalListSave, l.Name, sortKey(l.Name), l.Cards, l.CardsOf, l.WithoutBalance, l.Status, l.DueAt, l.Asked, l.ID, version)
	if err := tx.oneVersion("local list", n, err, qLocalListVersion, l.ID, version); err != nil {
		return err
	}
	if _, err := tx.exec(qPickForget, l.ID); err != nil {
		return err
	}
	return tx.savePicks(l)
}

func (tx *Tx) savePicks(l member.LocalList) error {
	var rows [][]any
	add := func(kind string, id any) { rows = append(rows, []any{l.Operator, l.Sub, l.ID, kind, id}) }
	for _, id := range l.Tokens {
		add("token", id)
	}
	for _, id := range l.Sites {
		add("site", id)
	}
	for _, id := range l.Points {
		add("point", id)
	}
	return tx.execMany(qPickInsert, rows)
}

// DeleteLocalList implements member.Tx. What belongs to it goes with it.
func (tx *Tx) DeleteLocalList(id ident.LocalList, version int64) error {
	if _, err := tx.exec(qListPointsForget, id); err != nil {
		return err
	}
	n, err := tx.exec(qLocalListDelete, id, version)
	return tx.oneVersion("local list", n, err, qLocalListVersion, id, version)
}

// LocalListByID implements member.Tx.
func (tx *Tx) LocalListByID(id ident.LocalList) (member.LocalList, error) {
	return tx.localList(qLocalList, id)
}

// LockLocalList implements member.Tx.
func (tx *Tx) LockLocalList(id ident.LocalList) (member.LocalList, error) {
	return tx.localList(qLocalListLock, id)
}

func (tx *Tx) localList(q *Stmt, id ident.LocalList) (member.LocalList, error) {
	l, err := one(tx, "local list", q, scanLocalList, id)
	if err != nil {
		return l, err
	}
	return l, each(tx, qPicks, func(r *Row) error { return pickInto(r, &l) }, id)
}

func pickInto(r *Row, l *member.LocalList) error {
	var kind string
	if err := r.Scan(&kind); err != nil {
		return err
	}
	switch kind {
	case "token":
		l.Tokens = append(l.Tokens, ident.Token{})
		return r.Scan(&l.Tokens[len(l.Tokens)-1])
	case "site":
		l.Sites = append(l.Sites, ident.Site{})
		return r.Scan(&l.Sites[len(l.Sites)-1])
	}
	l.Points = append(l.Points, ident.ChargePoint{})
	return r.Scan(&l.Points[len(l.Points)-1])
}

// ListLocalLists implements member.Tx.
func (tx *Tx) ListLocalLists(f member.ListFilter, p operator.Page) (operator.List[member.ListView], error) {
	l, err := list(tx, localListList, pageOf(p), scanLocalList, phrase("name", f.Name), optIf(f.Status != "", "status", f.Status))
	out := operator.List[member.ListView]{Next: l.Next, Total: l.Total, Capped: l.Capped}
	if err != nil {
		return out, err
	}
	for _, x := range l.Items {
		v := member.ListView{LocalList: x}
		if err := each(tx, qPicks, func(r *Row) error { return pickInto(r, &v.LocalList) }, x.ID); err != nil {
			return out, err
		}
		if v.Pushes, err = tx.PushesOf(x.ID); err != nil {
			return out, err
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

// AskLocalList implements member.Tx.
func (tx *Tx) AskLocalList(id ident.LocalList, at time.Time) error {
	return tx.execOne("local list", qLocalListAsk, at, id)
}

// AskLocalLists implements member.Tx.
func (tx *Tx) AskLocalLists(op ident.Operator, at time.Time) error {
	_, err := tx.exec(qLocalListsAsk, at, at, op)
	return err
}

// DueLocalLists implements member.Tx.
func (tx *Tx) DueLocalLists(now time.Time, limit int) ([]member.DueList, error) {
	return all(tx, qLocalListsDue, func(r *Row, d *member.DueList) error { return r.Scan(&d.ID, &d.Operator) }, now, limit)
}

// SaveContent implements member.Tx.
func (tx *Tx) SaveContent(l member.LocalList) error {
	return tx.execOne("local list", qLocalListContent, l.Revision, l.Entries, l.LeftOut, l.TooMany, l.DueAt, l.ID)
}

// storedListEntry is an entry whose uid is still sealed.
type storedListEntry struct {
	member.Entry
	operator ident.Operator
	uid      Sealed
}

func scanListEntry(r *Row, e *storedListEntry) error {
	return r.Scan(&e.Token, &e.operator, &e.uid, &e.Account, &e.Expires, &e.Number, &e.Removed, &e.Changed)
}

func (tx *Tx) openListEntries(sealed []storedListEntry) ([]member.Entry, error) {
	out := make([]member.Entry, len(sealed))
	for i := range sealed {
		e := &sealed[i]
		out[i] = e.Entry
		if err := tx.openFields(e.operator, []sealedField{{listEntryUID, &e.uid, &out[i].UID}}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CardsFor implements member.Tx.
func (tx *Tx) CardsFor(l member.LocalList, now time.Time, limit int) ([]member.Card, error) {
	type row struct {
		member.Card
		operator ident.Operator
		uid      Sealed
	}
	sub := l.Sub
	if l.Cards == member.CardsOfSub {
		sub = l.CardsOf
	}
	found, err := all(tx, qCardsFor, func(r *Row, c *row) error {
		return r.Scan(&c.Token, &c.operator, &c.uid, &c.Account, &c.Expires)
	}, now, optIf(!sub.IsZero(), "sub", sub), optIf(l.Cards == member.CardsManual, "picked", l.ID), optIf(!l.WithoutBalance, "solvent", 0), limit)
	if err != nil {
		return nil, err
	}
	out := make([]member.Card, len(found))
	for i := range found {
		c := &found[i]
		out[i] = c.Card
		if err := tx.openFields(c.operator, []sealedField{{"tokens.uid_sealed", &c.uid, &out[i].UID}}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ListEntriesOf implements member.Tx.
func (tx *Tx) ListEntriesOf(id ident.LocalList) ([]member.Entry, error) {
	found, err := all(tx, qEntriesAll, scanListEntry, id)
	if err != nil {
		return nil, err
	}
	return tx.openListEntries(found)
}

// SaveListEntries implements member.Tx.
func (tx *Tx) SaveListEntries(l member.LocalList, entries []member.Entry) error {
	rows := make([][]any, len(entries))
	for i, e := range entries {
		uid, err := tx.SealText(l.Operator, listEntryUID, e.UID)
		if err != nil {
			return err
		}
		rows[i] = []any{l.Operator, l.Sub, l.ID, e.Number, e.Token, uid, e.Account, e.Expires, e.Removed, e.Changed}
	}
	return tx.execMany(qListEntrySave, rows)
}

// ForgetListEntries implements member.Tx.
func (tx *Tx) ForgetListEntries(id ident.LocalList, upTo int64) error {
	_, err := tx.exec(qEntriesForget, id, upTo)
	return err
}

// CountListEntries implements member.Tx.
func (tx *Tx) CountListEntries(id ident.LocalList, whole bool, since int64) (int, error) {
	return scalar[int](tx, qEntriesCount, id, optIf(whole, "whole"), optIf(!whole, "since", since))
}

// NextListEntries implements member.Tx.
func (tx *Tx) NextListEntries(id ident.LocalList, whole bool, since, after int64, limit int) ([]member.Entry, error) {
	found, err := all(tx, qEntriesNext, scanListEntry, id, after, optIf(whole, "whole"), optIf(!whole, "since", since), limit)
	if err != nil {
		return nil, err
	}
	return tx.openListEntries(found)
}

// ListListCards implements member.Tx.
func (tx *Tx) ListListCards(id ident.LocalList, p operator.Page) (operator.List[member.Entry], error) {
	l, err := list(tx, localListCards, pageOf(p), scanListEntry, id)
	out := operator.List[member.Entry]{Next: l.Next, Total: l.Total, Capped: l.Capped}
	if err == nil {
		out.Items, err = tx.openListEntries(l.Items)
	}
	return out, err
}

// PointsFor implements member.Tx.
func (tx *Tx) PointsFor(l member.LocalList) ([]ident.ChargePoint, error) {
	ids, err := all(tx, qPointsFor, func(r *Row, id *ident.ChargePoint) error { return r.Scan(id) }, l.ID, l.ID, optIf(!l.Sub.IsZero(), "sub", l.Sub))
	slices.SortFunc(ids, func(a, b ident.ChargePoint) int { return strings.Compare(a.String(), b.String()) })
	return ids, err
}

var qPointsFor = stmt(`SELECT p.id FROM charge_points p WHERE {{scope charge_points p}} AND p.status = 'VALID'
	AND (p.id IN (SELECT k.object_id FROM local_list_picks k WHERE {{scope local_list_picks k}} AND k.list_id = ? AND k.kind = 'point')
		OR p.site_id IN (SELECT j.object_id FROM local_list_picks j WHERE {{scope local_list_picks j}} AND j.list_id = ? AND j.kind = 'site'))
	{{if sub}} AND p.sub_operator_id = ? {{end}}`)
