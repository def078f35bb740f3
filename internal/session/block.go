package session

import (
	"context"

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

// ExpireCommands ends commands that nobody answered in time or whose point went
// offline before they were sent, and tells their sessions. It returns how many.
func (s *Service) ExpireCommands(ctx context.Context) (ended int, err error) {
	const batch = 50
	var overdue []asset.Command
	err = s.read(ctx, authz.Everything("commands past their deadline"), func(tx Tx) error {
		overdue = nil
		ids, err := tx.OverdueCommands(tx.Now(), batch)
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, err := tx.CommandByID(id)
			if err != nil {
				return err
			}
			overdue = append(overdue, c)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, c := range overdue {
		a := asset.Answer{State: asset.CommandTimeout, Detail: "The charge point did not answer in time."}
		if c.State == asset.CommandQueued {
			a = asset.Answer{State: asset.CommandOffline, Detail: "The charge point went offline before this was sent."}
		}
		if err := s.Answered(ctx, authz.ForSystem(c.Operator, "command past its deadline"), c.ID, a); err != nil {
			return ended, err
		}
		ended++
	}
	return ended, nil
}
