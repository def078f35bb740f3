package rpc

// Working reports whether a worker goroutine exists.
func (p *Peer) Working() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.working || p.in != nil
}
