package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/unit"
)

type adminCmd struct {
	CreateOperator    createOperatorCmd    `cmd:"" help:"Create an operator."`
	CreateStaff       createStaffCmd       `cmd:"" help:"Create somebody who may log in."`
	CreateChargePoint createChargePointCmd `cmd:"" help:"Create a charge point and print its key."`
	ResetPassword     resetPasswordCmd     `cmd:"" help:"Give a login a new password and print it."`
	Token             tokenCmd             `cmd:"" help:"Print an API token that acts as a login."`
	CreateLoadPoints  createLoadPointsCmd  `cmd:"" help:"Create charge points with drivers and cards for cpsim load, and print them."`
	CreateKeyFile     createKeyFileCmd     `cmd:"" help:"Make the key file that PostgreSQL needs."`
}

// with runs an administrative command on the data; the server may be running.
func (d database) with(ctx context.Context, log *slog.Logger, do func(*app.App) error) error {
	a, err := d.open(ctx, log)
	if err != nil {
		return err
	}
	defer a.Store.Close()
	return do(a)
}

var atTheMachine = authz.Everything("ccms admin")

// operatorBy finds an operator by its code, which only one has, or by its name.
func operatorBy(ctx context.Context, a *app.App, name string) (operator.Operator, error) {
	var found []operator.Operator
	p := operator.Page{Limit: operator.MaxLimit}
	for {
		l, err := a.Operators.Operators(ctx, atTheMachine, operator.OperatorFilter{}, p)
		if err != nil {
			return operator.Operator{}, err
		}
		for _, o := range l.Items {
			if o.Code == name {
				return o, nil
			}
			if o.Name == name {
				found = append(found, o)
			}
		}
		if p.Cursor = l.Next; p.Cursor != "" {
			continue
		}
		switch len(found) {
		case 0:
			return operator.Operator{}, fault.New(fault.Missing, "no_operator", "there is no operator %q; see ccms admin create-operator", name)
		case 1:
			return found[0], nil
		}
		var codes []string
		for _, o := range found {
			codes = append(codes, o.Code)
		}
		return operator.Operator{}, fmt.Errorf("%d operators are called %q; use the code: %s", len(found), name, strings.Join(codes, ", "))
	}
}

type createOperatorCmd struct {
	database
	Name     string `arg:"" help:"Name, for example A3E."`
	Currency string `default:"EUR" help:"ISO 4217 code (${default})."`
	TimeZone string `name:"time-zone" default:"UTC" help:"IANA name (${default})."`
}

func (c *createOperatorCmd) Run(ctx context.Context, log *slog.Logger) error {
	return c.with(ctx, log, func(a *app.App) error {
		o, err := a.Operators.CreateOperator(ctx, atTheMachine, operator.NewOperator{
			Name: c.Name, Currency: money.Currency(strings.ToUpper(c.Currency)), TimeZone: c.TimeZone,
		})
		if err != nil {
			return err
		}
		fmt.Printf("operator %s: %s, code %s\n", o.Name, o.ID, o.Code)
		return nil
	})
}

type createStaffCmd struct {
	database
	Login    string `arg:"" help:"Login name."`
	Role     string `default:"op_admin" enum:"owner,op_admin,op_ops,auditor" help:"owner, op_admin, op_ops or auditor (${default})."`
	Operator string `help:"Operator by name or code; leave out for an owner of the platform."`
	Name     string `help:"Full name."`
	Password string `env:"CCMS_PASSWORD" help:"At least 10 characters; one is made and printed if left out."`
}

func (c *createStaffCmd) Run(ctx context.Context, log *slog.Logger) error {
	return c.with(ctx, log, func(a *app.App) error {
		sc := authz.ForPlatform(authz.Actor{Reason: "ccms admin"})
		if c.Operator != "" {
			o, err := operatorBy(ctx, a, c.Operator)
			if err != nil {
				return err
			}
			sc = authz.ForSystem(o.ID, "ccms admin")
		} else if c.Role != string(authz.Owner) {
			return fmt.Errorf("--operator is needed for the role %s", c.Role)
		}
		password := c.Password
		if password == "" {
			password = operator.NewPassword()
		}
		name := c.Name
		if name == "" {
			name = c.Login
		}
		s, err := a.Operators.CreateStaff(ctx, sc, operator.NewStaff{Login: c.Login, Name: name, Role: authz.Role(c.Role), Password: password})
		if err != nil {
			return err
		}
		fmt.Printf("staff %s: %s\n", s.Login, s.ID)
		if c.Password == "" {
			fmt.Println("password:", password)
		}
		return nil
	})
}

type createChargePointCmd struct {
	database
	Identity   string `arg:"" help:"OCPP identity, the last part of the address it connects to."`
	Operator   string `required:"" help:"Operator by name or code."`
	Site       string `required:"" help:"Site by name."`
	Name       string `help:"Name; the identity if left out."`
	Type       string `default:"AC" help:"AC, DC Fast, DC, HPC, MCS, Wireless or V2G (${default})."`
	MaxPower   int64  `name:"max-power" default:"22000" help:"Watts (${default})."`
	Connectors int    `default:"1" help:"Number of connectors (${default})."`
}

func (c *createChargePointCmd) Run(ctx context.Context, log *slog.Logger) error {
	return c.with(ctx, log, func(a *app.App) error {
		o, err := operatorBy(ctx, a, c.Operator)
		if err != nil {
			return err
		}
		sc := authz.ForSystem(o.ID, "ccms admin")
		site, err := siteBy(ctx, a, sc, c.Site)
		if err != nil {
			return err
		}
		n := asset.NewChargePoint{
			Site: site, Identity: c.Identity, Name: c.Name, Type: asset.ChargerType(c.Type), MaxPower: unit.W(c.MaxPower),
		}
		if n.Name == "" {
			n.Name = c.Identity
		}
		for i := range c.Connectors {
			n.Connectors = append(n.Connectors, asset.ConnectorSpec{Number: i + 1, MaxPower: unit.W(c.MaxPower)})
		}
		p, key, err := a.Assets.CreateChargePoint(ctx, sc, n)
		if err != nil {
			return err
		}
		fmt.Printf("charge point %s: %s, code %s\nkey: %s\n", p.Identity, p.ID, p.Code, key)
		return nil
	})
}

func siteBy(ctx context.Context, a *app.App, sc authz.Scope, name string) (id ident.Site, err error) {
	p := operator.Page{Limit: operator.MaxLimit}
	for {
		l, err := a.Assets.Sites(ctx, sc, asset.SiteFilter{Name: name}, p)
		if err != nil {
			return id, err
		}
		for _, s := range l.Items {
			if s.Name == name {
				return s.ID, nil
			}
		}
		if p.Cursor = l.Next; p.Cursor == "" {
			return id, fmt.Errorf("the operator has no site %q; create it in the portal or with POST /api/v1/sites", name)
		}
	}
}

type resetPasswordCmd struct {
	database
	Login    string `arg:"" help:"Login name."`
	Password string `env:"CCMS_PASSWORD" help:"One is made and printed if left out."`
}

func (c *resetPasswordCmd) Run(ctx context.Context, log *slog.Logger) error {
	return c.with(ctx, log, func(a *app.App) error {
		s, err := a.Operators.StaffByLogin(ctx, atTheMachine, c.Login)
		if err != nil {
			return err
		}
		password := c.Password
		if password == "" {
			password = operator.NewPassword()
		}
		if err := a.Operators.ResetPassword(ctx, atTheMachine, s.ID, password); err != nil {
			return err
		}
		if c.Password == "" {
			fmt.Println("password:", password)
		}
		return nil
	})
}

type tokenCmd struct {
	database
	Login string `arg:"" help:"Login that the token acts as."`
	Name  string `default:"ccms admin" help:"What it is for (${default})."`
}

func (c *tokenCmd) Run(ctx context.Context, log *slog.Logger) error {
	return c.with(ctx, log, func(a *app.App) error {
		s, err := a.Operators.StaffByLogin(ctx, atTheMachine, c.Login)
		if err != nil {
			return err
		}
		sc := atTheMachine
		if !s.Operator.IsZero() {
			sc = authz.ForSystem(s.Operator, "ccms admin")
		}
		_, text, err := a.Operators.CreateAPIToken(ctx, sc, operator.NewAPIToken{Staff: s.ID, Name: c.Name})
		if err != nil {
			return err
		}
		fmt.Println(text)
		return nil
	})
}

type createKeyFileCmd struct{ database }

func (c *createKeyFileCmd) Run() error {
	path := c.KeyFile
	if path == "" {
		path = filepath.Join(c.Data, "keys")
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already; what is sealed with it could not be read with another", path)
	}
	if _, err := store.LoadKeys(path, true); err != nil {
		return err
	}
	fmt.Printf("key file %s: back it up, apart from the database\n", path)
	return nil
}
