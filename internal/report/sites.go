package report

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
)

// SiteState is what the connectors of a site do now. Its counts come to Connectors, and
// those of all sites to the block Connectors (HOME-R2).
type SiteState struct {
	Site          ident.Site
	Sub           ident.SubOperator
	Name, Address string
	Position      asset.Position
	Connectors    int64
	Free          int64 // online and Available
	InUse         int64 // online, with a car, or kept for one
	OutOfOrder    int64 // online, and Faulted or Unavailable
	Unknown       int64 // offline, or never said
}

// Word is the best that a driver finds at a site.
type Word string

// The words, best first.
const (
	SiteFree       Word = "FREE"
	SiteInUse      Word = "IN_USE"
	SiteOutOfOrder Word = "OUT_OF_ORDER"
	SiteUnknown    Word = "UNKNOWN" // or it has no connector
)

// Add counts n connectors in a state, as ConnectorCount has it.
func (s *SiteState) Add(state string, n int64) {
	s.Connectors += n
	switch state {
	case "Available":
		s.Free += n
	case "Faulted", "Unavailable":
		s.OutOfOrder += n
	case Offline, "Unknown", "":
		s.Unknown += n
	default:
		s.InUse += n
	}
}

// Word is the best that a driver finds there.
func (s SiteState) Word() Word {
	switch {
	case s.Free > 0:
		return SiteFree
	case s.InUse > 0:
		return SiteInUse
	case s.OutOfOrder > 0:
		return SiteOutOfOrder
	}
	return SiteUnknown
}

// SitesView is the map: the sites in use, by name.
type SitesView struct {
	At    time.Time
	Sites []SiteState
	More  bool // there are more sites than a map takes
}

// MostSites is how many sites a map takes.
const MostSites = 2000

// Sites is what the connectors of each site do now.
func (s *Service) Sites(ctx context.Context, sc authz.Scope, f Filter) (SitesView, error) {
	return one(ctx, s.read, sc, func(tx Tx) (SitesView, error) {
		if _, _, err := s.clock(tx, sc, f); err != nil {
			return SitesView{}, err
		}
		sites, more, err := tx.SiteStates(f, MostSites)
		return SitesView{At: tx.Now(), Sites: sites, More: more}, err
	})
}
