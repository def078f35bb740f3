package operator

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Login checks a login and its password and starts a login session. The token goes
// into the browser's cookie and is kept nowhere else. It returns bad_credentials,
// or a Throttled.
func (s *Service) Login(ctx context.Context, login, password string, a authz.Actor) (token string, c Caller, err error) {
	login = NormalLogin(login)
	if len(password) > MaxPassword || len(login) > 4*MaxName {
		return "", Caller{}, errBadCredentials()
	}
	byLogin, byAddress := bucket("login", login), bucket("address", OriginName(a.IP))
	st, found, err := s.beforePassword(ctx, login, byLogin, byAddress)
	if err != nil {
		return "", Caller{}, err
	}
	hash := s.dummy // an unknown login costs the same time
	if found {
		hash = st.PasswordHash
	}
	done, err := s.hashSlot(ctx)
	if err != nil {
		return "", Caller{}, err
	}
	ok, outdated := checkPassword(s.opt.Cost, hash, password)
	newHash := ""
	if ok && outdated {
		newHash = hashPassword(s.opt.Cost, password)
	}
	done()
	if !ok || !found || st.Status != Valid {
		return "", Caller{}, errBadCredentials()
	}

	token = newToken()
	sc := st.Scope(a)
	err = s.write(ctx, sc, func(tx Tx) error {
		now := tx.Now()
		cur, err := tx.StaffByID(st.ID)
		if err != nil {
			return err
		}
		if open, err := portalOpen(tx, cur); err != nil || !open {
			return orElse(err, errBadCredentials())
		}
		if cur.PasswordHash != st.PasswordHash { // changed since it was checked
			return errBadCredentials()
		}
		if newHash != "" {
			cur.PasswordHash = newHash
		}
		cur.LastLoginAt = now
		if err := tx.SaveStaff(cur); err != nil {
			return err
		}
		cur.Version++
		l := LoginSession{TokenHash: hashToken(token), Staff: cur.ID, Operator: cur.Operator, Sub: cur.Sub,
			CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(LoginLasts), CSRF: csrfToken(token)}
		if err := tx.InsertLogin(l); err != nil {
			return err
		}
		// Who knows the password is not guessing: the login's burst is there again.
		if _, err := tx.ThrottleTAT(byLogin); err != nil {
			return err
		}
		if err := tx.SaveThrottle(byLogin, now); err != nil {
			return err
		}
		tat, err := tx.ThrottleTAT(byAddress)
		if err != nil {
			return err
		}
		if err := tx.SaveThrottle(byAddress, s.opt.AddressRate.refund(tat)); err != nil {
			return err
		}
		c = Caller{Staff: cur, Scope: sc, Login: l}
		return tx.Audit("staff.logged_in", cur.ID.String(), nil, nil)
	})
	if err != nil {
		return "", Caller{}, err
	}
	return token, c, nil
}

// beforePassword takes one attempt from both throttles before any password is
// looked at, so that parallel attempts cannot slip through, and finds the staff.
func (s *Service) beforePassword(ctx context.Context, login string, byLogin, byAddress []byte) (st Staff, found bool, err error) {
	var wait time.Duration
	err = s.write(ctx, authz.Everything("find out who logs in"), func(tx Tx) error {
		wait = 0
		now := tx.Now()
		if st, found, err = tx.StaffByLogin(login); err != nil {
			return err
		}
		tats := [2]time.Time{}
		for i, b := range []struct {
			bucket []byte
			rate   Rate
		}{{byLogin, s.opt.LoginRate}, {byAddress, s.opt.AddressRate}} {
			tat, err := tx.ThrottleTAT(b.bucket)
			if err != nil {
				return err
			}
			next, w, ok := b.rate.spend(tat, now)
			if !ok && w > wait {
				wait = w
			}
			tats[i] = next
		}
		if wait > 0 {
			return nil // a refused attempt costs nothing
		}
		if err := tx.SaveThrottle(byLogin, tats[0]); err != nil {
			return err
		}
		return tx.SaveThrottle(byAddress, tats[1])
	})
	if err == nil && wait > 0 {
		err = &Throttled{Wait: wait}
	}
	return st, found, err
}

// Authenticate finds who a cookie's token belongs to: not_signed_in, or
// login_expired.
func (s *Service) Authenticate(ctx context.Context, token string, a authz.Actor) (Caller, error) {
	if len(token) != 43 { // 32 bytes in base64
		return Caller{}, errNotSignedIn()
	}
	var c Caller
	var now time.Time
	err := s.read(ctx, authz.Everything("find out who calls"), func(tx Tx) error {
		now = tx.Now()
		l, found, err := tx.LoginByHash(hashToken(token))
		if err != nil || !found {
			return orElse(err, errNotSignedIn())
		}
		if l.expired(now) {
			return errExpired()
		}
		l.CSRF = csrfToken(token)
		st, err := s.able(tx, l.Staff)
		if err != nil {
			return err
		}
		c = Caller{Staff: st, Login: l, Scope: st.Scope(a)}
		if !l.ActingIn.IsZero() {
			a.Staff, a.OnBehalfOf = st.ID, l.ActingIn
			c.Scope = authz.ForStaff(l.ActingIn, ident.SubOperator{}, a)
		}
		return nil
	})
	if err != nil {
		return Caller{}, err
	}
	if now.Sub(c.Login.LastSeenAt) >= touchedEvery {
		err = s.write(ctx, c.Staff.Scope(a), func(tx Tx) error { return tx.TouchLogin(c.Login.TokenHash, tx.Now()) })
	}
	return c, err
}

// AuthenticateAPI finds who a bearer token acts for.
func (s *Service) AuthenticateAPI(ctx context.Context, token string, a authz.Actor) (Caller, error) {
	if !isAPIToken(token) {
		return Caller{}, errNotSignedIn()
	}
	var c Caller
	var t APIToken
	var now time.Time
	err := s.read(ctx, authz.Everything("find out who calls"), func(tx Tx) error {
		now = tx.Now()
		var found bool
		var err error
		if t, found, err = tx.APITokenByHash(hashToken(token)); err != nil || !found {
			return orElse(err, errNotSignedIn())
		}
		if !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
			return errExpired()
		}
		st, err := s.able(tx, t.Staff)
		if err != nil {
			return err
		}
		c = Caller{Staff: st, Scope: st.Scope(a), API: true}
		return nil
	})
	if err != nil {
		return Caller{}, err
	}
	if now.Sub(t.LastUsed) >= touchedEvery {
		err = s.write(ctx, c.Scope, func(tx Tx) error { return tx.TouchAPIToken(t.ID, tx.Now()) })
	}
	return c, err
}

// able is the staff if they may use the portal.
func (s *Service) able(tx Tx, id ident.Staff) (Staff, error) {
	st, err := tx.StaffByID(id)
	if err != nil {
		if fault.Is(err, fault.Missing) {
			err = errNotSignedIn()
		}
		return Staff{}, err
	}
	open, err := portalOpen(tx, st)
	if err != nil || !open {
		return Staff{}, orElse(err, errNotSignedIn())
	}
	return st, nil
}

// portalOpen reports whether the portal is open for the staff: they are valid, and
// so is their sub-operator (SUB-R3).
func portalOpen(tx Tx, st Staff) (bool, error) {
	if st.Status != Valid || st.Sub.IsZero() {
		return st.Status == Valid, nil
	}
	so, err := tx.SubOperatorByID(st.Sub)
	return err == nil && (so.Status == SubValid || so.Status == SubInvited), err
}

// Logout ends the login session.
func (s *Service) Logout(ctx context.Context, c Caller) error {
	if c.API {
		return nil // nothing to end; the token is revoked instead
	}
	return s.write(ctx, c.Staff.Scope(c.Scope.Actor), func(tx Tx) error {
		if err := tx.DeleteLogin(c.Login.TokenHash); err != nil {
			return err
		}
		return tx.Audit("staff.logged_out", c.Staff.ID.String(), nil, nil)
	})
}

// EnterOperator lets an owner act inside an operator as its OpAdmin. Both sides
// have it in their audit (product §2.1, SUB-R4).
func (s *Service) EnterOperator(ctx context.Context, c Caller, op ident.Operator, reason string) (Caller, error) {
	if c.API || !c.Staff.Role.May(authz.OperatorSwitch) {
		return Caller{}, fault.New(fault.Denied, "forbidden", "Only an owner who is logged in can enter an operator.")
	}
	if reason = clean(reason); reason == "" || len(reason) > 500 {
		return Caller{}, fault.BadInput("/reason", "must say why, in at most 500 characters")
	}
	a := c.Scope.Actor
	a.Staff, a.OnBehalfOf, a.Reason = c.Staff.ID, ident.Operator{}, reason
	outside := c.Staff.Scope(a)
	if _, err := s.Operator(ctx, outside, op); err != nil {
		return Caller{}, err
	}
	a.OnBehalfOf = op
	inside := authz.ForStaff(op, ident.SubOperator{}, a)
	// The operator's own audit comes first: a switch that is not on record there
	// does not happen.
	if err := s.write(ctx, inside, func(tx Tx) error {
		return tx.Audit("operator.entered", op.String(), nil, nil)
	}); err != nil {
		return Caller{}, err
	}
	err := s.write(ctx, outside, func(tx Tx) error {
		if err := tx.SaveActingIn(c.Login.TokenHash, op); err != nil {
			return err
		}
		return tx.Audit("operator.entered", op.String(), nil, nil)
	})
	c.Login.ActingIn, c.Scope = op, inside
	return c, err
}

// LeaveOperator ends what EnterOperator began.
func (s *Service) LeaveOperator(ctx context.Context, c Caller) (Caller, error) {
	op := c.Login.ActingIn
	if op.IsZero() {
		return c, nil
	}
	a := c.Scope.Actor
	a.OnBehalfOf = ident.Operator{}
	outside := c.Staff.Scope(a)
	err := s.write(ctx, outside, func(tx Tx) error {
		if err := tx.SaveActingIn(c.Login.TokenHash, ident.Operator{}); err != nil {
			return err
		}
		return tx.Audit("operator.left", op.String(), nil, nil)
	})
	c.Login.ActingIn, c.Scope = ident.Operator{}, outside
	return c, err
}

// NewAPIToken is what it takes to make one.
type NewAPIToken struct {
	Staff     ident.Staff
	Name      string
	ExpiresAt time.Time // zero: never
}

// CreateAPIToken makes a token that acts as the staff (SEC-R5). People make them
// for themselves; the command line for anybody. The text is given once.
func (s *Service) CreateAPIToken(ctx context.Context, sc authz.Scope, n NewAPIToken) (APIToken, string, error) {
	if sc.Source() == authz.StaffLogin && sc.Actor.Staff != n.Staff {
		return APIToken{}, "", fault.NotFound("account")
	}
	name := clean(n.Name)
	bad := checkName(fault.New(fault.Invalid, "invalid_input", "Some fields are not right."), "/name", name)
	text := apiPrefix + newToken()
	t, err := one(ctx, s.write, sc, func(tx Tx) (APIToken, error) {
		bad := bad
		if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(tx.Now()) {
			bad = bad.At("/expires_at", "must be in the future")
		}
		if len(bad.Fields) > 0 {
			return APIToken{}, bad
		}
		st, err := tx.StaffByID(n.Staff)
		if err != nil {
			return APIToken{}, err
		}
		t := APIToken{ID: ident.New[ident.APIToken](tx.Now()), Staff: st.ID, Operator: st.Operator, Sub: st.Sub, Name: name,
			Hash: hashToken(text), CreatedAt: tx.Now(), ExpiresAt: n.ExpiresAt}
		if err := tx.InsertAPIToken(t); err != nil {
			return APIToken{}, err
		}
		return t, tx.Audit("api_token.created", t.ID.String(), nil, t.public())
	})
	if err != nil {
		return APIToken{}, "", err
	}
	return t, text, nil
}

// APITokens lists the tokens of one member of staff.
func (s *Service) APITokens(ctx context.Context, sc authz.Scope, of ident.Staff, p Page) (List[APIToken], error) {
	return one(ctx, s.read, sc, func(tx Tx) (List[APIToken], error) { return tx.APITokenPage(of, p) })
}

// RevokeAPIToken deletes a token of the staff; it works no longer.
func (s *Service) RevokeAPIToken(ctx context.Context, sc authz.Scope, of ident.Staff, id ident.APIToken) error {
	return s.write(ctx, sc, func(tx Tx) error {
		t, err := tx.APITokenByID(id)
		if err != nil {
			return err
		}
		if t.Staff != of {
			return fault.NotFound("API token")
		}
		if err := tx.DeleteAPIToken(id); err != nil {
			return err
		}
		return tx.Audit("api_token.revoked", id.String(), t.public(), nil)
	})
}

func (t APIToken) public() APIToken {
	t.Hash = nil
	return t
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
