//go:build !unix

package wire

const descriptors = false // are read by us

func (c *Conn) readable(uintptr) bool { panic("wire: descriptors are not read here") }
