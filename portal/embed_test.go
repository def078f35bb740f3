package portal

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(h http.Handler, target, encoding string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestBuiltPortal(t *testing.T) {
	t.Parallel()
	h := handler(fstest.MapFS{
		"index.html":         {Data: []byte("<p>index")},
		"placeholder.html":   {Data: []byte("<p>placeholder")},
		"static/app-1.js":    {Data: []byte("plain()")},
		"static/app-1.js.gz": {Data: []byte("packed")},
	})
	for _, c := range []struct {
		why, target, encoding string
		code                  int
		body, cache           string
	}{
		{"the root is the portal", "/", "", 200, "<p>index", "no-cache"},
		{"a screen's address is the portal", "/finance/records/ses_1?x=1", "", 200, "<p>index", "no-cache"},
		{"a hashed file may be kept for ever", "/static/app-1.js", "", 200, "plain()", "public, max-age=31536000, immutable"},
		{"a screen of the Assets menu", "/assets/points", "", 200, "<p>index", "no-cache"},
		{"packed where the browser takes it", "/static/app-1.js", "gzip, br", 200, "packed", "public, max-age=31536000, immutable"},
		{"a part of an older build is gone, not index.html", "/static/app-0.js", "", 404, "404 page not found\n", ""},
		{"no way out of the directory", "/../embed.go", "", 200, "<p>index", "no-cache"},
	} {
		w := get(h, c.target, c.encoding)
		if w.Code != c.code || w.Body.String() != c.body || w.Header().Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %q %q", c.why, w.Code, w.Body.String(), w.Header().Get("Cache-Control"))
		}
	}
	if got := get(h, "/static/app-1.js", "gzip").Header().Get("Content-Encoding"); got != "gzip" {
		t.Errorf("content encoding %q", got)
	}
}

func TestTheDriversPageHasAPathOfItsOwn(t *testing.T) {
	t.Parallel()
	h := Handler()
	for _, path := range []string{"/c", "/c/", "/c/010001-1000-1", "/c/receipt"} {
		if w := get(h, path, ""); w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %q", path, w.Code, w.Body.String())
		}
	}
	if w := get(h, "/c/static/none.js", ""); w.Code != 404 {
		t.Errorf("a part that is not there: %d", w.Code)
	}
	if w := get(h, "/charges", ""); w.Code != 200 {
		t.Errorf("what only begins the same is the portal: %d", w.Code)
	}
}

func TestPlaceholderWithoutBuild(t *testing.T) {
	t.Parallel()
	h := handler(fstest.MapFS{"placeholder.html": {Data: []byte("<p>placeholder")}})
	if w := get(h, "/live/charging", "gzip"); w.Code != 200 || w.Body.String() != "<p>placeholder" {
		t.Errorf("%d %q", w.Code, w.Body.String())
	}
}

func TestCheckoutServesAPage(t *testing.T) {
	t.Parallel()
	w := get(Handler(), "/", "")
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%d %q", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestOnlyReads(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST answered %d", w.Code)
	}
}
