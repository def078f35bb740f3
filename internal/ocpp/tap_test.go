package ocpp

import (
	"testing"
	"unsafe"

	"ccms/internal/ocpp/rpc"
)

// The journal is bounded by the frames that wait in it, so that a short answer of ours
// must not keep the long message that it answers in memory.
func TestAnAnswerInTheJournalHoldsNothingOfWhatItAnswers(t *testing.T) {
	t.Parallel()
	frame := string(make([]byte, 1000)) + "id-1DataTransfer"
	id, action := frame[1000:1004], frame[1004:]
	var told []Frame
	c := &conn{door: &Door{opt: Options{Journal: func(f Frame) { told = append(told, f) }}}}
	answer := []byte(`[3,"id-1",{}]`)
	c.Tap(rpc.Tapped{Out: true, Whole: true, Type: rpc.TypeResult, ID: id, Action: action, Raw: answer})
	c.Tap(rpc.Tapped{Out: true, Whole: true, Type: rpc.TypeError, ID: id, Action: action, Raw: answer})
	if len(told) != 2 {
		t.Fatalf("%d frames in the journal", len(told))
	}
	for _, f := range told {
		if f.MessageID != "id-1" || unsafe.StringData(f.MessageID) == unsafe.StringData(id) {
			t.Errorf("the id %q is a piece of the message", f.MessageID)
		}
	}
}
