package store

import (
	"encoding/json"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var _ = table("commands", own,
	plain(`queue_no id operator_id sub_operator_id point_id session_id command_type state answer error_detail effect_state effect_text
		effect_at created_at sent_at answered_at deadline actor version outcome waits_until bulk_id composite`),
	// The arguments of a remote start hold a token; a reason is a person's free text.
	personal("args_sealed reason", "identifier", "24 months from created_at", "overwrite"))

const commandCols = `c.queue_no, c.id, c.operator_id, c.sub_operator_id, c.point_id, c.session_id, c.command_type, c.args_sealed, c.state,
	c.answer, c.error_detail, c.effect_state, c.effect_text, c.effect_at, c.created_at, c.sent_at, c.answered_at, c.deadline,
	c.actor, c.reason, c.version, c.outcome, c.waits_until, c.bulk_id, c.composite`

const commandArgs = "commands.args_sealed"

var (
	qCommandInsert = stmt(`INSERT INTO commands (operator_id, sub_operator_id, id, point_id, session_id, command_type, args_sealed, state,
			error_detail, effect_state, effect_text, created_at, deadline, actor, reason, version, outcome, waits_until, bulk_id)
		VALUES ({{own commands}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING queue_no`)
	qCommandSave = stmt(`UPDATE commands SET state = ?, answer = ?, error_detail = ?, effect_state = ?, effect_text = ?, effect_at = ?,
			sent_at = ?, answered_at = ?, deadline = ?, outcome = ?, composite = ?, version = version + 1
		WHERE {{scope commands commands}} AND id = ? AND version = ?`)
	qCommandVersion  = stmt(`SELECT c.version FROM commands c WHERE {{scope commands c}} AND c.id = ?`)
	qCommand         = stmt(`SELECT ` + commandCols + ` FROM commands c WHERE {{scope commands c}} AND c.id = ?`)
	qCommandsPending = stmt(`SELECT ` + commandCols + ` FROM commands c WHERE {{scope commands c}} AND c.point_id = ?
		AND c.state IN ('queued', 'sent') ORDER BY c.queue_no`)
	qCommandsWaiting = stmt(`SELECT count(*) FROM commands c WHERE {{scope commands c}} AND c.point_id = ? AND c.state IN ('queued', 'sent')`)
	qCommandsAwaited = stmt(`SELECT ` + commandCols + ` FROM commands c WHERE {{scope commands c}} AND c.point_id = ?
		AND c.state IN ('sent', 'accepted') AND c.effect_state IN ('none', 'pending') AND c.sent_at >= ? ORDER BY c.queue_no`)
	qCommandsOverdue = stmt(`SELECT c.id FROM commands c WHERE {{scope commands c}} AND c.state IN ('queued', 'sent') AND c.deadline <= ?
		ORDER BY c.deadline LIMIT ?`)
	qCommandsStranded = stmt(`SELECT c.id FROM commands c JOIN charge_points p ON p.id = c.point_id
		WHERE {{scope commands c}} AND {{scope charge_points p}} AND c.state = 'queued' AND c.waits_until IS NULL AND c.deadline > ? AND p.online_until <= ?
		ORDER BY c.deadline LIMIT ?`)

	commandList = listing(listSpec{
		Cols: commandCols,
		From: "commands c",
		Where: `{{scope commands c}}
			{{if point}} AND c.point_id = ? {{end}}
			{{if session}} AND c.session_id = ? {{end}}
			{{if bulk}} AND c.bulk_id = ? {{end}}
			{{if type}} AND c.command_type = ? {{end}}
			{{if state}} AND c.state = ? {{end}}`,
		ID:    "c.id",
		Sorts: map[string]string{"no": "c.queue_no"},
		Sort:  "-no",
	})
)

// storedCommand is a command whose arguments are still sealed.
type storedCommand struct {
	asset.Command
	sealed Sealed
}

func scanCommand(r *Row, c *storedCommand) error {
	var composite []byte
	if err := r.Scan(&c.No, &c.ID, &c.Operator, &c.Sub, &c.Point, &c.Session, &c.Type, &c.sealed, &c.State,
		&c.Answer, &c.ErrorDetail, &c.EffectState, &c.EffectText, &c.EffectAt, &c.CreatedAt, &c.SentAt, &c.AnsweredAt, &c.Deadline,
		&c.Actor, &c.Reason, &c.Version, &c.Outcome, &c.WaitsUntil, &c.Bulk, &composite); err != nil || composite == nil {
		return err
	}
	return json.Unmarshal(composite, &c.Composite)
}

func (tx *Tx) openCommands(sealed []storedCommand) ([]asset.Command, error) {
	out := make([]asset.Command, len(sealed))
	for i, c := range sealed {
		args, err := tx.Open(c.Operator, commandArgs, c.sealed)
		if err != nil {
			return nil, err
		}
		out[i] = c.Command
		out[i].Args = args
	}
	return out, nil
}

// InsertCommand implements asset.Tx.
func (tx *Tx) InsertCommand(c asset.Command) (asset.Command, error) {
	args, err := tx.Seal(c.Operator, commandArgs, c.Args)
	if err != nil {
		return c, err
	}
	c.No, err = scalar[int64](tx, qCommandInsert, c.Operator, c.Sub, c.ID, c.Point, c.Session, c.Type, args, c.State,
		c.ErrorDetail, c.EffectState, c.EffectText, c.CreatedAt, c.Deadline, c.Actor, c.Reason, c.Version, c.Outcome, c.WaitsUntil, orNull(c.Bulk))
	tx.commandChanged(c)
	return c, err
}

// SaveCommand implements asset.Tx.
func (tx *Tx) SaveCommand(c asset.Command, version int64) error {
	var composite []byte
	if c.Composite != nil {
		var err error
		if composite, err = json.Marshal(c.Composite); err != nil {
			return err
		}
	}
	n, err := tx.exec(qCommandSave, c.State, text(c.Answer), c.ErrorDetail, c.EffectState, c.EffectText, c.EffectAt,
		c.SentAt, c.AnsweredAt, c.Deadline, c.Outcome, text(composite), c.ID, version)
	if err := tx.oneVersion("command", n, err, qCommandVersion, c.ID, version); err != nil {
		return err
	}
	c.Version = version + 1
	tx.commandChanged(c)
	return nil
}

// orNull is an id for a column that is NULL where there is none.
func orNull(id interface {
	IsZero() bool
	Bytes() []byte
}) any {
	if id.IsZero() {
		return nil
	}
	return id.Bytes()
}

// text is JSON for a TEXT column; nil stays NULL.
func text(json []byte) any {
	if json == nil {
		return nil
	}
	return string(json)
}

// CommandByID implements asset.Tx.
func (tx *Tx) CommandByID(id ident.Command) (asset.Command, error) {
	c, err := one(tx, "command", qCommand, scanCommand, id)
	if err != nil {
		return asset.Command{}, err
	}
	found, err := tx.openCommands([]storedCommand{c})
	if err != nil {
		return asset.Command{}, err
	}
	return found[0], nil
}

// PendingCommands implements asset.Tx.
func (tx *Tx) PendingCommands(p ident.ChargePoint) ([]asset.Command, error) {
	return tx.commands(qCommandsPending, p)
}

// CountPendingCommands implements asset.Tx.
func (tx *Tx) CountPendingCommands(p ident.ChargePoint) (int, error) {
	return scalar[int](tx, qCommandsWaiting, p)
}

// AwaitedCommands implements asset.Tx.
func (tx *Tx) AwaitedCommands(p ident.ChargePoint, since time.Time) ([]asset.Command, error) {
	return tx.commands(qCommandsAwaited, p, since)
}

func (tx *Tx) commands(q *Stmt, args ...any) ([]asset.Command, error) {
	found, err := all(tx, q, scanCommand, args...)
	if err != nil {
		return nil, err
	}
	return tx.openCommands(found)
}

// OverdueCommands implements asset.Tx.
func (tx *Tx) OverdueCommands(now time.Time, limit int) ([]ident.Command, error) {
	id := func(r *Row, id *ident.Command) error { return r.Scan(id) }
	late, err := all(tx, qCommandsOverdue, id, now, limit)
	if err != nil || len(late) == limit {
		return late, err
	}
	stranded, err := all(tx, qCommandsStranded, id, now, now, limit-len(late))
	return append(late, stranded...), err
}

// ListCommands implements asset.Tx.
func (tx *Tx) ListCommands(f asset.CommandFilter, p operator.Page) (operator.List[asset.Command], error) {
	l, err := list(tx, commandList, pageOf(p), scanCommand,
		optIf(!f.Point.IsZero(), "point", f.Point), optIf(!f.Session.IsZero(), "session", f.Session),
		optIf(!f.Bulk.IsZero(), "bulk", f.Bulk), optIf(f.Type != "", "type", f.Type), optIf(f.State != "", "state", f.State))
	out := operator.List[asset.Command]{Next: l.Next, Total: l.Total, Capped: l.Capped}
	if err == nil {
		out.Items, err = tx.openCommands(l.Items)
	}
	return out, err
}

// commandChanged tells screens, and wakes whoever holds the point's socket.
func (tx *Tx) commandChanged(c asset.Command) {
	tx.Changed(Change{Topic: "commands", Operator: c.Operator, Sub: c.Sub, ID: c.ID.String(), Point: c.Point, Value: c})
}
