package rpc

import "strings"

// Code is an error code of a CALLERROR in the spelling of OCPP-J 1.6 §4.2.3.
type Code string

// The codes of OCPP-J 1.6. FormationViolation and OccurenceConstraintViolation
// are the specification's own spelling, and the only one some charge points
// understand.
const (
	NotImplemented                Code = "NotImplemented"
	NotSupported                  Code = "NotSupported"
	InternalError                 Code = "InternalError"
	ProtocolError                 Code = "ProtocolError"
	SecurityError                 Code = "SecurityError"
	FormationViolation            Code = "FormationViolation"
	PropertyConstraintViolation   Code = "PropertyConstraintViolation"
	OccurenceConstraintViolation  Code = "OccurenceConstraintViolation"
	TypeConstraintViolation       Code = "TypeConstraintViolation"
	GenericError                  Code = "GenericError"
	formatViolation                    = "formatviolation"
	occurrenceConstraintViolation      = "occurrenceconstraintviolation"
)

var codes = func() map[string]Code {
	m := map[string]Code{
		formatViolation:               FormationViolation,
		occurrenceConstraintViolation: OccurenceConstraintViolation,
	}
	for _, c := range []Code{
		NotImplemented, NotSupported, InternalError, ProtocolError, SecurityError, FormationViolation,
		PropertyConstraintViolation, OccurenceConstraintViolation, TypeConstraintViolation, GenericError,
	} {
		m[strings.ToLower(string(c))] = c
	}
	return m
}()

// ParseCode reads a code in any spelling that is seen in the field. A code we do
// not know stays as it is.
func ParseCode(s string) Code {
	if c, ok := codes[strings.ToLower(strings.TrimSpace(s))]; ok {
		return c
	}
	return Code(s)
}

// CallError is a CALLERROR, sent or received.
type CallError struct {
	Code        Code
	Description string // at most 255 characters go out
	Details     []byte // a JSON value; nil goes out as {}. Received: any kind of value
}

func (e *CallError) Error() string {
	if e.Description == "" {
		return "CALLERROR " + string(e.Code)
	}
	return "CALLERROR " + string(e.Code) + ": " + e.Description
}

// Unavailable is what a handler returns when it could not store the message:
// nothing is answered, so that the charge point keeps it and sends it again.
var Unavailable = &CallError{Code: InternalError, Description: "not stored"}

// CallErrorNotImplemented answers an action that no version we speak knows.
func CallErrorNotImplemented(action string) *CallError {
	return &CallError{Code: NotImplemented, Description: "unknown action " + clip(action, 100)}
}

// CallErrorNotSupported answers an action that exists but is not for us.
func CallErrorNotSupported(action string) *CallError {
	return &CallError{Code: NotSupported, Description: clip(action, 100) + " is not supported"}
}

// CallErrorFormation answers what is not JSON, or JSON of the wrong shape.
func CallErrorFormation(description string) *CallError {
	return &CallError{Code: FormationViolation, Description: description}
}

// CallErrorOccurence answers a required field that is missing.
func CallErrorOccurence(description string) *CallError {
	return &CallError{Code: OccurenceConstraintViolation, Description: description}
}

// CallErrorProperty answers a field whose value is not allowed.
func CallErrorProperty(description string) *CallError {
	return &CallError{Code: PropertyConstraintViolation, Description: description}
}

// CallErrorType answers a field of the wrong kind.
func CallErrorType(description string) *CallError {
	return &CallError{Code: TypeConstraintViolation, Description: description}
}

// CallErrorInternal answers when we are at fault. It tells no inner detail.
func CallErrorInternal() *CallError { return &CallError{Code: InternalError} }

// clip shortens s to n bytes, not inside a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
