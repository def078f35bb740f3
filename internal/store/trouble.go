package store

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// TooSlow is the trouble of a statement that was stopped for its time; others may be
// taken meanwhile.
const TooSlow = "it takes too long"

// Trouble says in words why the database did not do its work: what follows "the
// database takes no writes:". It is "" where an error has another reason. The words
// are ours: those of a driver name files, hosts and values.
func Trouble(err error) string {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var connecting *pgconn.ConnectError
	switch {
	case errors.As(err, &lite):
		return liteTrouble(lite.Code())
	case errors.As(err, &pg):
		return pgTrouble(pg.Code)
	case errors.As(err, &connecting), errors.Is(err, errGone):
		return "it cannot be reached"
	case errors.Is(err, errSlow):
		return TooSlow
	}
	return ""
}

func liteTrouble(code int) string {
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return "no space left on device"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return "it may only be read"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return "another process has locked it"
	case sqlite3.SQLITE_IOERR:
		return "the disk reports an error"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return "its file is damaged"
	case sqlite3.SQLITE_CANTOPEN:
		return "its file cannot be opened"
	case sqlite3.SQLITE_NOMEM:
		return "there is no memory left"
	case sqlite3.SQLITE_INTERRUPT:
		return TooSlow
	}
	return ""
}

// pgTrouble reads an SQLSTATE (PostgreSQL, appendix A).
func pgTrouble(code string) string {
	switch code {
	case "53100":
		return "no space left on device"
	case "53200":
		return "there is no memory left"
	case "53300":
		return "it takes no more connections"
	case "25006":
		return "it may only be read"
	case "55P03":
		return "it is locked"
	case "57014":
		return TooSlow
	case "XX001", "XX002":
		return "its data are damaged"
	}
	switch {
	case strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "08"):
		return "it cannot be reached"
	case strings.HasPrefix(code, "28"), strings.HasPrefix(code, "3D"):
		return "it does not let us in"
	case strings.HasPrefix(code, "58"), strings.HasPrefix(code, "53"):
		return "its disk reports an error"
	}
	return ""
}
