package web

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"ccms/internal/fault"
	"ccms/internal/operator"
)

// How often the API may be called, with whatever login or token of an account, and from
// one address. An open screen of the portal asks for a list once in five seconds when
// much happens on rows that it does not show, and for about ten things when it is opened:
// 200 screens with one login, and as many again of others behind the same address of an
// office, are within both. Calls from this machine itself are not counted. They are kept
// in memory, so each server counts for itself.
var (
	AccountRate = operator.Rate{Burst: 3000, Every: 15 * time.Millisecond} // 66 a second
	CallerRate  = operator.Rate{Burst: 6000, Every: 5 * time.Millisecond}  // 200 a second
)

// pace counts calls.
type pace struct {
	accounts, addresses     *operator.Crowd
	looks, starts           *operator.Crowd // of guests, by address
	perAccount, fromAddress operator.Rate
}

func newPace(account, address operator.Rate) *pace {
	if account == (operator.Rate{}) {
		account = AccountRate
	}
	if address == (operator.Rate{}) {
		address = CallerRate
	}
	return &pace{operator.NewCrowd(account), operator.NewCrowd(address), operator.NewCrowd(guestLooks), operator.NewCrowd(guestStarts), account, address}
}

// take counts one call of a name, and says in the headers of
// draft-ietf-httpapi-ratelimit-headers how it stands. The clock is the machine's.
func take(w http.ResponseWriter, c *operator.Crowd, r operator.Rate, policy, name string) error {
	left, wait, ok := c.Spend(name, time.Now())
	h := w.Header()
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", policy, r.Burst, seconds(time.Duration(r.Burst)*r.Every)))
	if !ok {
		h.Set("RateLimit", fmt.Sprintf("%q;r=0;t=%d", policy, seconds(wait)))
		h.Set("Retry-After", strconv.Itoa(seconds(wait)))
		return fault.New(fault.Limit, "rate_limited", "Too many requests. Try again in %d seconds.", seconds(wait))
	}
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d", policy, left))
	return nil
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

func (p *pace) address(w http.ResponseWriter, ip string) error {
	if here(ip) {
		return nil
	}
	return take(w, p.addresses, p.fromAddress, "address", operator.OriginName(ip))
}

func (p *pace) account(w http.ResponseWriter, ip, staff string) error {
	if here(ip) {
		return nil
	}
	return take(w, p.accounts, p.perAccount, "account", staff)
}

// guest counts what somebody without an account does that costs more than a look.
func (p *pace) guest(c *operator.Crowd, ip string) error {
	if here(ip) {
		return nil
	}
	if _, wait, ok := c.Spend(operator.OriginName(ip), time.Now()); !ok {
		return fault.New(fault.Limit, "rate_limited", "Too many requests. Try again in %d seconds.", seconds(wait))
	}
	return nil
}

// here reports whether an address is this machine's own.
func here(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && a.Unmap().IsLoopback()
}
