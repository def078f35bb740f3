package cpsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Message type numbers, OCPP-J 1.6 §4.1.3.
const (
	typeCall       = 2
	typeCallResult = 3
	typeCallError  = 4
)

// frame is one OCPP-J message taken apart.
type frame struct {
	Type        int
	ID          string
	Action      string          // CALL
	Payload     json.RawMessage // CALL, CALLRESULT
	Code        string          // CALLERROR
	Description string          // CALLERROR
}

// CallError is a CALLERROR from the server.
type CallError struct {
	Code        string
	Description string
}

func (e *CallError) Error() string {
	if e.Description == "" {
		return "cpsim: CALLERROR " + e.Code
	}
	return "cpsim: CALLERROR " + e.Code + ": " + e.Description
}

func parseFrame(b []byte) (frame, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return frame{}, fmt.Errorf("cpsim: not a JSON array: %w", err)
	}
	var f frame
	if len(parts) < 3 {
		return f, errors.New("cpsim: fewer than three elements")
	}
	if err := json.Unmarshal(parts[0], &f.Type); err != nil {
		return f, fmt.Errorf("cpsim: message type: %w", err)
	}
	if err := json.Unmarshal(parts[1], &f.ID); err != nil {
		return f, fmt.Errorf("cpsim: message id: %w", err)
	}
	switch f.Type {
	case typeCall:
		if len(parts) != 4 {
			return f, errors.New("cpsim: a CALL has four elements")
		}
		if err := json.Unmarshal(parts[2], &f.Action); err != nil {
			return f, fmt.Errorf("cpsim: action: %w", err)
		}
		f.Payload = parts[3]
	case typeCallResult:
		f.Payload = parts[2]
	case typeCallError:
		if err := json.Unmarshal(parts[2], &f.Code); err != nil {
			return f, fmt.Errorf("cpsim: error code: %w", err)
		}
		if len(parts) > 3 {
			// A description of another type is not worth losing the error for.
			_ = json.Unmarshal(parts[3], &f.Description)
		}
	default:
		return f, fmt.Errorf("cpsim: message type %d", f.Type)
	}
	return f, nil
}

func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return b
}

func callFrame(id, action string, payload []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(id) + len(action) + len(payload) + 12)
	b.WriteString("[2,")
	b.Write(quote(id))
	b.WriteByte(',')
	b.Write(quote(action))
	b.WriteByte(',')
	b.Write(payload)
	b.WriteByte(']')
	return b.Bytes()
}

func resultFrame(id string, payload []byte) []byte {
	var b bytes.Buffer
	b.WriteString("[3,")
	b.Write(quote(id))
	b.WriteByte(',')
	b.Write(payload)
	b.WriteByte(']')
	return b.Bytes()
}

func errorFrame(id, code, description string) []byte {
	var b bytes.Buffer
	b.WriteString("[4,")
	b.Write(quote(id))
	b.WriteByte(',')
	b.Write(quote(code))
	b.WriteByte(',')
	b.Write(quote(description))
	b.WriteString(",{}]")
	return b.Bytes()
}
