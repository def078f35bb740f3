package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// barePG inserts by pgx alone: the rows of a commit travel as one batch, which is one
// round trip and one transaction.
type barePG struct {
	source *pgx.Conn
	free   chan *pgx.Conn // one, or for single inserts as many as the server writes on
	insert map[string]string
}

// pgWriters is how many connections the server writes on.
const pgWriters = 4

func openBarePG(url string, several bool) (*barePG, error) {
	ctx := context.Background()
	source, err := pgConnect(ctx, url)
	if err != nil {
		return nil, err
	}
	b := &barePG{source: source, free: make(chan *pgx.Conn, pgWriters), insert: map[string]string{}}
	// What an earlier floor on this database left.
	if _, err := source.Exec(ctx, `DROP SCHEMA IF EXISTS floor CASCADE`); err != nil {
		return nil, errors.Join(err, b.close())
	}
	if _, err := source.Exec(ctx, `CREATE SCHEMA floor`); err != nil {
		return nil, errors.Join(err, b.close())
	}
	n := 1
	if several {
		n = pgWriters
	}
	for range n {
		c, err := pgConnect(ctx, url)
		if err != nil {
			return nil, errors.Join(err, b.close())
		}
		b.free <- c
	}
	return b, nil
}

func (b *barePG) table(name string, rows int) ([][]any, error) {
	ctx := context.Background()
	from, to := pgx.Identifier{"public", name}.Sanitize(), pgx.Identifier{"floor", name}.Sanitize()
	if _, err := b.source.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s (LIKE %s INCLUDING ALL)`, to, from)); err != nil {
		return nil, err
	}
	q, err := b.source.Query(ctx, fmt.Sprintf(`SELECT * FROM %s ORDER BY ctid DESC LIMIT %d`, from, rows))
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(q, func(r pgx.CollectableRow) ([]any, error) { return r.Values() })
	if err != nil {
		return nil, err
	}
	slices.Reverse(found)
	var places []string
	for i := range q.FieldDescriptions() {
		places = append(places, fmt.Sprintf("$%d", i+1))
	}
	b.insert[name] = fmt.Sprintf(`INSERT INTO %s OVERRIDING SYSTEM VALUE VALUES (%s)`, to, strings.Join(places, ","))
	return found, nil
}

func (b *barePG) commit(rows []insertion) error {
	ctx := context.Background()
	batch := &pgx.Batch{}
	for _, r := range rows {
		batch.Queue(b.insert[r.table], r.row...)
	}
	c := <-b.free
	defer func() { b.free <- c }()
	return c.SendBatch(ctx, batch).Close()
}

func (b *barePG) close() error {
	ctx := context.Background()
	err := b.source.Close(ctx)
	close(b.free)
	for c := range b.free {
		err = errors.Join(err, c.Close(ctx))
	}
	return err
}
