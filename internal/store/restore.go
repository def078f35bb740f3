package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"ccms/internal/fault"
)

// Restored says what a restore has done.
type Restored struct {
	Backup BackupInfo
	Schema int64 // now
	// Kept is where the former database lies, on SQLite and if there was one.
	Kept string
	// KeptLogs are files beside it, on SQLite: parts of a database that could not be
	// read, or of one that was gone.
	KeptLogs []string
	// Sequences are the last numbers that count as given: the next one is higher.
	Sequences map[string]int64
	Logins    int64 // sessions that were ended: everybody logs in anew
}

// What was given out after the backup was made is not known here, but others know
// it: charge points their transaction numbers, drivers their account's. So that no
// number is given twice, each sequence goes on far ahead, the farther the older the
// backup is: then one that is restored twice gives no number twice either.
type leap struct{ atOnce, perHour int64 }

func (l leap) after(d time.Duration) int64 {
	return l.atOnce + l.perHour*int64(max(0, d)/time.Second)/3600
}

var leaps = map[string]leap{
	sessionNumbers.name:   {1_000_000, 7_200}, // of 2 billion
	chargingAccounts.name: {10_000, 360},      // of a billion
	operatorCodes.name:    {100, 0},           // of 990,000; one that is taken is passed over
}

var otherwise = leap{10_000, 360}

const (
	// A server that still holds a connection of before the restore must not write. As
	// many more are added as the backup is seconds old.
	epochsAhead = 1_000_000
	// Codes are printed on charge points.
	codesAhead = 100
)

// Restore puts a backup in the place of the database, of either engine, and brings it
// to this program's schema. The backup is found whole, and made for these keys, before
// anything is touched; then all happens at once or not at all. What holds data already
// is replaced only if replace says so; on SQLite it is kept beside. No server may use
// the database: on SQLite the caller sees to it, on PostgreSQL Restore does.
func Restore(ctx context.Context, o Options, path string, replace bool) (Restored, error) {
	o = o.filled()
	b, err := openBackup(path)
	if err != nil {
		return Restored{}, err
	}
	defer b.close()
	if b.info.Schema > wantVersion() {
		return Restored{}, fault.New(fault.Unsupported, "newer_backup", "The backup has schema %d (ccms %s), and this ccms knows %d: "+
			"restore it with the ccms that made it or a newer one. Nothing was changed.", b.info.Schema, b.info.Program, wantVersion())
	}
	l, err := layoutAt(ctx, b.info.Schema)
	if err != nil {
		return Restored{}, err
	}
	if err := b.info.matches(l); err != nil {
		return Restored{}, err
	}
	if err := o.Keys.fits(b.info); err != nil {
		return Restored{}, err
	}
	r := &restorer{ctx: ctx, o: o, b: b, layout: l, replace: replace, out: Restored{Backup: b.info, Sequences: map[string]int64{}}}
	if o.engine() == postgres {
		err = r.intoPostgres()
	} else {
		err = r.intoSQLite()
	}
	return r.out, err
}

// matches refuses a backup whose tables are not those of its schema.
func (i BackupInfo) matches(l layout) error {
	ok := len(i.Tables) == len(l)
	for n := range i.Tables {
		ok = ok && i.Tables[n].Name == l[n].name && slices.Equal(i.Tables[n].Columns, l[n].names())
	}
	if !ok {
		return fault.New(fault.Unsupported, "other_tables", "The backup has schema %d, but not the tables of it that this ccms knows: "+
			"restore it with the version of ccms that made it (%s). Nothing was changed.", i.Schema, i.Program)
	}
	return nil
}

// restorer fills an empty database inside one transaction.
type restorer struct {
	ctx     context.Context
	o       Options
	b       *backupReader
	layout  layout
	replace bool
	out     Restored

	counters map[string]int64 // last number of each numbered table, as loaded
	cursors  []cursorRow
}

// cursorRow is a consumer's cursor: where it stood, and where that is now.
type cursorRow struct {
	cells []cell
	from  Position
	to    Position
}

// loader puts rows into a table. next gives the rows; it ends with nil.
type loader func(t layoutTable, next func() ([]cell, error)) error

// fill makes the backup's schema, loads the rows, migrates to this program's schema
// and settles what must not be as it was. c has begun a transaction on a database
// without tables.
func (r *restorer) fill(c *sql.Conn, load loader) error {
	e := r.o.engine()
	if err := build(r.ctx, c, e, 0, r.b.info.Schema); err != nil {
		return err
	}
	r.counters = map[string]int64{}
	for i, t := range r.layout {
		if err := r.table(t, r.b.info.Tables[i], load); err != nil {
			return err
		}
	}
	if err := r.loadCursors(load); err != nil {
		return err
	}
	if e == postgres { // a migration may not alter a table with checks outstanding
		if _, err := c.ExecContext(r.ctx, `SET CONSTRAINTS ALL IMMEDIATE`); err != nil {
			return err
		}
	}
	if err := build(r.ctx, c, e, r.b.info.Schema, wantVersion()); err != nil {
		return err
	}
	r.out.Schema = wantVersion()
	return r.settle(c)
}

func (r *restorer) table(t layoutTable, from BackupTable, load loader) error {
	rows := &tableRows{b: r.b, table: from}
	err := load(t, func() ([]cell, error) {
		for {
			cells, err := rows.next()
			if err != nil || cells == nil {
				return nil, err
			}
			if keep, err := r.carry(t, cells); err != nil || keep {
				return cells, err
			}
		}
	})
	if err != nil {
		return fmt.Errorf("restoring %s: %w", t.name, err)
	}
	return nil
}

const (
	factsTable   = "facts"
	cursorsTable = "cursors"
	keysTable    = "operator_keys"
)

// carry changes a row on its way; false leaves it out.
func (r *restorer) carry(t layoutTable, cells []cell) (bool, error) {
	for i := range cells {
		var err error
		if cells[i], err = t.columns[i].kind.fits(cells[i]); err != nil {
			return false, fmt.Errorf("%s: %w", t.columns[i].name, err)
		}
	}
	if t.name == cursorsTable {
		c := cursorRow{cells: cells}
		err := errors.Join(number(cells[t.at("xid")], &c.from.XID), number(cells[t.at("id")], &c.from.ID))
		r.cursors = append(r.cursors, c)
		return false, err
	}
	if t.name == keysTable {
		if err := r.opens(t, cells); err != nil {
			return false, err
		}
	}
	if t.counter == "" {
		return true, nil
	}
	var id int64
	if err := number(cells[t.at(t.counter)], &id); err != nil {
		return false, err
	}
	if t.ordered() {
		// Transaction ids begin anew in another database. The rows come in the order of
		// commits; their ids take that over, below everything that is to come.
		was := Position{ID: id}
		if err := number(cells[t.at("xid")], &was.XID); err != nil {
			return false, err
		}
		id = max(id, r.counters[t.name]+1)
		cells[t.at("xid")], cells[t.at(t.counter)] = int64(0), id
		if t.name == factsTable {
			for i := range r.cursors {
				if c := &r.cursors[i]; !c.from.before(was) {
					c.to = Position{ID: id}
				}
			}
		}
	}
	r.counters[t.name] = max(r.counters[t.name], id)
	return true, nil
}

func (p Position) before(q Position) bool { return p.XID < q.XID || p.XID == q.XID && p.ID < q.ID }

func (t layoutTable) at(column string) int {
	return slices.IndexFunc(t.columns, func(c layoutColumn) bool { return c.name == column })
}

// opens proves that the keys open an operator's data key.
func (r *restorer) opens(t layoutTable, cells []cell) error {
	var op, wrapped []byte
	var masterID string
	op, err := raw(cells[t.at("operator_id")], false)
	if err == nil {
		wrapped, err = raw(cells[t.at("wrapped")], false)
	}
	if err == nil {
		err = str(cells[t.at("master_id")], &masterID)
	}
	if err != nil {
		return err
	}
	if _, err := r.o.Keys.unwrap(masterID, wrapped, op); err != nil {
		return fault.New(fault.Invalid, "wrong_key_file", "The key file's key %s is not the one that the backup needs. Nothing was changed.", masterID)
	}
	return nil
}

// loadCursors puts each cursor behind the last fact that it had passed. A consumer's
// lease ended with the server that held it.
func (r *restorer) loadCursors(load loader) error {
	t, ok := r.layout.table(cursorsTable)
	if !ok {
		return nil
	}
	i := 0
	return load(t, func() ([]cell, error) {
		if i == len(r.cursors) {
			return nil, nil
		}
		c := r.cursors[i]
		i++
		c.cells[t.at("xid")], c.cells[t.at("id")] = c.to.XID, c.to.ID
		return c.cells, nil
	})
}

// settle changes what must not be as it was when the backup was made. It speaks of
// this program's schema, and comes before row-level security is there.
func (r *restorer) settle(c *sql.Conn) error {
	now := r.o.Now()
	for _, text := range []string{
		fmt.Sprintf(`UPDATE charge_points SET connection_epoch = connection_epoch + %d`, epochsAhead+int64(max(0, now.Sub(r.b.info.TakenAt))/time.Second)),
		fmt.Sprintf(`UPDATE code_counters SET value = value + %d`, codesAhead),
		`UPDATE cursors SET owner = '', until = 0`,
		`UPDATE jobs SET owner = '', lease_until = 0`,
	} {
		if _, err := c.ExecContext(r.ctx, text); err != nil {
			return fmt.Errorf("store: %s: %w", text, err)
		}
	}
	// A session that was ended since, by logging out or by a new password, must not
	// live again.
	res, err := c.ExecContext(r.ctx, `DELETE FROM login_sessions`)
	if err != nil {
		return err
	}
	if r.out.Logins, err = res.RowsAffected(); err != nil {
		return err
	}
	for _, q := range registry.sequencesByName() {
		l, ok := leaps[q.name]
		if !ok {
			l = otherwise
		}
		last := max(r.b.info.Sequences[q.name], q.first-1)
		r.out.Sequences[q.name] = last + l.after(now.Sub(r.b.info.TakenAt))
		if q == sessionNumbers {
			text := fmt.Sprintf(`INSERT INTO restores (restored_at, taken_at, first_lost, last_lost) VALUES (%d, %d, %d, %d)`,
				now.UnixMicro(), r.b.info.TakenAt.UnixMicro(), last+1, r.out.Sequences[q.name])
			if _, err := c.ExecContext(r.ctx, text); err != nil {
				return fmt.Errorf("store: %s: %w", text, err)
			}
		}
	}
	for name, n := range r.b.info.Counters {
		r.counters[name] = max(r.counters[name], n)
	}
	return nil
}
