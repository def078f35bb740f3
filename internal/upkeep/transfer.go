package upkeep

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// FileKind is what a transfer carries.
type FileKind string

// The kinds of files.
const (
	DiagnosticsFile FileKind = "diagnostics"  // GetDiagnostics
	LogFile         FileKind = "log"          // GetLog, the diagnostics log
	SecurityLogFile FileKind = "security_log" // GetLog, the security log
	FirmwareFile    FileKind = "firmware"     // the only one that a device fetches
)

// UploadKinds are those that a device brings.
var UploadKinds = []FileKind{DiagnosticsFile, LogFile, SecurityLogFile}

// TransferState is how far a transfer is.
type TransferState string

// The states of a transfer. Arriving goes back to Waiting where the connection broke; all
// behind Arriving are final.
const (
	TransferWaiting  TransferState = "waiting"
	TransferArriving TransferState = "arriving"
	TransferArrived  TransferState = "arrived"
	TransferFailed   TransferState = "failed"
	TransferExpired  TransferState = "expired" // nobody came
	TransferEnded    TransferState = "ended"   // of a firmware: nobody needs the address any more
)

// How long things of a transfer last.
const (
	// UploadWithin is how long an address for an upload works.
	UploadWithin = 4 * time.Hour
	// FilesKept is how long a file of a charge point is kept: it may name cards.
	FilesKept = 30 * 24 * time.Hour
	// stalled is after how long an upload that began counts as broken off: the node that
	// took it is gone.
	stalled = 90 * time.Minute
)

// Transfer is one file to or from a charge point, and the credentials that open an address
// for it and for nothing else.
type Transfer struct {
	ID       ident.Transfer
	Operator ident.Operator
	Sub      ident.SubOperator
	Point    ident.ChargePoint
	Command  ident.Command
	Image    ident.Image // of FirmwareFile
	Kind     FileKind
	Protocol Protocol
	Request  int32 // requestId of the security extension; 0: none
	Login    string
	Secret   []byte // SHA-256; it is 130 random bits, so that no slow hash is needed

	State     TransferState
	Told      string // the last status that the device told
	FileName  string // as the device named it
	Bytes     int64
	SHA256    string // hex
	Detail    string // why it failed, in words
	CreatedAt time.Time
	ExpiresAt time.Time
	BeganAt   time.Time
	ArrivedAt time.Time
	KeepUntil time.Time
	Version   int64
}

// Vault is the name that the file has in the vault.
func (t Transfer) Vault() string { return t.ID.String() }

// final reports whether nothing more will arrive.
func (t Transfer) final() bool {
	return t.State != TransferWaiting && t.State != TransferArriving
}

var words = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// credentials makes a login of 16 and a secret of 26 letters and digits: short enough for
// any device, and safe in a URL.
func credentials() (login, secret string) {
	var b [26]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return words.EncodeToString(b[:10]), words.EncodeToString(b[10:])
}

func hashSecret(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

func (t Transfer) opens(secret string) bool {
	return subtle.ConstantTimeCompare(t.Secret, hashSecret(secret)) == 1
}

// begun is the transfer while a device brings its file.
func (t Transfer) begun(now time.Time) (Transfer, error) {
	switch {
	case t.Kind == FirmwareFile:
		return t, fault.New(fault.Denied, "read_only", "Nothing can be brought here.")
	case t.State == TransferArrived:
		return t, fault.New(fault.Conflict, "file_arrived", "The file has arrived already. An address works once.")
	case t.State == TransferArriving && now.Before(t.BeganAt.Add(stalled)):
		return t, fault.New(fault.Conflict, "file_arriving", "The file is arriving already, over another connection.")
	case t.final(), !now.Before(t.ExpiresAt):
		return t, fault.NotFound("address for a file")
	}
	t.State, t.BeganAt = TransferArriving, now
	return t, nil
}

// Brought is what came of an upload.
type Brought struct {
	Name   string // as the device named it
	Bytes  int64
	SHA256 string
	// Broken says that the connection broke: the device may try again.
	Broken bool
	// Refused is why nothing more is taken, in words; "": it arrived.
	Refused string
}

// brought is the transfer after an upload.
func (t Transfer) brought(b Brought, now time.Time) Transfer {
	if t.State != TransferArriving {
		return t
	}
	switch {
	case b.Broken && t.Told == "Uploaded": // it will not try again
		t.State, t.Detail = TransferFailed, "The connection broke before the file was here whole; the charge point says that it brought it."
	case b.Broken:
		t.State, t.BeganAt, t.Detail = TransferWaiting, time.Time{}, "The connection broke before the file was here whole."
	case b.Refused != "":
		t.State, t.Detail = TransferFailed, b.Refused
	default:
		t.State, t.FileName, t.Bytes, t.SHA256, t.ArrivedAt, t.Detail = TransferArrived, b.Name, b.Bytes, b.SHA256, now, ""
		t.KeepUntil = now.Add(FilesKept)
	}
	return t
}

// verdict is what is known of the command's effect: whether it is settled, and how.
func (t Transfer) verdict() (settled, ok bool, text string) {
	switch {
	case t.State == TransferFailed:
		return true, false, t.Detail
	case t.State == TransferArrived && t.Told == "Uploaded":
		return true, true, "The file is here."
	}
	return false, false, ""
}

// uploadFailures are the words of DiagnosticsStatusNotification (OCPP 1.6 §7.24) and of
// LogStatusNotification (security whitepaper, UploadLogStatusEnumType) that end an upload.
var uploadFailures = map[string]string{
	"UploadFailed":          "The charge point could not bring the file.",
	"UploadFailure":         "The charge point could not bring the file.",
	"BadMessage":            "The charge point did not understand the address.",
	"NotSupportedOperation": "The charge point does not know the protocol of the address. Choose another one.",
	"PermissionDenied":      "The charge point was refused at the address.",
}

// toldOf is the transfer after the device has told how its upload stands.
func (t Transfer) toldOf(status string) Transfer {
	t.Told = status
	why, failed := uploadFailures[status]
	switch {
	case failed && t.State != TransferExpired:
		t.State, t.Detail = TransferFailed, why
	case status == "Uploaded" && t.State == TransferWaiting: // what is arriving may tell it before its last byte is stored
		t.State, t.Detail = TransferFailed, "The charge point says that it brought the file; none has arrived."
	}
	return t
}

// cleanName is a file's name as a device gave it, without folders and without what no
// database or header takes.
func cleanName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	out := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd || strings.ContainsRune(`"<>|:*?`, r) {
			return -1
		}
		return r
	}, s)
	if len(out) > 100 {
		out = strings.ToValidUTF8(out[:100], "")
	}
	if strings.Trim(out, ".") == "" {
		return ""
	}
	return out
}
