package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// api is what an integrator sees; the bench sets its charge points up by it.
type api struct {
	base   string
	http   *http.Client
	csrf   string
	serial int
	mu     sync.Mutex
}

func newAPI(addr string) (*api, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &api{base: "http://" + addr + "/api/v1", http: &http.Client{Jar: jar}}, nil
}

// cookies are those of the login, for requests that are written by hand.
func (a *api) cookies() string {
	at, err := url.Parse(a.base)
	if err != nil {
		return "" // of our own making
	}
	var all []string
	for _, c := range a.http.Jar.Cookies(at) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

// key is an Idempotency-Key; recharges need one.
func (a *api) key() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serial++
	return "bench-" + strconv.Itoa(a.serial)
}

func (a *api) post(path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, a.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", a.key())
	req.Header.Set("X-CSRF-Token", a.csrf)
	resp, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("POST %s: %s: %s", path, resp.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

func (a *api) get(path string, out any) error {
	resp, err := a.http.Get(a.base + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s: %s", path, resp.Status, answer)
	}
	return json.Unmarshal(answer, out)
}

func (a *api) login(name, password string) error {
	var in struct {
		Me struct {
			CSRF string `json:"csrf_token"`
		} `json:"me"`
	}
	err := a.post("/login", object{"login": name, "password": password}, &in)
	a.csrf = in.Me.CSRF
	return err
}

type id struct {
	ID string `json:"id"`
}

type object = map[string]any

// network makes an operator with a plan and a site, goes into it, and returns
// the site.
func (a *api) network() (site string, err error) {
	var operator, plan, place id
	if err := a.post("/operators", object{"name": "Bench", "currency": "EUR", "time_zone": "Europe/Berlin"}, &operator); err != nil {
		return "", err
	}
	if err := a.post("/me/operator", object{"operator_id": operator.ID, "reason": "bench"}, nil); err != nil {
		return "", err
	}
	if err := a.post("/plans", object{
		"name": "Day and night", "currency": "EUR", "vat_permille": 190, "service_per_kwh": "0.05",
		"electricity": []object{
			{"from": "06:00", "to": "22:00", "price": "0.39"},
			{"from": "22:00", "to": "06:00", "price": "0.29"},
		},
		"idle": object{"per_minute": "0.10", "grace_s": 600},
	}, &plan); err != nil {
		return "", err
	}
	err = a.post("/sites", object{"name": "Bench", "time_zone": "Europe/Berlin", "plan_id": plan.ID}, &place)
	return place.ID, err
}

// credential is how a charge point connects.
type credential struct{ id, identity, key string }

// chargePoints makes n charge points with one connector each.
func (a *api) chargePoints(site string, n int) ([]credential, error) {
	made := make([]credential, n)
	err := each(n, func(i int) (err error) {
		made[i], err = a.chargePoint(site, fmt.Sprintf("BENCH%05d", i))
		return err
	})
	return made, err
}

// chargePoint makes one with one connector; its name is its identity.
func (a *api) chargePoint(site, identity string) (credential, error) {
	var out struct {
		ChargePoint id     `json:"charge_point"`
		Key         string `json:"key"`
	}
	err := a.post("/charge-points", object{"site_id": site, "identity": identity, "name": identity,
		"charger_type": "AC", "max_power_w": 22_000, "connectors": []object{{"number": 1}}}, &out)
	return credential{out.ChargePoint.ID, identity, out.Key}, err
}

// cards makes n drivers with a card and enough money each.
func (a *api) cards(n int) ([]string, error) {
	made := make([]string, n)
	err := each(n, func(i int) error {
		var driver id
		if err := a.post("/drivers", object{"account": fmt.Sprintf("bench%d@example.com", i)}, &driver); err != nil {
			return err
		}
		if err := a.post("/drivers/"+driver.ID+"/recharges", object{"amount": object{"amount": "1000.00", "currency": "EUR"}, "reason": "bench"}, nil); err != nil {
			return err
		}
		made[i] = fmt.Sprintf("BE%06X", i)
		return a.post("/tokens", object{"driver_id": driver.ID, "uid": made[i]}, nil)
	})
	return made, err
}
