package asset

import "ccms/internal/fault"

// CertificateUse is what a certificate that a device keeps is trusted for.
type CertificateUse string

// The uses (security whitepaper, CertificateUseEnumType).
const (
	CentralRoot      CertificateUse = "central_system_root"
	ManufacturerRoot CertificateUse = "manufacturer_root"
)

func (u CertificateUse) known() bool { return u == CentralRoot || u == ManufacturerRoot }

// CertificateHash names a certificate that a device keeps.
type CertificateHash struct {
	Algorithm string `json:"hash_algorithm"` // SHA256, SHA384 or SHA512
	Name      string `json:"issuer_name_hash"`
	Key       string `json:"issuer_key_hash"`
	Serial    string `json:"serial_number"`
}

// InstallCertificate gives the device a root certificate to trust.
type InstallCertificate struct {
	Use CertificateUse `json:"use"`
	PEM string         `json:"pem"`
}

// DeleteCertificate takes a root certificate from the device.
type DeleteCertificate struct {
	Hash CertificateHash `json:"hash"`
}

// GetCertificates asks which root certificates the device has.
type GetCertificates struct {
	Use CertificateUse `json:"use"`
}

// CertificateSigned gives the device its own certificate, for the request it made.
type CertificateSigned struct {
	Chain string `json:"chain"` // PEM, its own first
}

// ExtendedTrigger is Trigger of the security extension: it can ask for a request for a
// certificate, and for the status of a log.
type ExtendedTrigger struct {
	Message   string `json:"message"`
	Connector int    `json:"connector,omitempty"`
}

func (InstallCertificate) commandType() CommandType { return CommandInstallCert }
func (DeleteCertificate) commandType() CommandType  { return CommandDeleteCert }
func (GetCertificates) commandType() CommandType    { return CommandGetCerts }
func (CertificateSigned) commandType() CommandType  { return CommandCertSigned }
func (ExtendedTrigger) commandType() CommandType    { return CommandExtendedTrigger }

// How long certificates may be (security whitepaper).
const (
	maxPEM   = 5500
	maxChain = 10000
)

func (a InstallCertificate) check() error {
	var bad flaws
	if !a.Use.known() {
		bad.add("/use", "must be central_system_root or manufacturer_root")
	}
	if a.PEM == "" || len(a.PEM) > maxPEM {
		bad.add("/certificate_pem", "must be a certificate in PEM of at most 5500 characters")
	} else if chain, err := readChain(a.PEM); err != nil || len(chain) != 1 || !chain[0].IsCA {
		bad.add("/certificate_pem", "must be one certificate in PEM, of an authority")
	}
	return bad.err()
}

func (a DeleteCertificate) check() error {
	var bad flaws
	switch a.Hash.Algorithm {
	case "SHA256", "SHA384", "SHA512":
	default:
		bad.add("/hash/hash_algorithm", "must be SHA256, SHA384 or SHA512")
	}
	bad.text("/hash/issuer_name_hash", a.Hash.Name, 1, 128)
	bad.text("/hash/issuer_key_hash", a.Hash.Key, 1, 128)
	bad.text("/hash/serial_number", a.Hash.Serial, 1, 40)
	return bad.err()
}

func (a GetCertificates) check() error {
	if !a.Use.known() {
		return fault.BadInput("/use", "must be central_system_root or manufacturer_root")
	}
	return nil
}

func (a CertificateSigned) check() error {
	if a.Chain == "" || len(a.Chain) > maxChain {
		return fault.BadInput("/chain", "must be certificates in PEM of at most 10000 characters")
	}
	return nil
}

func (a ExtendedTrigger) check() error {
	var bad flaws
	// Security whitepaper, MessageTriggerEnumType.
	switch a.Message {
	case "BootNotification", "LogStatusNotification", "FirmwareStatusNotification", "Heartbeat", "MeterValues", "SignChargePointCertificate", "StatusNotification":
	default:
		bad.add("/requested_message", "is no message that a charge point can be asked for")
	}
	if a.Connector < 0 || a.Connector > maxConnectors {
		bad.add("/connector", "must be the number of a connector")
	}
	return bad.err()
}
