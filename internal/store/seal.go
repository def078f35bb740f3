package store

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Sealed is text under an operator's data key. In a column the key's number stands
// in front, so that rows of an old key can be found by range.
type Sealed struct {
	KeyID uint32 // number of the operator's data key, from 1; 0: nothing is sealed
	Bytes []byte
}

func (s Sealed) column() any {
	if s.KeyID == 0 {
		return nil
	}
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(s.Bytes)), s.KeyID), s.Bytes...)
}

func sealedColumn(b []byte) (Sealed, error) {
	if b == nil {
		return Sealed{}, nil
	}
	if len(b) < 5 {
		return Sealed{}, errors.New("too short to be sealed")
	}
	return Sealed{binary.BigEndian.Uint32(b), b[4:]}, nil
}

var _ = table("operator_keys", shared,
	plain("operator_id sub_operator_id number master_id wrapped created_at"))

var (
	qKeyInsert = stmt(`INSERT INTO operator_keys (operator_id, sub_operator_id, number, master_id, wrapped, created_at)
		VALUES ({{own operator_keys}}, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	qKeys = stmt(`SELECT k.number, k.master_id, k.wrapped FROM operator_keys k
		WHERE {{scope operator_keys k}} AND k.operator_id = ? ORDER BY k.number`)
)

// dataKey is one key of one operator, and the search key that belongs to the
// operator's first.
type dataKey struct {
	operator ident.Operator
	number   uint32
	key      []byte
}

// keyring remembers data keys that are committed.
type keyring struct {
	mu   sync.RWMutex
	keys map[ident.Operator][]dataKey // by number; the last one seals
}

func (k *keyring) of(op ident.Operator) []dataKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[op]
}

func (k *keyring) keep(op ident.Operator, keys []dataKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[ident.Operator][]dataKey{}
	}
	if len(keys) > len(k.keys[op]) {
		k.keys[op] = keys
	}
}

// dataKeys finds the operator's keys; with create it makes the first. Keys read
// inside a joined transaction may be another closure's that is not committed yet,
// so they are remembered only after the commit.
func (tx *Tx) dataKeys(op ident.Operator, create bool) ([]dataKey, error) {
	// Who may not write the operator's rows gets none of its keys, cached or not.
	if err := shared.covers(tx.scope, op, ident.SubOperator{}); err != nil {
		return nil, err
	}
	if keys := tx.store.ring.of(op); len(keys) > 0 {
		return keys, nil
	}
	for _, made := range tx.newKeys {
		if made[0].operator == op {
			return made, nil
		}
	}
	keys, err := tx.readKeys(op)
	if err != nil || len(keys) > 0 || !create {
		return keys, err
	}
	if tx.readOnly {
		return nil, errors.New("store: this operator has no data key yet and Read makes none")
	}
	key := make([]byte, 32)
	rand.Read(key)
	masterID, wrapped := tx.store.keys.wrap(key, op.Bytes())
	if _, err := tx.exec(qKeyInsert, op, ident.SubOperator{}, 1, masterID, wrapped, tx.now); err != nil {
		return nil, err
	}
	// Another transaction may have been faster: then its key is the one.
	return tx.readKeys(op)
}

func (tx *Tx) readKeys(op ident.Operator) ([]dataKey, error) {
	keys, err := all(tx, qKeys, func(r *Row, k *dataKey) error {
		var masterID string
		var wrapped []byte
		if err := r.Scan(&k.number, &masterID, &wrapped); err != nil {
			return err
		}
		var err error
		k.operator = op
		k.key, err = tx.store.keys.unwrap(masterID, wrapped, op.Bytes())
		return err
	}, op)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	tx.newKeys = append(tx.newKeys, keys)
	return keys, nil
}

// about binds a ciphertext to its operator and column.
func about(op ident.Operator, column string) []byte { return append(op.Bytes(), column...) }

// Seal encrypts under the operator's data key. column, "drivers.name_sealed", is
// bound to it: moved to another column or operator it cannot be opened. Nothing
// stays nothing.
func (tx *Tx) Seal(op ident.Operator, column string, plain []byte) (Sealed, error) {
	if len(plain) == 0 {
		return Sealed{}, nil
	}
	keys, err := tx.dataKeys(op, true)
	if err != nil {
		return Sealed{}, err
	}
	if len(keys) == 0 {
		return Sealed{}, errors.New("store: the operator's data key is not visible")
	}
	k := keys[len(keys)-1]
	return Sealed{k.number, seal(k.key, plain, about(op, column))}, nil
}

// Open decrypts what Seal made for the same operator and column.
func (tx *Tx) Open(op ident.Operator, column string, s Sealed) ([]byte, error) {
	if s.KeyID == 0 {
		return nil, nil
	}
	keys, err := tx.dataKeys(op, false)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.number == s.KeyID {
			plain, err := unseal(k.key, s.Bytes, about(op, column))
			if err != nil {
				return nil, fault.New(fault.Internal, "sealed", "Stored data cannot be decrypted.").Because(
					fmt.Errorf("store: %s of %s, key %d: %w", column, op, s.KeyID, err))
			}
			return plain, nil
		}
	}
	return nil, fault.New(fault.Internal, "sealed", "Stored data cannot be decrypted.").Because(
		fmt.Errorf("store: %s of %s: there is no key %d", column, op, s.KeyID))
}

// SealText is Seal for text.
func (tx *Tx) SealText(op ident.Operator, column, plain string) (Sealed, error) {
	return tx.Seal(op, column, []byte(plain))
}

// OpenText is Open for text.
func (tx *Tx) OpenText(op ident.Operator, column string, s Sealed) (string, error) {
	b, err := tx.Open(op, column, s)
	return string(b), err
}
