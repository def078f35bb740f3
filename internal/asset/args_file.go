package asset

import (
	"net/url"
	"slices"
	"time"

	"ccms/internal/fault"
)

// Transfer is where a device fetches a file from or brings one to, and how often it
// tries.
type Transfer struct {
	URL      string `json:"url"` // with the credentials for this one transfer
	Retries  int    `json:"retries,omitempty"`
	Interval int    `json:"retry_interval_s,omitempty"`
}

// UpdateFirmware has the device fetch an image and install it (OCPP 1.6 §5.19).
type UpdateFirmware struct {
	Transfer
	At time.Time `json:"at"` // not before
}

// SignedUpdate is UpdateFirmware with a signature that the device checks (security
// whitepaper, SignedUpdateFirmware).
type SignedUpdate struct {
	Transfer
	Request     int32     `json:"request_id"`
	At          time.Time `json:"at"`
	InstallAt   time.Time `json:"install_at,omitzero"`
	Certificate string    `json:"signing_certificate"` // PEM
	Signature   string    `json:"signature"`           // base64
}

// GetDiagnostics has the device bring its diagnostics (OCPP 1.6 §5.9).
type GetDiagnostics struct {
	Transfer
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// LogKind is which log a device is asked for.
type LogKind string

// The logs.
const (
	DiagnosticsLog LogKind = "diagnostics"
	SecurityLog    LogKind = "security"
)

// GetLog is GetDiagnostics of the security extension.
type GetLog struct {
	Transfer
	Request int32     `json:"request_id"`
	Log     LogKind   `json:"log"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
}

// DataTransfer is a vendor's own message.
type DataTransfer struct {
	Vendor  string `json:"vendor_id"`
	Message string `json:"message_id,omitempty"`
	Data    string `json:"data,omitempty"`
}

func (UpdateFirmware) commandType() CommandType { return CommandUpdateFirmware }
func (SignedUpdate) commandType() CommandType   { return CommandSignedUpdate }
func (GetDiagnostics) commandType() CommandType { return CommandGetDiagnostics }
func (GetLog) commandType() CommandType         { return CommandGetLog }
func (DataTransfer) commandType() CommandType   { return CommandDataTransfer }

// Bounds of a transfer.
const (
	maxLocation = 512 // security whitepaper, remoteLocation
	maxRetries  = 20
	maxInterval = 24 * 3600
	maxData     = 65536 // bytes of a vendor's message: a quarter of the longest frame
)

func (t Transfer) check(bad *flaws) {
	u, err := url.Parse(t.URL)
	if err != nil || len(t.URL) > maxLocation || u.Host == "" || !slices.Contains([]string{"http", "https", "ftp", "ftps"}, u.Scheme) {
		bad.add("/url", "must be an address that begins with https, http, ftp or ftps, of at most 512 characters")
	}
	if t.Retries < 0 || t.Retries > maxRetries {
		bad.add("/retries", "must be between 0 and 20")
	}
	if t.Interval < 0 || t.Interval > maxInterval {
		bad.add("/retry_interval_s", "must be between 0 and 86400 seconds")
	}
}

func (a UpdateFirmware) check() error {
	var bad flaws
	a.Transfer.check(&bad)
	if a.At.IsZero() {
		bad.add("/at", "must say when")
	}
	return bad.err()
}

func (a SignedUpdate) check() error {
	var bad flaws
	a.Transfer.check(&bad)
	if a.At.IsZero() {
		bad.add("/at", "must say when")
	}
	if !a.InstallAt.IsZero() && a.InstallAt.Before(a.At) {
		bad.add("/install_at", "must not be before the image is fetched")
	}
	if a.Certificate == "" || len(a.Certificate) > maxPEM {
		bad.add("/signing_certificate", "must be a certificate in PEM of at most 5500 characters")
	}
	if a.Signature == "" || len(a.Signature) > 800 {
		bad.add("/signature", "must be a signature in base64 of at most 800 characters")
	}
	return bad.err()
}

func span(bad *flaws, from, to time.Time) {
	if !from.IsZero() && !to.IsZero() && !to.After(from) {
		bad.add("/to", "must be after from")
	}
}

func (a GetDiagnostics) check() error {
	var bad flaws
	a.Transfer.check(&bad)
	span(&bad, a.From, a.To)
	return bad.err()
}

func (a GetLog) check() error {
	var bad flaws
	a.Transfer.check(&bad)
	span(&bad, a.From, a.To)
	if a.Log != DiagnosticsLog && a.Log != SecurityLog {
		bad.add("/log", "must be diagnostics or security")
	}
	return bad.err()
}

func (a DataTransfer) check() error {
	var bad flaws
	bad.text("/vendor_id", a.Vendor, 1, 255)
	bad.text("/message_id", a.Message, 0, 50)
	if len(a.Data) > maxData {
		return fault.BadInput("/data", "must be at most 65536 bytes")
	}
	return bad.err()
}
