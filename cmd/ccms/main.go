// Command ccms is the charging management platform: one program that serves charge
// points, the portal and the API.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // sites have zones, and not every machine has the files

	"github.com/alecthomas/kong"

	"ccms/internal/app"
	"ccms/internal/fault"
	"ccms/internal/web"
)

// version is set by the build.
var version = "unknown"

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Demo    demoCmd    `cmd:"" help:"Run the server with a small operator and charge points that charge in real time."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this program's schema."`
	Admin   adminCmd   `cmd:"" help:"Create operators, staff, charge points and API tokens; reset passwords."`
	Doctor  doctorCmd  `cmd:"" help:"Print the effective configuration and what is wrong with it, or with the database."`
	Backup  backupCmd  `cmd:"" help:"Write all data, but not the keys, to one file; the server may be running."`
	Restore restoreCmd `cmd:"" help:"Put a backup in the place of the database; the server must be stopped."`
	OpenAPI openapiCmd `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// database says where the data are.
type database struct {
	Data        string `default:"data" env:"CCMS_DATA" placeholder:"DIR" help:"Folder of the embedded database and the keys (${default})."`
	DatabaseURL string `name:"database-url" env:"CCMS_DATABASE_URL" placeholder:"URL" help:"postgres://… to use PostgreSQL instead of the embedded database."`
	KeyFile     string `name:"key-file" env:"CCMS_KEY_FILE" placeholder:"FILE" help:"Master keys; default DIR/keys, made on first start with the embedded database."`
}

func (d database) config(log *slog.Logger) app.Config {
	return app.Config{DataDir: d.Data, DatabaseURL: d.DatabaseURL, KeyFile: d.KeyFile, Log: log}
}

// open migrates and opens a node, for commands that work on the data themselves.
func (d database) open(ctx context.Context, log *slog.Logger) (*app.App, error) {
	if err := d.migrateAlone(ctx, log); err != nil {
		return nil, err
	}
	return app.Open(ctx, d.config(log))
}

type openapiCmd struct{}

func (openapiCmd) Run() error {
	_, err := os.Stdout.Write(web.OpenAPI())
	return err
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println(version)
	return nil
}

func main() {
	var c cli
	parser := kong.Parse(&c, kong.Name("ccms"), kong.Description("Charging management for electric vehicles."), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // before anybody stops: a second signal ends it at once
		stop()
	}()
	parser.BindTo(ctx, (*context.Context)(nil))
	parser.Bind(slog.New(slog.NewTextHandler(os.Stderr, app.LogOptions(slog.LevelInfo))))
	if err := parser.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "ccms:", oneLine(err))
		os.Exit(1)
	}
}

// oneLine is an error for whoever typed the command: a fault by its words, anything
// else as it is, on one line for the log of a supervisor.
func oneLine(err error) string {
	var f *fault.Error
	text := err.Error()
	if errors.As(err, &f) && f.Detail != "" {
		text = f.Detail
		if len(f.Fields) > 0 {
			var fields []string
			for _, x := range f.Fields {
				fields = append(fields, strings.ReplaceAll(strings.TrimPrefix(x.Pointer, "/"), "_", "-")+" "+x.Detail)
			}
			text = strings.Join(fields, "; ")
		}
		if cause := f.Unwrap(); cause != nil {
			text += " (" + cause.Error() + ")"
		}
	}
	var lines []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && !slices.Contains(lines, l) {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, " ")
}
