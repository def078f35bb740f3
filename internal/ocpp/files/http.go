package files

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/upkeep"
)

// ServeHTTP takes and gives files below upkeep.WebPath. An upload may come by PUT or POST,
// bare or as the only file of a form; a file that is fetched may be asked for in ranges.
// The path holds the credentials and is logged nowhere.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	rest := strings.TrimPrefix(r.URL.Path, upkeep.WebPath)
	key, path, _ := strings.Cut(rest, "/")
	login, secret, _ := strings.Cut(key, "-")
	name, ok := plainName(path)
	if !ok || login == "" || secret == "" {
		d.fail(w, fault.NotFound("address for a file"))
		return
	}
	t, err := d.open(r.Context(), d.ip(r), login, secret)
	switch {
	case err != nil:
	case t.Kind == upkeep.FirmwareFile:
		err = d.give(w, r, t, name)
	case r.Method == http.MethodPut || r.Method == http.MethodPost:
		err = d.take(w, r, t, name)
	default:
		h.Set("Allow", "PUT, POST")
		http.Error(w, "A file is brought here, and none is given.", http.StatusMethodNotAllowed)
	}
	if err != nil {
		d.fail(w, err)
	}
}

func (d *Door) ip(r *http.Request) string {
	if d.opt.ClientIP != nil {
		return d.opt.ClientIP(r)
	}
	return host(r.RemoteAddr)
}

// fail answers in words for the log of a device.
func (d *Door) fail(w http.ResponseWriter, err error) {
	f := fault.Of(err)
	status := map[fault.Kind]int{fault.Missing: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.Denied: http.StatusForbidden,
		fault.Invalid: http.StatusBadRequest, fault.Unavailable: http.StatusServiceUnavailable}[f.Kind]
	switch {
	case errors.Is(err, errTooLarge):
		status, f = http.StatusRequestEntityTooLarge, errTooLarge
	case errors.Is(err, errGuess):
		status = http.StatusTooManyRequests
	case status == 0:
		status = http.StatusInternalServerError
	}
	if status >= 500 {
		d.opt.Log.Error("a file of a charge point", "error", err)
		http.Error(w, "Try again later.", status)
		return
	}
	w.Header().Set("Connection", "close") // what follows is not read
	http.Error(w, f.Detail, status)
}

// paced gives a body or an answer the time that it needs while it moves.
type paced struct {
	ctl   *http.ResponseController
	stall time.Duration
	until time.Time
}

func (d *Door) paced(w http.ResponseWriter) paced {
	return paced{http.NewResponseController(w), d.opt.Stall, time.Now().Add(Whole)} // the sockets' clock, not ours
}

func (p paced) next() time.Time {
	at := time.Now().Add(p.stall)
	if at.After(p.until) {
		at = p.until
	}
	return at
}

type pacedReader struct {
	paced
	r io.Reader
}

func (p pacedReader) Read(b []byte) (int, error) {
	_ = p.ctl.SetReadDeadline(p.next())
	_ = p.ctl.SetWriteDeadline(p.next().Add(endWithin)) // for the answer behind it
	return p.r.Read(b)
}

type pacedWriter struct {
	http.ResponseWriter
	paced
}

func (p pacedWriter) Write(b []byte) (int, error) {
	_ = p.ctl.SetWriteDeadline(p.next())
	return p.ResponseWriter.Write(b)
}

// piece is how much is written between two looks at the clock.
const piece = 64 << 10

// take stores the file that a device brings.
func (d *Door) take(w http.ResponseWriter, r *http.Request, t upkeep.Transfer, name string) error {
	if r.ContentLength > d.opt.MaxUpload+piece { // a form has its own lines around the file
		return d.refuse(r.Context(), t, errTooLarge)
	}
	in, err := d.begin(r.Context(), t)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(pacedReader{d.paced(w), r.Body})
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		name, err = formFile(r, in)
	} else {
		_, err = io.Copy(in, r.Body)
	}
	if err = in.done(name, err); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errForm) {
			err = fault.New(fault.Invalid, "file_broken_off", "The file did not arrive whole.").Because(err)
		}
		return err
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}

var errForm = errors.New("files: a form without exactly one file")

// formFile reads the only file of a form.
func formFile(r *http.Request, in io.Writer) (name string, err error) {
	form, err := r.MultipartReader()
	if err != nil {
		return "", errors.Join(errForm, err)
	}
	files, fields := 0, 0
	for {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF) && files == 1:
			return name, nil
		case err != nil:
			return "", errors.Join(errForm, err)
		case part.FileName() == "":
			// A field of the form says nothing to us; a form is not made of fields.
			if fields++; fields > 20 {
				return "", errForm
			}
			if n, err := io.Copy(io.Discard, io.LimitReader(part, piece)); err != nil || n == piece {
				return "", errors.Join(errForm, err)
			}
			continue
		}
		if files++; files > 1 {
			return "", errForm
		}
		name = part.FileName()
		if _, err := io.Copy(in, part); err != nil {
			return "", err
		}
	}
}

// give sends a firmware image, or the range of it that is asked for.
func (d *Door) give(w http.ResponseWriter, r *http.Request, t upkeep.Transfer, name string) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "A file is given here, and none is taken.", http.StatusMethodNotAllowed)
		return nil
	}
	img, f, err := d.image(r.Context(), t, name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": img.FileName}))
	h.Set("ETag", fmt.Sprintf("%q", img.SHA256))
	http.ServeContent(pacedWriter{w, d.paced(w)}, r, "", time.Time{}, f)
	return nil
}
