// Package cpsim is a charge point in software: it speaks OCPP 1.6J over a real
// WebSocket, as a library, for the tests, the demo and cmd/cpsim.
//
// Owns: the behaviour of one device (connectors, cable, card, meter, battery,
// queue of undelivered messages, retries, reconnecting) and what is built from
// it: the script language, the endless demonstration, the load generator.
//
// Refuses: any import of the server's packages. Its frames and message structs
// are its own, over encoding/json, so that a mistake in the server's codec
// cannot cancel itself out here. It also refuses to misbehave by accident:
// every departure from the protocol is a named quirk in quirk.go.
//
// Invariants:
//   - At most one CALL is outstanding (OCPP-J 1.6 §4.1.1), except where a quirk
//     says otherwise.
//   - StartTransaction, MeterValues of a transaction and StopTransaction form
//     one queue in the order in which they happened, with the time at which
//     they happened. It survives a lost network and a reboot. A message leaves
//     it when answered, or after TransactionMessageAttempts failures
//     (OCPP 1.6 §3.7.1); a lost connection is not a failure.
//   - The register of a connector is whole Wh and never steps back, except
//     where a quirk says so.
//   - An idle point costs one goroutine, one 512-byte buffer and one timer:
//     writers exist while there is something to write, and nothing ticks.
//   - Nothing blocks while the lock of a point is held; callbacks run without it.
//   - With the same seed and the same clock a point does the same again.
//
// # Scripts
//
// A script has one command per line; # begins a comment. Connectors count from
// 1, durations are Go's (30s, 2m), a word with blanks is not possible except in
// the last argument of raw and call.
//
//	plug 1                      a car is plugged in, its battery 20 to 60 % full
//	plug 1 60000 350            one with 60 kWh that is 35.0 % full
//	unplug 1                    the cable is pulled, whatever goes on
//	tag 1 13ADF65A              a card: Authorize, then StartTransaction; again: stop
//	start 1 13ADF65A            StartTransaction without Authorize
//	stop 1 Local                StopTransaction with a reason (default Local)
//	power 1 7000                the car takes at most 7000 W; 0: it pauses
//	energy 1 250                250 Wh pass at once
//	sample 1                    MeterValues now
//	status 1 Faulted GroundFailure
//	heartbeat                   a Heartbeat now
//	offline                     the network goes away
//	online                      and comes back
//	reboot                      power off and on; transactions stop with Reboot
//	wait 30s                    nothing for half a minute
//	expect online               or offline
//	expect booted               BootNotification was accepted
//	expect status 1 Charging within 20s
//	expect transaction 1        one runs and has its id from the server
//	expect no transaction 1
//	expect queue 0              nothing is waiting to be delivered
//	raw [2,"7","Heartbeat",{}]  the text goes out as it is
//	call DataTransfer {"vendorId":"X"}
//
// An expect waits 10 s unless within says otherwise, and fails the script.
package cpsim
