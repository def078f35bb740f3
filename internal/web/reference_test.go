package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// The page and each file that it names are served, under the policy of every page.
func TestReference_pageAndItsFiles(t *testing.T) {
	t.Parallel()
	s := New(Services{}, Options{})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	page := get("/api/docs")
	if page.Code != http.StatusOK || page.Header().Get("Content-Type") != "text/html; charset=utf-8" ||
		!strings.Contains(page.Header().Get("Content-Security-Policy"), "script-src 'self';") {
		t.Fatalf("%d %v", page.Code, page.Header())
	}
	named := regexp.MustCompile(`(?:src|href)="(reference/[^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	if len(named) != 2 {
		t.Errorf("the page names %v", named)
	}
	for _, n := range named {
		if w := get("/api/" + n[1]); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d", n[1], w.Code)
		}
	}
	for _, path := range []string{"/api/reference/", "/api/reference/index.html", "/api/reference/none.js"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Nothing of the page comes from elsewhere, and nothing needs unsafe-inline or eval.
func TestReference_isSelfContained(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(referenceFiles, "reference", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := referenceFiles.ReadFile(name)
		if err != nil {
			return err
		}
		if m := regexp.MustCompile(`https?://|(?:src|href)="//|innerHTML|insertAdjacentHTML|\beval\(|new Function| style="| on\w+="|<script>`).Find(b); m != nil {
			t.Errorf("%s has %q", name, m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
