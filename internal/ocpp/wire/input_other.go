//go:build !unix

package wire

func (in *input) descriptorProbe() func(fd uintptr) bool { return nil }
