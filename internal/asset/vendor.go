package asset

import (
	"strings"
	"time"

	"ccms/internal/ident"
)

// A device may send what only its vendor knows (DataTransfer, OCPP 1.6 §4.3). What we
// know of it is a registry: a few handlers in code, and rules that an operator keeps.

// MaxVendorData is how many bytes of a vendor's message are taken: a quarter of the
// longest frame.
const MaxVendorData = 65536

// MaxVendorMessages is how many messages are kept of one device: a noisy one loses its
// oldest, and no other device any.
const MaxVendorMessages = 500

// MaxVendorRules is how many rules one operator may keep.
const MaxVendorRules = 500

// VendorAnswer is what a device is told of its vendor's message (OCPP 1.6 §7.18
// DataTransferStatus).
type VendorAnswer string

// The answers.
const (
	VendorAccepted       VendorAnswer = "accepted"
	VendorRejected       VendorAnswer = "rejected"
	VendorUnknown        VendorAnswer = "unknown_vendor_id"
	VendorMessageUnknown VendorAnswer = "unknown_message_id"
)

func (a VendorAnswer) known() bool {
	switch a {
	case VendorAccepted, VendorRejected, VendorUnknown, VendorMessageUnknown:
		return true
	}
	return false
}

// VendorRule says what messages of a vendor are answered with.
type VendorRule struct {
	ID       ident.VendorRule
	Operator ident.Operator
	Vendor   string // compared without regard to case (CiString255)
	Message  string // "": every message that has no rule of its own
	Answer   VendorAnswer
	Note     string // what it is for, in a person's words

	CreatedAt time.Time
	Version   int64
}

// VendorReport is a vendor's message as it came.
type VendorReport struct {
	Point           ident.ChargePoint
	Vendor, Message string
	Data            string
	At              time.Time
}

// VendorMessage is a vendor's message as it is kept, with what the device was told.
type VendorMessage struct {
	ID              ident.Event
	Operator        ident.Operator
	Sub             ident.SubOperator
	Point           ident.ChargePoint
	Vendor, Message string
	Data            string
	Cut             bool // there was more data than is kept
	Answer          VendorAnswer
	At              time.Time
}

// Echo is the message of our own that comes back as it went: a test of the whole way.
const (
	EchoVendor  = "ccms"
	EchoMessage = "Echo"
)

// vendorHandlers are the messages that mean something to us, by vendor and message in
// lower case. Each gives the answer's data.
var vendorHandlers = map[[2]string]func(data string) (VendorAnswer, string){
	{EchoVendor, strings.ToLower(EchoMessage)}: func(data string) (VendorAnswer, string) { return VendorAccepted, data },
}

// answerVendor is what a message is answered with: by our own handlers, else by the
// operator's rules for the vendor, the one for this message before the one for all.
func answerVendor(rules []VendorRule, vendor, message string, data string) (a VendorAnswer, reply string) {
	if h := vendorHandlers[[2]string{strings.ToLower(vendor), strings.ToLower(message)}]; h != nil {
		return h(data)
	}
	a = VendorUnknown
	for h := range vendorHandlers {
		if strings.EqualFold(h[0], vendor) {
			a = VendorMessageUnknown
		}
	}
	for _, r := range rules {
		switch {
		case !strings.EqualFold(r.Vendor, vendor):
		case r.Message != "" && strings.EqualFold(r.Message, message):
			return r.Answer, ""
		case r.Message == "":
			a = r.Answer
		case a == VendorUnknown: // the vendor is known, its message is not (OCPP 1.6 §4.3)
			a = VendorMessageUnknown
		}
	}
	return a, ""
}

func (r VendorRule) checked() (VendorRule, error) {
	var bad flaws
	r.Vendor, r.Message, r.Note = strings.TrimSpace(r.Vendor), strings.TrimSpace(r.Message), strings.TrimSpace(r.Note)
	bad.text("/vendor_id", r.Vendor, 1, 255)
	bad.text("/message_id", r.Message, 0, 50)
	bad.text("/note", r.Note, 0, 200)
	if !r.Answer.known() || r.Answer == VendorMessageUnknown {
		bad.add("/answer", "must be accepted, rejected or unknown_vendor_id")
	}
	if strings.EqualFold(r.Vendor, EchoVendor) {
		bad.add("/vendor_id", "is answered by the platform itself")
	}
	return r, bad.err()
}
