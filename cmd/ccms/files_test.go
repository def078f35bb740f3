package main

import (
	"strings"
	"testing"
	"time"
)

// What is wrong with the settings for files is said before the server starts, and by doctor.
func TestDoctor_saysHowFilesTravel(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		why  string
		p    pointFiles
		want string // levels, in order
		text string
	}{
		{"nothing", pointFiles{FilesMax: 256}, "ok", "no files"},
		{"HTTPS alone", pointFiles{FilesMax: 256, FilesURL: "https://x.example"}, "ok", "https://x.example"},
		{"HTTP", pointFiles{FilesMax: 256, FilesURL: "http://x.example"}, "ok warning", "in clear"},
		{"FTP", pointFiles{FilesMax: 256, FTPAddr: ":2121", FTPHost: "x.example", FTPPorts: "50000-50100"}, "ok warning", "ftp://x.example:2121"},
		{"FTP with any port", pointFiles{FilesMax: 256, FTPAddr: ":2121", FTPHost: "x.example"}, "ok warning warning", "any port"},
		{"no name for FTP", pointFiles{FilesMax: 256, FTPAddr: ":2121"}, "problem", "--ftp-host"},
		{"FTPS without a certificate", pointFiles{FilesMax: 256, FTPSAddr: ":990", FTPHost: "x.example"}, "problem", "--ftp-cert"},
		{"a certificate that is not there", pointFiles{FilesMax: 256, FTPAddr: ":2121", FTPHost: "x.example", FTPCert: "/nowhere", FTPKey: "/nowhere"}, "problem", "--ftp-cert"},
		{"half a certificate", pointFiles{FilesMax: 256, FTPAddr: ":2121", FTPHost: "x.example", FTPCert: "/nowhere"}, "problem", "belong together"},
		{"ports the wrong way round", pointFiles{FilesMax: 256, FTPAddr: ":2121", FTPHost: "x.example", FTPPorts: "50100-50000"}, "problem", "--ftp-passive-ports"},
		{"a path", pointFiles{FilesMax: 256, FilesURL: "https://x.example/path"}, "problem", "--files-url"},
		{"credentials", pointFiles{FilesMax: 256, FilesURL: "https://a:b@x.example"}, "problem", "--files-url"},
		{"a protocol that is none", pointFiles{FilesMax: 256, FilesURL: "https://x.example", FilesProtocol: "sftp"}, "problem", "--files-protocol"},
		{"a protocol that is not offered", pointFiles{FilesMax: 256, FilesURL: "https://x.example", FilesProtocol: "ftps"}, "ok warning", "not offered"},
		{"no room", pointFiles{FilesURL: "https://x.example"}, "problem", "--files-max-upload"},
	} {
		var levels, texts []string
		for _, f := range checkFiles(x.p, time.Now()) {
			levels, texts = append(levels, string(f.Level)), append(texts, f.What)
		}
		if got := strings.Join(levels, " "); got != x.want || !strings.Contains(strings.Join(texts, " "), x.text) {
			t.Errorf("%s: %s, %q; want %s with %q", x.why, got, texts, x.want, x.text)
		}
	}
}
