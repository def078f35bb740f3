package operator

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// CreateSubOperator makes a sub-operator of the scope's operator.
func (s *Service) CreateSubOperator(ctx context.Context, sc authz.Scope, n NewSubOperator) (SubOperator, error) {
	if err := onlyWholeOperator(sc); err != nil {
		return SubOperator{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (SubOperator, error) {
		no, err := tx.NextSubOperatorNo(sc.Operator())
		if err != nil {
			return SubOperator{}, err
		}
		so, err := SubOperator{ID: ident.New[ident.SubOperator](tx.Now()), Operator: sc.Operator(), No: no, Status: SubValid, Version: 1}.
			apply(SubOperatorChange{Name: &n.Name, Email: &n.Email})
		if err != nil {
			return SubOperator{}, err
		}
		if err := tx.InsertSubOperator(so); err != nil {
			return SubOperator{}, err
		}
		return so, tx.Audit("sub_operator.created", so.ID.String(), nil, so)
	})
}

// SubOperators lists the sub-operators the scope sees.
func (s *Service) SubOperators(ctx context.Context, sc authz.Scope, f SubOperatorFilter, p Page) (List[SubOperator], error) {
	return one(ctx, s.read, sc, func(tx Tx) (List[SubOperator], error) { return tx.SubOperatorPage(f, p) })
}

// SubOperator is one sub-operator.
func (s *Service) SubOperator(ctx context.Context, sc authz.Scope, id ident.SubOperator) (SubOperator, error) {
	return one(ctx, s.read, sc, func(tx Tx) (SubOperator, error) { return tx.SubOperatorByID(id) })
}

// UpdateSubOperator changes a sub-operator that has the version.
func (s *Service) UpdateSubOperator(ctx context.Context, sc authz.Scope, id ident.SubOperator, version int64, c SubOperatorChange) (SubOperator, error) {
	return one(ctx, s.write, sc, func(tx Tx) (SubOperator, error) {
		before, err := tx.SubOperatorByID(id)
		if err != nil {
			return SubOperator{}, err // not in sight comes before not allowed
		}
		if err := onlyWholeOperator(sc); err != nil {
			return SubOperator{}, err
		}
		if before.Version != version {
			return SubOperator{}, fault.Stale(before.Version, version)
		}
		after, err := before.apply(c)
		if err != nil {
			return SubOperator{}, err
		}
		if err := tx.SaveSubOperator(after); err != nil {
			return SubOperator{}, err
		}
		after.Version++
		return after, tx.Audit("sub_operator.changed", id.String(), before, after)
	})
}

// onlyWholeOperator refuses the platform, which has no sub-operators, and
// sub-operators themselves: two tiers only (SUB-R5).
func onlyWholeOperator(sc authz.Scope) error {
	switch {
	case sc.Operator().IsZero():
		return fault.New(fault.Denied, "operator_only", "Enter an operator first: sub-operators belong to one.")
	case !sc.Sub().IsZero():
		return fault.New(fault.Denied, "two_tiers_only", "A sub-operator cannot have or change sub-operators.")
	}
	return nil
}

// CreateStaff makes staff of the scope's operator, or of the platform.
func (s *Service) CreateStaff(ctx context.Context, sc authz.Scope, n NewStaff) (Staff, error) {
	if err := CheckPassword("/password", n.Password); err != nil {
		return Staff{}, err
	}
	st := Staff{Operator: sc.Operator(), Sub: n.Sub, Login: NormalLogin(n.Login), Name: clean(n.Name), Role: n.Role, Status: Valid, Version: 1}
	if st.Sub.IsZero() {
		st.Sub = sc.Sub() // staff of a sub-operator make staff of the same
	}
	if err := st.check(); err != nil {
		return Staff{}, err
	}
	hash, err := s.hash(ctx, n.Password)
	if err != nil {
		return Staff{}, err
	}
	st.PasswordHash = hash
	return one(ctx, s.write, sc, func(tx Tx) (Staff, error) {
		st := st
		st.ID = ident.New[ident.Staff](tx.Now())
		if !st.Sub.IsZero() {
			if _, err := tx.SubOperatorByID(st.Sub); err != nil {
				return Staff{}, fault.BadInput("/sub_operator_id", "is no sub-operator of this operator")
			}
		}
		if err := tx.InsertStaff(st); err != nil {
			return Staff{}, err
		}
		return st, tx.Audit("staff.created", st.ID.String(), nil, st.public())
	})
}

// StaffList lists the staff the scope sees.
func (s *Service) StaffList(ctx context.Context, sc authz.Scope, f StaffFilter, p Page) (List[Staff], error) {
	f.Login = NormalLogin(f.Login)
	return one(ctx, s.read, sc, func(tx Tx) (List[Staff], error) { return tx.StaffPage(f, p) })
}

// StaffMember is one of the staff.
func (s *Service) StaffMember(ctx context.Context, sc authz.Scope, id ident.Staff) (Staff, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Staff, error) { return tx.StaffByID(id) })
}

// StaffByLogin finds staff by login, for the command line.
func (s *Service) StaffByLogin(ctx context.Context, sc authz.Scope, login string) (Staff, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Staff, error) {
		st, found, err := tx.StaffByLogin(NormalLogin(login))
		if err == nil && !found {
			err = fault.NotFound("account")
		}
		return st, err
	})
}

// UpdateStaff changes staff that have the version. Who is disabled or gets another
// role is logged out everywhere.
func (s *Service) UpdateStaff(ctx context.Context, sc authz.Scope, id ident.Staff, version int64, c StaffChange) (Staff, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Staff, error) {
		before, err := tx.StaffByID(id)
		if err != nil {
			return Staff{}, err
		}
		if before.Version != version {
			return Staff{}, fault.Stale(before.Version, version)
		}
		after, err := before.apply(c)
		if err != nil {
			return Staff{}, err
		}
		if before.leads() && !after.leads() { // SEC-R2
			n, err := tx.Leaders(before.Operator, before.Role)
			if err != nil {
				return Staff{}, err
			}
			if n <= 1 {
				return Staff{}, fault.New(fault.Conflict, "last_admin", "This is the last account with the role %s. Give the role to another one first.", before.Role)
			}
		}
		if err := tx.SaveStaff(after); err != nil {
			return Staff{}, err
		}
		after.Version++
		if after.Status != Valid || after.Role != before.Role {
			if err := tx.DeleteLoginsOf(id); err != nil {
				return Staff{}, err
			}
		}
		return after, tx.Audit("staff.changed", id.String(), before.public(), after.public())
	})
}

// ResetPassword sets a new password and ends every login of the staff.
func (s *Service) ResetPassword(ctx context.Context, sc authz.Scope, id ident.Staff, password string) error {
	if err := CheckPassword("/password", password); err != nil {
		return err
	}
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.write(ctx, sc, func(tx Tx) error {
		st, err := tx.StaffByID(id)
		if err != nil {
			return err
		}
		st.PasswordHash = hash
		if err := tx.SaveStaff(st); err != nil {
			return err
		}
		if err := tx.DeleteLoginsOf(id); err != nil {
			return err
		}
		return tx.Audit("staff.password_reset", id.String(), nil, nil)
	})
}

// OwnerLogin is the login of the account made on first start.
const OwnerLogin = "owner"

// EnsureOwner makes the platform's first account where there is none. The password
// is given once, to be printed.
func (s *Service) EnsureOwner(ctx context.Context) (password string, created bool, err error) {
	sc := authz.ForPlatform(authz.Actor{Reason: "first start"})
	n, err := one(ctx, s.read, sc, func(tx Tx) (int, error) {
		l, err := tx.StaffPage(StaffFilter{Role: authz.Owner}, Page{Limit: 1})
		return len(l.Items), err
	})
	if err != nil || n > 0 {
		return "", false, err
	}
	password = NewPassword()
	_, err = s.CreateStaff(ctx, sc, NewStaff{Login: OwnerLogin, Name: "Owner", Role: authz.Owner, Password: password})
	if e := fault.Of(err); err != nil && e.Code == "login_taken" {
		return "", false, nil // another node was faster
	}
	return password, err == nil, err
}

// public leaves out what must not reach the audit.
func (s Staff) public() Staff {
	s.PasswordHash = ""
	return s
}

// hash hashes a password outside of any transaction, a few at a time.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	done, err := s.hashSlot(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return hashPassword(s.opt.Cost, password), nil
}

func (s *Service) hashSlot(ctx context.Context) (done func(), err error) {
	select {
	case s.hashing <- struct{}{}:
		return func() { <-s.hashing }, nil
	case <-ctx.Done():
		return nil, fault.New(fault.Unavailable, "busy", "Too many logins at once. Try again.").Because(ctx.Err())
	}
}
