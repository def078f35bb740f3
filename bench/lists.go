package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// listAsks is how often a page is asked for in a repetition; its figure is the median.
const listAsks = 15

// listCase is a filter that the screen offers, as the API takes it and as somebody would
// write it by hand.
type listCase struct {
	name  string
	query url.Values
	where string // of the sessions s
}

// known is what the cases name: something of a copy in the middle of all.
type known struct {
	site, point, driver, plan string            // ids of the API
	login, account, card      string            // the driver's
	hex                       map[string]string // the ids as the database has them, by column of the session
	nowhereHex                string
	ocpp                      int64
	from, to                  time.Time // a day in the middle
}

func (s *server) known(d dialect, raw rawDatabase, n int) (k known, err error) {
	k.ocpp = firstCopy + int64(n)/2
	var page struct {
		Items []struct {
			Site      string    `json:"site_id"`
			Point     string    `json:"charge_point_id"`
			Driver    string    `json:"driver_id"`
			Login     string    `json:"account"`
			Account   string    `json:"charging_account"`
			Card      string    `json:"token_uid"`
			StartedAt time.Time `json:"started_at"`
			Plan      struct {
				ID string `json:"id"`
			}
		}
	}
	if err := s.api.get(fmt.Sprintf("/sessions?q=%d", k.ocpp), &page); err != nil {
		return k, err
	}
	if len(page.Items) != 1 {
		return k, fmt.Errorf("%d sessions have the transaction number %d", len(page.Items), k.ocpp)
	}
	x := page.Items[0]
	k.site, k.point, k.driver, k.plan, k.login, k.account, k.card = x.Site, x.Point, x.Driver, x.Plan.ID, x.Login, x.Account, x.Card
	k.from = x.StartedAt.UTC().Truncate(24 * time.Hour)
	k.to = k.from.AddDate(0, 0, 1)
	columns := []string{"site_id", "point_id", "driver_id", "account_id", "token_hash", "plan_id"}
	found, err := raw.rows(fmt.Sprintf(`SELECT %s FROM sessions WHERE ocpp_id = %d`, strings.Join(columns, ", "), k.ocpp))
	if err != nil {
		return k, err
	}
	nowhere, err := raw.rows(`SELECT id FROM sites WHERE name = 'Nowhere'`)
	if err != nil || len(nowhere) != 1 {
		return k, errors.Join(err, errors.New("there is no site without sessions"))
	}
	hex := func(v any) string { b, _ := v.([]byte); return d.blob(fmt.Sprintf("%x", b)) }
	k.hex, k.nowhereHex = map[string]string{}, hex(nowhere[0][0])
	for i, c := range columns {
		k.hex[c] = hex(found[0][i])
	}
	return k, nil
}

// is the condition that a session has the known value in a column.
func (k known) is(column string) string { return "s." + column + " = " + k.hex[column] }

// listCases are the filters of the charging record and of the live list, and what people
// put together of them.
func listCases(k known) []listCase {
	ask := func(pairs ...string) url.Values {
		v := url.Values{"limit": {"50"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	day := fmt.Sprintf("s.sort_at >= %d AND s.sort_at < %d", k.from.UnixMicro(), k.to.UnixMicro())
	from, to := k.from.Format(time.RFC3339), k.to.Format(time.RFC3339)
	const tenSites = "s.site_id IN (SELECT x.id FROM sites x WHERE x.name_sort >= 'site 0' AND x.name_sort < 'site 1')"
	running := "s.live = 1 AND s.phase <> 'REJECTED' AND s.phase <> 'COMPLETED'"
	return []listCase{
		{"no filter", ask(), ""},
		{"running", ask("state", "running"), running},
		{"ended", ask("state", "ended"), "s.ended_at IS NOT NULL"},
		{"state COMPLETED", ask("state", "COMPLETED"), "s.phase = 'COMPLETED'"},
		{"state ABNORMAL", ask("state", "ABNORMAL"), "s.phase = 'ABNORMAL'"},
		{"state REJECTED, of which there are none", ask("state", "REJECTED"), "s.phase = 'REJECTED'"},
		{"record state RUNNING", ask("record_state", "RUNNING"), running},
		{"record state COMPLETED", ask("record_state", "COMPLETED"), "s.phase = 'COMPLETED' AND s.debt <= 0 AND s.adjusted = 0"},
		{"record state UNPAID", ask("record_state", "UNPAID"), "s.phase = 'COMPLETED' AND s.debt > 0"},
		{"record state ADJUSTED", ask("record_state", "ADJUSTED"), "s.phase = 'COMPLETED' AND s.debt <= 0 AND s.adjusted = 1"},
		{"site", ask("site_id", k.site), k.is("site_id")},
		{"site, ended", ask("site_id", k.site, "state", "ended"), k.is("site_id") + " AND s.ended_at IS NOT NULL"},
		{"charge point", ask("charge_point_id", k.point), k.is("point_id")},
		{"driver", ask("driver_id", k.driver), k.is("driver_id")},
		{"driver's login", ask("account", k.login), k.is("driver_id")},
		{"how the driver's login begins", ask("user", k.login), k.is("driver_id")},
		{"how the logins of all drivers begin", ask("user", "bench"), "s.driver_id IN (SELECT x.id FROM drivers x)"},
		{"charging account", ask("charging_account", k.account), k.is("account_id")},
		{"card", ask("card", k.card), k.is("token_hash")},
		{"plan", ask("plan_id", k.plan), k.is("plan_id")},
		{"site's name", ask("site", "site 07"), "s.site_id = (SELECT x.id FROM sites x WHERE x.name_sort >= 'site 07' AND x.name_sort < 'site 08')"},
		{"site's name, without sessions", ask("site", "nowhere"), "s.site_id = " + k.nowhereHex},
		{"name of ten sites", ask("site", "site 0"), tenSites},
		{"name of ten sites, ABNORMAL", ask("site", "site 0", "state", "ABNORMAL"), tenSites + " AND s.phase = 'ABNORMAL'"},
		{"charge point's name", ask("point", "fill00123"), "s.point_id = (SELECT x.id FROM charge_points x WHERE x.name_sort = 'fill00123')"},
		{"name of a hundred charge points", ask("point", "fill001"),
			"s.point_id IN (SELECT x.id FROM charge_points x WHERE x.name_sort >= 'fill001' AND x.name_sort < 'fill002')"},
		{"transaction id", ask("q", fmt.Sprint(k.ocpp)), fmt.Sprintf("s.ocpp_id = %d", k.ocpp)},
		{"a day", ask("from", from, "to", to), day},
		{"a day, ABNORMAL", ask("from", from, "to", to, "state", "ABNORMAL"), day + " AND s.phase = 'ABNORMAL'"},
		{"a day, site", ask("from", from, "to", to, "site_id", k.site), day + " AND " + k.is("site_id")},
	}
}

// byHand are the two statements of a page: what it shows and how many there are.
func (c listCase) byHand(operator string) [2]string {
	where := "s.operator_id = " + operator
	if c.where != "" {
		where += " AND " + c.where
	}
	return [2]string{
		`SELECT s.*, t.name AS site_name, t.address, p.name AS point_name, p.connected_at, p.disconnected_at, p.last_seen_at,
			(SELECT c.status FROM connectors c WHERE c.point_id = s.point_id AND c.number = s.connector) AS connector_status,
			d.account_sealed, d.name_sealed, d.nickname_sealed, d.mobile_sealed, d.charging_account
		FROM sessions s JOIN charge_points p ON p.id = s.point_id JOIN sites t ON t.id = s.site_id LEFT JOIN drivers d ON d.id = s.driver_id
		WHERE ` + where + ` ORDER BY s.sort_at DESC, s.id DESC LIMIT 51`,
		`SELECT count(*) FROM (SELECT 1 FROM sessions s WHERE ` + where + ` LIMIT 10001) counted`,
	}
}

// listPages is how long the first page of a list takes that has a great many rows, for
// every filter.
func listPages(s settings, e engine) (row, error) {
	n := s.sessions[e]
	r := row{name: fmt.Sprintf("list page, first 50 of %s sessions, the filter that is worst, %s", grouped(n), e), unit: "ms", must: 3, goal: 1.5,
		floorWas: "the same page by hand: the statement of the page and the count up to 10,000, by the bare driver"}
	err := withSessions(s, e, n, func(srv *server, raw rawDatabase) error {
		d := dialects[e]
		k, err := srv.known(d, raw, n)
		if err != nil {
			return err
		}
		operator, err := raw.rows(`SELECT id FROM operators`)
		if err != nil {
			return err
		}
		b, _ := operator[0][0].([]byte)
		cases := listCases(k)
		for range s.repeat {
			var all []string
			var worst struct{ floor, system float64 }
			for _, c := range cases {
				floor, system, err := c.once(srv, raw, d.blob(fmt.Sprintf("%x", b)))
				if err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				all = append(all, fmt.Sprintf("%s %.2f / %.2f = %.2f×", c.name, system, floor, system/floor))
				if worst.floor == 0 || system/floor > worst.system/worst.floor {
					worst.floor, worst.system = floor, system
				}
			}
			r.floor, r.system = append(r.floor, worst.floor), append(r.system, worst.system)
			r.remark("%s.", strings.Join(all, "; "))
		}
		return nil
	})
	return r, err
}

// once asks for the page in turn, by hand and of the server.
func (c listCase) once(srv *server, raw rawDatabase, operator string) (floor, system float64, err error) {
	var byHand, byServer []float64
	path := "/sessions?" + c.query.Encode()
	for i := range listAsks + 2 {
		began := time.Now()
		for _, q := range c.byHand(operator) {
			if _, err := raw.rows(q); err != nil {
				return 0, 0, err
			}
		}
		took := time.Since(began)
		began = time.Now()
		if err := srv.api.read(path); err != nil {
			return 0, 0, err
		}
		if i >= 2 { // the first ones warm up
			byHand, byServer = append(byHand, millis(took)), append(byServer, millis(time.Since(began)))
		}
	}
	return median(byHand), median(byServer), nil
}

// withSessions calls f with a server that has n sessions, and the bench's own connection
// to its database. The next row of the engine finds the server as this one leaves it.
func withSessions(s settings, e engine, n int, f func(*server, rawDatabase) error) error {
	srv, err := s.full.server(s.ccms, e, n)
	if err != nil {
		return err
	}
	raw, err := srv.raw()
	if err != nil {
		return err
	}
	err = errors.Join(f(srv, raw), raw.close())
	if err != nil { // the next row shall not measure on what this one left half done
		err = errors.Join(err, s.full.end())
	}
	return err
}

// full is a server with a great many sessions, which takes long to make.
type full struct {
	srv    *server
	e      engine
	summed time.Duration // how long it took to sum the sessions for Home
}

func (x *full) server(ccms string, e engine, n int) (*server, error) {
	if x.srv != nil && x.e == e {
		return x.srv, nil
	}
	if err := x.end(); err != nil {
		return nil, err
	}
	srv, err := startServer(ccms, e)
	if err != nil {
		return nil, err
	}
	if err := srv.stock(e, n); err != nil {
		return nil, errors.Join(err, srv.end())
	}
	raw, err := srv.raw()
	if err != nil {
		return nil, errors.Join(err, srv.end())
	}
	x.summed, err = srv.summed(raw)
	if err = errors.Join(err, raw.close()); err != nil {
		return nil, errors.Join(err, srv.end())
	}
	x.srv, x.e = srv, e
	return srv, nil
}

func (x *full) end() error {
	if x.srv == nil {
		return nil
	}
	srv := x.srv
	x.srv = nil
	return srv.end()
}

// read asks the API for something and reads the answer to its end.
func (a *api) read(path string) error {
	resp, err := a.http.Get(a.base + path)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", path, resp.Status, body)
	}
	return err
}

// grouped prints 10,000,000.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
