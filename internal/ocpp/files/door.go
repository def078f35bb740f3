package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

// The limits of a Door where Options say nothing else.
const (
	// MaxUpload is the largest file that a charge point may bring, in bytes.
	MaxUpload = 256 << 20
	// Stall is how long a device may be silent in the middle of a file.
	Stall = time.Minute
	// Whole is how long a file may take.
	Whole = time.Hour
	// Login is how long a connection by FTP may take until it has logged in.
	Login = 30 * time.Second
)

// Guesses is how often an address may come with credentials that open nothing.
var Guesses = operator.Rate{Burst: 20, Every: 15 * time.Second}

// Vault keeps the files.
type Vault interface {
	// Create begins a file; it is there when it is closed with Commit.
	Create(ctx context.Context, op ident.Operator, name string) (File, error)
	// Open reads a file of so many bytes.
	Open(ctx context.Context, op ident.Operator, name string, size int64) (io.ReadSeekCloser, error)
	Remove(name string) error
}

// File is a file that is being written.
type File interface {
	io.Writer
	Commit() error
	Abort()
}

// Options of a Door; zero fields take the defaults.
type Options struct {
	Log       *slog.Logger
	Now       func() time.Time
	MaxUpload int64
	Stall     time.Duration
	Login     time.Duration
	// ClientIP says whose request it is; default the other end of the socket.
	ClientIP func(*http.Request) string
	// FTP says how files travel by FTP; an empty Addr and FTPSAddr: not at all.
	FTP FTP
}

// Door takes and gives files.
type Door struct {
	transfers *upkeep.Service
	vault     Vault
	opt       Options
	guesses   *operator.Crowd
	ftp       ftpServer
}

// New makes a door. Nothing listens before ListenFTP; HTTP is an http.Handler.
func New(s *upkeep.Service, v Vault, o Options) *Door {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxUpload == 0 {
		o.MaxUpload = MaxUpload
	}
	if o.Stall == 0 {
		o.Stall = Stall
	}
	if o.Login == 0 {
		o.Login = Login
	}
	d := &Door{transfers: s, vault: v, opt: o, guesses: operator.NewCrowd(Guesses)}
	d.ftp.door = d
	return d
}

// errGuess is for an address of the net that has come too often with what opens nothing.
var errGuess = fault.New(fault.Limit, "too_many_tries", "Too many tries from this address. Wait a minute.")

// open finds what the credentials open. Who guesses is slowed down by address.
func (d *Door) open(ctx context.Context, ip, login, secret string) (upkeep.Transfer, error) {
	t, err := d.transfers.OpenTransfer(ctx, login, secret)
	if fault.Is(err, fault.Missing) {
		if _, _, ok := d.guesses.Spend(operator.OriginName(ip), d.opt.Now()); !ok {
			return t, errGuess
		}
		d.opt.Log.Warn("a file's address that opens nothing", "ip", ip)
	}
	return t, err
}

// errTooLarge is why the rest of a file is not taken.
var errTooLarge = fault.New(fault.Limit, "file_too_large", "The file is larger than this server takes.")

// errEmpty is why an empty file is not taken: nothing came of a try.
var errEmpty = fault.New(fault.Invalid, "file_empty", "The file is empty.")

// intake writes one file into the vault as it arrives.
type intake struct {
	d    *Door
	t    upkeep.Transfer // as begun
	f    File
	sum  hash.Hash
	n    int64
	full bool // it is larger than it may be
}

// begin claims the transfer for one file.
func (d *Door) begin(ctx context.Context, t upkeep.Transfer) (*intake, error) {
	begun, err := d.transfers.BeginUpload(ctx, t)
	if err != nil {
		return nil, err
	}
	f, err := d.vault.Create(ctx, t.Operator, t.Vault())
	if err != nil {
		return nil, errors.Join(err, d.end(begun, upkeep.Brought{Broken: true}))
	}
	return &intake{d: d, t: begun, f: f, sum: sha256.New()}, nil
}

// Write implements io.Writer.
func (in *intake) Write(b []byte) (int, error) {
	if in.n+int64(len(b)) > in.d.opt.MaxUpload {
		in.full = true
		return 0, errTooLarge
	}
	in.n += int64(len(b))
	in.sum.Write(b)
	return in.f.Write(b)
}

// endWithin is how long the store may take to note the end of a file, whoever is gone.
const endWithin = 20 * time.Second

func (d *Door) end(t upkeep.Transfer, b upkeep.Brought) error {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	kept, err := d.transfers.EndUpload(ctx, t, b)
	if err == nil && !b.Broken && b.Refused == "" && kept.State != upkeep.TransferArrived {
		err = errors.Join(fault.New(fault.Conflict, "file_not_wanted", "The file is not wanted any more."), d.vault.Remove(t.Vault()))
	}
	return err
}

// done ends the file: err is what broke it off, nil that it is whole.
func (in *intake) done(name string, err error) error {
	switch {
	case in.full:
		in.f.Abort()
		return errors.Join(errTooLarge, in.d.end(in.t, upkeep.Brought{Refused: "The file is larger than this server takes."}))
	case err == nil && in.n == 0:
		err = errEmpty
	}
	if err == nil {
		err = in.f.Commit()
	} else {
		in.f.Abort()
	}
	if err != nil {
		return errors.Join(err, in.d.end(in.t, upkeep.Brought{Broken: true}))
	}
	return in.d.end(in.t, upkeep.Brought{Name: name, Bytes: in.n, SHA256: hex.EncodeToString(in.sum.Sum(nil))})
}

// refuse ends the transfer without a byte of it.
func (d *Door) refuse(ctx context.Context, t upkeep.Transfer, why *fault.Error) error {
	begun, err := d.transfers.BeginUpload(ctx, t)
	if err == nil {
		err = d.end(begun, upkeep.Brought{Refused: why.Detail})
	}
	return errors.Join(why, err)
}

// host is the address of the other end without its port.
func host(addr string) string {
	h, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return h
}

// plainName is the one element of a path that leads nowhere else; false: it does.
func plainName(path string) (string, bool) {
	name := strings.TrimPrefix(strings.TrimPrefix(path, "."), "/")
	if strings.ContainsAny(name, "/\\\x00") || name == ".." || name == "." {
		return "", false
	}
	return name, true
}
