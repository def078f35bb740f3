package report

import (
	"slices"
	"strconv"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
)

// Block is a part of the home page.
type Block string

// The blocks (product §3.1).
const (
	BlockNetwork    Block = "network"
	BlockConnectors Block = "connectors"
	BlockPower      Block = "power"
	BlockAnalytics  Block = "analytics"
	BlockFinance    Block = "finance"
)

// Blocks lists them in the guide's order.
var Blocks = []Block{BlockNetwork, BlockConnectors, BlockPower, BlockAnalytics, BlockFinance}

// Need is the permission that a block's figures ask for, beside that of the page.
func (b Block) Need() authz.Permission {
	switch b {
	case BlockConnectors, BlockPower:
		return authz.LiveRead
	case BlockFinance:
		return authz.FinanceRead
	}
	return authz.HomeRead
}

// Layout is the home page of an account.
type Layout struct {
	Blocks  []Block   // in their order
	SavedAt time.Time // zero: as the role begins
}

// DefaultBlocks is what an account begins with: who runs the points sees them first,
// who does the money sees that first; and only what they may see.
func DefaultBlocks(role authz.Role, may func(authz.Permission) bool) []Block {
	order := Blocks
	switch {
	case !may(authz.FinanceRead): // OpOps and their like
		order = []Block{BlockConnectors, BlockPower, BlockAnalytics, BlockNetwork}
	case !may(authz.LiveRead):
		order = []Block{BlockFinance, BlockAnalytics, BlockNetwork}
	case role == authz.Auditor:
		order = []Block{BlockFinance, BlockAnalytics, BlockConnectors, BlockPower, BlockNetwork}
	}
	return visible(order, may)
}

// visible leaves out what the account may not see: a role may have lost a permission
// since the layout was saved.
func visible(blocks []Block, may func(authz.Permission) bool) []Block {
	out := []Block{}
	for _, b := range blocks {
		if slices.Contains(Blocks, b) && may(b.Need()) {
			out = append(out, b)
		}
	}
	return out
}

// checkBlocks refuses a layout that is none.
func checkBlocks(blocks []Block) error {
	seen := map[Block]bool{}
	for i, b := range blocks {
		at := "/blocks/" + strconv.Itoa(i)
		switch {
		case !slices.Contains(Blocks, b):
			return fault.BadInput(at, "must be network, connectors, power, analytics or finance")
		case seen[b]:
			return fault.BadInput(at, "is there twice")
		}
		seen[b] = true
	}
	return nil
}
