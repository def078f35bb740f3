package asset

import (
	"bytes"
	"encoding/hex"
	"time"

	"ccms/internal/ident"
)

// Stranger is a charge point that connects with an identity nobody has registered
// (AST-R2). It is let in as far as saying who it is, and never accepted by itself.
type Stranger struct {
	ID       ident.Stranger
	Operator ident.Operator
	Identity string
	Address  string // of the last handshake

	// What the device told in its last boot.
	Vendor, Model, Serial, Firmware string
	BootedAt                        time.Time

	// Key is what is kept of the Basic password of the last handshake, where it is one that
	// a charge point may have. It opens nothing: it becomes the key only where staff adopt
	// the charge point with exactly this one (decision 0017).
	Key      KeyMACs
	KeysSeen int // how often another password was presented than the time before

	FirstAt, LastAt time.Time
	ToldAt          time.Time // when the last warning was asked for
	Tries           int       // handshakes that were counted
	Held            int       // starts and stops that wait for the adoption
	Ignored         bool      // staff want to hear no more of it
	Version         int64
}

// HeldReport is a start or a stop of a stranger. It was not acknowledged, so that the
// device keeps it and sends it again once it is adopted.
type HeldReport struct {
	Stranger   ident.Stranger
	Number     int
	Action     string
	MessageID  string
	ReceivedAt time.Time
	Raw        []byte
}

// What strangers may cost an operator.
const (
	// MaxStrangers is how many are kept for one operator. Past it a newcomer takes the
	// place of the one that was silent longest and has told nothing of itself.
	MaxStrangers = 200
	// MaxHeld is how many starts and stops of one are kept; a device has a few connectors.
	MaxHeld = 20
	// MaxHeldBytes is how long one may be: an honest StopTransaction with its samples.
	MaxHeldBytes = 64 << 10
	// strangerToldEvery is how often one is told again.
	strangerToldEvery = 10 * time.Minute
	// strangerBootEvery is how often it is worth a write that a stranger booted again and
	// says the same.
	strangerBootEvery = time.Minute
)

// Mark names a key without telling it: staff see whether it is the one they know of, and
// adopt that one and no other. It is "" where there is none.
func (k KeyMACs) Mark() string {
	if len(k.Text) < 4 {
		return ""
	}
	return hex.EncodeToString(k.Text[:4])
}

func (k KeyMACs) same(o KeyMACs) bool {
	return bytes.Equal(k.Text, o.Text) && bytes.Equal(k.Raw, o.Raw)
}

// presentedKey is what may be kept of a password that somebody presented: 16 to 20 bytes,
// as hex or as they are (behaviour 17). Any other is none.
func presentedKey(mac MAC, password string) KeyMACs {
	if k, err := macKey(mac, password); err == nil {
		return k
	}
	if len(password) < minKeyBytes || len(password) > keyBytes {
		return KeyMACs{}
	}
	k, err := macKey(mac, hex.EncodeToString([]byte(password)))
	if err != nil {
		return KeyMACs{}
	}
	return k
}

// knocked is the stranger after another handshake.
func (s Stranger) knocked(address string, key KeyMACs, at time.Time) Stranger {
	s.Address, s.LastAt = address, at
	s.Tries++
	if key.Mark() != "" && !key.same(s.Key) {
		s.Key = key
		s.KeysSeen++
	}
	return s
}

// booted is the stranger after it told what it is; worth says whether that is worth a write.
func (s Stranger) booted(r BootReport) (next Stranger, worth bool) {
	next = s
	next.Vendor, next.Model, next.Serial, next.Firmware = cut(r.Vendor), cut(r.Model), cut(r.Serial), cut(r.Firmware)
	next.BootedAt, next.LastAt = r.At, r.At
	changed := next.Vendor != s.Vendor || next.Model != s.Model || next.Serial != s.Serial || next.Firmware != s.Firmware
	return next, changed || r.At.Sub(s.BootedAt) >= strangerBootEvery
}
