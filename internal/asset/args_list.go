package asset

import (
	"strconv"
	"time"

	"ccms/internal/fault"
)

// ListEntry is a card of a local list. An entry without a status takes the card off a
// device's list (OCPP 1.6 §5.15).
type ListEntry struct {
	UID    string    `json:"uid"`
	Status string    `json:"status,omitempty"` // AuthorizationStatus of OCPP 1.6 §7.2
	Expiry time.Time `json:"expiry,omitzero"`
	Parent string    `json:"parent,omitempty"`
}

// SendList gives the device cards that may charge while it is offline.
type SendList struct {
	Version int         `json:"version"` // > 0 (OCPP 1.6 §5.15)
	Full    bool        `json:"full"`    // it replaces the list; else it changes it
	Entries []ListEntry `json:"entries,omitempty"`
}

// GetListVersion asks which version of the list the device has.
type GetListVersion struct{}

// Reserve keeps a connector for a card until a time.
type Reserve struct {
	Number    int32     `json:"number"`              // > 0; the same again replaces it (OCPP 1.6 §5.13)
	Connector int       `json:"connector,omitempty"` // 0: any of the device
	Token     string    `json:"token"`
	Parent    string    `json:"parent,omitempty"` // AUTH-R6
	Until     time.Time `json:"until"`
}

// CancelReserve gives a reserved connector free.
type CancelReserve struct {
	Number int32 `json:"number"`
}

func (SendList) commandType() CommandType       { return CommandSendList }
func (GetListVersion) commandType() CommandType { return CommandGetListVersion }
func (Reserve) commandType() CommandType        { return CommandReserve }
func (CancelReserve) commandType() CommandType  { return CommandCancelReserve }

// maxListEntries is what one message may hold before its frame gets too long for many
// devices; they tell their own limit in SendLocalListMaxLength (OCPP 1.6 §9.2).
const maxListEntries = 1000

// maxToken is how long an idTag may be (OCPP 1.6 §7.28 IdToken).
const maxToken = 20

func (a SendList) check() error {
	var bad flaws
	if a.Version < 1 {
		bad.add("/version", "must be at least 1: 0 and -1 stand for no list")
	}
	if len(a.Entries) > maxListEntries {
		bad.add("/entries", "are too many; at most 1000 in one message")
	}
	for i, e := range a.Entries {
		at := "/entries/" + strconv.Itoa(i)
		bad.text(at+"/uid", e.UID, 1, maxToken)
		bad.text(at+"/parent", e.Parent, 0, maxToken)
		switch e.Status {
		case "Accepted", "Blocked", "Expired", "Invalid":
		case "":
			if a.Full {
				bad.add(at+"/status", "must be there in a full list")
			}
		default:
			bad.add(at+"/status", "must be Accepted, Blocked, Expired or Invalid")
		}
	}
	return bad.err()
}

func (GetListVersion) check() error { return nil }

func (a Reserve) check() error {
	var bad flaws
	if a.Number < 1 {
		bad.add("/number", "must be at least 1")
	}
	if a.Connector < 0 || a.Connector > maxConnectors {
		bad.add("/connector", "must be the number of a connector, or 0 for any")
	}
	bad.text("/token_uid", a.Token, 1, maxToken)
	bad.text("/parent", a.Parent, 0, maxToken)
	if a.Until.IsZero() {
		bad.add("/until", "must say until when")
	}
	return bad.err()
}

func (a CancelReserve) check() error {
	if a.Number < 1 {
		return fault.BadInput("/number", "must be at least 1")
	}
	return nil
}
