// Package portal holds the built pages and serves them: the operator portal, and the page
// on which somebody charges without an account.
//
// Owns: the files of admin/dist and driver/dist and how a browser may keep them.
// Refuses: the API, the login and the security headers, which are the server's; it
// serves the same public files to everybody.
// Invariant: a build without Node serves the placeholder, so that the server
// compiles and runs from a plain checkout.
package portal

import (
	"bytes"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:admin/dist all:driver/dist
var files embed.FS

// driverPath is where the driver's page is: short, because it stands in the code on a
// charge point.
const driverPath = "/c"

// Handler serves the driver's page below its path, and the operator portal everywhere
// else. A path without a file is a screen of the page and gets its index.html, or the
// placeholder where it was not built.
func Handler() http.Handler {
	admin, driver := handler(built("admin")), http.StripPrefix(driverPath, handler(built("driver")))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == driverPath || strings.HasPrefix(r.URL.Path, driverPath+"/") {
			driver.ServeHTTP(w, r)
			return
		}
		admin.ServeHTTP(w, r)
	})
}

func built(page string) fs.FS {
	dist, err := fs.Sub(files, page+"/dist")
	if err != nil {
		panic(err) // the directory is part of the embed pattern
	}
	return dist
}

// Built reports whether this program carries the portal, or its placeholder only.
func Built() bool {
	_, err := fs.Stat(files, "admin/dist/index.html")
	return err == nil
}

func handler(dist fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		body, err := fs.ReadFile(dist, name)
		if err != nil || strings.HasSuffix(name, ".gz") {
			// A page that is open in a browser asks for parts of an older build: an
			// honest 404 makes it reload, where index.html would be a broken script.
			if strings.HasPrefix(name, "static/") {
				http.NotFound(w, r)
				return
			}
			name, body = page(dist)
		}
		if body == nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType(name))
		if strings.HasPrefix(name, "static/") { // their names carry a hash of the content
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			h.Set("Cache-Control", "no-cache")
		}
		if packed, err := fs.ReadFile(dist, name+".gz"); err == nil {
			h.Set("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				body = packed
			}
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}

func page(dist fs.FS) (string, []byte) {
	for _, name := range []string{"index.html", "placeholder.html"} {
		if body, err := fs.ReadFile(dist, name); err == nil {
			return name, body
		}
	}
	return "", nil
}

// contentType does not ask the system's table: it differs between machines, and a
// script with the wrong type is not run.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}
