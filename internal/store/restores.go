package store

var _ = table("restores", global, prunable(), plain("restored_at taken_at first_lost last_lost"))

var qLostNumber = stmt(`SELECT count(*) FROM restores r WHERE r.first_lost <= ? AND r.last_lost >= ? {{unscoped numbers belong to no tenant}}`)

// LostNumber implements session.Tx.
func (tx *Tx) LostNumber(ocppID int64) (bool, error) {
	n, err := scalar[int](tx, qLostNumber, ocppID, ocppID)
	return n > 0, err
}
