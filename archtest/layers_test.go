package archtest

import "testing"

func TestImportRulesRefuseWhatTheyName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		ok       bool
		why      string
	}{
		{"ccms/internal/money", "strconv", true, "words may use the standard library"},
		{"ccms/internal/fact", "ccms/internal/ident", true, "and each other"},
		{"ccms/internal/money", "ccms/internal/tariff", false, "but nothing above"},
		{"ccms/internal/unit", "golang.org/x/text", false, "and nothing foreign"},

		{"ccms/internal/session", "ccms/internal/ledger", true, "earlier in the order"},
		{"ccms/internal/ledger", "ccms/internal/session", false, "later in the order"},
		{"ccms/internal/session/script", "ccms/internal/session", true, "a subpackage has its parent's place"},
		{"ccms/internal/session", "ccms/internal/store", false, "domain never imports machinery"},
		{"ccms/internal/session", "ccms/internal/web", false, "nor doors"},
		{"ccms/internal/session", "database/sql", false, "nor SQL"},
		{"ccms/internal/asset", "net/http", false, "nor the network"},
		{"ccms/internal/asset", "net/url", true, "parsing an address is pure"},
		{"ccms/internal/operator", "os", false, "nor files"},
		{"ccms/internal/operator", "golang.org/x/crypto/argon2", true, "hashing is pure"},
		{"ccms/internal/operator", "github.com/gobwas/ws", false, "other foreign code is not"},
		{"ccms/internal/asset", "ccms/internal/store/pgtest", false, "pgtest is for tests"},

		{"ccms/internal/store", "ccms/internal/session", true, "machinery knows the domain"},
		{"ccms/internal/store", "github.com/jackc/pgx/v5", true, "store speaks to databases"},
		{"ccms/internal/store/migrate", "github.com/pressly/goose/v3", true, "and so do its subpackages"},
		{"ccms/internal/job", "modernc.org/sqlite", false, "others do not"},
		{"ccms/internal/store", "ccms/internal/ocpp", false, "machinery does not know doors"},
		{"ccms/internal/outbox", "ccms/internal/store", true, "machinery may lean on store"},

		{"ccms/internal/web", "ccms/internal/session", true, "a door calls a service"},
		{"ccms/internal/web", "ccms/internal/live", true, "and shows what is live"},
		{"ccms/internal/web", "ccms/internal/store", false, "only cmd and csmstest wire"},
		{"ccms/internal/web", "ccms/internal/ocpp", false, "doors are strangers"},
		{"ccms/internal/ocpp/v16", "ccms/internal/ocpp/rpc", true, "one door has several rooms"},
		{"ccms/internal/ocpp", "ccms/portal", false, "only web serves the pages"},
		{"ccms/internal/web", "ccms/portal", true, "web does"},
		{"ccms/internal/web", "ccms/cpsim", false, "the server is not its own test device"},

		{"ccms/cpsim", "ccms/internal/unit", true, "the simulator knows the words"},
		{"ccms/cpsim", "github.com/gobwas/ws", true, "and WebSockets"},
		{"ccms/cpsim", "ccms/internal/ocpp/v16", false, "but reads frames by itself"},
		{"ccms/cpsim", "ccms/internal/asset", false, "and decides nothing"},

		{"ccms/internal/app", "ccms/internal/store", true, "app wires"},
		{"ccms/internal/app", "ccms/portal", true, "with the pages"},
		{"ccms/internal/app", "ccms/cpsim", true, "the demo has charge points"},
		{"ccms/internal/app", "github.com/jackc/pgx/v5", false, "but has no SQL"},
		{"ccms/cmd/ccms", "ccms/internal/app", true, "for cmd"},
		{"ccms/csmstest", "ccms/internal/app", true, "and for the test server"},
		{"ccms/internal/web", "ccms/internal/app", false, "and for nobody else"},
		{"ccms/cmd/ccms", "ccms/internal/store", true, "cmd may reach what app hands out"},
		{"ccms/cmd/ccms", "ccms/cpsim", true, "the demo has charge points"},
		{"ccms/cmd/ccms", "ccms/csmstest", false, "but no test server"},
		{"ccms/cmd/ccms", "github.com/jackc/pgx/v5", false, "store hides the engines from cmd too"},
		{"ccms/internal/web", "ccms/cmd/ccms", false, "nobody imports a command"},
		{"ccms/csmstest", "ccms/internal/store/pgtest", true, "the test server needs databases"},
		{"ccms/internal/store/storetest", "ccms/internal/store/pgtest", true, "and so do the store's"},
		{"ccms/internal/web", "ccms/internal/store/storetest", false, "which do not ship"},
		{"ccms/csmstest", "ccms/internal/ocpp", true, "and wires like cmd"},
		{"ccms/bench", "modernc.org/sqlite", true, "a floor is measured on the bare driver"},
		{"ccms/cmd/ccms", "ccms/bench", false, "which is no library"},
	} {
		err := checkImport(c.from, c.to)
		if (err == nil) != c.ok {
			t.Errorf("%s → %s (%s): %v", c.from, c.to, c.why, err)
		}
	}
}

func TestPackagesOffTheListAreRefused(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{"ccms", "ccms/cmd/ccms", "ccms/internal/roam", "ccms/internal/app", "ccms/internal/ocpp/v16", "ccms/internal/store/pgtest", "ccms/bench"} {
		if err := checkPlace(ok); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"ccms/internal/billing", "ccms/pkg/money", "ccms/internal"} {
		if checkPlace(bad) == nil {
			t.Errorf("%s passes", bad)
		}
	}
}

func TestVaguePackageNamesAreRefused(t *testing.T) {
	t.Parallel()
	if err := checkName("ccms/internal/session", "session_test"); err != nil {
		t.Error(err)
	}
	for _, bad := range [][2]string{{"ccms/internal/web/handlers", "handlers"}, {"ccms/internal/unit", "util"}, {"ccms/internal/common/x", "x"}} {
		if checkName(bad[0], bad[1]) == nil {
			t.Errorf("%v passes", bad)
		}
	}
}
