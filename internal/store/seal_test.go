package store_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

func TestSealedIsOpenedByItsOperatorAndColumnOnly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		a, b := newOperator(), newOperator()
		var s store.Sealed
		for _, op := range []ident.Operator{a, b} {
			write(t, st, authz.ForSystem(op, "test"), func(tx *store.Tx) (err error) {
				s, err = tx.SealText(op, "drivers.name", "Anna Ørsted")
				return err
			})
		}
		write(t, st, authz.ForSystem(a, "test"), func(tx *store.Tx) (err error) {
			s, err = tx.SealText(a, "drivers.name", "Anna Ørsted")
			if bytes.Contains(s.Bytes, []byte("Anna")) || s.KeyID != 1 {
				t.Errorf("sealed with key %d: %q", s.KeyID, s.Bytes)
			}
			again, err2 := tx.SealText(a, "drivers.name", "Anna Ørsted")
			if bytes.Equal(s.Bytes, again.Bytes) {
				t.Error("the same text was sealed to the same bytes")
			}
			return errors.Join(err, err2)
		})
		open := func(sc authz.Scope, op ident.Operator, column string, s store.Sealed) (plain string, err error) {
			err = st.Read(t.Context(), sc, func(tx *store.Tx) (err error) {
				plain, err = tx.OpenText(op, column, s)
				return err
			})
			return plain, err
		}
		if plain, err := open(authz.ForSystem(a, "test"), a, "drivers.name", s); err != nil || plain != "Anna Ørsted" {
			t.Errorf("opened as %q, %v", plain, err)
		}
		if plain, err := open(authz.ForStaff(a, newSub(), authz.Actor{}), a, "drivers.name", s); err != nil || plain != "Anna Ørsted" {
			t.Errorf("a sub-operator opens what it may see as %q, %v", plain, err)
		}
		broken := store.Sealed{KeyID: 1, Bytes: bytes.Clone(s.Bytes)}
		broken.Bytes[len(broken.Bytes)-1] ^= 1
		for name, f := range map[string]func() (string, error){
			"another column":           func() (string, error) { return open(authz.ForSystem(a, "test"), a, "drivers.email", s) },
			"another operator's key":   func() (string, error) { return open(authz.ForSystem(b, "test"), b, "drivers.name", s) },
			"another operator's scope": func() (string, error) { return open(authz.ForSystem(b, "test"), a, "drivers.name", s) },
			"an unset scope":           func() (string, error) { return open(authz.Scope{}, a, "drivers.name", s) },
			"a changed byte":           func() (string, error) { return open(authz.ForSystem(a, "test"), a, "drivers.name", broken) },
			"a key that is not there": func() (string, error) {
				return open(authz.ForSystem(a, "test"), a, "drivers.name", store.Sealed{KeyID: 2, Bytes: s.Bytes})
			},
		} {
			if plain, err := f(); err == nil || plain != "" || strings.Contains(err.Error(), "Anna") {
				t.Errorf("%s opens it: %q, %v", name, plain, err)
			}
		}
		write(t, st, authz.ForSystem(a, "test"), func(tx *store.Tx) error {
			none, err := tx.SealText(a, "drivers.name", "")
			if plain, err := tx.OpenText(a, "drivers.name", none); none.KeyID != 0 || plain != "" || err != nil {
				t.Error("nothing does not stay nothing")
			}
			return err
		})
	})
}

// A key that a failed closure made is lost with it: nothing may be sealed with it.
func TestDataKeyOfAFailedClosureIsForgotten(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		var kept store.Sealed
		errs := inOneTransaction(t, st,
			call{scope: sc, fn: func(tx *store.Tx) error {
				_, err := tx.SealText(op, "c", "gone")
				return errors.Join(err, errUndo)
			}},
			call{scope: sc, fn: func(tx *store.Tx) (err error) {
				kept, err = tx.SealText(op, "c", "kept")
				return err
			}},
			call{scope: sc, fn: func(tx *store.Tx) error {
				if plain, err := tx.OpenText(op, "c", kept); err != nil || plain != "kept" {
					t.Errorf("the neighbour opens %q, %v", plain, err)
				}
				return errUndo
			}})
		if errs[1] != nil {
			t.Fatal(errs)
		}
		st.Close()
		again, err := store.Open(context.Background(), store.Options{URL: st.URL(), Keys: st.Master()})
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		write(t, again, sc, func(tx *store.Tx) error {
			if plain, err := tx.OpenText(op, "c", kept); err != nil || plain != "kept" {
				t.Errorf("after a restart it opens as %q, %v", plain, err)
			}
			return nil
		})
	})
}

func TestFirstKeyOfAnOperatorIsOneForAll(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sealed := make([]store.Sealed, 12)
		var wg sync.WaitGroup
		for i := range sealed {
			wg.Go(func() {
				err := st.Write(context.Background(), authz.ForSystem(op, "test"), func(tx *store.Tx) (err error) {
					sealed[i], err = tx.SealText(op, "c", "x")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		err := st.Read(t.Context(), authz.ForSystem(op, "test"), func(tx *store.Tx) error {
			for i, s := range sealed {
				if plain, err := tx.OpenText(op, "c", s); err != nil || plain != "x" {
					t.Errorf("%d: %q, %v", i, plain, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestNewMasterKeyWrapsWhileTheOldStillOpens(t *testing.T) {
	t.Parallel()
	old := `{"id":"m1","key":"` + strings.Repeat("11", 32) + `"}` + "\n"
	newer := `{"id":"m2","key":"` + strings.Repeat("22", 32) + `"}` + "\n"
	keys := func(text string) *store.Keys {
		k, err := store.ParseKeys(text)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if !bytes.Equal(keys(old).PointMAC([]byte("s")), keys(newer+old).PointMAC([]byte("s"))) {
		t.Error("a newer master key changes the stored form of station keys")
	}
	if bytes.Equal(keys(old).PointMAC([]byte("s")), keys(newer).PointMAC([]byte("s"))) {
		t.Error("station keys do not depend on the master key")
	}
	if bytes.Equal(keys(old).CookieKey(), keys(old).PointMAC(nil)) {
		t.Error("one key for two purposes")
	}
	url := storetest.SQLiteURL(t)
	op := newOperator()
	sc := authz.ForSystem(op, "test")
	var s store.Sealed
	with := func(k *store.Keys, fn func(*store.Tx) error) error {
		st, err := store.Open(t.Context(), store.Options{URL: url, Keys: k})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		return st.Write(t.Context(), sc, fn)
	}
	if err := with(keys(old), func(tx *store.Tx) (err error) { s, err = tx.SealText(op, "c", "x"); return err }); err != nil {
		t.Fatal(err)
	}
	err := with(keys(newer+old), func(tx *store.Tx) error {
		if plain, err := tx.OpenText(op, "c", s); plain != "x" {
			t.Errorf("with a newer key before the old: %q, %v", plain, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := with(keys(newer), func(tx *store.Tx) error { _, err := tx.OpenText(op, "c", s); return err }); err == nil {
		t.Fatal("it opens without the key it was wrapped with")
	}
}

func TestKeyFileIsMadeOnceForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "keys")
	if _, err := store.LoadKeys(path, false); err == nil {
		t.Fatal("a missing file was made although it should not be")
	}
	a, err := store.LoadKeys(path, true)
	if err != nil {
		t.Fatal(err)
	}
	b, err := store.LoadKeys(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.CookieKey(), b.CookieKey()) {
		t.Fatal("the second start made other keys")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := store.LoadKeys(path, true); err == nil {
		t.Fatal("a file that others may read was taken")
	}
}

func TestBrokenKeyFileIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	secret := hex.EncodeToString(bytes.Repeat([]byte{0xab}, 32))
	for why, text := range map[string]string{
		"empty":      "\n",
		"no JSON":    secret,
		"no id":      `{"key":"` + secret + `"}`,
		"short key":  `{"id":"m","key":"` + secret[:60] + `"}`,
		"twice":      `{"id":"m","key":"` + secret + `"}` + "\n" + `{"id":"m","key":"` + secret + `"}`,
		"not in hex": `{"id":"m","key":"` + strings.Repeat("zz", 32) + `"}`,
	} {
		_, err := store.ParseKeys(text)
		if err == nil {
			t.Errorf("%s: accepted", why)
		} else if strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: the error shows the key", why)
		}
	}
}

func TestPrefixesFindNamesAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		a, b := newOperator(), newOperator()
		write(t, st, authz.Everything("test"), func(tx *store.Tx) error {
			stored, err := tx.PrefixHashes(a, "José-María Größe, Li")
			if err != nil {
				return err
			}
			finds := func(op ident.Operator, typed string) bool {
				asked, err := tx.QueryHashes(op, typed)
				if err != nil {
					t.Fatal(err)
				}
				for _, q := range asked {
					found := false
					for _, s := range stored {
						found = found || bytes.Equal(q, s)
					}
					if !found {
						return false
					}
				}
				return len(asked) > 0
			}
			for typed, want := range map[string]bool{
				"jos": true, "JOSE": true, "josé": true, "mar jose": true, "grösse": true, "gros": true, "li": true,
				"ose": false, "jo": false, "josef": false, "mar peter": false, "": false,
			} {
				if finds(a, typed) != want {
					t.Errorf("%q is found: %v", typed, !want)
				}
			}
			if finds(b, "jose") {
				t.Error("two operators hash alike")
			}
			one, err := tx.SearchHash(a, "13ADF65A")
			other, err2 := tx.SearchHash(b, "13ADF65A")
			same, err3 := tx.SearchHash(a, "13ADF65A")
			if bytes.Equal(one, other) || !bytes.Equal(one, same) {
				t.Error("exact hashes")
			}
			return errors.Join(err, err2, err3)
		})
	})
}

func TestAuditKeepsActorAndSealsWhatWasChanged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		staff := ident.New[ident.Staff](instant)
		sc := authz.ForStaff(op, ident.SubOperator{}, authz.Actor{Staff: staff, OnBehalfOf: op, IP: "192.0.2.7", RequestID: "r1", Reason: "asked"})
		for _, name := range []string{"Old", "New", "Newer"} {
			write(t, st, sc, func(tx *store.Tx) error {
				return tx.Audit("driver.changed", "drv_1", map[string]string{"name": name}, nil)
			})
		}
		var rows store.Listed[store.AuditRow]
		read := func(sc authz.Scope, f store.AuditFilter) {
			t.Helper()
			err := st.Read(t.Context(), sc, func(tx *store.Tx) (err error) {
				rows, err = tx.AuditRows(f, store.Page{Limit: 2})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		read(sc, store.AuditFilter{Action: "driver.changed", Staff: staff})
		if len(rows.Items) != 2 || rows.Total != 3 || rows.Next == "" {
			t.Fatalf("%+v", rows)
		}
		r := rows.Items[0]
		if string(r.Before) != `{"name":"Newer"}` || r.After != nil || r.Actor.IP != "192.0.2.7" || r.Actor.Staff != staff ||
			r.Actor.OnBehalfOf != op || r.Actor.RequestID != "r1" || r.Actor.Reason != "asked" || r.Source != authz.StaffLogin {
			t.Fatalf("%+v", r)
		}
		read(authz.ForStaff(newOperator(), ident.SubOperator{}, authz.Actor{}), store.AuditFilter{})
		if len(rows.Items) != 0 {
			t.Fatal("another operator reads the audit")
		}
		if err := st.Write(t.Context(), authz.Everything("test"), func(tx *store.Tx) error { return tx.Raw("SELECT 1") }); err != nil {
			t.Fatal(err)
		}
		st.Close()
		if !st.IsPostgres() {
			for _, file := range []string{st.URL(), st.URL() + "-wal"} {
				b, err := os.ReadFile(file)
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				if bytes.Contains(b, []byte("Newer")) || bytes.Contains(b, []byte("192.0.2.7")) {
					t.Fatal("the file shows what was sealed")
				}
			}
		}
	})
}
