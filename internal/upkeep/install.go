package upkeep

import (
	"strings"
	"time"

	"ccms/internal/ident"
)

// InstallState is how far a firmware image is on its way into a charge point.
type InstallState string

// The states of an install, in the order in which they come. Done, Failed, Cancelled and
// Skipped are final.
const (
	InstallWaiting     InstallState = "WAITING" // for its turn in a campaign, or the end of a session
	InstallAsked       InstallState = "ASKED"
	InstallScheduled   InstallState = "SCHEDULED"
	InstallDownloading InstallState = "DOWNLOADING"
	InstallDownloaded  InstallState = "DOWNLOADED"
	InstallInstalling  InstallState = "INSTALLING"
	InstallInstalled   InstallState = "INSTALLED" // says the device; its boot has not said so yet
	InstallDone        InstallState = "DONE"      // it has booted with the new version
	InstallFailed      InstallState = "FAILED"
	InstallCancelled   InstallState = "CANCELLED"
	InstallSkipped     InstallState = "SKIPPED" // it had the version, or is another model
)

// InstallStates lists them in their order.
var InstallStates = []InstallState{InstallWaiting, InstallAsked, InstallScheduled, InstallDownloading, InstallDownloaded, InstallInstalling,
	InstallInstalled, InstallDone, InstallFailed, InstallCancelled, InstallSkipped}

// Final reports whether the state never changes again.
func (s InstallState) Final() bool {
	switch s {
	case InstallDone, InstallFailed, InstallCancelled, InstallSkipped:
		return true
	}
	return false
}

func (s InstallState) rank() int {
	for i, x := range InstallStates {
		if x == s {
			return i
		}
	}
	return 0
}

// How long an install may take.
const (
	// InstallWithin is how long from being asked to being done.
	InstallWithin = 12 * time.Hour
	// bootWithin is how long the boot may take after the device says that it is installed.
	bootWithin = 30 * time.Minute
	// silentWithin is how long a device that did not answer may take to say that it began.
	silentWithin = 15 * time.Minute
	// waitWithin is how long one may wait for the end of sessions.
	waitWithin = 7 * 24 * time.Hour
)

// Install is one image on its way into one charge point.
type Install struct {
	ID       ident.Install
	Operator ident.Operator
	Sub      ident.SubOperator
	Point    ident.ChargePoint
	Site     ident.Site
	Image    ident.Image
	Campaign ident.Campaign // zero: asked for by itself
	Number   int            // in the campaign
	Canary   bool
	Command  ident.Command
	Transfer ident.Transfer
	Request  int32 // of SignedUpdateFirmware; 0: UpdateFirmware

	State     InstallState
	Told      string // the last status that the device told
	Before    string // the firmware before
	Release   string // the firmware that shall be
	Detail    string // why it failed or waits, in words
	DueAt     time.Time
	CreatedAt time.Time
	AskedAt   time.Time
	EndedAt   time.Time
	Wish      Wish // of one that was asked for by itself and waits
	Version   int64
}

// Wish is with what an install that waits is to be asked for.
type Wish struct {
	Protocol Protocol
	Signed   *bool
	At       time.Time // not before
	Actor    string    // as asset.ActorOf says it
	Reason   string
}

// Open reports whether the device is at it.
func (i Install) Open() bool { return !i.State.Final() && i.State != InstallWaiting }

func (i Install) end(s InstallState, detail string, now time.Time) Install {
	i.State, i.Detail, i.EndedAt, i.DueAt = s, detail, now, time.Time{}
	return i
}

// installWords are the words of FirmwareStatusNotification (OCPP 1.6 §7.25) and of
// SignedFirmwareStatusNotification (security whitepaper) that mean progress.
var installWords = map[string]InstallState{
	"DownloadScheduled": InstallScheduled, "Downloading": InstallDownloading, "DownloadPaused": InstallDownloading,
	"Downloaded": InstallDownloaded, "SignatureVerified": InstallDownloaded, "InstallScheduled": InstallDownloaded,
	"Installing": InstallInstalling, "InstallRebooting": InstallInstalling, "Installed": InstallInstalled,
}

// installFailures are those that end it.
var installFailures = map[string]string{
	"DownloadFailed":            "The charge point could not fetch the image.",
	"InstallationFailed":        "The charge point could not install the image.",
	"InstallVerificationFailed": "The charge point installed the image and found it wrong.",
	"InvalidSignature":          "The charge point does not take the signature of the image.",
}

// told is the install after a status of the device. has is the firmware that its last boot
// told.
func (i Install) told(status, has string, now time.Time) Install {
	if !i.Open() {
		return i
	}
	if why, failed := installFailures[status]; failed {
		i.Told = status
		return i.end(InstallFailed, why, now)
	}
	next, known := installWords[status]
	if !known { // Idle, and what is none of the words
		return i
	}
	i.Told = status
	if next.rank() <= i.State.rank() {
		return i
	}
	i.State, i.Detail, i.DueAt = next, "", i.AskedAt.Add(InstallWithin)
	if next == InstallInstalled {
		i.DueAt = now.Add(bootWithin)
		if has != i.Before { // it booted first and says so afterwards
			return i.booted(has, now, now)
		}
	}
	return i
}

// booted is the install after a boot that told a firmware. It may be heard of late: a boot
// that was before says nothing.
func (i Install) booted(has string, bootedAt, now time.Time) Install {
	begun := i.State.rank() >= InstallDownloaded.rank()
	switch {
	case !i.Open() || bootedAt.Before(i.AskedAt):
	case has == i.Release && (has != i.Before || i.State.rank() >= InstallInstalling.rank()):
		return i.end(InstallDone, "", now)
	case has != i.Before && begun:
		return i.end(InstallDone, "It tells another version than the image has: "+short(has)+".", now)
	case i.State == InstallInstalled && bootedAt.After(i.DueAt.Add(-bootWithin)):
		return i.end(InstallFailed, "It said that the image is installed, and started with "+short(has)+" as before.", now)
	}
	return i // it may start again in the middle
}

func short(version string) string {
	if version == "" {
		return "none"
	}
	if len(version) > 60 {
		version = strings.ToValidUTF8(version[:60], "")
	}
	return version
}

// due is the install whose time has come.
func (i Install) due(now time.Time) Install {
	switch {
	case !i.Open() || i.DueAt.IsZero() || now.Before(i.DueAt):
		return i
	case i.State == InstallInstalled && i.Before == i.Release: // the same again: nothing would look different
		return i.end(InstallDone, "", now)
	case i.State == InstallInstalled:
		return i.end(InstallFailed, "It said that the image is installed, and did not start with it.", now)
	}
	return i.end(InstallFailed, "It did not finish in time.", now)
}

// unanswered is the install whose command got no answer: some devices go to work all the
// same, and are given the time to say so.
func (i Install) unanswered(now time.Time) Install {
	if until := now.Add(silentWithin); i.State == InstallAsked && until.Before(i.DueAt) {
		i.DueAt, i.Detail = until, "The charge point did not answer. It may be at it all the same."
	}
	return i
}

// refused is the install whose command was not accepted.
func (i Install) refused(why string, now time.Time) Install {
	if i.State != InstallAsked { // it is at it already, whatever became of the answer
		return i
	}
	return i.end(InstallFailed, why, now)
}
