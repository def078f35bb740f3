package web

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"time"
)

// The reference is a page of our own, in plain files: it is in every build, asks
// nobody but this server, and needs no exception of the Content-Security-Policy.
//
//go:embed reference
var referenceFiles embed.FS

// serveReference serves the API reference at /api/docs, and its files below
// /api/reference/.
func (s *Server) serveReference(mux *http.ServeMux) {
	files, err := fs.Glob(referenceFiles, "reference/*")
	if err != nil {
		panic(err) // the pattern is constant
	}
	for _, name := range files {
		content, err := referenceFiles.ReadFile(name)
		if err != nil {
			panic(err) // embedded at build time
		}
		var kind string
		pattern := "GET /api/" + name
		switch path.Ext(name) { // the system's table differs between machines
		case ".html":
			pattern, kind = "GET /api/docs", "text/html; charset=utf-8"
		case ".js":
			kind = "text/javascript; charset=utf-8"
		case ".css":
			kind = "text/css; charset=utf-8"
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			requestOf(r.Context()).route = "GET /api/docs"
			w.Header().Set("Content-Type", kind)
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
		})
	}
}
