package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ledger"
	"ccms/internal/operator"
	"ccms/internal/store"
)

const (
	oldestPostgres    = 150000
	skewWarn, skewBad = 2 * time.Second, 30 * time.Second
	connectionsWanted = 20 // of one server: writers, readers, a migration, a doctor
	contentsWithin    = 30 * time.Second
	countWithin       = 15 * time.Second
)

// examineDatabase asks the database about itself, and then about what is in it.
func examineDatabase(ctx context.Context, cfg app.Config, keys *store.Keys, openFiles uint64) []finding {
	if u := cfg.DatabaseURL; u != "" && !strings.HasPrefix(u, "postgres://") && !strings.HasPrefix(u, "postgresql://") {
		return []finding{{"database", problem, "the database URL does not begin with postgres://", "leave it out for SQLite in the data folder"}}
	}
	s, err := app.Survey(ctx, cfg, keys)
	if errors.Is(err, fs.ErrNotExist) && cfg.DatabaseURL == "" {
		return []finding{{"database", warning, "there is no database yet", "ccms serve makes it, or ccms migrate"}}
	}
	if err != nil {
		return []finding{judgeUnreachable(cfg.DatabaseURL, err)}
	}
	all := judgeSurvey(s)
	if s.Schema != s.Want || keys == nil || s.Engine == "PostgreSQL" && (!s.AppRole || !s.AppMember || !s.Policies) {
		return append(all, finding{"contents", skipped, "what is in the database is looked at when the above is well", ""})
	}
	return append(all, examineContents(ctx, cfg, openFiles)...)
}

func judgeUnreachable(u string, err error) finding {
	f := finding{"database", problem, "the database cannot be read: " + oneLine(err), "look whether the file belongs to the user who runs ccms"}
	if u != "" {
		f.Do = "look whether PostgreSQL runs and lets this machine and this role in: host, port, pg_hba.conf, password"
		if p, perr := url.Parse(u); perr == nil && p.User != nil {
			if secret, ok := p.User.Password(); ok && secret != "" {
				f.What = strings.ReplaceAll(f.What, secret, "xxxxx")
			}
		}
	}
	return f
}

// judgeSurvey says what is wrong with what a database says about itself.
func judgeSurvey(s store.Survey) (all []finding) {
	add := func(check string, l level, do, format string, args ...any) {
		all = append(all, finding{check, l, fmt.Sprintf(format, args...), do})
	}
	if s.Engine == "PostgreSQL" && s.VersionNumber < oldestPostgres {
		add("database", problem, "upgrade it to PostgreSQL 15 or newer", "PostgreSQL %s is too old", s.Version)
	} else {
		add("database", fine, "", "%s %s answers", s.Engine, s.Version)
	}
	switch {
	case s.Schema == 0:
		add("schema", warning, "ccms migrate, or the next start of ccms serve, makes it", "the database has no schema yet")
	case s.Schema < s.Want:
		do := "ccms serve makes a backup and upgrades it when it starts"
		if s.Engine == "PostgreSQL" {
			do = "stop the server, then ccms migrate --backup FILE makes a backup and upgrades it"
		}
		add("schema", problem, do,
			"the database has schema %d, this program wants %d", s.Schema, s.Want)
	case s.Schema > s.Want:
		add("schema", problem, "run the program that made it, or a newer one", "the database has schema %d, this program knows only %d", s.Schema, s.Want)
	default:
		add("schema", fine, "", "schema %d is this program's", s.Schema)
	}
	switch {
	case s.Unreadable > 0:
		add("keys_fit", problem, "restore the key file that belongs to this database; without it personal data cannot be read",
			"the key file does not open %d of the %d data keys in the database", s.Unreadable, s.DataKeys)
	case s.DataKeys > 0:
		add("keys_fit", fine, "", "the key file opens the %s in the database", counted(s.DataKeys, "data key"))
	}
	if s.Engine == "PostgreSQL" {
		return append(all, judgePostgres(s)...)
	}
	return append(all, judgeSQLite(s)...)
}

func judgeSQLite(s store.Survey) (all []finding) {
	add := func(check string, l level, what, do string) { all = append(all, finding{check, l, what, do}) }
	if s.Journal == "wal" {
		add("journal_mode", fine, "readers and the writer do not wait for each other (WAL)", "")
	} else {
		add("journal_mode", warning, "the journal mode is "+s.Journal+", not WAL",
			"ccms serve sets it at its start; if it stays, the folder is on a file system that cannot do WAL: move it to a local disk")
	}
	switch {
	case s.Journal != "wal": // not asked
	case s.Synchronous == "2" || s.Synchronous == "3":
		add("synchronous", fine, "each commit is on the disk before it is acknowledged", "")
	default:
		add("synchronous", problem, "commits are acknowledged before they are on the disk (synchronous="+s.Synchronous+")", "run a program of a release; this one was changed")
	}
	switch {
	case len(s.Defects) > 0:
		add("integrity", problem, "the database file is damaged: "+strings.Join(s.Defects, "; "), "stop the server, keep a copy of the file, restore the last backup; look for a failing disk")
	case s.Unchecked:
		add("integrity", skipped, "the file is too large to be checked here; PRAGMA quick_check on a copy does it", "")
	default:
		add("integrity", fine, "the database file is whole (quick_check)", "")
	}
	return all
}

func judgePostgres(s store.Survey) (all []finding) {
	add := func(check string, l level, what, do string) { all = append(all, finding{check, l, what, do}) }
	if s.Standby {
		add("standby", problem, "this PostgreSQL is a standby and takes no writes", "give the address of the primary")
	}
	if s.Settings["default_transaction_read_only"] == "on" {
		add("read_only", problem, "transactions are read-only here", "ALTER DATABASE … RESET default_transaction_read_only")
	}
	if e := s.Settings["server_encoding"]; e != "UTF8" {
		add("encoding", problem, "the database is encoded as "+e, "make it anew with ENCODING 'UTF8'")
	}
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		switch v := s.Settings[name]; v {
		case "off", "":
			add(name, problem, name+" is off: a power cut loses what was acknowledged", "set it to on in postgresql.conf, and see that neither the role nor the database overrides it")
		default:
			add(name, fine, name+" is "+v, "")
		}
	}
	most, _ := strconv.Atoi(s.Settings["max_connections"]) // numbers, as PostgreSQL shows them
	reserved, _ := strconv.Atoi(s.Settings["superuser_reserved_connections"])
	f := finding{"connections", fine, fmt.Sprintf("%d of %d connections are in use", s.Connections, most), ""}
	switch {
	case most-reserved < connectionsWanted:
		f.Level, f.Do = problem, fmt.Sprintf("raise max_connections: one server wants %d", connectionsWanted)
	case most-reserved-s.Connections < connectionsWanted:
		f.Level, f.Do = warning, "raise max_connections, or find out who holds them"
	}
	all = append(all, f)
	all = append(all, judgeSkew(s.Skew))
	return append(all, judgeRoles(s)...)
}

func judgeSkew(d time.Duration) finding {
	f := finding{"clock_skew", fine, "the database's clock agrees with this machine's", ""}
	if d.Abs() < skewWarn {
		return f
	}
	f.Level, f.What, f.Do = warning, fmt.Sprintf("the database's clock differs by %s", d.Round(100*time.Millisecond)), "let NTP set both clocks"
	if d.Abs() >= skewBad {
		f.Level = problem
	}
	return f
}

// judgeRoles: row-level security must bind the server, or one mistake opens one
// operator's rows to another.
func judgeRoles(s store.Survey) (all []finding) {
	add := func(check string, l level, what, do string) { all = append(all, finding{check, l, what, do}) }
	if s.RoleSuper || s.RoleBypasses {
		add("database_role", warning, "the role "+s.Role+" may do more than it needs: it is a superuser or bypasses row-level security",
			"connect as a role that owns the database and nothing else")
	} else {
		add("database_role", fine, "the role "+s.Role+" has no rights beyond its own", "")
	}
	switch {
	case s.Schema == 0 && !s.AppRole:
		return all // migrate makes it
	case !s.AppRole:
		add("app_role", problem, "the role ccms_app is missing", "ccms migrate makes it, or CREATE ROLE ccms_app NOLOGIN")
	case !s.AppMember:
		add("app_role", problem, "the role "+s.Role+" may not become ccms_app", "GRANT ccms_app TO "+s.Role)
	case s.AppSuper || s.AppBypasses:
		add("app_role", problem, "the role ccms_app is a superuser or bypasses row-level security: operators are not kept apart",
			"ALTER ROLE ccms_app NOSUPERUSER NOBYPASSRLS")
	case len(s.AppOwns) > 0:
		add("app_role", problem, "the role ccms_app owns "+strings.Join(s.AppOwns, ", ")+": row-level security does not bind an owner",
			"REASSIGN OWNED BY ccms_app TO "+s.Role)
	default:
		add("app_role", fine, "the role ccms_app owns nothing and is bound by row-level security", "")
	}
	switch {
	case s.Schema == 0:
	case len(s.Unprotected) > 0:
		add("row_level_security", problem, "without row-level security: "+strings.Join(s.Unprotected, ", "), "ccms migrate makes it anew; find out who removed it")
	case !s.Policies:
		add("row_level_security", problem, "row-level security is that of another version", "ccms migrate")
	default:
		add("row_level_security", fine, "every table has its policies", "")
	}
	return all
}

// examineContents asks what only the services know. It reads, and no server need run.
func examineContents(ctx context.Context, cfg app.Config, openFiles uint64) (all []finding) {
	ctx, cancel := context.WithTimeout(ctx, contentsWithin)
	defer cancel()
	a, err := app.Open(ctx, cfg)
	if err != nil {
		return []finding{{"contents", problem, "the database cannot be used: " + oneLine(err), "ccms serve will say the same; see above"}}
	}
	defer a.Store.Close()
	sc := authz.Everything("ccms doctor")
	failed := func(check string, err error) {
		all = append(all, finding{check, skipped, "not known: " + oneLine(err), ""})
	}

	owners, err := a.Operators.StaffList(ctx, authz.ForPlatform(authz.Actor{Reason: "ccms doctor"}), operator.StaffFilter{Role: authz.Owner}, operator.Page{Limit: operator.MaxLimit})
	if err != nil {
		failed("owner", err)
	} else {
		all = append(all, judgeOwners(owners.Items))
	}
	operators, err := a.Operators.Operators(ctx, sc, operator.OperatorFilter{}, operator.Page{Limit: operator.MaxLimit})
	if err != nil {
		failed("operators", err)
	} else {
		all = append(all, judgeOperators(operators.Items)...)
	}
	if openFiles > 0 {
		points, err := countPoints(ctx, openFiles, func(ctx context.Context, p operator.Page) (operator.List[asset.PointView], error) {
			return a.Assets.ChargePoints(ctx, sc, asset.PointFilter{}, p)
		})
		if err != nil {
			failed("open_files", err)
		} else {
			all = append(all, judgeOpenFiles(openFiles, points))
		}
	}
	sums, err := a.Ledger.TrialBalance(ctx, sc)
	if err != nil {
		failed("ledger", err)
		return all
	}
	drifts, err := a.Ledger.CheckBalances(ctx, sc)
	if err != nil {
		failed("ledger", err)
		return all
	}
	return append(all, judgeLedger(ledger.Balanced(sums), len(drifts)))
}

// countPoints reads the list page by page, because a list's total ends at a thousand. It
// stops where there are more than enough, or where it takes too long.
func countPoints(ctx context.Context, enough uint64, page func(context.Context, operator.Page) (operator.List[asset.PointView], error)) (c countedPoints, err error) {
	ctx, cancel := context.WithTimeout(ctx, countWithin)
	defer cancel()
	p := operator.Page{Limit: operator.MaxLimit}
	for {
		l, err := page(ctx, p)
		if err != nil {
			if c.n == 0 {
				return c, err
			}
			c.more = true
			return c, nil
		}
		c.n += len(l.Items)
		if l.Next == "" {
			return c, nil
		}
		if uint64(c.n) > enough {
			c.more = true
			return c, nil
		}
		p.Cursor = l.Next
	}
}

func judgeOwners(owners []operator.Staff) finding {
	for _, o := range owners {
		if o.Status == operator.Valid {
			return finding{"owner", fine, "somebody can log in as owner of the platform", ""}
		}
	}
	if len(owners) > 0 {
		return finding{"owner", problem, "every owner of the platform is disabled", "ccms admin create-staff LOGIN --role owner"}
	}
	return finding{"owner", warning, "nobody owns the platform yet", "ccms serve makes the account at its start and prints the password once"}
}

func judgeOperators(operators []operator.Operator) (all []finding) {
	if len(operators) == 0 {
		return []finding{{"operators", warning, "there is no operator yet, so nobody can charge", "ccms admin create-operator NAME, or the portal as owner"}}
	}
	all = append(all, finding{"operators", fine, counted(len(operators), "operator") + " at least", ""})
	for _, o := range operators {
		if _, err := time.LoadLocation(o.TimeZone); err != nil {
			all = append(all, finding{"operator_time_zone", problem, "the time zone " + o.TimeZone + " of operator " + o.Code + " is not known here", "choose another, or install tzdata"})
		}
	}
	return all
}

func judgeLedger(unbalanced error, drifts int) finding {
	switch {
	case unbalanced != nil:
		return finding{"ledger", problem, "the books do not sum to zero: " + oneLine(unbalanced), "stop charging for money, keep a copy of the database and report it: this is a defect"}
	case drifts > 0:
		return finding{"ledger", problem, fmt.Sprintf("%s differ from their postings", counted(drifts, "wallet")), "keep a copy of the database and report it: this is a defect"}
	}
	return finding{"ledger", fine, "the books sum to zero and every wallet is what its postings say", ""}
}
