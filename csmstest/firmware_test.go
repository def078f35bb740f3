package csmstest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"ccms/cpsim"
	"ccms/internal/asset"
	"ccms/internal/authz"
)

// vendor signs firmware.
type vendor struct {
	key         *ecdsa.PrivateKey
	certificate string
}

func (w *World) vendor() vendor {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.OK(err)
	now := w.Now()
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Maker firmware"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(1000 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	w.OK(err)
	return vendor{key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

func (v vendor) sign(w *World, content []byte) string {
	w.Helper()
	sum := sha256.Sum256(content)
	sig, err := ecdsa.SignASN1(rand.Reader, v.key, sum[:])
	w.OK(err)
	return base64.StdEncoding.EncodeToString(sig)
}

// firmware is an image of a version, larger than one sealed piece of the vault.
func firmware(release string, size int) []byte {
	b := bytes.NewBufferString("firmware " + release + "\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(b, "%d,", i)
	}
	return b.Bytes()
}

// upload brings the file of an image.
func (a *API) upload(image string, content []byte) Reply {
	a.world.Helper()
	return a.uploadFrom(image, bytes.NewReader(content))
}

func (a *API) uploadFrom(image string, content io.Reader, version ...int64) Reply {
	w := a.world
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodPut, "http://"+w.Addr+"/api/v1/firmware-images/"+image+"/file", content)
	w.OK(err)
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Cookie", a.cookie)
	r.Header.Set("X-CSRF-Token", a.csrf)
	r.Header.Set("If-Match", fmt.Sprintf("%q", fmt.Sprint(append(version, 1)[0])))
	resp, err := client.Do(r)
	w.OK(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	w.OK(err)
	out := Reply{Status: resp.StatusCode, Header: resp.Header, world: w, what: "PUT image"}
	out.Body, err = readM(b)
	w.OK(err)
	return out
}

// image makes an image with its file; v signs it where it is one.
func (a *API) image(release string, content []byte, v *vendor) string {
	w := a.world
	w.Helper()
	body := M{"name": "M1 " + release, "vendor": "Maker", "model": "M1", "release": release, "file_name": "m1-" + release + ".bin"}
	if v != nil {
		body["certificate"], body["signature"] = v.certificate, v.sign(w, content)
	}
	id := a.Do("POST", "/api/v1/firmware-images", body).Want(201).Body.Str("id")
	a.upload(id, content).Want(200)
	return id
}

// installs asks a point to install an image.
func (a *API) installs(p *Point, image string, over ...M) Reply {
	a.world.Helper()
	return a.Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/firmware", M{"image_id": image, "reason": "test"}.with(over))
}

// installBecomes waits for an install.
func (a *API) installBecomes(id, state string) M {
	a.world.Helper()
	var last M
	a.world.eventually(func() bool {
		last = a.Get("/api/v1/firmware-installs/" + id).Body
		return last.Str("state") == state
	}, func() { a.world.Fatalf("the install is %v, want %s", last, state) })
	return last
}

// An image is kept with its checksum; one whose signature is not of its file is refused,
// and nothing of it is kept.
func TestFirmware_ABadSignatureIsRefused(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		v, other := w.vendor(), w.vendor()
		content := firmware("2.0", 1000)
		for why, body := range map[string]M{
			"another file":        {"certificate": v.certificate, "signature": v.sign(w, []byte("another file"))},
			"another certificate": {"certificate": other.certificate, "signature": v.sign(w, content)},
		} {
			id := staff.Do("POST", "/api/v1/firmware-images", M{"name": "x", "vendor": "Maker", "model": "M1", "release": "2.0", "file_name": "x.bin"}.with([]M{body})).Want(201).Body.Str("id")
			if r := staff.upload(id, content).Want(422); r.Body.Str("code") != "bad_signature" {
				w.Errorf("%s: %v", why, r.Body)
			}
			if got := staff.Get("/api/v1/firmware-images/" + id).Body; got.Str("state") != "draft" || got.Has("sha256") {
				w.Errorf("%s: it is kept: %v", why, got)
			}
			staff.upload(id, nil).Want(422)
		}
		for why, body := range map[string]M{
			"no certificate":     {"signature": v.sign(w, content)},
			"no signature":       {"certificate": v.certificate},
			"no certificate yet": {"certificate": "-----BEGIN", "signature": v.sign(w, content)},
			"a path":             {"file_name": "../x.bin"},
		} {
			if r := staff.Do("POST", "/api/v1/firmware-images", M{"name": "x", "vendor": "Maker", "model": "M1", "release": "2.0", "file_name": "x.bin"}.with([]M{body})); r.Status != 422 {
				w.Errorf("%s: %d %v", why, r.Status, r.Body)
			}
		}
		id := staff.image("2.0", content, &v)
		got := staff.Get("/api/v1/firmware-images/" + id).Body
		if sum := sha256.Sum256(content); got.Str("sha256") != fmt.Sprintf("%x", sum) || got.Str("signer") != "CN=Maker firmware" || got.Int("bytes") != int64(len(content)) {
			w.Errorf("the image is %v", got)
		}
		staff.upload(id, content).Want(409)
		w.Staff(authz.Auditor).upload(id, content).Want(403)
	})
}

// Two uploads of one draft do not mix: what was checked is what charge points get.
func TestFirmware_OneFileAtATimeForAnImage(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		v, content := w.vendor(), firmware("2.0", 100_000)
		id := staff.Do("POST", "/api/v1/firmware-images", M{"name": "x", "vendor": "Maker", "model": "M1", "release": "2.0", "file_name": "x.bin",
			"certificate": v.certificate, "signature": v.sign(w, content)}).Want(201).Body.Str("id")
		body, in := io.Pipe()
		first := make(chan Reply, 1)
		go func() { first <- staff.uploadFrom(id, body) }()
		_, err := in.Write(content[:50_000])
		w.OK(err)
		w.Until("the first arrives", func() bool {
			kept, err := os.ReadDir(filepath.Join(w.cfg.DataDir, "files"))
			w.OK(err)
			return len(kept) > 0
		})
		another := bytes.Repeat([]byte("x"), len(content))
		if r := staff.upload(id, another); r.Body.Str("code") != "file_arriving" {
			w.Fatalf("a second upload: %d %v", r.Status, r.Body)
		}
		_, err = in.Write(content[50_000:])
		w.OK(err)
		w.OK(in.Close())
		if r := <-first; r.Status != 200 || r.Body.Str("state") != "ready" {
			w.Fatalf("the first: %d %v", r.Status, r.Body)
		}
		staff.upload(id, another).Want(409)
		p := w.Point("CP1")
		c := p.maker("1.0")
		staff.installs(p, id, M{"protocol": "http", "signed": false}).Want(202)
		a := c.Asked("UpdateFirmware")
		a.Reply(M{})
		resp, err := client.Get(a.Payload.Str("location"))
		w.OK(err)
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(b, content) {
			w.Errorf("the charge point gets %d bytes that were not checked (%v)", len(b), err)
		}
	})
}

// The whole way of an image into a charge point, by HTTP and FTP, signed and not: done is
// when it has started with the new version (OCPP 1.6 §5.19, §4.5).
//
// shows: UpdateFirmware, SignedUpdateFirmware, FirmwareStatusNotification, SignedFirmwareStatusNotification
func TestFirmware_InstalledIsSeenWithTheBoot(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpOps)
		v := w.vendor()
		for i, over := range []M{{"protocol": "http"}, {"protocol": "ftp"}, {"signed": true}, {"signed": true, "protocol": "ftp"}} {
			p := w.Point(fmt.Sprint("CP", i))
			cp := p.Simulated(nil)
			release := fmt.Sprint("2.", i)
			image := staff.image(release, firmware(release, 300_000), &v)
			id := staff.installs(p, image, over).Want(202).Body.Str("id")
			got := staff.installBecomes(id, "DONE")
			if got.Str("before") != "1.0" || got.Str("told") == "" || p.View().Firmware != release || got.Has("detail") {
				w.Errorf("%v: %v, the point tells %s", over, got, p.View().Firmware)
			}
			staff.effectBecomes(got.Str("command_id"), "seen")
			if p.View().Upgrading {
				w.Errorf("%v: it is upgrading still", over)
			}
			_ = cp
		}
		if got := w.Warned(); len(got) > 0 {
			w.Errorf("warnings: %v", got)
		}
	})
}

// What fails is said: the install, the command, and a warning that ends when it works.
func TestFirmware_FailuresRaiseAWarning(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpOps)
		v := w.vendor()
		image := staff.image("2.0", firmware("2.0", 1000), &v)
		for i, quirk := range []cpsim.Quirk{cpsim.QuirkDownloadFails, cpsim.QuirkInstallFails, cpsim.QuirkBadSignature, cpsim.QuirkOldFirmware} {
			p := w.Point(fmt.Sprint("CP", i))
			p.Simulated(func(c *cpsim.Config) { c.Quirks = cpsim.Quirks{quirk: true} })
			id := staff.installs(p, image, M{"signed": true}).Want(202).Body.Str("id")
			if quirk == cpsim.QuirkOldFirmware {
				staff.installBecomes(id, "INSTALLED")
				w.Clock.Advance(31 * time.Minute) // as long as a boot may take
				w.Timers()
			}
			got := staff.installBecomes(id, "FAILED")
			cmd := staff.effectBecomes(got.Str("command_id"), "failed")
			if got.Str("detail") == "" || cmd.Str("effect", "text") != got.Str("detail") {
				w.Errorf("%s: %v, %v", quirk, got, cmd)
			}
		}
		w.Warned("FIRMWARE_FAILED 2.0 ERROR 0 ×1", "FIRMWARE_FAILED 2.0 ERROR 0 ×1", "FIRMWARE_FAILED 2.0 ERROR 0 ×1", "FIRMWARE_FAILED 2.0 ERROR 0 ×1")
	})
}

// Step by step, as a charge point tells it: UPGRADING while it installs, one at a time,
// what it refuses and what it does not know.
func TestFirmware_TheStatesOfAPoint(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpOps)
		image := staff.image("2.0", firmware("2.0", 200_000), nil)
		p := w.Point("CP1")
		staff.installs(p, image).Want(409) // it has told nothing of itself
		c := p.Dial()
		// What it refuses is remembered of its firmware: it comes with another afterwards.
		c.Boot(M{"chargePointVendor": "Maker", "chargePointModel": "M1", "firmwareVersion": "0.9"})
		w.Advance(2 * time.Minute)
		c.Status(1, "Available")
		staff.installs(p, image, M{"signed": true}).Want(422) // the image has no signature

		id := staff.installs(p, image).Want(202).Body.Str("id")
		c.Asked("UpdateFirmware").Refuse("NotSupported")
		if got := staff.installBecomes(id, "FAILED"); got.Str("detail") == "" {
			w.Errorf("not supported: %v", got)
		}
		c.Boot(M{"chargePointVendor": "Maker", "chargePointModel": "M1", "firmwareVersion": "1.0"})

		id = staff.installs(p, image, M{"protocol": "http"}).Want(202).Body.Str("id")
		a := c.Asked("UpdateFirmware")
		a.Reply(M{})
		if r := staff.installs(p, image).Want(409); r.Body.Str("code") != "install_running" {
			w.Errorf("two at once: %v", r.Body)
		}
		staff.Do("DELETE", "/api/v1/firmware-images/"+image, nil, "If-Match", `"2"`).Want(409)
		w.ranges(a.Payload.Str("location"), firmware("2.0", 200_000))
		for _, x := range []struct{ told, state, point string }{
			{"Downloading", "DOWNLOADING", "AVAILABLE"}, {"Downloaded", "DOWNLOADED", "AVAILABLE"}, {"Downloading", "DOWNLOADED", "AVAILABLE"},
			{"Installing", "INSTALLING", "UPGRADING"}, {"Idle", "INSTALLING", "UPGRADING"}, {"Installed", "INSTALLED", "UPGRADING"},
		} {
			c.Call("FirmwareStatusNotification", M{"status": x.told})
			if got := staff.installBecomes(id, x.state); string(p.View().PointStatus) != x.point {
				w.Errorf("%s: %v, the point is %s", x.told, got, p.View().PointStatus)
			}
		}
		c.Boot(M{"chargePointVendor": "Maker", "chargePointModel": "M1", "firmwareVersion": "2.0"})
		staff.installBecomes(id, "DONE")
		if s := p.View().PointStatus; s != asset.PointAvailable {
			w.Errorf("then it is %s", s)
		}
		if got := w.put("GET", a.Payload.Str("location"), ""); got != 404 {
			w.Errorf("the address works still: %d", got)
		}

		// It told first that it has the version, and then that it installed it.
		image = staff.image("3.0", firmware("3.0", 1000), nil)
		id = staff.installs(p, image).Want(202).Body.Str("id")
		c.Asked("UpdateFirmware").Reply(M{})
		c.Call("FirmwareStatusNotification", M{"status": "Installing"})
		c.Boot(M{"chargePointVendor": "Maker", "chargePointModel": "M1", "firmwareVersion": "3.0"})
		staff.installBecomes(id, "DONE")
		c.Call("FirmwareStatusNotification", M{"status": "Installed"})
		staff.installBecomes(id, "DONE")

		// And one that says nothing more is not waited for without end.
		image = staff.image("4.0", firmware("4.0", 1000), nil)
		id = staff.installs(p, image).Want(202).Body.Str("id")
		c.Asked("UpdateFirmware").Reply(M{})
		w.Clock.Advance(13 * time.Hour)
		w.Timers()
		staff = w.Staff(authz.OpOps)
		staff.installBecomes(id, "FAILED")
		staff.installs(p, image).Want(409) // it is offline by now
	})
}

// ranges fetches an image in pieces by HTTP: what broke off goes on.
func (w *World) ranges(from string, want []byte) {
	w.Helper()
	for _, x := range []struct {
		header string
		status int
		want   []byte
	}{
		{"", 200, want}, {"bytes=70000-", 206, want[70000:]}, {"bytes=131072-131073", 206, want[131072:131074]}, {"bytes=0-9", 206, want[:10]},
		{"bytes=-5", 206, want[len(want)-5:]}, {"bytes=" + strconv.Itoa(len(want)) + "-", 416, nil},
	} {
		r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, from, nil)
		w.OK(err)
		if x.header != "" {
			r.Header.Set("Range", x.header)
		}
		resp, err := client.Do(r)
		w.OK(err)
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		w.OK(err)
		if resp.StatusCode != x.status || x.want != nil && !bytes.Equal(b, x.want) {
			w.Errorf("range %q: %d with %d bytes, want %d with %d", x.header, resp.StatusCode, len(b), x.status, len(x.want))
		}
	}
	for method, status := range map[string]int{"PUT": 405, "HEAD": 200} {
		if got := w.put(method, from, ""); got != status {
			w.Errorf("%s: %d, want %d", method, got, status)
		}
	}
	if got := w.put("GET", from+"x", ""); got != 404 {
		w.Errorf("another file: %d", got)
	}
}

// By FTP an image can be read on from where it broke off.
func TestFirmware_FTPGoesOnWhereItBrokeOff(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpOps)
		content := firmware("2.0", 200_000)
		image := staff.image("2.0", content, nil)
		p := w.Point("CP1")
		c := p.Dial()
		c.Boot(M{"chargePointVendor": "Maker", "chargePointModel": "M1", "firmwareVersion": "1.0"})
		w.Advance(2 * time.Minute)
		staff.installs(p, image, M{"protocol": "ftp"}).Want(202)
		a := c.Asked("UpdateFirmware")
		a.Reply(M{})
		f, u := w.ftp(a.Payload.Str("location"))
		secret, _ := u.User.Password()
		f.say(331, "USER "+u.User.Username())
		f.say(230, "PASS "+secret)
		f.say(200, "TYPE I")
		if got := f.say(213, "SIZE m1-2.0.bin"); got != strconv.Itoa(len(content)) {
			w.Errorf("its size is %s", got)
		}
		for _, from := range []int{0, 70_000, 131_072, len(content)} {
			data := f.passive()
			f.say(350, "REST "+strconv.Itoa(from))
			f.say(150, "RETR m1-2.0.bin")
			b, err := io.ReadAll(data)
			w.OK(err)
			data.Close()
			f.answer(226)
			if !bytes.Equal(b, content[from:]) {
				w.Errorf("from %d: %d bytes", from, len(b))
			}
		}
		f.say(550, "RETR other.bin")
		f.say(550, "STOR x.bin")
	})
}

// AST-R5: firmware is never asked for during a session, also not of one charge point: it
// waits for the end, unless staff say that it is to be now. Meanwhile it can be cancelled,
// and another takes its place.
func TestAST_R5_AnInstallWaitsForTheEndOfTheSession(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		w.Driver("CARD", "20.00")
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		c := p.maker("1.0")
		c.Status(1, "Available")
		old, image := staff.image("1.5", firmware("1.5", 1000), nil), staff.image("2.0", firmware("2.0", 1000), nil)
		session := c.Charge(1, "CARD", 0)
		waits := func(r Reply) string {
			w.Helper()
			if b := r.Want(202).Body; b.Str("state") != "WAITING" || b.Str("detail") != "It is charging." || b.Has("command_id") {
				w.Fatalf("during a session: %v", b)
			}
			return r.Body.Str("id")
		}
		sweep := func() {
			w.Helper()
			w.Clock.Advance(time.Minute)
			_, err := w.App.Upkeep.SweepInstalls(w.Context(), w.Now())
			w.OK(err)
		}
		first := waits(staff.installs(p, old))
		second := waits(staff.installs(p, image))
		staff.installBecomes(first, "CANCELLED")
		staff.Do("POST", "/api/v1/firmware-installs/"+first+"/cancel", nil).Want(409)
		w.Staff(authz.OpOps).Do("POST", "/api/v1/firmware-installs/"+second+"/cancel", nil).Want(200)
		staff.installBecomes(second, "CANCELLED")
		third := waits(staff.installs(p, image, M{"protocol": "http"}))
		sweep()
		c.NotAsked()
		staff.installBecomes(third, "WAITING")
		staff.Do("DELETE", "/api/v1/firmware-images/"+image, nil, "If-Match", `"2"`).Want(409)
		c.Finish(session, 1000)
		sweep()
		c.Asked("UpdateFirmware").Reply(M{})
		got := staff.installBecomes(third, "ASKED")
		if cmd := staff.Get("/api/v1/commands/" + got.Str("command_id")).Body; cmd.Str("reason") != "test" || cmd.Str("actor") == "" {
			w.Errorf("the command does not say who asked and why: %v", cmd)
		}
		c.Call("FirmwareStatusNotification", M{"status": "DownloadFailed"})
		c.Charge(1, "CARD", 1000)
		staff.installs(p, image, M{"now": true}).Want(202)
		c.Asked("UpdateFirmware").Reply(M{})
	})
}
