package archtest

import (
	"fmt"
	"slices"
	"strings"
)

const module = "ccms"

// The layers are not folders: each name is a folder directly under internal/.
// The order of domain packages is their dependency order.
var (
	words     = []string{"unit", "money", "ident", "fault", "authz", "fact"}
	domain    = []string{"operator", "asset", "member", "tariff", "ledger", "session", "pay", "load", "fleet", "upkeep", "certify", "advert", "roam", "report"}
	machinery = []string{"store", "outbox", "job", "cluster", "live"}
	doors     = []string{"ocpp", "ocpi", "psp", "notify", "web"}
)

type layer int

const (
	unknown layer = iota
	layerWords
	layerDomain
	layerMachinery
	layerDoor
	layerPortal // the embedded pages
	layerSim    // cpsim, the charge point as a library
	layerWiring // app, which cmd and csmstest share
	layerCmd
	layerCSMSTest
	layerTestDatabase // pgtest and storetest
	layerTool         // archtest and bench: nobody imports them
)

// place is where an import path of this module belongs.
type place struct {
	layer layer
	name  string // "session"; subpackages belong to their parent
	rank  int    // among domain packages
}

func placeOf(path string) place {
	rest, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return place{}
	}
	first, below, _ := strings.Cut(rest, "/")
	switch first {
	case "cmd":
		return place{layer: layerCmd, name: rest}
	case "cpsim":
		return place{layer: layerSim, name: first}
	case "csmstest":
		return place{layer: layerCSMSTest, name: first}
	case "portal":
		return place{layer: layerPortal, name: first}
	case "archtest", "bench":
		return place{layer: layerTool, name: first}
	case "internal":
	default:
		return place{name: rest}
	}
	if below == "store/pgtest" || below == "store/storetest" {
		return place{layer: layerTestDatabase, name: below}
	}
	name, _, _ := strings.Cut(below, "/")
	switch {
	case name == "app":
		return place{layer: layerWiring, name: name}
	case slices.Contains(words, name):
		return place{layer: layerWords, name: name}
	case slices.Contains(domain, name):
		return place{layer: layerDomain, name: name, rank: slices.Index(domain, name)}
	case slices.Contains(machinery, name):
		return place{layer: layerMachinery, name: name}
	case slices.Contains(doors, name):
		return place{layer: layerDoor, name: name}
	}
	return place{name: below}
}

// checkPlace refuses packages that are not on the list.
func checkPlace(path string) error {
	if path != module && placeOf(path).layer == unknown {
		return fmt.Errorf("%s is not in the list of packages: a new one needs a package doc that no existing one could carry, and a line in archtest/layers.go", path)
	}
	return nil
}

func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != module
}

// Databases are spoken to in one package, so that scope, transactions and the
// differences between two engines have one home.
var databasePackages = []string{"database/sql", "github.com/jackc/pgx", "modernc.org/sqlite", "github.com/pressly/goose"}

// What a domain package may not import of the standard library: the outside
// world. Parsers of names and addresses are pure and stay.
var (
	outsideWorld = []string{"net", "os", "syscall", "database/sql"}
	pureNet      = []string{"net/url", "net/netip", "net/mail"}
	pureForeign  = []string{"golang.org/x/crypto", "golang.org/x/text"} // functions of their arguments
)

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func underAny(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return under(path, r) })
}

// checkImport judges one import of a non-test file.
func checkImport(from, to string) error {
	f, t := placeOf(from), placeOf(to)
	refuse := func(reason string, args ...any) error {
		return fmt.Errorf("%s imports %s: %s", from, to, fmt.Sprintf(reason, args...))
	}

	if underAny(to, databasePackages) && f.name != "store" && f.layer != layerTestDatabase && f.layer != layerTool {
		return refuse("only store speaks to a database; a second place would need its own scope, retries and engines")
	}
	switch t.layer {
	case layerTool, layerCSMSTest:
		if f.name != t.name {
			return refuse("%s is for running, not for importing", t.name)
		}
	case layerTestDatabase:
		if f.layer != layerCSMSTest && f.layer != layerTool && f.layer != layerTestDatabase {
			return refuse("it opens databases for tests; nothing that ships may carry it")
		}
	case layerWiring:
		if f.layer != layerCmd && f.layer != layerCSMSTest && f.layer != layerTool && f.layer != layerWiring {
			return refuse("only cmd and csmstest put a node together; what a package needs it is given")
		}
	case layerCmd:
		if from != to && !under(to, from) && !under(from, to) {
			return refuse("a command is the end of the chain; move what both need into a package")
		}
	case layerPortal:
		if f.layer != layerCmd && f.layer != layerCSMSTest && f.layer != layerWiring && f.name != "web" {
			return refuse("only web serves the pages")
		}
	}

	switch f.layer {
	case layerWords:
		if !standard(to) && t.layer != layerWords {
			return refuse("words import the standard library and each other, so that every package may import them")
		}
	case layerDomain:
		switch {
		case t.layer == layerWords:
		case t.layer == layerDomain && t.rank <= f.rank:
		case t.layer == layerDomain:
			return refuse("%s comes later than %s in the domain's order; take a func in the constructor and let cmd assign it", t.name, f.name)
		case underAny(to, outsideWorld) && !slices.Contains(pureNet, to):
			return refuse("domain packages decide; the outside world is asked by doors and machinery, before the transaction")
		case standard(to) || underAny(to, pureForeign):
		case t.layer != unknown:
			return refuse("domain imports words and earlier domain packages only; machinery and doors depend on it, never the other way")
		default:
			return refuse("domain packages use the standard library only, so that a decision can be read and tested alone")
		}
	case layerMachinery:
		if t.layer == layerDoor || t.layer == layerSim {
			return refuse("machinery serves doors and does not know them")
		}
	case layerDoor:
		switch {
		case t.layer == layerDoor && t.name != f.name:
			return refuse("doors never import each other; what both need is a decision and belongs to the domain")
		case t.layer == layerMachinery && t.name == "store":
			return refuse("only app joins store to services; a door calls the service")
		case t.layer == layerSim:
			return refuse("the server does not contain its own test device")
		}
	case layerPortal:
		if !standard(to) {
			return refuse("portal embeds files and does nothing else")
		}
	case layerSim:
		if !standard(to) && t.layer != layerWords && t.layer != layerSim && !under(to, "github.com/gobwas") {
			return refuse("the simulator shares only words with the server, else both could be wrong in the same way")
		}
	}
	return nil
}

// vagueNames say where code lies, not what it is.
var vagueNames = []string{"service", "services", "manager", "managers", "handler", "handlers", "util", "utils", "common", "types", "models", "helpers"}

func checkName(path, name string) error {
	for _, element := range append(strings.Split(path, "/"), strings.TrimSuffix(name, "_test")) {
		if slices.Contains(vagueNames, element) {
			return fmt.Errorf("%s: a package called %q collects anything; name it after its noun", path, element)
		}
	}
	return nil
}
