package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

var _ = table("jobs", wideWrite,
	plain("id operator_id sub_operator_id kind args run_at attempts owner lease_until dead last_error created_at"))

var (
	qJobInsert = stmt(`INSERT INTO jobs (operator_id, sub_operator_id, kind, args, run_at, attempts, owner, lease_until, dead, last_error, created_at)
		VALUES ({{own jobs}}, ?, ?, ?, 0, '', 0, 0, '', ?)`)
	qJobsDue = stmt(`SELECT j.id, j.operator_id, j.sub_operator_id, j.kind, j.args, j.run_at, j.attempts, j.lease_until, j.last_error, j.created_at
		FROM jobs j WHERE {{scope jobs j}} AND j.dead = 0 AND j.run_at <= ? AND j.lease_until < ? AND {{in j.kind}}
		ORDER BY j.run_at, j.id LIMIT ?`)
	qJobClaim = stmt(`UPDATE jobs SET owner = ?, lease_until = ?, attempts = attempts + 1
		WHERE {{scope jobs jobs}} AND id = ? AND lease_until = ? AND attempts = ? AND dead = 0`)
	qJobDone = stmt(`DELETE FROM jobs WHERE {{scope jobs jobs}} AND id = ? AND owner = ? AND attempts = ?`)
	qJobFail = stmt(`UPDATE jobs SET owner = '', lease_until = 0, run_at = ?, dead = ?, last_error = ?
		WHERE {{scope jobs jobs}} AND id = ? AND owner = ? AND attempts = ?`)
	qJobDead = stmt(`SELECT j.id, j.operator_id, j.sub_operator_id, j.kind, j.args, j.run_at, j.attempts, j.lease_until, j.last_error, j.created_at
		FROM jobs j WHERE {{scope jobs j}} AND j.dead = 1 ORDER BY j.run_at, j.id LIMIT ?`)
)

// Job is a stored job.
type Job struct {
	ID        int64
	Operator  ident.Operator
	Sub       ident.SubOperator
	Kind      string
	Args      json.RawMessage
	RunAt     time.Time
	Attempts  int // claims so far, this one included
	LastError string
	CreatedAt time.Time

	owner      string
	leaseUntil int64
}

func scanJob(r *Row, j *Job) error {
	return r.Scan(&j.ID, &j.Operator, &j.Sub, &j.Kind, &j.Args, &j.RunAt, &j.Attempts, &j.leaseUntil, &j.LastError, &j.CreatedAt)
}

// Later writes a job in this commit; it runs at least once.
func (tx *Tx) Later(j fact.Job) error {
	args, err := json.Marshal(j.Args)
	if err != nil {
		return fmt.Errorf("store: arguments of the job %s: %w", j.Kind, err)
	}
	op, sub := j.Operator, ident.SubOperator{}
	if op.IsZero() || op == tx.scope.Operator() {
		op, sub = tx.scope.Operator(), tx.scope.Sub()
	}
	runAt := j.RunAt
	if runAt.IsZero() {
		runAt = tx.now
	}
	tx.hasJobs = true
	_, err = tx.exec(qJobInsert, op, sub, j.Kind, string(args), runAt, tx.now)
	return err
}

// ClaimJobs makes owner the one that works on due jobs of the kinds, until the
// instant given. Two claimers get no job in common: each claim compares what it read.
func (tx *Tx) ClaimJobs(owner string, kinds []string, until time.Time, limit int) ([]Job, error) {
	due, err := all(tx, qJobsDue, scanJob, tx.now, tx.now, kinds, limit)
	if err != nil {
		return nil, err
	}
	var mine []Job
	for _, j := range due {
		n, err := tx.exec(qJobClaim, owner, until, j.ID, j.leaseUntil, j.Attempts)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			j.owner = owner
			j.Attempts++
			mine = append(mine, j)
		}
	}
	return mine, nil
}

var errJobTaken = fault.New(fault.Conflict, "lease_lost", "Another node has taken over this job.")

// FinishJob removes the job in the commit of its effect. If another has taken over
// meanwhile it is a Conflict, and the effect goes with it.
func (tx *Tx) FinishJob(j Job) error {
	n, err := tx.exec(qJobDone, j.ID, j.owner, j.Attempts)
	if err == nil && n == 0 {
		return errJobTaken
	}
	return err
}

// FailJob gives the job back with its error: to run again at the instant given, or
// dead, which keeps it to be looked at.
func (tx *Tx) FailJob(j Job, cause string, again time.Time, dead bool) error {
	if len(cause) > 2000 {
		cause = cause[:2000]
	}
	tx.hasJobs = true
	n, err := tx.exec(qJobFail, again, dead, cause, j.ID, j.owner, j.Attempts)
	if err == nil && n == 0 {
		return errJobTaken
	}
	return err
}

// DeadJobs lists jobs that were given up, oldest first.
func (tx *Tx) DeadJobs(limit int) ([]Job, error) {
	return all(tx, qJobDead, scanJob, limit)
}
