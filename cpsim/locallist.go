package cpsim

import (
	"strings"
	"time"
)

// listed is a card of the local list.
type listed struct {
	status string
	parent string
	expiry time.Time // zero: never
}

// localList is SendLocalList, OCPP 1.6 §5.15.
func (cp *ChargePoint) sendLocalList(r sendLocalListRequest) reply {
	switch {
	case !cp.boolKey("LocalAuthListEnabled"):
		return status("NotSupported")
	case cp.has(QuirkRefuseList), len(r.LocalAuthorizationList) > cp.intKey("SendLocalListMaxLength"), r.ListVersion < 1:
		return status("Failed")
	}
	next := map[string]listed{}
	switch r.UpdateType {
	case "Full":
	case "Differential":
		if r.ListVersion <= cp.listVersion {
			return status("VersionMismatch")
		}
		for k, v := range cp.list {
			next[k] = v
		}
	default:
		return status("Failed")
	}
	for _, e := range r.LocalAuthorizationList {
		key := strings.ToUpper(e.IDTag)
		if e.IDTagInfo == nil {
			if r.UpdateType == "Full" { // §5.15: then each has one
				return status("Failed")
			}
			delete(next, key)
			continue
		}
		l := listed{status: e.IDTagInfo.Status, parent: e.IDTagInfo.ParentIDTag}
		if e.IDTagInfo.ExpiryDate != "" {
			at, err := time.Parse(time.RFC3339, e.IDTagInfo.ExpiryDate)
			if err != nil {
				return status("Failed")
			}
			l.expiry = at
		}
		next[key] = l
	}
	if len(next) > cp.intKey("LocalAuthListMaxLength") {
		return status("Failed")
	}
	cp.list, cp.listVersion = next, r.ListVersion
	return status("Accepted")
}

// getLocalListVersion is GetLocalListVersion, OCPP 1.6 §5.10.
func (cp *ChargePoint) getLocalListVersion(empty) reply {
	if !cp.boolKey("LocalAuthListEnabled") {
		return reply{conf: listVersionResponse{-1}}
	}
	return reply{conf: listVersionResponse{cp.listVersion}}
}

// onList is what the local list says of a card. A card that is on it is judged by it and
// by nothing else (OCPP 1.6 §3.5.2).
func (cp *ChargePoint) onList(idTag string) (ok, known bool, parent string) {
	if !cp.boolKey("LocalAuthListEnabled") {
		return false, false, ""
	}
	l, known := cp.list[strings.ToUpper(idTag)]
	ok = l.status == "Accepted" && (l.expiry.IsZero() || cp.clock().Before(l.expiry))
	return ok, known, l.parent
}

// clock is the device's, as the server set it.
func (cp *ChargePoint) clock() time.Time { return cp.cfg.Now().Add(cp.offset) }
