//go:build race

package v16_test

// times is how many bytes reading may take for one of the frame; the race detector makes
// some allocations larger.
const times = 6
