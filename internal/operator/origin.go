package operator

import "net/netip"

// Origin is the address that stands for all that count as one when calls, attempts and
// connections are counted. Who has one IPv6 address has the 2^64 of its network, so
// these are one; IPv4 addresses count singly, in IPv6 clothes too.
func Origin(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		net, _ := a.Prefix(64) // 64 bits always fit
		return net.Addr()
	}
	return a
}

// OriginName is Origin for an address as text. What is no address stands for itself.
func OriginName(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	return Origin(a).String()
}
