package asset

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// TakeVendor takes a vendor's message, keeps it, and says what to answer: the word and
// the answer's data.
func (s *Service) TakeVendor(ctx context.Context, sc authz.Scope, r VendorReport) (a VendorAnswer, reply string, err error) {
	err = s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.PointByID(r.Point)
		if err != nil {
			return err
		}
		rules, err := tx.VendorRulesOf(p.Operator, strings.ToLower(r.Vendor))
		if err != nil {
			return err
		}
		a, reply = answerVendor(rules, r.Vendor, r.Message, r.Data)
		m := VendorMessage{ID: ident.New[ident.Event](tx.Now()), Operator: p.Operator, Sub: p.Sub, Point: p.ID,
			Vendor: cut(r.Vendor), Message: cut(r.Message), Data: r.Data, Answer: a, At: r.At}
		if len(m.Data) > MaxVendorData {
			m.Data, m.Cut = whole(m.Data[:MaxVendorData]), true
		}
		return tx.InsertVendorMessage(m, MaxVendorMessages)
	})
	return a, reply, err
}

// whole leaves out the piece of a letter that a cut left at the end.
func whole(s string) string {
	for i := 0; i < utf8.UTFMax && len(s) > 0; i++ {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n != 1 {
			return s
		}
		s = s[:len(s)-1]
	}
	return s
}

// VendorMessages lists what a device's vendor sent through it, newest first.
func (s *Service) VendorMessages(ctx context.Context, sc authz.Scope, id ident.ChargePoint, p operator.Page) (operator.List[VendorMessage], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[VendorMessage], error) {
		if _, err := tx.PointByID(id); err != nil {
			return operator.List[VendorMessage]{}, err
		}
		return tx.ListVendorMessages(id, p)
	})
}

// VendorRules lists the operator's rules by vendor and message.
func (s *Service) VendorRules(ctx context.Context, sc authz.Scope, p operator.Page) (operator.List[VendorRule], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[VendorRule], error) { return tx.ListVendorRules(p) })
}

// VendorRule is one rule.
func (s *Service) VendorRule(ctx context.Context, sc authz.Scope, id ident.VendorRule) (VendorRule, error) {
	return one(ctx, s.read, sc, func(tx Tx) (VendorRule, error) { return tx.VendorRuleByID(id) })
}

// CreateVendorRule keeps a rule; one for the same vendor and message is fault.Conflict
// "vendor_rule_exists".
func (s *Service) CreateVendorRule(ctx context.Context, sc authz.Scope, r VendorRule) (VendorRule, error) {
	r, err := r.checked()
	if err != nil {
		return r, err
	}
	if sc.Operator().IsZero() || !sc.Sub().IsZero() {
		return r, fault.New(fault.Denied, "operator_needed", "The rules for vendors belong to the operator.")
	}
	return one(ctx, s.write, sc, func(tx Tx) (VendorRule, error) {
		n := r
		n.ID, n.Operator, n.CreatedAt, n.Version = ident.New[ident.VendorRule](tx.Now()), sc.Operator(), tx.Now(), 1
		if all, err := tx.CountVendorRules(); err != nil || all >= MaxVendorRules {
			if err == nil {
				err = fault.New(fault.Limit, "too_many_vendor_rules", "There are %d rules already. Remove one first.", all)
			}
			return n, err
		}
		if err := unique(tx, n); err != nil {
			return n, err
		}
		if err := tx.InsertVendorRule(n); err != nil {
			return n, err
		}
		return n, tx.Audit("vendor_rule.created", n.ID.String(), nil, n)
	})
}

// ChangeVendorRule changes a rule's answer and note.
func (s *Service) ChangeVendorRule(ctx context.Context, sc authz.Scope, id ident.VendorRule, answer *VendorAnswer, note *string, version int64) (VendorRule, error) {
	return one(ctx, s.write, sc, func(tx Tx) (VendorRule, error) {
		before, err := tx.VendorRuleByID(id)
		if err != nil {
			return before, err
		}
		after := before
		if answer != nil {
			after.Answer = *answer
		}
		if note != nil {
			after.Note = *note
		}
		if after, err = after.checked(); err != nil {
			return before, err
		}
		if err := tx.SaveVendorRule(after, version); err != nil {
			return before, err
		}
		after.Version = version + 1
		return after, tx.Audit("vendor_rule.changed", id.String(), before, after)
	})
}

// DeleteVendorRule forgets a rule. What was kept by it stays.
func (s *Service) DeleteVendorRule(ctx context.Context, sc authz.Scope, id ident.VendorRule, version int64) error {
	return s.write(ctx, sc, func(tx Tx) error {
		before, err := tx.VendorRuleByID(id)
		if err != nil {
			return err
		}
		if err := tx.DeleteVendorRule(id, version); err != nil {
			return err
		}
		return tx.Audit("vendor_rule.deleted", id.String(), before, nil)
	})
}

func unique(tx Tx, n VendorRule) error {
	same, err := tx.VendorRulesOf(n.Operator, strings.ToLower(n.Vendor))
	if err != nil {
		return err
	}
	if slices.ContainsFunc(same, func(r VendorRule) bool { return strings.EqualFold(r.Message, n.Message) }) {
		return fault.New(fault.Conflict, "vendor_rule_exists", "There is a rule for this vendor and message already. Change that one.")
	}
	return nil
}
