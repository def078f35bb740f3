package store

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"ccms/internal/ident"
)

// Sealed columns are found by keyed hashes beside them: one of the whole normalised
// value, and one of each word's first 3, 4, 5 … letters. Nobody without the key can
// try names against them, and nothing can be sorted by them.
const (
	prefixFrom = 3
	prefixTo   = 12
)

// searchKey belongs to the operator's first data key, so that hashes stay when a
// newer key seals.
func (tx *Tx) searchKey(op ident.Operator) ([]byte, error) {
	keys, err := tx.dataKeys(op, !tx.readOnly)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		if tx.readOnly {
			return derive(make([]byte, 32), "search"), nil // nothing was ever stored: finds nothing
		}
		return nil, errors.New("store: the operator's data key is not visible")
	}
	return derive(keys[0].key, "search"), nil
}

// SearchHash finds one exact value among the operator's; the caller normalises it.
func (tx *Tx) SearchHash(op ident.Operator, normalised string) ([]byte, error) {
	key, err := tx.searchKey(op)
	if err != nil {
		return nil, err
	}
	return mac(key, []byte("="+normalised))[:16], nil
}

// PrefixHashes are what to store so that text is found by the beginnings of its words.
func (tx *Tx) PrefixHashes(op ident.Operator, text string) ([][]byte, error) {
	return tx.wordHashes(op, text, func(letters int) int { return min(letters, prefixFrom) })
}

// QueryHashes are what to look for: a row matches where it has all of them. Words
// shorter than three letters match whole words only.
func (tx *Tx) QueryHashes(op ident.Operator, typed string) ([][]byte, error) {
	return tx.wordHashes(op, typed, func(letters int) int { return min(letters, prefixTo) })
}

func (tx *Tx) wordHashes(op ident.Operator, text string, from func(letters int) int) ([][]byte, error) {
	key, err := tx.searchKey(op)
	if err != nil {
		return nil, err
	}
	var hashes [][]byte
	seen := map[string]bool{}
	for _, w := range words(text) {
		for n := from(len(w)); n <= min(len(w), prefixTo); n++ {
			if p := string(w[:n]); !seen[p] {
				seen[p] = true
				hashes = append(hashes, mac(key, []byte("^"+p))[:8])
			}
		}
	}
	return hashes, nil
}

// letters that Unicode does not take apart into a base and a mark.
var folded = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l", "đ", "d", "æ", "ae", "œ", "oe", "ı", "i", "þ", "th")

// words are the searchable words of a text: small letters and digits without marks.
func words(text string) [][]rune {
	var all [][]rune
	var w []rune
	for _, r := range norm.NFKD.String(folded.Replace(strings.ToLower(text))) {
		switch {
		case unicode.Is(unicode.Mn, r): // the marks that NFKD took off
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			w = append(w, r)
		case len(w) > 0:
			all = append(all, w)
			w = nil
		}
	}
	if len(w) > 0 {
		all = append(all, w)
	}
	return all
}

// sortKey is how names are stored to be sorted and searched by prefix: small
// letters without marks, words with one blank between them. For text that is not
// personal data.
func sortKey(text string) string {
	var b strings.Builder
	for i, w := range words(text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(w))
	}
	return b.String()
}
