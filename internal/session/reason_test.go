package session_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The portal tells the reason of a start attempt in the language of the page: it knows
// each sentence that is written here by its English translation.
func TestThePortalKnowsEveryReasonOfAnAttempt(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "portal", "shared", "i18n", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var words struct {
		Reasons map[string]string `json:"attempt_reason"`
	}
	if err := json.Unmarshal(b, &words); err != nil {
		t.Fatal(err)
	}
	var known []*regexp.Regexp
	for _, text := range words.Reasons {
		form := regexp.QuoteMeta(regexp.MustCompile(`\{\{\w+\}\}`).ReplaceAllString(text, "\x00"))
		known = append(known, regexp.MustCompile("^"+strings.ReplaceAll(form, "\x00", ".+")+"$"))
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`(?:\breason = (?:Accepted, |Blocked, |Concurrent, |Invalid, )?(?:fmt\.Sprintf\()?|att\.Reason = |return (?:Accepted|Blocked|Expired|Invalid), )"([^"]+)"(?: \+ .*? \+ "([^"]*)")?`)
	found := 0
	for _, name := range append(files, filepath.Join("..", "member", "judge.go")) {
		source, err := os.ReadFile(name)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range said.FindAllStringSubmatch(string(source), -1) {
			found++
			sentence := strings.ReplaceAll(m[1], "%s", "X")
			if m[2] != "" {
				sentence += "X" + m[2]
			}
			ok := false
			for _, k := range known {
				ok = ok || k.MatchString(sentence)
			}
			if !ok {
				t.Errorf("%s says %q; add it to attempt_reason of en.json and of the other languages", name, sentence)
			}
		}
	}
	if found < 18 {
		t.Fatalf("only %d sentences were found", found)
	}
}
