package v16

import (
	"ccms/internal/ocpp/rpc"
)

// FrameFlaws is what is wrong with a frame that a charge point sent, for who reads it
// later: the flaws of its payload, or why it cannot be read at all. Of an answer nobody
// knows here what it answers.
func FrameFlaws(raw []byte) []string {
	f, err := rpc.Split(raw)
	if err != nil {
		return []string{"unreadable"}
	}
	if f.Type != rpc.TypeCall {
		return nil
	}
	a := Action(f.Action)
	if !a.Known() {
		return []string{"unknown action"}
	}
	_, flaws, err := DecodeReq(a, f.Payload)
	if err != nil && len(flaws.List) == 0 {
		return []string{"not an object"}
	}
	var out []string
	for _, x := range flaws.List {
		out = append(out, Clean(x.String()))
	}
	return out
}
