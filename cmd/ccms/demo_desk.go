package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"time"

	"ccms/cpsim"
)

// desk is what the demo's staff have done: it goes in by the front door, with a login of
// theirs, so that all of it is checked and audited as it would be.
type desk struct {
	base string
	http *http.Client
	csrf string
}

// deskPoint is a charge point as the desk finds it.
type deskPoint struct {
	ID         string `json:"id"`
	SiteID     string `json:"site_id"`
	Vendor     string `json:"vendor"`
	Model      string `json:"model"`
	Connectors []struct {
		Number int    `json:"number"`
		Status string `json:"status"`
	} `json:"connectors"`
}

type body map[string]any

// work gives the screens of an operator who has been there for a while something true to
// show, once: what is there already is left alone.
func (c *demoCmd) work(ctx context.Context, addr string, log *slog.Logger) {
	go newcomers(ctx, addr, log)
	d, err := signIn(ctx, "http://"+addr)
	if err == nil {
		err = d.furnish(ctx)
	}
	switch {
	case ctx.Err() != nil:
		log.Info("the demo's staff are not done; the next start goes on")
	case err != nil:
		log.Error("some of the demo's screens stay empty", "error", err)
	default:
		log.Info("the demo's staff have done their work")
	}
}

func signIn(ctx context.Context, base string) (*desk, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	d := &desk{base: base, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	if err := d.send(ctx, http.MethodPost, "/api/v1/login", body{"login": demoLogins[0].login, "password": demoPassword}, nil); err != nil {
		return nil, err
	}
	var me struct {
		CSRF string `json:"csrf_token"`
	}
	err = d.send(ctx, http.MethodGet, "/api/v1/me", nil, &me)
	d.csrf = me.CSRF
	return d, err
}

// send calls the API; bytes go as they are.
func (d *desk) send(ctx context.Context, method, path string, in, out any) error {
	var content io.Reader
	kind := "application/json"
	switch in := in.(type) {
	case nil:
	case []byte:
		content, kind = bytes.NewReader(in), "application/octet-stream"
	default:
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		content = bytes.NewReader(b)
	}
	q, err := http.NewRequestWithContext(ctx, method, d.base+path, content)
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", kind)
	q.Header.Set("X-CSRF-Token", d.csrf)
	q.Header.Set("If-Match", `"1"`)
	q.Header.Set("Idempotency-Key", fmt.Sprintf("demo-%d", time.Now().UnixNano()))
	a, err := d.http.Do(q)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(io.LimitReader(a.Body, 1<<20))
	if err != nil {
		return err
	}
	if a.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", method, path, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// empty reports whether a list has nothing yet.
func (d *desk) empty(ctx context.Context, path string) (bool, error) {
	var l struct {
		Items []json.RawMessage `json:"items"`
	}
	err := d.send(ctx, http.MethodGet, path, nil, &l)
	return len(l.Items) == 0, err
}

// once posts to a list that is still empty, and says whether it did.
func (d *desk) once(ctx context.Context, path string, in, out any) (bool, error) {
	first, err := d.empty(ctx, path)
	if err != nil || !first {
		return false, err
	}
	path, _, _ = strings.Cut(path, "?")
	return true, d.send(ctx, http.MethodPost, path, in, out)
}

// command asks a charge point that nobody has asked for this.
func (d *desk) command(ctx context.Context, p deskPoint, in body) error {
	var l struct {
		Items []struct {
			Type string `json:"type"`
		} `json:"items"`
	}
	if err := d.send(ctx, http.MethodGet, "/api/v1/commands?limit=100&charge_point_id="+p.ID, nil, &l); err != nil {
		return err
	}
	for _, c := range l.Items {
		if c.Type == in["type"] {
			return nil
		}
	}
	return d.send(ctx, http.MethodPost, "/api/v1/charge-points/"+p.ID+"/commands", in, nil)
}

func (d *desk) furnish(ctx context.Context) error {
	points, err := d.points(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, do := range []func(context.Context, []deskPoint) error{
		d.templates, d.models, d.vendors, d.authority, d.localList, d.profile, d.firmware, d.diagnostics, d.reservation,
	} {
		errs = append(errs, do(ctx, points))
	}
	return errors.Join(errs...)
}

// points are those that have said what they are, once no more of them come.
func (d *desk) points(ctx context.Context) ([]deskPoint, error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for before, tries := 0, 0; ; tries++ {
		var l struct {
			Items []deskPoint `json:"items"`
		}
		if err := d.send(ctx, http.MethodGet, "/api/v1/charge-points?online=true&limit=100", nil, &l); err != nil {
			return nil, err
		}
		// Those of the guide stay as the guide has them.
		known := slices.DeleteFunc(l.Items, func(p deskPoint) bool { return p.Vendor == "" || p.Vendor == "A3E" })
		if len(known) > 0 && len(known) == before || tries >= 30 {
			return known, nil
		}
		before = len(known)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

func of(points []deskPoint, model string, most int) (found []deskPoint) {
	for _, p := range points {
		if p.Model == model && len(found) < most {
			found = append(found, p)
		}
	}
	return found
}

func (d *desk) templates(ctx context.Context, _ []deskPoint) error {
	made, err := d.once(ctx, "/api/v1/config-templates?limit=1", body{"name": "Norvolt", "vendor": "Norvolt", "active": true, "settings": []body{
		{"key": "HeartbeatInterval", "value": "300"},
		{"key": "MeterValueSampleInterval", "value": "60"},
		{"key": "TransactionMessageAttempts", "value": "10", "at_least": true},
		{"key": "StopTransactionOnInvalidId", "value": "true"},
		{"key": "LightIntensity", "value": "40"},
	}}, nil)
	if err != nil || !made {
		return err
	}
	return d.send(ctx, http.MethodPost, "/api/v1/config-templates", body{"name": "Helion, every 30 seconds", "vendor": "Helion", "settings": []body{
		{"key": "MeterValueSampleInterval", "value": "30"},
		{"key": "ClockAlignedDataInterval", "value": "900"},
	}}, nil)
}

func (d *desk) models(ctx context.Context, _ []deskPoint) error {
	var l struct {
		Items []struct {
			Model string `json:"model"`
		} `json:"items"`
	}
	if err := d.send(ctx, http.MethodGet, "/api/v1/models?name=Helion&limit=100", nil, &l); err != nil {
		return err
	}
	for _, m := range l.Items {
		if m.Model == "Giga 300" {
			return nil
		}
	}
	return d.send(ctx, http.MethodPost, "/api/v1/models", body{"vendor": "Helion", "model": "Giga 300", "firmware": "1.4*",
		"quirks": body{"rate_unit": "W", "profile_kind": "absolute", "actions": body{"data_transfer": false}},
		"note":   "Takes limits in watts only. Helion says that 1.5 takes amperes, too."}, nil)
}

func (d *desk) vendors(ctx context.Context, _ []deskPoint) error {
	_, err := d.once(ctx, "/api/v1/vendor-rules?limit=1", body{"vendor_id": "com.norvolt", "message_id": "DoorOpened", "answer": "accepted", "note": "The cabinet of a post was opened."}, nil)
	return err
}

func (d *desk) authority(ctx context.Context, _ []deskPoint) error {
	_, err := d.once(ctx, "/api/v1/authorities", body{"kind": "built_in"}, nil)
	return err
}

// localList lets a few cards charge at the offices while these are offline.
func (d *desk) localList(ctx context.Context, points []deskPoint) error {
	at := of(points, "Wall 11", 3)
	var cards struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if err := d.send(ctx, http.MethodGet, "/api/v1/tokens?status=ENABLE&limit=6", nil, &cards); err != nil || len(at) == 0 {
		return err
	}
	tokens := make([]string, 0, len(cards.Items))
	for _, k := range cards.Items {
		tokens = append(tokens, k.ID)
	}
	_, err := d.once(ctx, "/api/v1/local-lists?limit=1", body{"name": "House cards", "cards": "MANUAL", "token_ids": tokens, "charge_point_ids": ids(at)}, nil)
	return err
}

func ids(points []deskPoint) []string {
	out := make([]string, 0, len(points))
	for _, p := range points {
		out = append(out, p.ID)
	}
	return out
}

// profile keeps a post of a site with a thin cable below what it could give.
func (d *desk) profile(ctx context.Context, points []deskPoint) error {
	for _, p := range of(points, "Post 22", 1) {
		return d.command(ctx, p, body{"type": "set_charging_profile", "reason": "The cable to the garage carries no more by day.", "profile": body{
			"id": 10, "stack_level": 0, "purpose": "tx_default", "kind": "recurring", "recurrence": "daily",
			"schedule": body{"unit": "A", "start": "2026-01-01T00:00:00Z", "duration_s": 86_400, "periods": []body{
				{"start_s": 0, "limit_milli": 32_000}, {"start_s": 25_200, "limit_milli": 16_000}, {"start_s": 72_000, "limit_milli": 32_000},
			}},
		}})
	}
	return nil
}

// firmware has an image, and a campaign that brings it to a few.
func (d *desk) firmware(ctx context.Context, points []deskPoint) error {
	at := of(points, "Wall 11", 4)
	var img struct {
		ID string `json:"id"`
	}
	made, err := d.once(ctx, "/api/v1/firmware-images?limit=1", body{"name": "Wall 11, spring release", "vendor": "Norvolt", "model": "Wall 11", "release": "1.5.0", "file_name": "wall11-1.5.0.bin"}, &img)
	if err != nil || !made || len(at) == 0 {
		return err
	}
	if err := d.send(ctx, http.MethodPut, "/api/v1/firmware-images/"+img.ID+"/file", bytes.Repeat([]byte("firmware 1.5.0\n"), 8_000), nil); err != nil {
		return err
	}
	return d.send(ctx, http.MethodPost, "/api/v1/firmware-campaigns", body{"name": "Offices to 1.5.0", "image_id": img.ID, "charge_point_ids": ids(at), "canary_percent": 25,
		"parallel": 2, "halt_min_count": 2, "reason": "Offline charges keep their card."}, nil)
}

func (d *desk) diagnostics(ctx context.Context, points []deskPoint) error {
	for _, p := range of(points, "Tower 60", 1) {
		return d.command(ctx, p, body{"type": "get_diagnostics", "reason": "Connector 2 was slow."})
	}
	return nil
}

// guest is the card of Lucía Paz, one of the guide's drivers.
const guest = "142E325A"

// reservation keeps a connector for one of the drivers, where one is free.
func (d *desk) reservation(ctx context.Context, points []deskPoint) error {
	for _, p := range of(points, "Post 22", 20) {
		for _, c := range p.Connectors {
			if c.Status != "Available" {
				continue
			}
			_, err := d.once(ctx, "/api/v1/reservations?limit=1", body{"charge_point_id": p.ID, "connector": c.Number, "token_uid": guest,
				"until": time.Now().Add(4 * time.Hour).UTC().Format(time.RFC3339), "reason": "Guest of the house, comes at noon."}, nil)
			return err
		}
	}
	return nil
}

// newcomers are plugged in somewhere and registered nowhere: they wait in the inbox.
func newcomers(ctx context.Context, addr string, log *slog.Logger) {
	for i, n := range []cpsim.Config{
		{Identity: "NVT-POST22-00417", Vendor: "Norvolt", Model: "Post 22", Serial: "NV22-00417", Firmware: "1.4.2", Connectors: []cpsim.Connector{{MaxW: 22_000}, {MaxW: 22_000}}},
		{Identity: "HEL-T60-8812", Vendor: "Helion", Model: "Tower 60", Serial: "T60-8812", Firmware: "1.3.9", Connectors: []cpsim.Connector{{MaxW: 60_000, DC: true}}},
	} {
		n.URL, n.Password, n.Seed = "ws://"+addr+"/ocpp", fmt.Sprintf("from the factory %03d", i), uint64(1000+i)
		n.BootOnReconnect, n.Log = true, slog.New(slog.DiscardHandler)
		go func() {
			if err := cpsim.New(n).Run(ctx); err != nil && ctx.Err() == nil {
				log.Info("a newcomer of the demo went away", "identity", n.Identity, "error", err)
			}
		}()
	}
}
