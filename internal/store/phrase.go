package store

import (
	"strings"

	"ccms/internal/ident"
)

var _ = table("asset_words", own, plain("operator_id sub_operator_id object_id field phrase"))

var (
	qWordInsert = stmt(`INSERT INTO asset_words (operator_id, sub_operator_id, object_id, field, phrase) VALUES ({{own asset_words}}, ?, ?, ?)`)
	qWordForget = stmt(`DELETE FROM asset_words WHERE {{scope asset_words asset_words}} AND object_id = ?`)
)

// phraseLetters is how much of a phrase is kept and compared.
const phraseLetters = 64

// phrases are what a text is found by: the text from each of its words on, so that
// typing the beginning of any words in a row finds it.
func phrases(text string) []string {
	ws := words(text)
	all := make([]string, len(ws))
	for i := range ws {
		var b strings.Builder
		for j, w := range ws[i:] {
			if j > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(string(w))
			if b.Len() >= 4*phraseLetters {
				break
			}
		}
		all[i] = firstLetters(b.String(), phraseLetters)
	}
	return all
}

func firstLetters(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// phrase is the option of a list that keeps the rows with a phrase that begins as
// typed: a range of the index, no pattern. Nothing typed keeps all; what has no
// letter in it finds nothing.
func phrase(key, typed string) any {
	if strings.TrimSpace(typed) == "" {
		return option{}
	}
	from := firstLetters(sortKey(typed), phraseLetters)
	if from == "" {
		return opt(key, "", "")
	}
	return opt(key, from, from+"\U0010FFFF")
}

// saveWords replaces what an object is found by; fields names the texts of each field.
func (tx *Tx) saveWords(op ident.Operator, sub ident.SubOperator, object any, fields map[string][]string) error {
	if err := tx.forgetWords(object); err != nil {
		return err
	}
	var rows [][]any
	for field, texts := range fields {
		seen := map[string]bool{}
		for _, t := range texts {
			for _, p := range phrases(t) {
				if !seen[p] {
					seen[p] = true
					rows = append(rows, []any{op, sub, object, field, p})
				}
			}
		}
	}
	return tx.execMany(qWordInsert, rows)
}

func (tx *Tx) forgetWords(object any) error {
	_, err := tx.exec(qWordForget, object)
	return err
}
