package main_test

import "syscall"

// diesWithUs ends a started server even when the test process is killed.
func diesWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
