package asset

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"ccms/internal/fault"
)

func testMAC(b []byte) []byte {
	h := hmac.New(sha256.New, []byte("server secret"))
	h.Write(b)
	return h.Sum(nil)
}

func TestRow17_KeyIsTakenAsHexTextAndAsDecodedBytes(t *testing.T) {
	t.Parallel()
	key := newKey()
	raw, err := hex.DecodeString(key)
	if err != nil || len(raw) != 20 {
		t.Fatalf("a new key has %d bytes, %v", len(raw), err)
	}
	macs, err := macKey(testMAC, key)
	if err != nil {
		t.Fatal(err)
	}
	for why, password := range map[string]string{"hex text": key, "hex text in capitals": strings.ToUpper(key), "decoded bytes": string(raw)} {
		if !macs.match(testMAC, password) {
			t.Errorf("%s was refused", why)
		}
	}
	for why, password := range map[string]string{"nothing": "", "another key": newKey(), "half of it": key[:20], "one more byte": string(raw) + "x",
		"the stored MAC itself": string(macs.Text)} {
		if macs.match(testMAC, password) {
			t.Errorf("%s was taken", why)
		}
	}
	if (KeyMACs{}).match(testMAC, key) {
		t.Error("a point without a key took one")
	}
}

func TestKeysOfTheWrongLengthAreRefused(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "zz", strings.Repeat("ab", 15), strings.Repeat("ab", 21), strings.Repeat("a", 33)} {
		if _, err := macKey(testMAC, key); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", key, err)
		}
	}
	if _, err := macKey(testMAC, strings.Repeat("AB", 16)); err != nil {
		t.Errorf("16 bytes in capitals: %v", err)
	}
}

func TestKeyMACsLeaveInNoJSON(t *testing.T) {
	t.Parallel()
	macs, _ := macKey(testMAC, newKey())
	b, err := json.Marshal(PointView{ChargePoint: ChargePoint{Keys: macs}})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{macs.Text, macs.Raw} {
		enc, _ := json.Marshal(part)
		if strings.Contains(string(b), strings.Trim(string(enc), `"`)) {
			t.Error("a MAC of the key is in the JSON")
		}
	}
}
