package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"ccms/cpsim"
)

// point is what run and load share.
type point struct {
	URL         string        `default:"ws://127.0.0.1:8080/ocpp" help:"Where the server listens; the identity is added."`
	Password    string        `help:"HTTP Basic password."`
	CallTimeout time.Duration `default:"30s" help:"How long an answer is waited for."`
	Seed        uint64        `default:"1" help:"Of everything random."`
	Verbose     bool          `short:"v" help:"Print every frame."`
}

// tls is what wss:// needs beyond what the system knows; nil: nothing.
func (r *runCommand) tls() (*tls.Config, error) {
	if r.CA == "" && r.Cert == "" && r.CertKey == "" {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.CA != "" {
		pem, err := os.ReadFile(r.CA)
		if err != nil {
			return nil, err
		}
		if cfg.RootCAs = x509.NewCertPool(); !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca: %s holds no certificate in PEM", r.CA)
		}
	}
	if (r.Cert == "") != (r.CertKey == "") {
		return nil, errors.New("--cert and --cert-key belong together")
	}
	if r.Cert != "" {
		own, err := tls.LoadX509KeyPair(r.Cert, r.CertKey)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{own}
	}
	return cfg, nil
}

func (p *point) log(w io.Writer, least slog.Level) *slog.Logger {
	if p.Verbose {
		least = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: least}))
}

type runCommand struct {
	point
	CA            string        `type:"existingfile" help:"Root certificates to trust for wss://, PEM; without it those of the system."`
	Cert          string        `type:"existingfile" help:"Own certificate with those behind it, PEM (security profile 3); needs --cert-key."`
	CertKey       string        `type:"existingfile" help:"Its key, PEM."`
	ID            string        `required:"" help:"Identity of the charge point."`
	Connectors    int           `default:"1" help:"Number of connectors."`
	MaxPower      int64         `default:"22000" help:"Of each connector, in W."`
	Phases        int           `default:"3" enum:"1,3" help:"Of each AC connector."`
	DC            bool          `name:"dc" help:"Connectors are DC and report the state of charge."`
	Meter         int64         `default:"-1" help:"Register of each connector at the start, in Wh; -1: one that is higher with each run."`
	MeterInterval time.Duration `default:"60s" help:"Between MeterValues."`
	BootAlways    bool          `help:"BootNotification on every connection."`
	Vendor        string        `default:"ccms" help:"Of BootNotification."`
	Model         string        `default:"cpsim" help:"Of BootNotification."`
	Quirk         []string      `help:"A misbehaviour, see cpsim quirks; may be repeated."`
	Key           []string      `help:"First value of a configuration key, as Name=value; may be repeated." sep:"none"`
	Scenario      string        `type:"existingfile" help:"A script; the run ends with it. See cpsim help scenario."`
}

func (r *runCommand) config() (cpsim.Config, error) {
	quirks, err := cpsim.ParseQuirks(r.Quirk...)
	if err != nil {
		return cpsim.Config{}, err
	}
	if r.Connectors < 1 || r.Connectors > 100 {
		return cpsim.Config{}, fmt.Errorf("--connectors is from 1 to 100, not %d", r.Connectors)
	}
	secure, err := r.tls()
	if err != nil {
		return cpsim.Config{}, err
	}
	cfg := cpsim.Config{
		URL: r.URL, Identity: r.ID, Password: r.Password, TLS: secure, Vendor: r.Vendor, Model: r.Model,
		MeterInterval: r.MeterInterval, CallTimeout: r.CallTimeout, BootOnReconnect: r.BootAlways,
		Seed: r.Seed, Quirks: quirks, Keys: map[string]string{},
	}
	if r.Meter < 0 {
		r.Meter = cpsim.Odometer(time.Now())
	}
	for range r.Connectors {
		cfg.Connectors = append(cfg.Connectors, cpsim.Connector{MaxW: r.MaxPower, Phases: r.Phases, DC: r.DC, MeterWh: r.Meter})
	}
	for _, kv := range r.Key {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			return cpsim.Config{}, fmt.Errorf("--key is Name=value, not %q", kv)
		}
		cfg.Keys[k] = v
	}
	return cfg, nil
}

// Run is called by kong.
func (r *runCommand) Run(ctx context.Context) error {
	return r.run(ctx, os.Stdin, os.Stderr)
}

func (r *runCommand) run(ctx context.Context, in io.Reader, w io.Writer) error {
	cfg, err := r.config()
	if err != nil {
		return err
	}
	out := &oneAtATime{w: w}
	cfg.Log = r.log(out, slog.LevelInfo)
	var script cpsim.Script
	if r.Scenario != "" {
		f, err := os.Open(r.Scenario)
		if err != nil {
			return err
		}
		script, err = cpsim.ParseScript(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", r.Scenario, err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cp := cpsim.New(cfg)
	ended := make(chan error, 1)
	go func() { ended <- cp.Run(ctx) }()

	if r.Scenario != "" {
		err = script.Run(ctx, cp)
	} else {
		err = r.interact(ctx, cp, in, out)
	}
	cancel()
	if end := <-ended; err == nil {
		err = end
	}
	return err
}

// interact does what is typed, until ctx ends. A mistake is told and forgotten.
// The end of the input is not the end of the run: `cpsim run </dev/null` idles.
func (r *runCommand) interact(ctx context.Context, cp *cpsim.ChargePoint, in io.Reader, out io.Writer) error {
	lines := make(chan string)
	go func() {
		defer close(lines)
		sc := bufio.NewScanner(in)
		for sc.Scan() {
			select {
			case lines <- sc.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, ok := <-lines:
			if !ok {
				<-ctx.Done()
				return nil
			}
			switch strings.TrimSpace(line) {
			case "quit", "exit":
				return nil
			case "help":
				fmt.Fprint(out, cpsim.ScriptHelp)
				continue
			case "state":
				printState(out, cp.State())
				continue
			}
			step, ok, err := cpsim.ParseStep(line)
			if ok && err == nil {
				err = step.Run(ctx, cp)
			}
			if err != nil {
				fmt.Fprintln(out, err)
			}
		}
	}
}

func printState(out io.Writer, s cpsim.State) {
	w := new(strings.Builder)
	fmt.Fprintf(w, "online %t, booted %t, %d queued\n", s.Online, s.Booted, s.Queued)
	for _, c := range s.Connectors {
		fmt.Fprintf(w, "%d %s, plugged %t, register %d Wh, %d W", c.ID, c.Status, c.Plugged, c.MeterWh, c.PowerW)
		if c.Transaction {
			fmt.Fprintf(w, ", transaction %d of %s", c.TransactionID, c.IDTag)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprint(out, w)
}
