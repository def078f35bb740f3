package asset

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/unit"
)

// SiteChange holds the fields to change; nil leaves a field alone.
type SiteChange struct {
	Name, Address, TimeZone, CustomerCare *string
	Plan                                  *ident.Plan // zero: the operator's default
	Status                                *Status
	Position                              *Position // zero: not known
	Contracted                            *unit.W   // zero: not known
}

// NewChargePoint is what it takes to make one.
type NewChargePoint struct {
	Site       ident.Site
	Identity   string
	Name       string
	Code       string // "" takes the next free one
	Type       ChargerType
	MaxPower   unit.W
	Plan       ident.Plan
	Connectors []ConnectorSpec
	Offer      Offer
	Key        string // hex; "" makes one. For a device that has a key already.
}

// ChargePointChange holds the fields to change; nil leaves a field alone.
type ChargePointChange struct {
	Identity   *string // only to be refused where it differs (AST-R1)
	Site       *ident.Site
	Name, Code *string
	Type       *ChargerType
	MaxPower   *unit.W
	Plan       *ident.Plan // zero: the site's
	Status     *Status
	Offer      *Offer
	Connectors []ConnectorSpec // nil leaves them alone; else all that shall be there
}

func (s Site) apply(c SiteChange) (Site, error) {
	set(&s.Name, c.Name)
	set(&s.Address, c.Address)
	set(&s.TimeZone, c.TimeZone)
	set(&s.CustomerCare, c.CustomerCare)
	set(&s.Plan, c.Plan)
	set(&s.Status, c.Status)
	set(&s.Position, c.Position)
	set(&s.Contracted, c.Contracted)
	return s.checked()
}

func (p ChargePoint) apply(c ChargePointChange) (ChargePoint, error) {
	if c.Identity != nil && *c.Identity != p.Identity {
		e := fault.New(fault.Conflict, "identity_immutable", "The identity of a charge point never changes. Make a new charge point for another device.")
		return p, e.At("/identity", "cannot be changed")
	}
	code := p.Code
	set(&p.Site, c.Site)
	set(&p.Name, c.Name)
	set(&p.Code, c.Code)
	set(&p.Type, c.Type)
	set(&p.MaxPower, c.MaxPower)
	set(&p.Plan, c.Plan)
	set(&p.Status, c.Status)
	set(&p.Offer, c.Offer)
	p, err := p.checked()
	if err == nil && p.Code == "" {
		p.Code = code // a pile always has one
	}
	return p, err
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
