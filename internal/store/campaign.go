package store

import (
	"time"

	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

var _ = table("firmware_campaigns", own,
	plain(`id operator_id sub_operator_id name image_id rollback_id takes_back_id canary_percent window_from window_to parallel min_count protocol
		signed state why actor total forgave_done forgave_failed due_at created_at ended_at version`),
	// A person's free text.
	personal("reason", "identifier", "24 months from created_at", "overwrite"))

const campaignCols = `c.id, c.operator_id, c.sub_operator_id, c.name, c.image_id, c.rollback_id, c.takes_back_id, c.canary_percent, c.window_from,
	c.window_to, c.parallel, c.min_count, c.protocol, c.signed, c.reason, c.state, c.why, c.actor, c.total, c.forgave_done, c.forgave_failed,
	c.due_at, c.created_at, c.ended_at, c.version`

var (
	qCampaignInsert = stmt(`INSERT INTO firmware_campaigns (operator_id, sub_operator_id, id, name, image_id, rollback_id, takes_back_id, canary_percent,
			window_from, window_to, parallel, min_count, protocol, signed, reason, state, why, actor, total, forgave_done, forgave_failed, due_at,
			created_at, ended_at, version)
		VALUES ({{own firmware_campaigns}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qCampaignSave = stmt(`UPDATE firmware_campaigns SET state = ?, why = ?, forgave_done = ?, forgave_failed = ?, due_at = ?, ended_at = ?,
			version = version + 1
		WHERE {{scope firmware_campaigns firmware_campaigns}} AND id = ? AND version = ?`)
	qCampaignVersion = stmt(`SELECT c.version FROM firmware_campaigns c WHERE {{scope firmware_campaigns c}} AND c.id = ?`)
	qCampaign        = stmt(`SELECT ` + campaignCols + ` FROM firmware_campaigns c WHERE {{scope firmware_campaigns c}} AND c.id = ?`)
	qCampaignLock    = stmt(`SELECT ` + campaignCols + ` FROM firmware_campaigns c WHERE {{scope firmware_campaigns c}} AND c.id = ? {{lock}}`)
	qCampaignsDue    = stmt(`SELECT ` + campaignCols + ` FROM firmware_campaigns c WHERE {{scope firmware_campaigns c}} AND c.due_at <= ?
		ORDER BY c.due_at LIMIT ?`)

	campaignList = listing(listSpec{
		Cols: campaignCols, From: "firmware_campaigns c", Where: `{{scope firmware_campaigns c}}`,
		ID: "c.id", Sorts: map[string]string{"created_at": "c.created_at"}, Sort: "-created_at",
	})
)

// Whether a campaign asks for signed updates: nobody said is "".
func signedText(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

func signedOf(text string) *bool {
	if text == "" {
		return nil
	}
	yes := text == "yes"
	return &yes
}

func scanCampaign(r *Row, c *upkeep.Campaign) error {
	var signed string
	err := r.Scan(&c.ID, &c.Operator, &c.Sub, &c.Name, &c.Image, &c.Rollback, &c.Takes, &c.Canary, &c.From, &c.To, &c.Parallel, &c.MinCount,
		&c.Protocol, &signed, &c.Reason, &c.State, &c.Why, &c.Actor, &c.Total, &c.Forgave.Done, &c.Forgave.Failed, &c.DueAt, &c.CreatedAt,
		&c.EndedAt, &c.Version)
	c.Signed = signedOf(signed)
	return err
}

// InsertCampaign implements upkeep.CampaignTx.
func (tx *Tx) InsertCampaign(c upkeep.Campaign) error {
	_, err := tx.exec(qCampaignInsert, c.Operator, c.Sub, c.ID, c.Name, c.Image, c.Rollback, c.Takes, c.Canary, c.From, c.To, c.Parallel, c.MinCount,
		c.Protocol, signedText(c.Signed), c.Reason, c.State, c.Why, c.Actor, c.Total, c.Forgave.Done, c.Forgave.Failed, c.DueAt, c.CreatedAt,
		c.EndedAt, c.Version)
	return err
}

// SaveCampaign implements upkeep.CampaignTx.
func (tx *Tx) SaveCampaign(c upkeep.Campaign) error {
	n, err := tx.exec(qCampaignSave, c.State, c.Why, c.Forgave.Done, c.Forgave.Failed, c.DueAt, c.EndedAt, c.ID, c.Version)
	return tx.oneVersion("firmware campaign", n, err, qCampaignVersion, c.ID, c.Version)
}

// CampaignByID implements upkeep.CampaignTx.
func (tx *Tx) CampaignByID(id ident.Campaign) (upkeep.Campaign, error) {
	return one(tx, "firmware campaign", qCampaign, scanCampaign, id)
}

// LockCampaign implements upkeep.CampaignTx.
func (tx *Tx) LockCampaign(id ident.Campaign) (upkeep.Campaign, error) {
	return one(tx, "firmware campaign", qCampaignLock, scanCampaign, id)
}

// CampaignList implements upkeep.CampaignTx.
func (tx *Tx) CampaignList(p operator.Page) (operator.List[upkeep.Campaign], error) {
	l, err := list(tx, campaignList, pageOf(p), scanCampaign)
	return operator.List[upkeep.Campaign]{Items: l.Items, Next: l.Next, Total: l.Total, Capped: l.Capped}, err
}

// DueCampaigns implements upkeep.CampaignTx.
func (tx *Tx) DueCampaigns(now time.Time, limit int) ([]upkeep.Campaign, error) {
	return all(tx, qCampaignsDue, scanCampaign, now, limit)
}
