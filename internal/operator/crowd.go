package operator

import (
	"sync"
	"time"
)

// Crowd holds a rate for each of many, by name, in the memory of one server. It is for
// what costs little and comes often; what must hold across servers and restarts, as
// attempts at a password must, is stored.
type Crowd struct {
	rate Rate
	most int

	mu  sync.Mutex
	tat map[string]time.Time
}

// crowdSize bounds the names a Crowd remembers: some 10 MB with their addresses.
const crowdSize = 100_000

// NewCrowd gives each name the rate.
func NewCrowd(r Rate) *Crowd { return &Crowd{rate: r, most: crowdSize, tat: map[string]time.Time{}} }

// Spend takes one from the name: how many more it may do at once, or how long it has to
// wait. What is refused costs nothing. Past the names that are remembered the idle are
// forgotten; where all are busy the newcomers share one rate.
func (c *Crowd) Spend(name string, now time.Time) (left int, wait time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tat, known := c.tat[name]
	if !known && len(c.tat) >= c.most {
		for n, t := range c.tat {
			if t.Before(now) {
				delete(c.tat, n)
			}
		}
		if len(c.tat) >= c.most {
			name = ""
			tat = c.tat[name]
		}
	}
	next, wait, ok := c.rate.spend(tat, now)
	if !ok {
		return 0, wait, false
	}
	c.tat[name] = next
	return c.rate.Burst - int((next.Sub(now)+c.rate.Every-1)/c.rate.Every), 0, true
}
