package ocpp

import (
	"context"
	"sync"
	"unique"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// flaws counts what messages had wrong, by model, until it is told: a fleet that always
// makes the same mistake costs a write a minute.
type flaws struct {
	mu     sync.Mutex
	counts map[flawed]map[string]int
}

type flawed struct {
	operator ident.Operator
	model    asset.ModelKey
}

// Bounds of what is counted between two tellings.
const (
	mostFlawed = 200 // models
	mostFlaws  = 50  // of one
)

// kindOf is the same for all that are of one model: ten thousand of them wait at a time.
func kindOf(vendor, model, firmware string) unique.Handle[asset.ModelKey] {
	return unique.Make(asset.ModelKey{Vendor: vendor, Model: model, Firmware: firmware})
}

// flawed counts what the decoder had to tolerate.
func (c *conn) flawed(found []string) {
	c.mu.Lock()
	k := c.kind.Value()
	c.mu.Unlock()
	if k.Vendor == "" && k.Model == "" {
		return
	}
	key := flawed{c.Scope.Operator(), k}
	f := &c.door.flaws
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.counts[key]
	if n == nil {
		if len(f.counts) >= mostFlawed {
			return
		}
		if f.counts == nil {
			f.counts = map[flawed]map[string]int{}
		}
		n = map[string]int{}
		f.counts[key] = n
	}
	for _, x := range found {
		if _, known := n[x]; known || len(n) < mostFlaws {
			n[x]++
		}
	}
}

// tellFlaws stores what was counted.
func (d *Door) tellFlaws(ctx context.Context) {
	d.flaws.mu.Lock()
	counts := d.flaws.counts
	d.flaws.counts = nil
	d.flaws.mu.Unlock()
	for k, n := range counts {
		if err := d.assets.LearnFlaws(ctx, k.operator, k.model, n); err != nil {
			if ctx.Err() == nil {
				d.opt.Log.Warn("flaws of a model not stored", "vendor", k.model.Vendor, "model", k.model.Model, "error", err)
			}
			return // they are counted again
		}
	}
}
