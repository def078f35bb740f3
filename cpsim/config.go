package cpsim

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"
)

// Config describes one charge point. Only URL and Identity are required.
type Config struct {
	URL      string // ws:// or wss://, to which /Identity is added
	Identity string // as in the path, before percent-encoding
	Password string // HTTP Basic password; empty: no Authorization header

	Vendor   string // of BootNotification; default "ccms"
	Model    string // default "cpsim"
	Serial   string // default: the identity, its first 25 bytes
	Firmware string // default "1.0"

	Connectors []Connector // connector 1 is the first; default: one of 22 kW

	// MeterInterval is the first value of MeterValueSampleInterval.
	// 0: 60 s. Negative: no periodic MeterValues.
	MeterInterval time.Duration
	// Heartbeat is the time between Heartbeats, whatever the server says.
	// 0: as the server says.
	Heartbeat time.Duration
	// CallTimeout is how long an answer is waited for. Default 30 s.
	CallTimeout time.Duration
	// MinBackoff and MaxBackoff bound the wait before connecting again,
	// which doubles with each failure. Default 1 s and 60 s.
	MinBackoff, MaxBackoff time.Duration
	// RebootTime is how long a reboot keeps the point dark. Default 2 s.
	RebootTime time.Duration
	// StepTime is how long each step of a firmware update takes. Default 2 s.
	StepTime time.Duration
	// LogBytes is about how long its diagnostics and logs are. Default 4096.
	LogBytes int
	// BootOnReconnect sends BootNotification on every connection, which many
	// devices do; OCPP 1.6 §4.2 asks for it only after a start.
	BootOnReconnect bool
	// Keys are first values of configuration keys, by their OCPP name.
	Keys map[string]string

	Seed   uint64 // of everything random; mixed with the identity
	Quirks Quirks
	Zone   *time.Location // of QuirkNoZone; default UTC

	// Now is the clock of the device; default: time.Now. Set by the server's
	// currentTime unless QuirkIgnoreServerTime.
	Now func() time.Time
	// AfterFunc runs f once after d; default: time.AfterFunc. The result
	// stops it.
	AfterFunc func(d time.Duration, f func()) (stop func() bool)
	// Dial opens the connection under the WebSocket; default: TCP to URL's host.
	Dial func(ctx context.Context) (net.Conn, error)
	// TLS is used for wss://, https:// and ftps://.
	TLS *tls.Config

	// OnEvent is called in order, one at a time, without any lock. It must not
	// wait for the point (Wait, Call): everything that reports would stop.
	OnEvent func(Event)
	// Log gets every frame at debug level and faults at warn; nil: nothing.
	Log *slog.Logger
}

// Connector describes one plug.
type Connector struct {
	MaxW    int64 // what it can give at most; default 22000, DC 50000
	Phases  int   // AC: 1 or 3, default 3
	DC      bool
	MeterWh int64 // register at the first start
}

// odometerSince is when the charge points of Odometer were new.
var odometerSince = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// Odometer is the register of a charge point that starts now: above what one that
// started earlier has come to, with any power up to 360 kW. The register of a real meter
// survives; one that begins again makes a bill that a person must look at.
func Odometer(now time.Time) int64 {
	const perSecond = 100 // Wh
	return max(0, int64(now.Sub(odometerSince)/time.Second)) * perSecond
}

// EV is the car at a connector.
type EV struct {
	BatteryWh   int64 // capacity
	SoCPermille int64 // fill at plug-in
	MaxW        int64 // what the car takes at most; 0: as much as there is
	EasesFrom   int64 // fill, in permille, from which it takes less and less; default 800, 1000: never
}

func (c Config) withDefaults() Config {
	set := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	dur := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&c.Vendor, "ccms")
	set(&c.Model, "cpsim")
	set(&c.Serial, c.Identity[:min(len(c.Identity), 25)]) // OCPP 1.6 §6.3: CiString25
	set(&c.Firmware, "1.0")
	dur(&c.MeterInterval, time.Minute)
	dur(&c.CallTimeout, 30*time.Second)
	dur(&c.MinBackoff, time.Second)
	dur(&c.MaxBackoff, time.Minute)
	dur(&c.RebootTime, 2*time.Second)
	dur(&c.StepTime, 2*time.Second)
	if c.LogBytes == 0 {
		c.LogBytes = 4096
	}
	if len(c.Connectors) == 0 {
		c.Connectors = []Connector{{}}
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.AfterFunc == nil {
		c.AfterFunc = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	return c
}

func (c Connector) withDefaults() Connector {
	if c.MaxW == 0 {
		c.MaxW = 22000
		if c.DC {
			c.MaxW = 50000
		}
	}
	if c.Phases == 0 {
		c.Phases = 3
	}
	return c
}
