package rpc

import (
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"ccms/internal/ocpp/encode"
)

// echo is the id as it goes into an answer: as it came if that is JSON.
func echo(raw []byte, id string) []byte {
	plain := len(raw) >= 2 && raw[0] == '"'
	for _, c := range raw {
		if c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain || json.Valid(raw) && raw[0] != 'n' && raw[0] != 't' && raw[0] != 'f' {
		return raw
	}
	return encode.String(nil, id)
}

func unquote(v []byte) []byte {
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		return v[1 : len(v)-1]
	}
	return v
}

// text is the content of a string, or the token itself of anything else.
func text(v []byte) string {
	in := unquote(v)
	if len(in) == len(v) {
		return alias(v)
	}
	for _, c := range in {
		if c == '\\' {
			return unescape(in)
		}
	}
	return alias(in)
}

// alias is b as a string without a copy; frames are never written to.
func alias(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

func unescape(in []byte) string {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		if in[i] != '\\' || i+1 == len(in) {
			out = append(out, in[i])
			continue
		}
		i++
		switch in[i] {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			r, n := hex4(in[i+1:])
			if n == 0 {
				out = append(out, '\\', 'u')
				continue
			}
			i += n
			if utf16.IsSurrogate(r) && i+2 < len(in) && in[i+1] == '\\' && in[i+2] == 'u' {
				if low, m := hex4(in[i+3:]); m > 0 {
					if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
						r, i = both, i+2+m
					}
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, in[i])
		}
	}
	return string(out)
}

func hex4(b []byte) (rune, int) {
	if len(b) < 4 {
		return 0, 0
	}
	v, err := strconv.ParseUint(string(b[:4]), 16, 16)
	if err != nil {
		return 0, 0
	}
	return rune(v), 4
}
