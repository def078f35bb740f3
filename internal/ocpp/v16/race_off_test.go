//go:build !race

package v16_test

// times is how many bytes reading may take for one of the frame.
const times = 4
