package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
)

type doctorCmd struct {
	database
	listen
	JSON bool `name:"json" help:"Print JSON."`
}

// settingLine is one setting as it takes effect.
type settingLine struct {
	Name   string `json:"name"`
	Value  string `json:"value"`  // secrets are masked
	Source string `json:"source"` // "flag", "environment CCMS_…" or "default"
}

// level of a finding. Only a problem makes the command fail.
type level string

const (
	fine    level = "ok"
	warning level = "warning"
	problem level = "problem"
	skipped level = "skipped"
)

// finding is the result of one check.
type finding struct {
	Check string `json:"check"`
	Level level  `json:"level"`
	What  string `json:"what"`
	Do    string `json:"do,omitempty"` // what to do about it, for problems and warnings
}

type diagnosis struct {
	Version  string        `json:"version"`
	Go       string        `json:"go"`
	Settings []settingLine `json:"settings"`
	Findings []finding     `json:"findings"`
}

func (d *diagnosis) count(l level) (n int) {
	for _, f := range d.Findings {
		if f.Level == l {
			n++
		}
	}
	return n
}

func (c *doctorCmd) Run(ctx context.Context, k *kong.Context) error {
	return c.report(ctx, settingsOf(k, os.LookupEnv), os.Stdout)
}

func (c *doctorCmd) report(ctx context.Context, settings []settingLine, w io.Writer) error {
	d := diagnosis{Version: version, Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Settings: settings}
	keyFile, databaseFile := c.config(nil).Files()
	for i, s := range d.Settings { // what an empty setting comes to
		switch {
		case s.Value != "":
		case s.Name == "key-file":
			d.Settings[i].Value = keyFile
		case s.Name == "database-url":
			d.Settings[i].Value = "SQLite: " + databaseFile
		}
	}
	d.Findings = c.examine(ctx)
	if c.JSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		if err := e.Encode(d); err != nil {
			return err
		}
	} else if err := d.print(w); err != nil {
		return err
	}
	if n := d.count(problem); n > 0 {
		return fmt.Errorf("%s found", counted(n, "problem"))
	}
	return nil
}

// examine runs every check. One that cannot run says so; none waits longer than
// its own limit.
func (c *doctorCmd) examine(ctx context.Context) []finding {
	cfg := c.config(slog.New(slog.DiscardHandler))
	keyFile, databaseFile := cfg.Files()
	all := []finding{checkTime(time.Now()), checkZones(), checkPortal()}
	all = append(all, checkFolder(c.Data, databaseFile != "")...)
	running := c.checkAddress(ctx, databaseFile != "" && folderInUse(c.Data))
	keys, f := checkKeyFile(keyFile, databaseFile != "")
	all = append(all, running.findings...)
	all = append(all, c.checkCertificates(time.Now())...)
	all = append(all, checkFiles(c.pointFiles, time.Now())...)
	all = append(all, f)
	all = append(all, examineDatabase(ctx, cfg, keys, running.openFiles)...)
	return all
}

func (d *diagnosis) print(w io.Writer) error {
	fmt.Fprintf(w, "ccms %s, %s\n\nSettings\n", d.Version, d.Go)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range d.Settings {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", s.Name, s.Value, s.Source)
	}
	if err := t.Flush(); err != nil { // the checks have their own widths
		return err
	}
	fmt.Fprintf(w, "\nChecks\n")
	for _, f := range d.Findings {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", f.Level, f.Check, f.What)
		if f.Do != "" {
			fmt.Fprintf(t, "  \t\tdo: %s\n", f.Do)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s, %s\n", counted(d.count(problem), "problem"), counted(d.count(warning), "warning"))
	return err
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// settingsOf lists the flags of the command with what decided each.
func settingsOf(k *kong.Context, env func(string) (string, bool)) (all []settingLine) {
	typed := map[*kong.Flag]bool{}
	for _, p := range k.Path {
		if p.Flag != nil {
			typed[p.Flag] = true
		}
	}
	for _, f := range k.Flags() {
		if f.Name == "help" || f.Name == "json" {
			continue
		}
		s := settingLine{Name: f.Name, Value: masked(f.Name, fmt.Sprint(f.Target.Interface())), Source: "default"}
		for _, name := range f.Envs {
			if v, ok := env(name); ok && v != "" {
				s.Source = "environment " + name
			}
		}
		if typed[f] {
			s.Source = "flag"
		}
		all = append(all, s)
	}
	for _, name := range []string{"GOMEMLIMIT", "GOMAXPROCS", "GOGC"} {
		if v, ok := env(name); ok {
			all = append(all, settingLine{Name: name, Value: v, Source: "environment " + name})
		}
	}
	return all
}

// masked is a value without its secrets. What is no URL is hidden altogether where a
// URL should stand, because nobody knows which part of it is the password.
func masked(name, value string) string {
	switch {
	case value == "":
		return ""
	case strings.Contains(name, "password"), strings.Contains(name, "token"), strings.Contains(name, "secret"):
		return "xxxxx"
	case !strings.HasSuffix(name, "url"):
		return value
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return "xxxxx"
	}
	q := u.Query()
	for key := range q {
		if strings.Contains(key, "password") || strings.Contains(key, "key") {
			q.Set(key, "xxxxx")
		}
	}
	u.RawQuery = q.Encode()
	return u.Redacted()
}
