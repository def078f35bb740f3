package cpsim

import (
	"encoding/json"
	"errors"
	"strings"
)

// present authorises a card and starts, or waits for the plug.
func (cp *ChargePoint) present(c *connector, idTag string) {
	cp.authorize(c, idTag, func(ok bool, parent string) {
		if c.tx != nil {
			return
		}
		if ok && !cp.mayStart(c, idTag, parent) {
			ok = false
			cp.emit(Event{Kind: Denied, Connector: c.id, Status: Reserved})
		}
		if ok {
			cp.startOrWait(c, idTag, parent)
			return
		}
		cp.setStatus(c, cp.idle(c))
	})
	if c.tx == nil { // decided locally, it may have begun
		cp.setStatus(c, cp.idle(c))
	}
}

// authorize decides on a card, by asking where there is somebody to ask.
func (cp *ChargePoint) authorize(c *connector, idTag string, then func(ok bool, parent string)) {
	locally := func() {
		ok, known, parent := cp.onList(idTag)
		if !known {
			ok = cp.boolKey("AllowOfflineTxForUnknownId") || cp.boolKey("LocalAuthorizeOffline") && cp.cache[strings.ToUpper(idTag)]
		} else if !cp.boolKey("LocalAuthorizeOffline") {
			ok = false
		}
		if !ok {
			cp.emit(Event{Kind: Denied, Connector: c.id, Status: "Offline"})
		}
		then(ok, parent)
	}
	if !cp.accepted {
		locally()
		return
	}
	c.asking = true
	cp.enqueue(&item{
		action: "Authorize", conn: c.id,
		payload: func() any { return authorizeRequest{IDTag: idTag} },
		done: func(conf json.RawMessage, err error) error {
			c.asking = false
			if cp.dark {
				return nil
			}
			if errors.Is(err, ErrOffline) || errors.Is(err, ErrTimeout) {
				locally()
				return nil
			}
			var r authorizeResponse
			if err == nil {
				err = json.Unmarshal(conf, &r)
			}
			ok := err == nil && r.IDTagInfo.Status == "Accepted"
			cp.learn(idTag, ok)
			if !ok {
				cp.emit(Event{Kind: Denied, Connector: c.id, Status: r.IDTagInfo.Status, Err: err})
			}
			then(ok, r.IDTagInfo.ParentIDTag)
			return nil
		},
	})
}

// learn keeps the authorisation cache, OCPP 1.6 §3.5.1.
func (cp *ChargePoint) learn(idTag string, ok bool) {
	key := strings.ToUpper(idTag)
	if !ok {
		delete(cp.cache, key)
		return
	}
	if !cp.boolKey("AuthorizationCacheEnabled") {
		return
	}
	if cp.cache == nil {
		cp.cache = map[string]bool{}
	}
	cp.cache[key] = true
}
