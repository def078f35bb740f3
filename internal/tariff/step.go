package tariff

// rounded are the quantities with the step sizes applied, once for the session (mod_cdrs,
// ocpi/ocpi#334, #546): inside a layer the energy is rounded up by the step of the
// component that priced it last, and so is time; where parking was priced, parking alone
// is. What has no price counts for nothing.
func (m *meter) rounded() []int64 {
	rows := len(m.sheet.rows)
	if !m.sheet.stepped {
		return m.q[:rows]
	}
	q := append(make([]int64, 0, rows), m.q[:rows]...)
	for layer := range m.sheet.Plan.Layers {
		if last := int(m.q[rows+layer]) - 1; last >= 0 {
			m.round(q, layer, energyDim, last)
		}
		if parked := m.lastOf(layer, parkingDim); parked >= 0 {
			m.round(q, layer, parkingDim, parked)
		} else {
			m.round(q, layer, timeDim, m.lastOf(layer, timeDim))
		}
		for _, d := range [...]dim{idleDim, reserveTimeDim, expiredTimeDim} {
			m.round(q, layer, d, m.lastOf(layer, d))
		}
	}
	return q
}

// lastOf is the component that counted time of a dimension last, −1 for none.
func (m *meter) lastOf(layer int, d dim) int {
	last := -1
	for c := range m.sheet.rows {
		if r := &m.sheet.rows[c]; r.layer == layer && r.dim == d && m.q[c] > 0 && (last < 0 || m.ends[c] > m.ends[last]) {
			last = c
		}
	}
	return last
}

// round raises what a dimension counted in a layer to a multiple of the step of the
// component that counted last.
func (m *meter) round(q []int64, layer int, d dim, last int) {
	if last < 0 || m.sheet.rows[last].step <= 1 {
		return
	}
	step, sum := m.sheet.rows[last].step, int64(0)
	for c := range m.sheet.rows {
		if r := &m.sheet.rows[c]; r.layer == layer && r.dim == d {
			sum += m.q[c]
		}
	}
	if rest := sum % step; rest != 0 {
		q[last] += step - rest
	}
}
