package operator

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Export is a file of all rows of a filter that somebody asked for.
type Export struct {
	ID        ident.Export
	Operator  ident.Operator // whose rows
	Sub       ident.SubOperator
	Staff     ident.Staff
	ActingIn  ident.Operator // an owner inside an operator asked; zero: not
	Path      string         // of the list in the API
	Query     string
	Format    ExportFormat
	State     ExportState
	Why       string // it failed, in words
	Rows      int64
	Bytes     int64
	CreatedAt time.Time
	ReadyAt   time.Time
	ExpiresAt time.Time
}

// ExportFormat is the kind of file.
type ExportFormat string

// The formats.
const (
	CSV  ExportFormat = "csv"
	XLSX ExportFormat = "xlsx"
)

// ExportState is how far the file is.
type ExportState string

// The states.
const (
	ExportWaiting ExportState = "WAITING" // it is being written, or about to be
	ExportReady   ExportState = "READY"
	ExportFailed  ExportState = "FAILED"
)

const (
	// ExportKept is how long a file can be fetched (product §2.2).
	ExportKept = 24 * time.Hour
	// ExportJob is the kind of the job that writes one.
	ExportJob      = "export"
	exportsAtATime = 5
)

// ExportArgs are the arguments of the job.
type ExportArgs struct {
	ID ident.Export `json:"id"`
}

// ExportTx keeps exports.
type ExportTx interface {
	InsertExport(Export) error
	ExportByID(ident.Export) (Export, error)
	ExportPage(of ident.Staff, p Page) (List[Export], error)
	SaveExport(Export) error
	// ExpiredExports deletes rows past their time, at most a hundred, and names them.
	ExpiredExports(now time.Time) ([]ident.Export, error)
}

// ExportNote is what the audit keeps of rows that left in a file.
type ExportNote struct {
	Query    string       `json:"query"`
	Format   ExportFormat `json:"format"`
	Rows     int64        `json:"rows"`
	Personal bool         `json:"personal"` // with personal columns
}

// Exported writes the audit of a file that is about to be sent.
func (s *Service) Exported(ctx context.Context, c Caller, path string, n ExportNote) error {
	return s.write(ctx, c.Scope, func(tx Tx) error { return tx.Audit("list.exported", path, nil, n) })
}

// RequestExport asks for a file that takes longer than a request may.
func (s *Service) RequestExport(ctx context.Context, c Caller, path, query string, f ExportFormat) (Export, error) {
	return one(ctx, s.write, c.Scope, func(tx Tx) (Export, error) {
		e := Export{ID: ident.New[ident.Export](tx.Now()), Operator: c.Scope.Operator(), Sub: c.Scope.Sub(), Staff: c.Staff.ID, ActingIn: c.Login.ActingIn,
			Path: path, Query: query, Format: f, State: ExportWaiting, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(ExportKept)}
		have, err := tx.ExportPage(c.Staff.ID, Page{Limit: MaxLimit})
		if err != nil {
			return e, err
		}
		waiting := 0
		for _, x := range have.Items {
			if x.State == ExportWaiting {
				waiting++
			}
		}
		if waiting >= exportsAtATime {
			return e, fault.New(fault.Limit, "too_many_exports", "You wait for %d files. Ask again when one of them is ready.", waiting)
		}
		if err := tx.InsertExport(e); err != nil {
			return e, err
		}
		if err := tx.Later(fact.Job{Kind: ExportJob, Args: ExportArgs{e.ID}}); err != nil {
			return e, err
		}
		return e, tx.Audit("export.requested", path, nil, ExportNote{Query: query, Format: f, Personal: c.May(authz.PIIExport)})
	})
}

// Exports lists the caller's own.
func (s *Service) Exports(ctx context.Context, c Caller, p Page) (List[Export], error) {
	return one(ctx, s.read, c.Scope, func(tx Tx) (List[Export], error) { return tx.ExportPage(c.Staff.ID, p) })
}

// Export is one of the caller's own: a file is for who asked for it.
func (s *Service) Export(ctx context.Context, c Caller, id ident.Export) (Export, error) {
	return one(ctx, s.read, c.Scope, func(tx Tx) (Export, error) {
		e, err := tx.ExportByID(id)
		if err == nil && (e.Staff != c.Staff.ID || !tx.Now().Before(e.ExpiresAt)) {
			return Export{}, fault.NotFound("export")
		}
		return e, err
	})
}

// ExportFetched writes the audit of a file that is about to be sent.
func (s *Service) ExportFetched(ctx context.Context, c Caller, e Export) error {
	return s.write(ctx, c.Scope, func(tx Tx) error {
		return tx.Audit("list.exported", e.Path, nil, ExportNote{Query: e.Query, Format: e.Format, Rows: e.Rows, Personal: c.May(authz.PIIExport)})
	})
}

// ExportFor finds an export for the job that writes it, and who asked for it, with
// what they may do now: who lost the account meanwhile gets no file.
func (s *Service) ExportFor(ctx context.Context, id ident.Export) (Export, Caller, error) {
	var e Export
	var c Caller
	err := s.read(ctx, authz.Everything("write an export"), func(tx Tx) (err error) {
		if e, err = tx.ExportByID(id); err != nil {
			return err
		}
		st, err := s.able(tx, e.Staff)
		if err != nil {
			return err
		}
		a := authz.Actor{RequestID: e.ID.String()}
		c = Caller{Staff: st, Scope: st.Scope(a), Login: LoginSession{ActingIn: e.ActingIn}}
		if !e.ActingIn.IsZero() {
			a.Staff, a.OnBehalfOf = st.ID, e.ActingIn
			c.Scope = authz.ForStaff(e.ActingIn, ident.SubOperator{}, a)
		}
		return nil
	})
	return e, c, err
}

// ForgetExports forgets exports that are over and names them, so that their files go.
func (s *Service) ForgetExports(ctx context.Context) ([]ident.Export, error) {
	return one(ctx, s.write, authz.Everything("old exports"), func(tx Tx) ([]ident.Export, error) { return tx.ExpiredExports(tx.Now()) })
}
