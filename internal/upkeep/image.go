package upkeep

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// ImageState is how far a firmware image is.
type ImageState string

// The states of an image.
const (
	ImageDraft ImageState = "draft" // it has no file yet
	ImageReady ImageState = "ready"
)

// MaxImage is the largest firmware image, in bytes.
const MaxImage = 1 << 30

// Image is a firmware image for one model.
type Image struct {
	ID            ident.Image
	Operator      ident.Operator
	Sub           ident.SubOperator
	Name          string
	Vendor, Model string // as the device tells them in its boot
	Release       string // the firmware's version, as the device will tell it
	FileName      string
	State         ImageState
	Bytes         int64
	SHA256        string // hex
	// Signature and Certificate are for SignedUpdateFirmware; both or none.
	Signature   string // base64
	Certificate string // PEM
	Signer      string // subject of the certificate
	CreatedBy   string // as asset.ActorOf says it
	CreatedAt   time.Time
	ReadyAt     time.Time
	Missing     bool // it is ready, and its file is not here: no backup has it
	Version     int64
}

// Vault is the name that the file has in the vault.
func (i Image) Vault() string { return i.ID.String() }

// Signed reports whether a device can check the image.
func (i Image) Signed() bool { return i.Signature != "" }

// fits refuses a point that the image is not for.
func (i Image) fits(p asset.ChargePoint) error {
	if !strings.EqualFold(strings.TrimSpace(p.Vendor), i.Vendor) || !strings.EqualFold(strings.TrimSpace(p.Model), i.Model) {
		return fault.New(fault.Conflict, "image_of_another_model", "The image is for %s %s. %s tells that it is %s.", i.Vendor, i.Model, p.Name, nameOf(p))
	}
	return nil
}

func nameOf(p asset.ChargePoint) string {
	if p.Model == "" {
		return "nothing that is known yet"
	}
	return strings.TrimSpace(p.Vendor + " " + p.Model)
}

// ImageTx keeps images.
type ImageTx interface {
	InsertImage(Image) error
	SaveImage(i Image, version int64) error
	ImageByID(ident.Image) (Image, error)
	ImageList(ImageFilter, operator.Page) (operator.List[Image], error)
	DeleteImage(id ident.Image, version int64) error
	// ImageInUse reports whether it is on its way somewhere, or a campaign that is not over
	// names it.
	ImageInUse(ident.Image) (bool, error)
}

// ImageFilter narrows a list of images; zero fields do not narrow.
type ImageFilter struct {
	Model string // exactly
	State ImageState
}

// Bounds of the security whitepaper for a certificate and a signature.
const (
	maxCertificate = 5500
	maxSignature   = 800
)

func (i Image) checked(now time.Time) (Image, error) {
	for _, f := range []struct {
		pointer string
		text    *string
		most    int
	}{{"/name", &i.Name, 100}, {"/vendor", &i.Vendor, 50}, {"/model", &i.Model, 50}, {"/release", &i.Release, 50}, {"/file_name", &i.FileName, 100}} {
		*f.text = strings.TrimSpace(*f.text)
		if *f.text == "" || len([]rune(*f.text)) > f.most || strings.ContainsFunc(*f.text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return i, fault.BadInput(f.pointer, "must be there, with at most %d characters", f.most)
		}
	}
	if strings.ContainsFunc(i.FileName, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_')
	}) || strings.Trim(i.FileName, ".") == "" {
		return i, fault.BadInput("/file_name", "must be of the characters A-Z a-z 0-9 . - _: some devices stumble over others")
	}
	i.Signature, i.Certificate = strings.TrimSpace(i.Signature), strings.TrimSpace(i.Certificate)
	switch {
	case i.Signature == "" && i.Certificate == "":
		return i, nil
	case i.Signature == "" || len(i.Signature) > maxSignature:
		return i, fault.BadInput("/signature", "must be there beside the certificate, in base64 with at most %d characters", maxSignature)
	case i.Certificate == "" || len(i.Certificate) > maxCertificate:
		return i, fault.BadInput("/certificate", "must be there beside the signature, in PEM with at most %d characters", maxCertificate)
	}
	if _, err := base64.StdEncoding.DecodeString(i.Signature); err != nil {
		return i, fault.BadInput("/signature", "is no base64")
	}
	cert, err := signer(i.Certificate)
	if err != nil {
		return i, err
	}
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return i, fault.BadInput("/certificate", "is not valid now: it is from %s to %s", cert.NotBefore.UTC().Format(time.DateOnly), cert.NotAfter.UTC().Format(time.DateOnly))
	}
	i.Signer = cert.Subject.String()
	return i, nil
}

func signer(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fault.BadInput("/certificate", "is no certificate in PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fault.BadInput("/certificate", "is no certificate in PEM")
	}
	return cert, nil
}

// Verify checks that the file is the one that the image had, where it had one, and the
// signature against the SHA-256 of the file: RSA-PSS as the security whitepaper wants it,
// RSA of PKCS #1 v1.5 and ECDSA as vendors do it.
func (i Image) Verify(digest []byte) error {
	if i.SHA256 != "" && i.SHA256 != hex.EncodeToString(digest) {
		return fault.New(fault.Invalid, "another_file", "This is not the file that the image had. Nothing was kept: look for that one, or make another image for this one.")
	}
	if !i.Signed() {
		return nil
	}
	cert, err := signer(i.Certificate)
	if err != nil {
		return err
	}
	sig, err := base64.StdEncoding.DecodeString(i.Signature)
	if err != nil {
		return fault.BadInput("/signature", "is no base64")
	}
	var good bool
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		good = rsa.VerifyPSS(key, crypto.SHA256, digest, sig, nil) == nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, sig) == nil
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(key, digest, sig)
	default:
		return fault.BadInput("/certificate", "has a key that is neither RSA nor ECDSA")
	}
	if !good {
		return fault.New(fault.Invalid, "bad_signature",
			"The signature is not of this file by this certificate. Nothing was kept: look for the right file, or make the image anew with the right signature.")
	}
	return nil
}

// CreateImage makes an image without a file yet.
func (s *Service) CreateImage(ctx context.Context, sc authz.Scope, i Image) (Image, error) {
	if sc.Operator().IsZero() {
		return i, fault.New(fault.Denied, "operator_needed", "Enter an operator first.")
	}
	err := s.write(ctx, sc, func(tx Tx) error {
		n, err := i.checked(tx.Now())
		if err != nil {
			return err
		}
		n.ID, n.Operator, n.Sub, n.State, n.Version = ident.New[ident.Image](tx.Now()), sc.Operator(), sc.Sub(), ImageDraft, 1
		n.CreatedAt, n.CreatedBy = tx.Now(), asset.ActorOf(sc)
		if err := tx.InsertImage(n); err != nil {
			return err
		}
		i = n
		return tx.Audit("firmware_image.created", n.ID.String(), nil, noteOf(n))
	})
	return i, err
}

type imageNote struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor"`
	Model   string `json:"model"`
	Release string `json:"release"`
	SHA256  string `json:"sha256,omitempty"`
	Signer  string `json:"signer,omitempty"`
}

func noteOf(i Image) imageNote {
	return imageNote{i.Name, i.Vendor, i.Model, i.Release, i.SHA256, i.Signer}
}

// DraftImage is an image that waits for its file, or has lost it.
func (s *Service) DraftImage(ctx context.Context, sc authz.Scope, id ident.Image, version int64) (i Image, err error) {
	missing := s.missing(Image{ID: id}.Vault())
	err = s.read(ctx, sc, func(tx Tx) error {
		if i, err = tx.ImageByID(id); err != nil {
			return err
		}
		switch {
		case i.State != ImageDraft && !missing:
			return fault.New(fault.Conflict, "image_has_file", "The image has its file. Make another image for another file.")
		case i.Version != version:
			return fault.Stale(i.Version, version)
		}
		return nil
	})
	return i, err
}

// FinishImage has the file of a draft checked: digest is its SHA-256. An image with a
// signature that is not the file's stays without it.
func (s *Service) FinishImage(ctx context.Context, sc authz.Scope, i Image, bytes int64, digest []byte) (Image, error) {
	if err := i.Verify(digest); err != nil {
		return i, err
	}
	err := s.write(ctx, sc, func(tx Tx) error {
		n := i
		n.Missing = false
		n.State, n.Bytes, n.SHA256, n.ReadyAt = ImageReady, bytes, hex.EncodeToString(digest), tx.Now()
		if err := tx.SaveImage(n, i.Version); err != nil {
			return err
		}
		n.Version++
		if err := tx.Audit("firmware_image.uploaded", n.ID.String(), nil, noteOf(n)); err != nil {
			return err
		}
		i = n
		return nil
	})
	return i, err
}

// Image is one image.
func (s *Service) Image(ctx context.Context, sc authz.Scope, id ident.Image) (i Image, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { i, err = tx.ImageByID(id); return err })
	return s.looked(i), err
}

// Images lists images, the newest first.
func (s *Service) Images(ctx context.Context, sc authz.Scope, f ImageFilter, p operator.Page) (l operator.List[Image], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.ImageList(f, p); return err })
	for k := range l.Items {
		l.Items[k] = s.looked(l.Items[k])
	}
	return l, err
}

// DeleteImage forgets an image that nothing needs. remove takes its file out of the vault by
// its name; where it cannot, the image stays.
func (s *Service) DeleteImage(ctx context.Context, sc authz.Scope, id ident.Image, version int64, remove func(string) error) error {
	return s.write(ctx, sc, func(tx Tx) error {
		i, err := tx.ImageByID(id)
		if err != nil {
			return err
		}
		used, err := tx.ImageInUse(id)
		if err != nil {
			return err
		}
		if used {
			return fault.New(fault.Conflict, "image_in_use", "%s is on its way to charge points, or a campaign names it. End that first.", i.Name)
		}
		if err := tx.DeleteImage(id, version); err != nil {
			return err
		}
		if err := tx.Audit("firmware_image.deleted", id.String(), noteOf(i), nil); err != nil {
			return err
		}
		return remove(i.Vault())
	})
}

// ImageOf is the image that a transfer is for, under its own name.
func (s *Service) ImageOf(ctx context.Context, t Transfer, name string) (i Image, err error) {
	err = s.read(ctx, authz.ForSystem(t.Operator, "a charge point fetches firmware"), func(tx Tx) error {
		if i, err = tx.ImageByID(t.Image); err != nil {
			return err
		}
		if i.State != ImageReady || i.FileName != name {
			return fault.NotFound("file")
		}
		return nil
	})
	return i, err
}
