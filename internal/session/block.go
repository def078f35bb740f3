package session

import (
	"context"
	"errors"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
)

// PointBlocked refuses to take a charge point away while a session runs on it
// (AST-R3).
func PointBlocked(tx Tx, p ident.ChargePoint) error {
	live, err := tx.LiveSessions(p)
	if err != nil {
		return err
	}
	for _, st := range live {
		if st.Phase.Open() || st.Phase == Starting || st.Phase == Idle {
			return fault.New(fault.Conflict, "session_running", "A session runs on this charge point. Stop it first.")
		}
	}
	return nil
}

// DriverBlocked refuses to close a driver with a running session or with money on
// the account, either way (USR-R2).
func DriverBlocked(tx Tx, d member.Driver) error {
	acc, err := tx.AccountByID(d.Wallet)
	switch {
	case err != nil:
		return err
	case !acc.Held.Zero():
		return fault.New(fault.Conflict, "session_running", "A session of this driver runs or waits for its bill.")
	case acc.Balance.Minor < 0:
		return fault.New(fault.Conflict, "debt_open", "The driver owes %s. Settle it first.", acc.Balance.Neg())
	case acc.Balance.Minor > 0:
		return fault.New(fault.Conflict, "balance_left", "There is %s on the charging account. Pay it out first.", acc.Balance)
	}
	return nil
}

// expireAtOnce is how many commands ExpireCommands takes from the store at once.
const expireAtOnce = 50

// ExpireCommands ends commands that nobody answered in time or whose point went
// offline before they were sent, and tells their sessions. It returns how many, and
// leaves none behind but those that fail: a point has 64 places, and each counts until
// its end. One that fails does not keep the others.
func (s *Service) ExpireCommands(ctx context.Context) (ended int, err error) {
	for {
		n, more, err := s.expireBatch(ctx)
		ended += n
		// Those that fail come again with each batch: once none of a batch ends, the rest
		// is for the next time.
		if !more || n == 0 || ctx.Err() != nil {
			return ended, err
		}
	}
}

// expireBatch ends those that have been due longest, and tells whether there may be more.
func (s *Service) expireBatch(ctx context.Context) (ended int, more bool, err error) {
	var overdue []ident.Command
	owners := map[ident.Command]ident.Operator{}
	err = s.read(ctx, authz.Everything("commands past their deadline"), func(tx Tx) (err error) {
		if overdue, err = tx.OverdueCommands(tx.Now(), expireAtOnce); err != nil {
			return err
		}
		for _, id := range overdue {
			c, err := tx.CommandByID(id)
			if err != nil {
				return err
			}
			owners[id] = c.Operator
		}
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	var errs []error
	for _, id := range overdue {
		var did bool
		err := s.once(ctx, authz.ForSystem(owners[id], "command past its deadline"), func(tx Tx) (err error) {
			var c asset.Command
			if c, did, err = asset.Expired(tx, id); err != nil || !did {
				return err
			}
			return s.commandEnded(tx, c)
		})
		if err != nil {
			errs = append(errs, err)
		} else if did {
			ended++
		}
	}
	return ended, len(overdue) == expireAtOnce, errors.Join(errs...)
}
