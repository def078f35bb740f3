package rpc

import "unicode/utf8"

// maxDescription is the length OCPP-J allows for an error description.
const maxDescription = 255

// appendCall is [2,"id","action",payload].
func appendCall(b []byte, id, action string, payload []byte) []byte {
	b = append(b, `[2,"`...)
	b = append(b, id...)
	b = append(b, `","`...)
	b = append(b, action...)
	b = append(b, `",`...)
	b = appendPayload(b, payload)
	return append(b, ']')
}

// appendResult is [3,id,payload] with the id as the peer wrote it.
func appendResult(b, rawID, payload []byte) []byte {
	b = append(b, `[3,`...)
	b = append(b, rawID...)
	b = append(b, ',')
	b = appendPayload(b, payload)
	return append(b, ']')
}

// appendCallError is [4,id,"code","description",details].
func appendCallError(b, rawID []byte, e *CallError) []byte {
	b = append(b, `[4,`...)
	b = append(b, rawID...)
	b = append(b, `,"`...)
	b = append(b, e.Code...)
	b = append(b, `",`...)
	b = appendString(b, clip(e.Description, maxDescription))
	b = append(b, ',')
	b = appendPayload(b, e.Details)
	return append(b, ']')
}

func appendPayload(b, payload []byte) []byte {
	if len(payload) == 0 {
		return append(b, '{', '}')
	}
	return append(b, payload...)
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}
