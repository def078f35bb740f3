package store

import (
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

var _ = table("firmware_images", own, plain(`id operator_id sub_operator_id name vendor model release_name file_name state bytes sha256 signature
	certificate signer created_by created_at ready_at version`))

const imageCols = `i.id, i.operator_id, i.sub_operator_id, i.name, i.vendor, i.model, i.release_name, i.file_name, i.state, i.bytes, i.sha256,
	i.signature, i.certificate, i.signer, i.created_by, i.created_at, i.ready_at, i.version`

var (
	qImageInsert = stmt(`INSERT INTO firmware_images (operator_id, sub_operator_id, id, name, vendor, model, release_name, file_name, state, bytes,
			sha256, signature, certificate, signer, created_by, created_at, ready_at, version)
		VALUES ({{own firmware_images}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qImageSave = stmt(`UPDATE firmware_images SET state = ?, bytes = ?, sha256 = ?, ready_at = ?, version = version + 1
		WHERE {{scope firmware_images firmware_images}} AND id = ? AND version = ?`)
	qImageVersion = stmt(`SELECT i.version FROM firmware_images i WHERE {{scope firmware_images i}} AND i.id = ?`)
	qImage        = stmt(`SELECT ` + imageCols + ` FROM firmware_images i WHERE {{scope firmware_images i}} AND i.id = ?`)
	qImageDelete  = stmt(`DELETE FROM firmware_images WHERE {{scope firmware_images firmware_images}} AND id = ? AND version = ?`)
	qImageAsked   = stmt(`SELECT count(*) FROM firmware_installs n WHERE {{scope firmware_installs n key}} AND n.image_id = ? AND n.ended_at IS NULL`)
	qImageMeant   = stmt(`SELECT count(*) FROM firmware_campaigns c WHERE {{scope firmware_campaigns c key}} AND c.image_id = ? AND c.ended_at IS NULL`)
	qImageBack    = stmt(`SELECT count(*) FROM firmware_campaigns c WHERE {{scope firmware_campaigns c key}} AND c.rollback_id = ? AND c.ended_at IS NULL`)

	imageList = listing(listSpec{
		Cols: imageCols, From: "firmware_images i",
		Where: `{{scope firmware_images i}} {{if model}} AND i.model = ? {{end}} {{if state}} AND i.state = ? {{end}}`,
		ID:    "i.id", Sorts: map[string]string{"created_at": "i.created_at"}, Sort: "-created_at",
	})
)

func scanImage(r *Row, i *upkeep.Image) error {
	return r.Scan(&i.ID, &i.Operator, &i.Sub, &i.Name, &i.Vendor, &i.Model, &i.Release, &i.FileName, &i.State, &i.Bytes, &i.SHA256,
		&i.Signature, &i.Certificate, &i.Signer, &i.CreatedBy, &i.CreatedAt, &i.ReadyAt, &i.Version)
}

// InsertImage implements upkeep.ImageTx.
func (tx *Tx) InsertImage(i upkeep.Image) error {
	_, err := tx.exec(qImageInsert, i.Operator, i.Sub, i.ID, i.Name, i.Vendor, i.Model, i.Release, i.FileName, i.State, i.Bytes,
		i.SHA256, i.Signature, i.Certificate, i.Signer, i.CreatedBy, i.CreatedAt, i.ReadyAt, i.Version)
	return err
}

// SaveImage implements upkeep.ImageTx.
func (tx *Tx) SaveImage(i upkeep.Image, version int64) error {
	n, err := tx.exec(qImageSave, i.State, i.Bytes, i.SHA256, i.ReadyAt, i.ID, version)
	return tx.oneVersion("firmware image", n, err, qImageVersion, i.ID, version)
}

// ImageByID implements upkeep.ImageTx.
func (tx *Tx) ImageByID(id ident.Image) (upkeep.Image, error) {
	return one(tx, "firmware image", qImage, scanImage, id)
}

// ImageList implements upkeep.ImageTx.
func (tx *Tx) ImageList(f upkeep.ImageFilter, p operator.Page) (operator.List[upkeep.Image], error) {
	l, err := list(tx, imageList, pageOf(p), scanImage, optIf(f.Model != "", "model", f.Model), optIf(f.State != "", "state", f.State))
	return operator.List[upkeep.Image]{Items: l.Items, Next: l.Next, Total: l.Total, Capped: l.Capped}, err
}

// DeleteImage implements upkeep.ImageTx.
func (tx *Tx) DeleteImage(id ident.Image, version int64) error {
	n, err := tx.exec(qImageDelete, id, version)
	return tx.oneVersion("firmware image", n, err, qImageVersion, id, version)
}

// ImageInUse implements upkeep.ImageTx.
func (tx *Tx) ImageInUse(id ident.Image) (bool, error) {
	for _, q := range []*Stmt{qImageAsked, qImageMeant, qImageBack} {
		if n, err := scalar[int](tx, q, id); n > 0 || err != nil {
			return n > 0, err
		}
	}
	return false, nil
}
