package operator

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"ccms/internal/fault"
)

// HashCost is what one password costs. The parameters stand in each hash, so they
// can be raised; a login then hashes anew.
type HashCost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultCost is the second choice of RFC 9106 §4 with less memory: 19 MiB and two
// passes on one lane, about 30 ms, so that a few logins at once do not hurt a small
// machine.
var DefaultCost = HashCost{Memory: 19 << 10, Time: 2, Threads: 1}

// How long a password may be. The upper limit bounds what a login costs to hash.
const (
	MinPassword = 10
	MaxPassword = 200
)

// CheckPassword refuses passwords that are too short or too long.
func CheckPassword(pointer, p string) error {
	if n := utf8.RuneCountInString(p); n < MinPassword || len(p) > MaxPassword {
		return fault.BadInput(pointer, "must have %d to %d characters", MinPassword, MaxPassword)
	}
	return nil
}

const saltBytes, keyBytes = 16, 32

var b64 = base64.RawStdEncoding

// hashPassword gives the PHC string "$argon2id$v=19$m=…,t=…,p=…$salt$hash".
func hashPassword(c HashCost, password string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails (crypto/rand)
	key := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, keyBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.Memory, c.Time, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// checkPassword reports whether the password made the hash, and whether the hash
// was made with other parameters than c. A hash that cannot be read matches nothing.
func checkPassword(c HashCost, hash, password string) (ok, outdated bool) {
	var version int
	var got HashCost
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false, false
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &got.Memory, &got.Time, &got.Threads); err != nil {
		return false, false
	}
	salt, err1 := b64.DecodeString(parts[4])
	want, err2 := b64.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) == 0 || got.Time == 0 || got.Threads == 0 || got.Memory > 1<<20 {
		return false, false
	}
	key := argon2.IDKey([]byte(password), salt, got.Time, got.Memory, got.Threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(key, want) == 1, got != c
}

// NewPassword makes a password for people to type once: 20 letters and digits in
// groups of four, 100 bits.
func NewPassword() string {
	const letters = "abcdefghjkmnpqrstvwxyz0123456789" // 32, none to misread
	var raw [20]byte
	rand.Read(raw[:])
	var b strings.Builder
	for i, r := range raw {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[r&31])
	}
	return b.String()
}
