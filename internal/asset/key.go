package asset

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"ccms/internal/fault"
)

// keyBytes is the length of a station key we make: 20 bytes, the longest that
// OCPP 1.6's AuthorizationKey takes (OCPP 1.6 security whitepaper §4.2: 16…20).
const keyBytes = 20

// minKeyBytes is the shortest that it takes.
const minKeyBytes = 16

// KeyMACs are HMACs of a station key under the server's secret: of the hex text and
// of the bytes it stands for. The key travels to the device as hex; some send the
// text back as Basic password, others the decoded bytes (behaviour 17).
type KeyMACs struct{ Text, Raw []byte }

// MarshalJSON keeps the MACs out of audit rows, live events and answers.
func (k KeyMACs) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// MAC is the keyed hash for station keys; the server's secret is inside.
type MAC func([]byte) []byte

// newKey makes a station key in the form that is shown once.
func newKey() string {
	b := make([]byte, keyBytes)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// macKey reads a key of 16 to 20 bytes in hex and returns what is stored of it.
func macKey(mac MAC, key string) (KeyMACs, error) {
	key = strings.ToLower(strings.TrimSpace(key))
	raw, err := hex.DecodeString(key)
	if err != nil || len(raw) < minKeyBytes || len(raw) > keyBytes {
		return KeyMACs{}, fault.BadInput("/key", "must be 16 to 20 bytes in hex, 32 to 40 digits")
	}
	return KeyMACs{Text: mac([]byte(key)), Raw: mac(raw)}, nil
}

// match reports whether password is the key as text in either case or as bytes. All
// three are always compared: the time tells nothing.
func (k KeyMACs) match(mac MAC, password string) bool {
	if len(k.Text) == 0 || len(k.Raw) == 0 || password == "" {
		return false
	}
	text := hmac.Equal(mac([]byte(password)), k.Text)
	lower := hmac.Equal(mac([]byte(strings.ToLower(password))), k.Text)
	raw := hmac.Equal(mac([]byte(password)), k.Raw)
	return text || lower || raw
}
