package upkeep

import (
	"context"
	"errors"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// No backup holds the files of charge points. After a restore there are rows without their
// file, until somebody copies it or uploads it again, and files without a row.

// Keep says how to find out whether a file is here, by its name in the vault; before the
// first call all are. It is asked outside of transactions.
func (s *Service) Keep(has func(name string) bool) { s.has = has }

func (s *Service) missing(name string) bool { return s.has != nil && !s.has(name) }

// looked is the image with what is seen of its file.
func (s *Service) looked(i Image) Image {
	i.Missing = i.State == ImageReady && s.missing(i.Vault())
	return i
}

func (s *Service) lookedFile(r FileRow) FileRow {
	r.Missing = !r.ArrivedAt.IsZero() && s.missing(r.Vault())
	return r
}

// errFileMissing is for who needs the file of an image.
func errFileMissing(i Image) error {
	return fault.New(fault.Conflict, "image_file_missing", "The file of %s is not on this server: backups leave it out. Upload the same file again, on the page of firmware images.", i.Name)
}

// strayStep is how many files one transaction looks at.
const strayStep = 200

// SweepStrays removes files that have no row any more, of the ones in the vault by their
// names, and returns how many. What bears another name than ours is left alone. Where not
// one of them has a row none is removed: it is rather the wrong folder, or the wrong
// database.
func (s *Service) SweepStrays(ctx context.Context, names []string, remove func(string) error) (gone int, err error) {
	var strays []string
	owned := 0
	for len(names) > 0 {
		step := names[:min(strayStep, len(names))]
		names = names[len(step):]
		var found []string
		n := 0
		if err := s.read(ctx, authz.Everything("files without a row"), func(tx Tx) error {
			found, n = nil, 0
			for _, name := range step {
				there, ours, err := rowOf(tx, name)
				switch {
				case err != nil:
					return err
				case there:
					n++
				case ours:
					found = append(found, name)
				}
			}
			return nil
		}); err != nil {
			return 0, err
		}
		strays, owned = append(strays, found...), owned+n
	}
	if owned == 0 {
		return 0, nil
	}
	var errs []error
	for _, name := range strays {
		if err := remove(name); err != nil {
			errs = append(errs, err)
			continue
		}
		gone++
	}
	return gone, errors.Join(errs...)
}

// rowOf looks for the row of a file in the vault; ours says whether the name is one of ours.
func rowOf(tx Tx, name string) (there, ours bool, err error) {
	if id, bad := ident.Parse[ident.Image](name); bad == nil {
		_, err = tx.ImageByID(id)
	} else if id, bad := ident.Parse[ident.Transfer](name); bad == nil {
		_, err = tx.TransferByID(id)
	} else {
		return false, false, nil
	}
	if fault.Is(err, fault.Missing) {
		return false, true, nil
	}
	return err == nil, true, err
}
