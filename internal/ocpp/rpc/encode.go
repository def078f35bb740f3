package rpc

import "ccms/internal/ocpp/encode"

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
	b = encode.String(b, clip(e.Description, maxDescription))
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
