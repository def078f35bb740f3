// Package v16 is OCPP 1.6 with its security extension: the types of all 39
// actions, read tolerantly and written exactly, and their translation.
//
// Owns: what the messages of 1.6 look like; which of them is which event of the domain
// (Link; Guest for strangers), and which command which of them; the forms of a charging
// profile that some models want; what is wrong with a frame.
// Refuses: SQL, money, policy, and to let its types past the translation into
// the domain's own events and commands.
//
// Invariants:
//   - The quick way for MeterValues gives what the slow one gives, or says no.
//   - A form that a model wants never allows more than was asked for.
//   - A payload that is an object is always read; what departs from the schema is
//     a flaw beside it. A required field that is missing has the zero value.
//   - Absent: "" for optional strings and enums, Opt not Set, nil for objects and
//     lists, a zero At for times.
//   - Strings alias the payload; decode says what that means.
package v16

//go:generate go run ccms/internal/ocpp/gen -out .
