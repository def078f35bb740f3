//go:build !linux

package main_test

import "syscall"

// diesWithUs is more than this system can do: a killed test leaves its server.
func diesWithUs() *syscall.SysProcAttr { return nil }
