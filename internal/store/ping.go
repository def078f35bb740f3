package store

var qPing = stmt(`SELECT count(*) FROM cursors c WHERE c.name = '' {{unscoped is the database there}}`)

// Ping asks the database something that costs nothing.
func (tx *Tx) Ping() error {
	_, err := scalar[int64](tx, qPing)
	return err
}
