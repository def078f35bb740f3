package csmstest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// After a restore files are missing, for no backup has them: that is seen, what needs them
// says so, and the same image can be uploaded again. Files without a row go.
func TestFiles_WhatIsMissingAfterARestore(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		c := p.maker("1.0")
		_, address := c.wanted(staff, "http")
		if got := w.put("PUT", address, "what the charge point has to tell"); got != 201 {
			w.Fatalf("the file: %d", got)
		}
		content := firmware("2.0", 1000)
		id := staff.image("2.0", content, nil)
		file := staff.files(p)[0]
		kept := filepath.Join(w.cfg.DataDir, "files")
		entries, err := os.ReadDir(kept)
		w.OK(err)
		w.OK(os.Rename(kept, kept+".elsewhere"))
		w.OK(os.Mkdir(kept, 0o700))

		if f := staff.files(p)[0]; f["missing"] != true || len(entries) != 2 {
			w.Errorf("the file of the charge point: %v", f)
		}
		if status, _ := staff.download("/api/v1/charge-point-files/" + file.Str("id") + "/file"); status != 404 {
			w.Errorf("it is sent with %d", status)
		}
		image := "/api/v1/firmware-images/" + id
		got := staff.Get(image).Want(200).Body
		if got["missing"] != true || staff.Get("/api/v1/firmware-images").Items()[0]["missing"] != true {
			w.Errorf("the image: %v", got)
		}
		if r := staff.installs(p, id).Want(409); r.Body.Str("code") != "image_file_missing" {
			w.Errorf("an install: %v", r.Body)
		}
		if r := staff.uploadFrom(id, bytes.NewReader(firmware("2.1", 1000)), got.Int("version")).Want(422); r.Body.Str("code") != "another_file" {
			w.Errorf("another file: %v", r.Body)
		}
		if got := staff.uploadFrom(id, bytes.NewReader(content), got.Int("version")).Want(200).Body; got.Has("missing") {
			w.Errorf("the same file again: %v", got)
		}
		staff.uploadFrom(id, bytes.NewReader(content), got.Int("version")+1).Want(409)
		staff.installs(p, id, M{"protocol": "http"}).Want(202)

		stray, none := ident.New[ident.Image](w.Now()).String(), "somebody's.txt"
		names := []string{id, file.Str("id"), stray, none}
		for _, name := range []string{stray, none} {
			w.OK(os.WriteFile(filepath.Join(kept, name), nil, 0o600))
		}
		var gone []string
		n, err := w.App.Upkeep.SweepStrays(w.Context(), names, func(name string) error { gone = append(gone, name); return nil })
		w.OK(err)
		if n != 1 || len(gone) != 1 || gone[0] != stray {
			w.Errorf("files without a row: %v", gone)
		}
		if n, err := w.App.Upkeep.SweepStrays(w.Context(), []string{stray, none}, os.Remove); n != 0 || err != nil {
			w.Errorf("in the wrong folder: %d %v", n, err)
		}
		w.OK(os.RemoveAll(kept))
		w.OK(os.Rename(kept+".elsewhere", kept)) // somebody copies the folder
		if f := staff.files(p)[0]; f.Has("missing") {
			w.Errorf("it is back: %v", f)
		}
	})
}
