package web

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ccms/internal/operator"
)

// Every filter of every list with empty, huge, wrong, foreign and script-like values,
// from the API's own description: what comes is an answer or a reason, never a defect,
// never another operator's rows, and the value is not given back.
func TestEveryFilterTakesBadInput(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.furnish(&w.theirs)
		often := operator.Rate{Burst: 1_000_000, Every: time.Microsecond}
		w.srv = New(w.svc, Options{Now: w.clock.Now, Tick: w.ticks.tick, Log: slog.New(slog.NewJSONHandler(w.log, nil)), AccountRate: often, CallerRate: often})
		theirs := []string{w.theirs.op.ID.String(), w.theirs.sub, w.theirs.site, w.theirs.point, w.theirs.driver, w.theirs.token, w.theirs.plan,
			w.theirs.session, w.theirs.command, w.theirs.spare, w.theirs.key, w.theirs.recharge, w.theirs.view, w.theirs.export}
		values := append([]string{
			"", " ", "\t\r\n", "0", "-1", "1", "101", "2147483648", "9223372036854775808", "1e309", "NaN", "null", "true", "undefined", "[]", "{}",
			"a,b,,c", ",", "*", "%", "_", "'", "\"", "\\", "' OR '1'='1", "1; DROP TABLE sites --", "<script>alert(1)</script>", "{{.}}", "${7*7}",
			"../../etc/passwd", "=1+1", "\x00", "a\x00b", "\xff\xfe", "\u202e\u0000", "\u4f60\u597d\uff0c\u4e16\u754c", "مرحبا بالعالم", "😀", "İ", "ß", "\U0010FFFF",
			strings.Repeat("a", 99), strings.Repeat("\u5b57", 200), strings.Repeat("x ", 5000), "site_", "site_zzzzzzzzzzzzzzzzzzzzzzzzzz", "drv_00000000000000000000000000",
			"2026-02-30T00:00:00Z", "2026-01-01", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "-2026-01-01T00:00:00Z", "-started_at", "password",
		}, theirs...)
		var doc struct {
			Paths map[string]map[string]struct {
				Parameters []struct{ Name, In string }
			}
		}
		if err := json.Unmarshal(OpenAPI(), &doc); err != nil {
			w.Fatal(err)
		}
		mine, asked := bearer(w.mine.admin), 0
		for _, rt := range Routes() {
			if rt.Method != http.MethodGet || strings.Contains(rt.Path, "{") || rt.Pattern() == livePattern {
				continue
			}
			ask := func(query, value string) {
				asked++
				a := w.call("GET", rt.Path+"?"+query, "", mine)
				body := string(a.body)
				switch {
				case a.status == 404 && slices.Contains(theirs, value): // as if it did not exist
				case a.status != 200 && a.status != 422 && a.status != 400:
					w.Errorf("%s?%.80s: %d %s", rt.Path, query, a.status, w.cause(a))
				case !json.Valid(a.body) || !utf8.Valid(a.body):
					w.Errorf("%s?%.80s: no JSON", rt.Path, query)
				case a.status != 200 && len(value) > 8 && strings.Contains(body, value):
					w.Errorf("%s?%.80s gives the value back: %s", rt.Path, query, body)
				}
				for _, id := range theirs {
					if strings.Contains(body, id) {
						w.Errorf("%s?%.80s shows %s of another operator", rt.Path, query, id)
					}
				}
			}
			for _, p := range doc.Paths[rt.Path]["get"].Parameters {
				if p.In != "query" {
					continue
				}
				for _, v := range values {
					ask(url.Values{p.Name: {v}}.Encode(), v)
				}
				ask(url.Values{p.Name: {"1", "2"}}.Encode(), "")
				ask(p.Name, "")
				ask(p.Name+"=%zz", "")
			}
			w.call("GET", rt.Path+"?no_such_filter=1", "", mine).wantCode(w, 422, "invalid_input")
		}
		if asked < 4000 {
			w.Fatalf("only %d questions", asked)
		}
	})
}
