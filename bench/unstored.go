package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/cluster"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/ocpp"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// The server without a database: the real door, the real services, and behind
// them a memory that holds one running session per charge point. It is the only
// place where the store is replaced, and it exists to see what everything else
// costs.

// memory holds the charge points by id; the map does not change once it serves.
type memory struct {
	points   map[ident.ChargePoint]*memoryPoint
	identity map[string]*memoryPoint
	plan     tariff.Plan
}

type memoryPoint struct {
	mu      sync.Mutex
	point   asset.ChargePoint
	session session.State
}

// memoryTx has the methods of session.Tx that a boot and MeterValues reach; the
// embedded nil says at once if they come to need more.
type memoryTx struct {
	session.Tx
	memory *memory
	now    time.Time
}

func (t memoryTx) find(p ident.ChargePoint) (*memoryPoint, error) {
	if m, ok := t.memory.points[p]; ok {
		return m, nil
	}
	return nil, fault.NotFound("charge point")
}

func (t memoryTx) Now() time.Time            { return t.now }
func (t memoryTx) Record(...fact.Fact) error { return nil }

func (t memoryTx) PointByIdentity(identity string) (asset.ChargePoint, error) {
	if m, ok := t.memory.identity[identity]; ok {
		return t.PointByID(m.point.ID)
	}
	return asset.ChargePoint{}, fault.NotFound("charge point")
}

func (t memoryTx) PointByID(p ident.ChargePoint) (asset.ChargePoint, error) {
	m, err := t.find(p)
	if err != nil {
		return asset.ChargePoint{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.point, nil
}

func (t memoryTx) LockPoint(p ident.ChargePoint) (asset.ChargePoint, error) { return t.PointByID(p) }

func (t memoryTx) PointAt(p ident.ChargePoint) (asset.ChargePoint, session.Place, error) {
	c, err := t.PointByID(p)
	return c, session.Place{Zone: "Europe/Berlin"}, err
}

// Ahead: nothing here is far away.
func (t memoryTx) Ahead(func()) {}

func (t memoryTx) change(p ident.ChargePoint, f func(*asset.ChargePoint)) (asset.ChargePoint, error) {
	m, err := t.find(p)
	if err != nil {
		return asset.ChargePoint{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.point)
	return m.point, nil
}

func (t memoryTx) OpenConnection(p ident.ChargePoint, node string, at time.Time) (asset.ChargePoint, error) {
	return t.change(p, func(c *asset.ChargePoint) {
		c.Epoch++
		c.Node, c.ConnectedAt, c.LastSeenAt = node, at, at
	})
}

func (t memoryTx) CloseConnection(p ident.ChargePoint, epoch int64, at time.Time) (asset.ChargePoint, bool, error) {
	c, err := t.PointByID(p)
	return c, false, err
}

func (t memoryTx) SaveBoot(c asset.ChargePoint, _ string) error {
	_, err := t.change(c.ID, func(to *asset.ChargePoint) { *to = c })
	return err
}

// The points come with a key and nothing else, and that is not news.
func (t memoryTx) SecurityOfPoint(ident.ChargePoint) (asset.Security, bool, error) {
	return asset.Security{}, false, nil
}

func (t memoryTx) SecuritySettings(ident.Operator) (asset.SecuritySettings, bool, error) {
	return asset.SecuritySettings{}, false, nil
}

func (t memoryTx) OpenSecurityChange(ident.ChargePoint) (asset.SecurityChange, bool, error) {
	return asset.SecurityChange{}, false, nil
}
func (t memoryTx) SaveSecurity(asset.Security) error { return nil }

func (t memoryTx) ConnectorsOf(ident.ChargePoint) ([]asset.Connector, error) { return nil, nil }
func (t memoryTx) LiveSessions(ident.ChargePoint) ([]session.State, error)   { return nil, nil }
func (t memoryTx) PendingCommands(ident.ChargePoint) ([]asset.Command, error) {
	return nil, nil
}

// CountPendingCommands: no command is taken here, as if the queue were full.
func (t memoryTx) CountPendingCommands(ident.ChargePoint) (int, error) { return asset.MaxQueue, nil }

func (t memoryTx) AwaitedCommands(ident.ChargePoint, time.Time) ([]asset.Command, error) {
	return nil, nil
}

func (t memoryTx) SessionByOCPPID(p ident.ChargePoint, id int64) (session.State, bool, error) {
	m, err := t.find(p)
	if err != nil {
		return session.State{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.session, int64(m.session.OCPPID) == id, nil
}

func (t memoryTx) PlanVersion(ident.Plan, int) (tariff.Plan, error) { return t.memory.plan, nil }

func (t memoryTx) InsertEvent(session.Kept) error { return nil }
func (t memoryTx) InsertSample(session.State, session.Sample, session.Read) (bool, error) {
	return true, nil
}

func (t memoryTx) SaveMetered(st session.State) error { return t.SaveSession(st) }

func (t memoryTx) SaveSession(st session.State) error {
	m, err := t.find(st.Point)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.session.Rev != st.Rev {
		return fault.Stale(st.Rev, m.session.Rev)
	}
	st.Rev++
	m.session = st
	return nil
}

func (t memoryTx) SaveMeasured(w *session.Measured) error {
	m, err := t.find(w.State.Point)
	if err != nil {
		return err
	}
	m.mu.Lock()
	epoch := m.point.Epoch
	m.mu.Unlock()
	if epoch != w.Epoch {
		return fault.Stale(w.Epoch, epoch)
	}
	return t.SaveMetered(*w.State)
}

// newMemory makes charge points whose sessions run since began.
func newMemory(n int) (*memory, error) {
	rate := func(s string) money.Rate {
		r, err := money.ParseRate(s)
		if err != nil {
			panic(err) // a constant of this file
		}
		return r
	}
	plan, err := tariff.Draft{Name: "Day and night", Currency: "EUR", VAT: 190, ServicePerKWh: rate("0.05"),
		Electricity: []tariff.Band{{From: 6 * 60, To: 22 * 60, Price: rate("0.39")}, {From: 22 * 60, To: 6 * 60, Price: rate("0.29")}},
		Idle:        &tariff.IdleFee{PerMinute: rate("0.10"), Grace: 10 * time.Minute},
	}.Plan()
	if err != nil {
		return nil, err
	}
	plan.ID, plan.Number = ident.New[ident.Plan](began), 1
	m := &memory{points: map[ident.ChargePoint]*memoryPoint{}, identity: map[string]*memoryPoint{}, plan: plan}
	operator, site := ident.New[ident.Operator](began), ident.New[ident.Site](began)
	for i := range n {
		c := unstoredCredential(i)
		raw, err := hex.DecodeString(c.key)
		if err != nil {
			return nil, err
		}
		p := &memoryPoint{point: asset.ChargePoint{
			ID: ident.New[ident.ChargePoint](began), Operator: operator, Site: site, Identity: c.identity, Type: asset.AC,
			MaxPower: 22_000, Status: asset.Valid, Keys: asset.KeyMACs{Text: hash([]byte(c.key)), Raw: hash(raw)}, BootedAt: began,
		}}
		p.session = session.State{
			ID: ident.New[ident.Session](began), Operator: operator, Site: site, Point: p.point.ID, Connector: 1, OCPPID: int32(i + 1),
			Phase: session.Charging, Source: session.ByRFID, Wallet: ident.New[ident.Account](began), Plan: plan.ID, PlanNumber: 1,
			Currency: "EUR", Zone: "Europe/Berlin", MaxPower: unit.W(22_000), HoldAmount: money.New(5000, "EUR"),
			StartedAt: began, StartDevice: began, StartAnswer: session.Accepted, MeterStart: meterStart, Cost: money.New(0, "EUR"),
			Inner: session.Inner{Register: meterStart, LastAt: began, Running: tariff.Begin(began)},
		}
		m.points[p.point.ID], m.identity[c.identity] = p, p
	}
	return m, nil
}

func unstoredCredential(i int) credential {
	return credential{identity: fmt.Sprintf("BENCH%05d", i), key: hex.EncodeToString(hash([]byte(strconv.Itoa(i)))[:20])}
}

func hash(b []byte) []byte { h := sha256.Sum256(b); return h[:] }

// door wires the server as cmd does, with m for the store.
func (m *memory) door() *ocpp.Door {
	run := func(_ context.Context, _ authz.Scope, f func(session.Tx) error) error {
		return f(memoryTx{memory: m, now: time.Now()})
	}
	assetRun := func(ctx context.Context, sc authz.Scope, f func(asset.Tx) error) error {
		return run(ctx, sc, func(tx session.Tx) error { return f(tx) })
	}
	assets := asset.New(assetRun, assetRun, asset.Options{MAC: hash, Node: "bench"})
	return ocpp.New(assets, session.New(run, run, "bench"), cluster.New(),
		ocpp.Options{Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// serveUnstored prints its address and serves until it is killed.
func serveUnstored(points string) error {
	n, err := strconv.Atoi(points)
	if err != nil {
		return err
	}
	m, err := newMemory(n)
	if err != nil {
		return err
	}
	app.Headroom()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, m.door())
}

// meteredUnstored is the processor time of one MeterValues that is decoded,
// checked, decided, answered and not stored.
func meteredUnstored(s settings, f func([]link, probe) (load, error)) (load, error) {
	c, addr, err := startSelf("system-unstored", strconv.Itoa(s.points))
	if err != nil {
		return load{}, err
	}
	srv := server{child: c, addr: addr}
	points := make([]credential, s.points)
	for i := range points {
		points[i] = unstoredCredential(i)
	}
	l, err := func() (load, error) {
		links, err := srv.booted(points)
		if err != nil {
			return load{}, err
		}
		defer closeAll(links)
		for i, l := range links {
			l.(*socket).message = meterValues(1, i+1, began)
		}
		return f(links, probe{cpu: func() (time.Duration, error) { return cpuOf(c.pid()) }})
	}()
	if stopped := srv.stop(); err == nil {
		err = stopped
	}
	return l, err
}
