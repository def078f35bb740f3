package csmstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/store"
)

// What only a vendor knows is answered by the registry (OCPP 1.6 §4.3): our own handlers,
// then the operator's rules, and what nobody knows in the words that the protocol has for
// it. All of it is kept, and covered for those who see no personal data.
//
// shows: DataTransfer
func TestVendor_anInboundMessageIsAnsweredByTheRegistryAndKept(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		admin := w.Staff(authz.OpAdmin)
		send := func(vendor, message, data, want string) M {
			w.Helper()
			w.Advance(time.Second)
			got := c.Call("DataTransfer", M{"vendorId": vendor, "messageId": message, "data": data})
			if got.Str("status") != want {
				w.Errorf("%s/%s: %v, want %s", vendor, message, got, want)
			}
			return got
		}
		send("com.example", "Hello", "1", "UnknownVendorId")
		rule := func(body M, status int) Reply {
			w.Helper()
			return admin.Do("POST", "/api/v1/vendor-rules", body).Want(status)
		}
		one := rule(M{"vendor_id": "com.Example", "message_id": "Hello", "answer": "accepted", "note": "seen at the car park"}, 201).Body.Str("id")
		rule(M{"vendor_id": "COM.example", "message_id": "hello", "answer": "rejected"}, 409)
		rule(M{"vendor_id": "ccms", "answer": "rejected"}, 422)
		rule(M{"vendor_id": "com.example", "answer": "unknown_message_id"}, 422)
		send("COM.EXAMPLE", "Hello", "2", "Accepted")
		send("com.example", "Bye", "3", "UnknownMessageId")
		rule(M{"vendor_id": "com.example", "answer": "rejected"}, 201)
		send("com.example", "Bye", "4", "Rejected")
		send("com.example", "", "5", "Rejected")
		admin.Do("PATCH", "/api/v1/vendor-rules/"+one, M{"answer": "unknown_vendor_id"}, "If-Match", `"1"`).Want(200)
		send("com.example", "Hello", "6", "UnknownVendorId")
		if got := send("ccms", "Echo", "there and back", "Accepted"); got.Str("data") != "there and back" {
			w.Errorf("the echo is %v", got)
		}
		send("ccms", "Other", "", "UnknownMessageId")
		if got := c.Call("DataTransfer", M{"data": "of nobody"}); got.Str("status") != "UnknownVendorId" {
			w.Errorf("without a vendor: %v", got)
		}
		admin.Do("DELETE", "/api/v1/vendor-rules/"+one, nil, "If-Match", `"2"`).Want(204)
		send("com.example", "Hello", "7", "Rejected")

		path := "/api/v1/charge-points/" + p.ID.String() + "/vendor-messages"
		kept := admin.Get(path).Items()
		if len(kept) != 10 || kept[0].Str("data") != "7" || kept[0].Str("answer") != "rejected" || kept[9].Str("answer") != "unknown_vendor_id" {
			w.Errorf("kept: %v", kept)
		}
		if got := w.Staff(authz.Auditor).Get(path).Items(); len(got) != 10 || strings.Contains(fmt.Sprint(got[0]["data"]), "7") {
			w.Errorf("an auditor sees %v", got)
		}
		w.Staff(authz.OpOps).Do("POST", "/api/v1/vendor-rules", M{"vendor_id": "x", "answer": "accepted"}).Want(403)
	})
}

// A device that talks without end loses its oldest messages; a long message is cut where a
// letter ends.
func TestVendor_whatIsKeptHasAnEnd(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		long := strings.Repeat("ä", asset.MaxVendorData/2) + "b"
		c.Call("DataTransfer", M{"vendorId": "com.example", "data": long})
		admin := w.Staff(authz.OpAdmin)
		path := "/api/v1/charge-points/" + p.ID.String() + "/vendor-messages"
		if got := admin.Get(path).Items(); len(got) != 1 || got[0]["cut"] != true || got[0].Str("data") != long[:asset.MaxVendorData] {
			w.Errorf("%d kept, cut %v", len(got), got[0]["cut"])
		}
		w.OK(w.App.Store.Write(w.Context(), w.Scope, func(tx *store.Tx) error {
			for i := range 12 {
				m := asset.VendorMessage{ID: ident.New[ident.Event](w.Now()), Operator: w.Scope.Operator(), Point: p.ID, Vendor: "v",
					Data: fmt.Sprint(i), Answer: asset.VendorUnknown, At: w.Now()}
				if err := tx.InsertVendorMessage(m, 5); err != nil {
					return err
				}
			}
			return nil
		}))
		if got := admin.Get(path).Items(); len(got) != 5 {
			w.Errorf("%d kept", len(got))
		}
	})
}

// A message to a charge point, from those alone who may configure it; its answer is
// covered where its data may be a person's.
//
// shows: DataTransfer
func TestVendor_aMessageIsSent(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		body := M{"type": "data_transfer", "reason": "test", "vendor_message": M{"vendor_id": "com.example", "message_id": "Sing", "data": `{"song":1}`}}
		cmd := staff.Command(p, body).Want(202).Body.Str("id")
		a := c.Asked("DataTransfer")
		if a.Payload.Str("vendorId") != "com.example" || a.Payload.Str("messageId") != "Sing" || a.Payload.Str("data") != `{"song":1}` {
			w.Errorf("the point is asked %v", a.Payload)
		}
		a.Reply(M{"status": "Accepted", "data": "la la la"})
		if got := staff.Becomes(cmd, "accepted"); got.Str("effect", "state") != "seen" || got.Str("answer", "data") != "la la la" {
			w.Errorf("shown as %v", got)
		}
		got := w.Staff(authz.Auditor).Get("/api/v1/commands/" + cmd).Body
		if s := fmt.Sprint(got); strings.Contains(s, "la la la") || strings.Contains(s, "song") {
			w.Errorf("an auditor sees %v", got)
		}
		for answer, want := range map[string]string{"Rejected": "rejected", "UnknownMessageId": "rejected", "UnknownVendorId": "rejected"} {
			cmd := staff.Command(p, body).Want(202).Body.Str("id")
			c.Asked("DataTransfer").Reply(M{"status": answer})
			if got := staff.Becomes(cmd, want); got.Str("error_detail") == "" {
				w.Errorf("%s is shown as %v", answer, got)
			}
		}
	})
}
