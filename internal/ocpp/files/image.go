package files

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"ccms/internal/fault"
	"ccms/internal/upkeep"
)

// image opens the firmware that the transfer is for. Another name than its own is nothing.
func (d *Door) image(ctx context.Context, t upkeep.Transfer, name string) (upkeep.Image, io.ReadSeekCloser, error) {
	img, err := d.transfers.ImageOf(ctx, t, name)
	if err != nil {
		return img, nil, err
	}
	f, err := d.vault.Open(ctx, img.Operator, img.Vault(), img.Bytes)
	if errors.Is(err, fs.ErrNotExist) {
		err = fault.NotFound("file of this image").Because(err)
	}
	return img, f, err
}
