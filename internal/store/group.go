package store

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

var _ = table("driver_groups", wideRead, plain("id operator_id sub_operator_id name name_sort version created_at"))

const groupCols = `g.id, g.operator_id, g.sub_operator_id, g.name, g.version,
	(SELECT count(*) FROM drivers d WHERE {{scope drivers d}} AND d.operator_id = g.operator_id AND d.group_id = g.id)`

var (
	qGroupInsert = stmt(`INSERT INTO driver_groups (operator_id, sub_operator_id, id, name, name_sort, version, created_at)
		VALUES ({{own driver_groups}}, ?, ?, ?, ?, ?)`)
	qGroupSave = stmt(`UPDATE driver_groups SET name = ?, name_sort = ?, version = version + 1
		WHERE {{scope driver_groups driver_groups}} AND id = ? AND version = ?`)
	qGroupDelete = stmt(`DELETE FROM driver_groups WHERE {{scope driver_groups driver_groups}} AND id = ? AND version = ?`)
	qGroupRev    = stmt(`SELECT g.version FROM driver_groups g WHERE {{scope driver_groups g}} AND g.id = ?`)
	qGroup       = stmt(`SELECT ` + groupCols + ` FROM driver_groups g WHERE {{scope driver_groups g}} AND g.id = ?`)

	groupList = listing(listSpec{
		Cols: groupCols, From: `driver_groups g`,
		Where: `{{scope driver_groups g}} {{if name}} AND g.name_sort >= ? AND g.name_sort < ? {{end}}`,
		ID:    `g.id`, Sorts: map[string]string{"name": `g.name_sort`, "created_at": `g.created_at`}, Sort: "name",
	})
)

func scanGroup(r *Row, g *member.Group) error {
	return r.Scan(&g.ID, &g.Operator, &g.Sub, &g.Name, &g.Version, &g.Members)
}

var groupTaken = fault.New(fault.Conflict, "group_taken", "Another group has this name.").At("/name", "is taken")

// InsertGroup implements member.Tx.
func (tx *Tx) InsertGroup(g member.Group) error {
	_, err := tx.exec(qGroupInsert, g.Operator, g.Sub, g.ID, g.Name, sortKey(g.Name), g.Version, tx.now)
	if duplicate(err, "driver_groups_name") {
		return groupTaken
	}
	return err
}

// SaveGroup implements member.Tx.
func (tx *Tx) SaveGroup(g member.Group, version int64) error {
	n, err := tx.exec(qGroupSave, g.Name, sortKey(g.Name), g.ID, version)
	if duplicate(err, "driver_groups_name") {
		return groupTaken
	}
	return tx.oneVersion("group", n, err, qGroupRev, g.ID, version)
}

// DeleteGroup implements member.Tx.
func (tx *Tx) DeleteGroup(id ident.Group, version int64) error {
	n, err := tx.exec(qGroupDelete, id, version)
	return tx.oneVersion("group", n, err, qGroupRev, id, version)
}

// GroupByID implements member.Tx.
func (tx *Tx) GroupByID(id ident.Group) (member.Group, error) {
	return one(tx, "group", qGroup, scanGroup, id)
}

// ListGroups implements member.Tx.
func (tx *Tx) ListGroups(f member.GroupFilter, p operator.Page) (operator.List[member.Group], error) {
	return listed(list(tx, groupList, pageOf(p), scanGroup, nameFrom(f.Name)))
}
