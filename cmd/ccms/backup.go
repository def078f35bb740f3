package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ccms/internal/app"
	"ccms/internal/store"
)

type backupCmd struct {
	database
	Out   string `required:"" placeholder:"FILE" help:"Where to write it; - is standard output."`
	Force bool   `help:"Replace FILE if it is there."`
}

func (c *backupCmd) Run(ctx context.Context, log *slog.Logger) error {
	began := time.Now()
	info, err := c.backup(ctx, log, c.Out, c.Force)
	if err != nil {
		return err
	}
	tell := io.Writer(os.Stdout)
	if c.Out == "-" {
		tell = os.Stderr
	}
	fmt.Fprintf(tell, "Backup %s: %s\n", c.Out, whatItIs(info))
	printRows(tell, info)
	fmt.Fprintf(tell, "%d rows in %s, %s.\n", info.Total(), seconds(time.Since(began)), size(info.Bytes))
	fmt.Fprintf(tell, "The key file %s is not in it. Keep a copy of that too, in another place: without it no personal data can be read.\n", c.keyFile())
	c.leftOut(tell, info)
	return nil
}

// leftOut says what else of the server is not in a backup.
func (d database) leftOut(w io.Writer, i store.BackupInfo) {
	if images, files := i.Rows["firmware_images"], i.Rows["transfers"]; images+files > 0 {
		fmt.Fprintf(w, "Files are not in it: %d firmware images and what charge points brought lie in %s. Copy that folder too, after the backup; it may be copied while the server runs.\n",
			images, filepath.Join(d.Data, "files"))
	}
}

func (d database) keyFile() string {
	if d.KeyFile != "" {
		return d.KeyFile
	}
	return filepath.Join(d.Data, "keys")
}

// backup writes a backup to a file that gets its name when it is whole and on the disk.
func (d database) backup(ctx context.Context, log *slog.Logger, out string, force bool) (info store.BackupInfo, err error) {
	if out == "-" {
		return app.Backup(ctx, d.config(log), os.Stdout, version)
	}
	if _, err := os.Lstat(out); err == nil && !force {
		return info, fmt.Errorf("%s is there already; choose another name or say --force", out)
	}
	dir := filepath.Dir(out)
	f, err := os.CreateTemp(dir, "."+filepath.Base(out)+".*") // readable by its owner only
	if err != nil {
		return info, err
	}
	info, err = app.Backup(ctx, d.config(log), f, version)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = name(f.Name(), out, force)
	}
	if err != nil {
		return info, errors.Join(err, os.Remove(f.Name()))
	}
	folder, err := os.Open(dir)
	if err != nil {
		return info, err
	}
	return info, errors.Join(folder.Sync(), folder.Close())
}

// name gives a finished file its name. Only with force it may be another's.
func name(temporary, out string, force bool) error {
	if force {
		return os.Rename(temporary, out)
	}
	err := os.Link(temporary, out)
	switch {
	case err == nil:
		return os.Remove(temporary)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already; choose another name or say --force", out)
	}
	return os.Rename(temporary, out) // a file system without second names
}

type restoreCmd struct {
	database
	File    string `arg:"" help:"Backup to restore."`
	Replace bool   `help:"Put it in the place of data that are there."`
	Check   bool   `help:"Only read the backup to its end and say what it is."`
}

func (c *restoreCmd) Run(ctx context.Context, log *slog.Logger) error {
	if c.Check {
		info, err := store.ReadBackup(c.File)
		if err != nil {
			return err
		}
		fmt.Printf("%s is whole: %s\n", c.File, whatItIs(info))
		printRows(os.Stdout, info)
		fmt.Printf("%d rows, %s, SHA-256 %s. It needs a key file with %s.\n", info.Total(), size(info.Bytes), info.SHA256, keysOf(info))
		return nil
	}
	if c.DatabaseURL == "" {
		release, err := lockFolder(c.Data)
		if err != nil {
			return fmt.Errorf("%w. Nothing was changed", err)
		}
		defer release()
	}
	began := time.Now()
	r, err := app.Restore(ctx, c.config(log), c.File, c.Replace)
	if err != nil {
		return err
	}
	fmt.Printf("Restored %s: %s\n", c.File, whatItIs(r.Backup))
	printRows(os.Stdout, r.Backup)
	fmt.Printf("%d rows in %s.\n", r.Backup.Total(), seconds(time.Since(began)))
	if images := r.Backup.Rows["firmware_images"]; images > 0 {
		fmt.Printf("The files of %d firmware images are not in a backup: put the copy of that server's folder files into %s. What stays missing is marked on the page of images and can be uploaded again.\n",
			images, filepath.Join(c.Data, "files"))
	}
	if r.Schema != r.Backup.Schema {
		fmt.Printf("The schema was brought from %d to %d.\n", r.Backup.Schema, r.Schema)
	}
	if r.Kept != "" {
		fmt.Printf("The former database is kept as %s. Delete it when you need it no more.\n", r.Kept)
	}
	if len(r.KeptLogs) > 0 {
		fmt.Printf("What was left of a former database's log is kept as %s.\n", strings.Join(r.KeptLogs, ", "))
	}
	fmt.Println("Numbers go on with a gap, because those that were given after the backup may be in use outside:")
	for _, name := range sortedKeys(r.Sequences) {
		fmt.Printf("  %-24s %d\n", name, r.Sequences[name]+1)
	}
	fmt.Printf("Everybody logs in anew (%d logins ended). API tokens are as they were at %s: revoke again what was revoked since.\n",
		r.Logins, r.Backup.TakenAt.Format(time.RFC3339))
	if !r.Sound() {
		for _, d := range r.Drifts {
			fmt.Printf("  account %s: balance %s, postings %s; held %s, by sessions %s\n", d.Account, d.Stored, d.Posted, d.StoredHeld, d.HeldBySession)
		}
		return fmt.Errorf("the backup is restored, but its books were not right: %d wallets differ from their postings (%w)", len(r.Drifts), orNone(r.Unequal))
	}
	fmt.Printf("The ledger sums to zero, and %d wallets equal their postings.\n", r.Wallets)
	return nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("the books sum to zero")
	}
	return err
}

func whatItIs(i store.BackupInfo) string {
	return fmt.Sprintf("of %s, by ccms %s from %s, schema %d", i.TakenAt.Format(time.RFC3339), i.Program, i.Engine, i.Schema)
}

func keysOf(i store.BackupInfo) string {
	if len(i.KeyIDs) == 0 {
		return "the key that was first"
	}
	return "the keys " + strings.Join(i.KeyIDs, ", ")
}

func printRows(w io.Writer, i store.BackupInfo) {
	for _, name := range sortedKeys(i.Rows) {
		if i.Rows[name] > 0 {
			fmt.Fprintf(w, "  %-24s %d\n", name, i.Rows[name])
		}
	}
}

func sortedKeys(m map[string]int64) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func seconds(d time.Duration) string { return d.Round(10 * time.Millisecond).String() }

func size(bytes int64) string {
	const mega = 1 << 20
	if bytes < mega {
		return fmt.Sprintf("%d KB", (bytes+1023)/1024)
	}
	return fmt.Sprintf("%d.%d MB", bytes/mega, bytes%mega*10/mega)
}
