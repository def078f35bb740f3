package cpsim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"path"
	"strings"
	"time"
)

type getDiagnosticsRequest struct {
	Location      string `json:"location"`
	Retries       int    `json:"retries"`
	RetryInterval int    `json:"retryInterval"`
}

type getDiagnosticsResponse struct {
	FileName string `json:"fileName,omitempty"`
}

type getLogRequest struct {
	LogType       string `json:"logType"`
	RequestID     int    `json:"requestId"`
	Retries       int    `json:"retries"`
	RetryInterval int    `json:"retryInterval"`
	Log           struct {
		RemoteLocation string `json:"remoteLocation"`
	} `json:"log"`
}

type getLogResponse struct {
	Status   string `json:"status"`
	FileName string `json:"filename,omitempty"`
}

type updateFirmwareRequest struct {
	Location      string    `json:"location"`
	RetrieveDate  time.Time `json:"retrieveDate"`
	Retries       int       `json:"retries"`
	RetryInterval int       `json:"retryInterval"`
}

type signedUpdateRequest struct {
	RequestID     int `json:"requestId"`
	Retries       int `json:"retries"`
	RetryInterval int `json:"retryInterval"`
	Firmware      struct {
		Location           string    `json:"location"`
		RetrieveDateTime   time.Time `json:"retrieveDateTime"`
		SigningCertificate string    `json:"signingCertificate"`
		Signature          string    `json:"signature"`
	} `json:"firmware"`
}

type fileStatusRequest struct {
	Status    string `json:"status"`
	RequestID *int   `json:"requestId,omitempty"`
}

// fileJob is one file that the point brings or fetches.
type fileJob struct {
	notify   string // the action that tells how it stands
	request  *int
	url      string
	retries  int
	interval time.Duration
	// of firmware
	certificate, signature string
	signed                 bool
}

func (cp *ChargePoint) tell(j fileJob, status string) {
	if j.notify == "FirmwareStatusNotification" || j.notify == "SignedFirmwareStatusNotification" {
		cp.firmwareStatus = status
	} else {
		cp.logStatus = status
	}
	cp.enqueue(&item{action: j.notify, payload: func() any { return fileStatusRequest{status, j.request} }})
}

// told is tell from outside of the lock; false: the point is switched off.
func (cp *ChargePoint) told(j fileJob, status string) bool {
	cp.lock()
	defer cp.unlock()
	if cp.closed {
		return false
	}
	cp.tell(j, status)
	return true
}

func (cp *ChargePoint) getDiagnostics(r getDiagnosticsRequest) reply {
	j := fileJob{notify: "DiagnosticsStatusNotification", url: r.Location, retries: r.Retries, interval: time.Duration(r.RetryInterval) * time.Second}
	name := cp.cfg.Identity + "-diagnostics.log"
	return reply{getDiagnosticsResponse{name}, func() { go cp.upload(j, name, "UploadFailed", cp.diagnostics("diagnostics")) }}
}

func (cp *ChargePoint) getLog(r getLogRequest) reply {
	id := r.RequestID
	j := fileJob{notify: "LogStatusNotification", request: &id, url: r.Log.RemoteLocation, retries: r.Retries, interval: time.Duration(r.RetryInterval) * time.Second}
	name := cp.cfg.Identity + "-" + r.LogType + ".log"
	return reply{getLogResponse{"Accepted", name}, func() { go cp.upload(j, name, "UploadFailure", cp.diagnostics(r.LogType)) }}
}

// diagnostics is what the point knows of itself.
func (cp *ChargePoint) diagnostics(kind string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s of %s, firmware %s, %s\n", kind, cp.cfg.Identity, cp.cfg.Firmware, cp.format(cp.cfg.Now().Add(cp.offset)))
	for _, c := range cp.connectors {
		fmt.Fprintf(&b, "connector %d %s %d Wh\n", c.id, c.status, c.meter.wh)
	}
	for i := 0; b.Len() < cp.cfg.LogBytes; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.Bytes()
}

// again repeats work as often as the server asked for.
func (cp *ChargePoint) again(j fileJob, work func() error) error {
	for try := 0; ; try++ {
		err := work()
		if err == nil || try >= j.retries {
			return err
		}
		if !cp.waits(j.interval) {
			return ErrClosed
		}
	}
}

// waits is a pause; false: the point was switched off meanwhile.
func (cp *ChargePoint) waits(d time.Duration) bool {
	if d > 0 {
		done := make(chan struct{})
		cp.cfg.AfterFunc(d, func() { close(done) })
		<-done
	}
	cp.mu.Lock()
	defer cp.mu.Unlock()
	return !cp.closed
}

func (cp *ChargePoint) upload(j fileJob, name, failed string, content []byte) {
	if !cp.told(j, "Uploading") {
		return
	}
	var err error
	switch {
	case cp.has(QuirkUploadFails):
		err = fmt.Errorf("cpsim: on purpose")
	case !cp.has(QuirkUploadLies):
		err = cp.again(j, func() error { return cp.bring(context.Background(), j.url, name, content) })
	}
	if err != nil {
		cp.fileFault(j, err)
		cp.told(j, failed)
		return
	}
	cp.told(j, "Uploaded")
}

func (cp *ChargePoint) fileFault(j fileJob, err error) {
	cp.lock()
	defer cp.unlock()
	cp.emit(Event{Kind: NoFile, Action: j.notify, Err: err})
}

func (cp *ChargePoint) updateFirmware(r updateFirmwareRequest) reply {
	j := fileJob{notify: "FirmwareStatusNotification", url: r.Location, retries: r.Retries, interval: time.Duration(r.RetryInterval) * time.Second}
	return reply{empty{}, func() { cp.installAt(j, r.RetrieveDate) }}
}

func (cp *ChargePoint) signedUpdate(r signedUpdateRequest) reply {
	if _, err := signingKey(r.Firmware.SigningCertificate); err != nil {
		return status("InvalidCertificate")
	}
	id := r.RequestID
	j := fileJob{notify: "SignedFirmwareStatusNotification", request: &id, url: r.Firmware.Location, retries: r.Retries, signed: true,
		interval: time.Duration(r.RetryInterval) * time.Second, certificate: r.Firmware.SigningCertificate, signature: r.Firmware.Signature}
	return reply{statusResponse{"Accepted"}, func() { cp.installAt(j, r.Firmware.RetrieveDateTime) }}
}

func (cp *ChargePoint) installAt(j fileJob, at time.Time) {
	wait := at.Sub(cp.cfg.Now().Add(cp.offset))
	if wait <= 0 {
		go cp.install(j)
		return
	}
	if j.signed {
		cp.tell(j, "DownloadScheduled")
	}
	cp.after(wait, func() { go cp.install(j) })
}

// install goes the way of OCPP 1.6 §4.5, one step at a time.
func (cp *ChargePoint) install(j fileJob) {
	if !cp.told(j, "Downloading") {
		return
	}
	var image []byte
	err := cp.again(j, func() (err error) { image, err = cp.fetch(context.Background(), j.url); return err })
	if err != nil || cp.has(QuirkDownloadFails) {
		if err != nil {
			cp.fileFault(j, err)
		}
		cp.told(j, "DownloadFailed")
		return
	}
	if !cp.told(j, "Downloaded") || !cp.waits(cp.cfg.StepTime) {
		return
	}
	if j.signed {
		if err := checkSignature(j.certificate, j.signature, image); err != nil || cp.has(QuirkBadSignature) {
			cp.told(j, "InvalidSignature")
			return
		}
		cp.told(j, "SignatureVerified")
	}
	if !cp.told(j, "Installing") || !cp.waits(cp.cfg.StepTime) {
		return
	}
	if cp.has(QuirkInstallFails) {
		cp.told(j, "InstallationFailed")
		return
	}
	cp.lock()
	defer cp.unlock()
	if cp.closed {
		return
	}
	if !cp.has(QuirkOldFirmware) {
		cp.cfg.Firmware = releaseOf(image, j.url)
	}
	cp.tell(j, "Installed")
	cp.resetting = true // it restarts when that is told
}

// releaseOf is the version of an image: what stands behind "firmware " in its first line,
// else the name of its file.
func releaseOf(image []byte, url string) string {
	line, _, _ := bytes.Cut(image, []byte("\n"))
	if v, ok := bytes.CutPrefix(line, []byte("firmware ")); ok && len(v) <= 50 {
		return strings.TrimSpace(string(v))
	}
	base := path.Base(url)
	return strings.TrimSuffix(base, path.Ext(base))
}

func signingKey(certificate string) (crypto.PublicKey, error) {
	block, _ := pem.Decode([]byte(certificate))
	if block == nil {
		return nil, fmt.Errorf("cpsim: no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return cert.PublicKey, nil
}

func checkSignature(certificate, signature string, image []byte) error {
	key, err := signingKey(certificate)
	if err != nil {
		return err
	}
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(image)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, sum[:], sig) {
			return nil
		}
	case *rsa.PublicKey:
		if rsa.VerifyPSS(k, crypto.SHA256, sum[:], sig, nil) == nil {
			return nil
		}
	}
	return fmt.Errorf("cpsim: the signature is not of this image")
}
