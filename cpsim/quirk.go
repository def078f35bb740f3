package cpsim

import (
	"fmt"
	"slices"
	"strings"
)

// Quirk names one misbehaviour that is seen in the field.
type Quirk string

// The quirks. What each does is in its line of AllQuirks.
const (
	QuirkHalfOpen          Quirk = "half-open"
	QuirkBootAgain         Quirk = "boot-again"
	QuirkIDsRestart        Quirk = "ids-restart"
	QuirkInvalidJSON       Quirk = "invalid-json"
	QuirkNoZone            Quirk = "no-zone"
	QuirkStartTwice        Quirk = "start-twice"
	QuirkStopZero          Quirk = "stop-id-zero"
	QuirkOfflineMinusOne   Quirk = "offline-id-minus-one"
	QuirkStopUnknown       Quirk = "stop-unknown"
	QuirkMeterZero         Quirk = "meter-id-zero"
	QuirkStatusBeforeStop  Quirk = "status-before-stop"
	QuirkMeterResetReboot  Quirk = "meter-reset-reboot"
	QuirkMeterResetTx      Quirk = "meter-reset-transaction"
	QuirkNeverAnswer       Quirk = "never-answer"
	QuirkRejectRemote      Quirk = "reject-remote"
	QuirkNoBoot            Quirk = "no-boot"
	QuirkAuthorizeOnStop   Quirk = "authorize-on-stop"
	QuirkChargeAnyway      Quirk = "charge-anyway"
	QuirkIgnoreServerTime  Quirk = "ignore-server-time"
	QuirkUploadFails       Quirk = "upload-fails"
	QuirkUploadLies        Quirk = "upload-lies"
	QuirkDownloadFails     Quirk = "download-fails"
	QuirkInstallFails      Quirk = "install-fails"
	QuirkBadSignature      Quirk = "bad-signature"
	QuirkOldFirmware       Quirk = "old-firmware"
	QuirkRefuseList        Quirk = "refuse-list"
	QuirkForgetList        Quirk = "forget-list"
	QuirkRefuseReservation Quirk = "refuse-reservation"
	QuirkIgnoreZero        Quirk = "ignore-zero"
)

// QuirkDoc is one line of the list that `cpsim quirks` prints.
type QuirkDoc struct {
	Name  Quirk
	Field int // number of the field behaviour, 0: none of the list
	Doc   string
}

// AllQuirks is every quirk there is, in the order of the field behaviours.
var AllQuirks = []QuirkDoc{
	{QuirkHalfOpen, 11, "a lost connection stays open and silent; the next one is opened beside it"},
	{QuirkNoBoot, 18, "no BootNotification after connecting, unless triggered"},
	{QuirkBootAgain, 22, "the accepted BootNotification is sent again every 10 s with the same message id"},
	{QuirkIDsRestart, 23, "message ids count from 1000000 after each reboot"},
	{QuirkInvalidJSON, 27, `MeterValues are sent with "transactionId":, which is not JSON`},
	{QuirkNoZone, 28, "timestamps are local time of Config.Zone without a zone"},
	{QuirkStartTwice, 41, "StartTransaction goes out twice at once with different message ids"},
	{QuirkStopZero, 44, "StopTransaction carries transactionId 0"},
	{QuirkOfflineMinusOne, 45, "after an offline start MeterValues and StopTransaction carry transactionId -1"},
	{QuirkStopUnknown, 47, "no StartTransaction and no MeterValues, then a StopTransaction with an invented id"},
	{QuirkMeterZero, 48, "about half of the MeterValues carry transactionId 0"},
	{QuirkStatusBeforeStop, 51, "Preparing or Available is reported 2 s before StopTransaction"},
	{QuirkMeterResetReboot, 57, "the register is 0 again after each reboot"},
	{QuirkMeterResetTx, 57, "the register is 0 again at the start of each transaction"},
	{QuirkNeverAnswer, 13, "no CALL of the server is answered"},
	{QuirkRejectRemote, 69, "remote start and stop are rejected"},
	{QuirkIgnoreZero, 75, "a charging profile with a limit of 0 is accepted, and current flows on"},
	{QuirkAuthorizeOnStop, 0, "the card that stops is sent in an Authorize first"},
	{QuirkChargeAnyway, 0, "charging goes on when StartTransaction is answered with anything but Accepted"},
	{QuirkIgnoreServerTime, 0, "the clock is not set by BootNotification or Heartbeat"},
	{QuirkUploadFails, 0, "diagnostics and logs are never brought, and it says so"},
	{QuirkUploadLies, 0, "diagnostics and logs are never brought, and it says that they are"},
	{QuirkDownloadFails, 0, "no firmware image can be fetched"},
	{QuirkInstallFails, 0, "no firmware image can be installed"},
	{QuirkBadSignature, 0, "no signature of a firmware image is right"},
	{QuirkOldFirmware, 0, "it says that the image is installed, and starts with the old firmware"},
	{QuirkRefuseList, 0, "SendLocalList is answered with Failed"},
	{QuirkForgetList, 0, "the local list is empty again after each reboot"},
	{QuirkRefuseReservation, 0, "ReserveNow is answered with Rejected"},
}

// Quirks is a set of quirks.
type Quirks map[Quirk]bool

// ParseQuirks makes a set of names and refuses those that do not exist.
func ParseQuirks(names ...string) (Quirks, error) {
	set := Quirks{}
	for _, n := range names {
		n = strings.TrimSpace(n)
		if n == "" {
			continue
		}
		q := Quirk(n)
		if !slices.ContainsFunc(AllQuirks, func(d QuirkDoc) bool { return d.Name == q }) {
			return nil, fmt.Errorf("cpsim: no quirk is called %q", n)
		}
		set[q] = true
	}
	return set, nil
}
