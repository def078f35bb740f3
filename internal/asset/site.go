package asset

import (
	"strings"
	"time"

	"ccms/internal/ident"
	"ccms/internal/unit"
)

// maxContracted is what a power station gives.
const maxContracted unit.W = 1_000_000_000

// Status tells whether a site or a charge point is in use. The guide's words.
type Status string

// The states of an asset. What has been used is never deleted, it becomes Invalid.
const (
	Valid   Status = "VALID"
	Invalid Status = "INVALID"
)

func (s Status) known() bool { return s == Valid || s == Invalid }

// Site is a place with an address and charge points; the guide's "Charging Station".
type Site struct {
	ID           ident.Site
	Operator     ident.Operator
	Sub          ident.SubOperator // zero: the operator's own
	Name         string
	Address      string
	TimeZone     string // IANA name; prices and plans use it
	CustomerCare string // the phone number on the pile
	Position     Position
	Contracted   unit.W     // what the grid gives the site at most; 0: nobody has said
	Plan         ident.Plan // zero: the operator's default plan
	Status       Status
	Version      int64
}

// Location is the site's time zone; UTC where the name is unknown to this machine.
func (s Site) Location() *time.Location {
	loc, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// checked returns the site with blanks trimmed and defaults set, or where it is wrong.
func (s Site) checked() (Site, error) {
	s.Name, s.Address = strings.TrimSpace(s.Name), strings.TrimSpace(s.Address)
	s.CustomerCare = strings.TrimSpace(s.CustomerCare)
	if s.Status == "" {
		s.Status = Valid
	}
	if s.TimeZone == "" {
		s.TimeZone = "UTC"
	}
	var bad flaws
	bad.text("/name", s.Name, 1, 200)
	bad.text("/address", s.Address, 0, 300)
	bad.text("/customer_care", s.CustomerCare, 0, 100)
	// "Local" would mean this server's zone, which is nobody's.
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "Local" {
		bad.add("/time_zone", "is no IANA time zone; write one such as Europe/Berlin")
	}
	s.Position.check(&bad)
	if s.Contracted < 0 || s.Contracted > maxContracted {
		bad.add("/contracted_power_w", "must be 0 to 1,000,000,000 W")
	}
	if !s.Status.known() {
		bad.add("/status", "must be VALID or INVALID")
	}
	return s, bad.err()
}
