package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"
	"time"

	"ccms/internal/app"
	"ccms/internal/operator"
	"ccms/internal/web"
)

// drainTime is how long frames and requests in work get at the end.
const drainTime = 20 * time.Second

type serveCmd struct {
	database
	listen
}

type listen struct {
	Addr          string   `default:"127.0.0.1:8080" env:"CCMS_ADDR" placeholder:"HOST:PORT" help:"Address to listen on (${default})."`
	TLSAddr       string   `name:"tls-addr" env:"CCMS_TLS_ADDR" placeholder:"HOST:PORT" help:"Address for charge points that come by TLS without a proxy in front; needs --tls-cert and --tls-key."`
	TLSCert       []string `name:"tls-cert" env:"CCMS_TLS_CERT" placeholder:"FILE" help:"Certificate chain for --tls-addr, PEM; may be repeated, one RSA and one ECDSA for instance. Read again when it changes."`
	TLSKey        []string `name:"tls-key" env:"CCMS_TLS_KEY" placeholder:"FILE" help:"The key of each --tls-cert, in the same order."`
	MetricsForAll bool     `name:"metrics-for-all" env:"CCMS_METRICS_FOR_ALL" help:"Let other machines than this one read /metrics."`
	TrustProxy    bool     `name:"trust-proxy" env:"CCMS_TRUST_PROXY" help:"Take the client's address from the headers of a proxy in front."`
	MapTiles      string   `name:"map-tiles" env:"CCMS_MAP_TILES" placeholder:"URL" help:"Where the map's pictures come from, with {z}, {x} and {y}; without it the map shows outlines of countries and asks nobody."`
	MapCredit     string   `name:"map-credit" env:"CCMS_MAP_CREDIT" placeholder:"TEXT" help:"Whom they are by; shown on the map."`
	StripeURL     string   `name:"stripe-url" env:"CCMS_STRIPE_URL" placeholder:"URL" help:"Another address of Stripe, for tests."`
	PayPalURL     string   `name:"paypal-url" env:"CCMS_PAYPAL_URL" placeholder:"URL" help:"Another address of PayPal: https://api-m.sandbox.paypal.com is its sandbox."`
	pointFiles
}

func (c *serveCmd) Run(ctx context.Context, log *slog.Logger) error {
	return serve(ctx, c.database, c.listen, log, nil)
}

// serve runs a node until ctx ends, then drains it. ready is called with the node and
// its address once it answers.
func serve(ctx context.Context, d database, l listen, log *slog.Logger, ready func(context.Context, *app.App, string) error) error {
	if _, err := (web.MapTiles{URL: l.MapTiles}).Origin(); err != nil {
		return fmt.Errorf("--map-tiles: %w", err)
	}
	transfers, err := l.pointFiles.config()
	if err != nil {
		return err
	}
	// The port first: a second start must not touch the data of the first.
	ln, err := net.Listen("tcp", l.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken; stop what listens there or choose another with --addr (make run ADDR=…)", l.Addr)
	}
	if err != nil {
		return err
	}
	defer ln.Close()
	lost, release, err := d.alone(ctx, log)
	if err != nil {
		return err
	}
	defer release()
	app.Headroom()
	cfg := d.config(log)
	if cfg.TLS, err = l.certificates(); err != nil {
		return err
	}
	var secure net.Listener
	if l.TLSAddr != "" {
		if secure, err = net.Listen("tcp", l.TLSAddr); err != nil {
			return fmt.Errorf("--tls-addr: %w", err)
		}
		defer secure.Close()
	}
	cfg.MetricsForAll, cfg.TrustProxy = l.MetricsForAll, l.TrustProxy
	cfg.Transfers = transfers
	cfg.Providers = app.Providers{Stripe: l.StripeURL, PayPal: l.PayPalURL}
	cfg.MapTiles = web.MapTiles{URL: l.MapTiles, Credit: l.MapCredit}
	if err := d.migrate(ctx, log); err != nil {
		return err
	}
	a, err := app.Open(ctx, cfg)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	password, created, err := a.Operators.EnsureOwner(ctx)
	if err != nil {
		return err
	}
	if created {
		fmt.Printf("first start, shown only now: login: %s password: %s\n", operator.OwnerLogin, password)
	}
	srv, front := a.Front(ln)
	served := make(chan error, 2)
	go func() { served <- srv.Serve(front) }()
	drain := []func(context.Context) error{srv.Shutdown}
	log.Info("ccms serves", "address", "http://"+ln.Addr().String(), "version", version)
	if secure != nil {
		srv, front := a.SecureFront(secure)
		go func() { served <- srv.Serve(front) }()
		drain = append(drain, srv.Shutdown)
		log.Info("ccms serves charge points by TLS", "address", "wss://"+secure.Addr().String()+"/ocpp/")
	}
	if ready != nil {
		if err := ready(ctx, a, ln.Addr().String()); err != nil {
			return err
		}
	}
	var why error
	select {
	case err := <-served:
		return err
	case <-lost:
		why = errors.New("another server has taken the database while this one had no connection to it; one server per database")
	case <-ctx.Done():
	}
	log.Info("ccms stops: finishing what is in work")
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return errors.Join(why, a.Stop(end, drain...))
}

// certificates pairs the files of certificates and keys.
func (l listen) certificates() (all []app.CertificateFiles, err error) {
	switch {
	case l.TLSAddr == "" && len(l.TLSCert)+len(l.TLSKey) == 0:
		return nil, nil
	case l.TLSAddr == "":
		return nil, errors.New("--tls-cert and --tls-key are for --tls-addr, which is missing")
	case len(l.TLSCert) == 0 || len(l.TLSCert) != len(l.TLSKey):
		return nil, fmt.Errorf("--tls-addr needs a --tls-key for each --tls-cert, in the same order: there are %d and %d", len(l.TLSKey), len(l.TLSCert))
	}
	for i := range l.TLSCert {
		all = append(all, app.CertificateFiles{Certificate: l.TLSCert[i], Key: l.TLSKey[i]})
	}
	return all, nil
}

// alone keeps a second server off the data until release is called. lost is closed where
// one has come all the same.
func (d database) alone(ctx context.Context, log *slog.Logger) (lost <-chan struct{}, release func(), err error) {
	cfg := d.config(log)
	if d.DatabaseURL == "" {
		release, err = lockFolder(d.Data)
		return nil, release, err
	}
	if err := cfg.Check(); err != nil {
		return nil, nil, err
	}
	hold, err := app.HoldDatabase(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	return hold.Lost(), hold.Release, nil
}
