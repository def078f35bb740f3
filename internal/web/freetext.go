package web

import (
	"bytes"
	"encoding/json"

	"ccms/internal/ident"
)

// freeText are the fields that people write what they like into. A card number in one
// would be card data of ours (PAY-R9): it is masked before anything else sees it.
var freeText = map[string]bool{"reason": true, "note": true, "comment": true, "remark": true, "description": true, "text": true,
	"message": true, "reference": true, "name": true, "nickname": true, "address": true}

// withoutPANs is a body without card numbers in free text. What is no JSON is for the
// handler to refuse.
func withoutPANs(body []byte) []byte {
	if !ident.MayHavePAN(string(body)) {
		return body
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return body
	}
	changed := false
	v = masked(v, false, &changed)
	if !changed {
		return body
	}
	b, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return b
}

func masked(v any, free bool, changed *bool) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = masked(x, freeText[k], changed)
		}
	case []any:
		for i, x := range v {
			v[i] = masked(x, free, changed)
		}
	case string:
		if out := ident.MaskPAN(v); free && out != v {
			*changed = true
			return out
		}
	}
	return v
}
