package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// ErrNotInstalled says that initdb or postgres was found nowhere.
var ErrNotInstalled = errors.New("PostgreSQL is not installed")

// install is where the programs are and as whom they run.
type install struct {
	initdb, postgres string
	cred             *syscall.Credential // nil: as ourselves
}

func findInstall() (install, error) {
	var in install
	var err error
	if in.initdb, err = findProgram("initdb"); err != nil {
		return in, err
	}
	if in.postgres, err = findProgram("postgres"); err != nil {
		return in, err
	}
	in.cred, err = runAs()
	return in, err
}

// findProgram looks in PATH first and then where Debian keeps each version;
// of several versions the newest wins.
func findProgram(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	best, bestVersion := "", -1
	for _, p := range found {
		v, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p))))
		if err == nil && v > bestVersion {
			best, bestVersion = p, v
		}
	}
	if best == "" {
		return "", fmt.Errorf("%w: no %s in PATH nor in /usr/lib/postgresql/*/bin (Debian: apt-get install postgresql)", ErrNotInstalled, name)
	}
	return best, nil
}

// runAs: PostgreSQL refuses to run as root, so root lends it another user.
func runAs() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("pgtest: uid of %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("pgtest: gid of %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("pgtest: running as root and there is no user postgres or nobody to run PostgreSQL as")
}
