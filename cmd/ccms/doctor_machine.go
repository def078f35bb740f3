package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"ccms/internal/store"
	"ccms/portal"
)

const (
	diskLow, diskFull = 2 << 30, 256 << 20
	askServer         = 2 * time.Second
)

// checkTime: records are stamped with this clock, so a year that cannot be is found
// before it is in every row.
func checkTime(now time.Time) finding {
	f := finding{"clock", fine, "this machine says " + now.UTC().Format(time.RFC3339), ""}
	if y := now.UTC().Year(); y < 2026 || y > 2099 {
		f.Level, f.Do = problem, "set the clock, best by NTP; bills and records carry it"
	}
	return f
}

func checkZones() finding {
	for _, name := range []string{"Europe/Berlin", "America/Santiago", "Asia/Tokyo"} {
		if _, err := time.LoadLocation(name); err != nil {
			return finding{"time_zones", problem, "time zone data are missing: " + err.Error(), "install tzdata, or take a program that was built with them"}
		}
	}
	return finding{"time_zones", fine, "time zone data are there", ""}
}

func checkPortal() finding {
	if !portal.Built() {
		return finding{"portal", warning, "this program was built without the portal; the API and the charge points do not need it",
			"build with Node 20 or newer in PATH: make build"}
	}
	return finding{"portal", fine, "the portal is in this program", ""}
}

// checkFolder looks at the data folder. With PostgreSQL it holds the keys at most.
func checkFolder(dir string, database bool) (all []finding) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !database:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return []finding{{"data_folder", warning, "there is no folder " + dir + " yet", "ccms serve makes it; or name another with --data"}}
	case err != nil:
		return []finding{{"data_folder", problem, err.Error(), "give the user who runs ccms the right to see it"}}
	case !info.IsDir():
		return []finding{{"data_folder", problem, dir + " is no folder", "name another with --data"}}
	}
	if info.Mode().Perm()&0o077 != 0 && database {
		all = append(all, finding{"data_folder_rights", warning, fmt.Sprintf("other users may look into %s (mode %o)", dir, info.Mode().Perm()), "chmod 700 " + dir})
	}
	if !database {
		return all
	}
	if err := mayWrite(dir); err != nil {
		all = append(all, finding{"data_folder", problem, dir + " cannot be written: " + err.Error(),
			"make the user who runs ccms its owner, and look whether the disk is mounted read-only"})
	} else {
		all = append(all, finding{"data_folder", fine, dir + " can be written", ""})
	}
	if free, err := freeBytes(dir); err == nil {
		all = append(all, judgeDisk(dir, free))
	} else if !errors.Is(err, errors.ErrUnsupported) {
		all = append(all, finding{"disk", warning, "free space is not known: " + err.Error(), "look with df"})
	}
	return all
}

func judgeDisk(dir string, free uint64) finding {
	f := finding{"disk", fine, fmt.Sprintf("%.1f GB free for %s", float64(free)/1e9, dir), ""}
	switch {
	case free < diskFull:
		f.Level, f.Do = problem, "make room: without it nothing is stored, so nothing is acknowledged"
	case free < diskLow:
		f.Level, f.Do = warning, "make room soon"
	}
	return f
}

// checkKeyFile reads the key file without making one.
func checkKeyFile(path string, database bool) (*store.Keys, finding) {
	keys, err := store.LoadKeys(path, false)
	switch {
	case errors.Is(err, fs.ErrNotExist) && database:
		return nil, finding{"key_file", warning, "there is no key file " + path + " yet",
			"on the first start ccms serve makes it; if there are data already, restore the file that belongs to them"}
	case errors.Is(err, fs.ErrNotExist):
		return nil, finding{"key_file", problem, "there is no key file " + path,
			"name it with --key-file; make the first with ccms admin create-key-file, and give every server the same"}
	case err != nil:
		return nil, finding{"key_file", problem, err.Error(), "chmod 600 it and make the user who runs ccms its owner; if it is damaged, restore it from its backup"}
	}
	return keys, finding{"key_file", fine, path + " is there, for its owner only", ""}
}

// server is what answers at the address, if anything does.
type running struct {
	findings  []finding
	openFiles uint64 // the limit of the server that runs, else of this process; 0: not known
}

// checkAddress tells a server that runs from something else that has its port.
func (c *doctorCmd) checkAddress(ctx context.Context, locked bool) (r running) {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		r.findings = append(r.findings, finding{"address", problem, c.Addr + " is no HOST:PORT", "write it as 127.0.0.1:8080"})
		return r
	}
	near := host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		near = "127.0.0.1"
	}
	base := "http://" + net.JoinHostPort(near, port)
	ln, err := net.Listen("tcp", c.Addr)
	if err == nil {
		err = ln.Close()
	}
	alive := false
	if err != nil {
		alive = answersAsCCMS(ctx, base)
	}
	r.findings = append(r.findings, judgeAddress(c.Addr, err, alive, locked), judgeExposure(host, c.TrustProxy))
	r.openFiles, _ = ownOpenFiles()
	if alive {
		if n := openFilesOf(ctx, base); n > 0 {
			r.openFiles = n
		}
	}
	return r
}

func judgeAddress(addr string, listen error, alive, locked bool) finding {
	switch {
	case alive:
		return finding{"address", fine, "a ccms serves at " + addr, ""}
	case listen != nil && isTaken(listen):
		return finding{"address", problem, "something that is no ccms listens at " + addr, "stop it, or choose another address with --addr"}
	case listen != nil:
		return finding{"address", problem, "nobody can listen at " + addr + ": " + listen.Error(), "choose an address of this machine, and a port above 1023 unless ccms may use lower ones"}
	case locked:
		return finding{"address", warning, "a server uses the data folder, but not the address " + addr, "give doctor the flags and the environment that the server has"}
	}
	return finding{"address", fine, addr + " is free; no server runs there", ""}
}

// judgeExposure: at this address ccms speaks HTTP, so passwords need a proxy that ends TLS,
// and the keys of charge points that or --tls-addr.
func judgeExposure(host string, proxy bool) finding {
	ip := net.ParseIP(host)
	switch {
	case host == "localhost" || ip != nil && ip.IsLoopback():
		return finding{"exposure", fine, "only this machine reaches the address", ""}
	case proxy:
		return finding{"exposure", warning, "other machines reach the address, and what they say about their clients is trusted: whoever is not the proxy may pretend to be anybody",
			"let only the proxy reach this port (a firewall, a network of its own), or listen on 127.0.0.1 if it is on this machine"}
	}
	return finding{"exposure", warning, "other machines reach the address without TLS: passwords and the keys of charge points travel in the clear",
		"listen on 127.0.0.1 and put a proxy with TLS in front, with --trust-proxy; charge points may come by --tls-addr instead"}
}

func get(ctx context.Context, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(r)
}

func answersAsCCMS(ctx context.Context, base string) bool {
	ctx, cancel := context.WithTimeout(ctx, askServer)
	defer cancel()
	resp, err := get(ctx, base+"/healthz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var state struct{ Status string }
	return resp.StatusCode == http.StatusOK && json.NewDecoder(resp.Body).Decode(&state) == nil && state.Status == "ok"
}

// openFilesOf reads the limit of the running server, which may have been started with
// another than this command.
func openFilesOf(ctx context.Context, base string) uint64 {
	ctx, cancel := context.WithTimeout(ctx, askServer)
	defer cancel()
	resp, err := get(ctx, base+"/metrics")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
		if v, ok := strings.CutPrefix(sc.Text(), "process_max_fds "); ok {
			n, _ := strconv.ParseFloat(v, 64) // 0 is "not known"
			return uint64(n)
		}
	}
	return 0
}

// spareFiles are those that are no charge point: the database, the portal's browsers.
const spareFiles = 500

// countedPoints is how many charge points there are.
type countedPoints struct {
	n    int
	more bool // at least n: not all were counted
}

func judgeOpenFiles(limit uint64, points countedPoints) finding {
	of := counted(points.n, "charge point")
	if points.more {
		of = "at least " + of
	}
	f := finding{"open_files", fine, fmt.Sprintf("at most %d files and sockets may be open, for %s", limit, of), ""}
	const do = "raise it: LimitNOFILE= in the unit of systemd, or ulimit -n"
	switch {
	case limit < uint64(points.n)+spareFiles/5:
		f.Level, f.Do = problem, do
	case limit < uint64(points.n)+spareFiles:
		f.Level, f.Do = warning, do
	case points.more:
		f.Level, f.What, f.Do = warning, f.What+"; the others could not be counted in time", "compare it with the number of charge points, with some hundred to spare"
	}
	return f
}
