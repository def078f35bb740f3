package upkeep

// storm gathers points of one site, or of one firmware, that went away together
// (WARN-R2): w is the warning of the newest.
func storm(tx Tx, w Warning) error {
	filters := []AwayFilter{
		{Operator: w.Operator, Sub: w.Sub, Site: w.Site},
		{Operator: w.Operator, Sub: w.Sub, Firmware: w.Firmware},
	}
	for _, f := range filters {
		code := "SITE " + f.Site.String()
		if f.Site.IsZero() {
			code = "FIRMWARE " + f.Firmware
			if f.Firmware == "" {
				continue
			}
		}
		parent, brewing, err := tx.LockKey(Key{Operator: w.Operator, Sub: w.Sub, Type: Offline, Code: code})
		if err != nil {
			return err
		}
		f.Since = w.At.Add(-StormWithin)
		together, err := tx.Away(f, 500)
		if err != nil {
			return err
		}
		goesOn := brewing && !parent.At.Before(f.Since)
		if len(together) <= StormOver && !goesOn {
			continue
		}
		return gather(tx, w, f, parent, brewing, code, together)
	}
	return nil
}

func gather(tx Tx, w Warning, f AwayFilter, parent Warning, brewing bool, code string, together []Warning) error {
	now := tx.Now()
	s := Subject{Watch: Watch{Operator: w.Operator, Sub: w.Sub}}
	children := 0
	if brewing {
		s.Live = []Warning{parent}
		var err error
		if children, _, err = tx.CountChildren(parent.ID); err != nil {
			return err
		}
	}
	begin := w.At
	for _, x := range together {
		if x.Parent.IsZero() {
			children++
		}
		if x.At.Before(begin) {
			begin = x.At
		}
	}
	out, err := applyWith(tx, s, Stormed{Code: code, At: w.At, Began: begin, Children: children, Detail: f.Firmware}, f.Site)
	if err != nil {
		return err
	}
	for i := range out.Warnings {
		parent = out.Warnings[i].Warning
		out.Warnings[i].Site, out.Warnings[i].Firmware = f.Site, f.Firmware
	}
	if err := save(tx, out); err != nil {
		return err
	}
	for _, x := range together {
		if !x.Parent.IsZero() {
			continue
		}
		if err := save(tx, Apply(Subject{Live: []Warning{x}}, Gather{ID: x.ID, Storm: parent.ID}, now)); err != nil {
			return err
		}
	}
	return nil
}
