package main

import (
	"fmt"
	"os"

	"ccms/cpsim"
)

type quirksCommand struct{}

// Run is called by kong.
func (quirksCommand) Run() error {
	for _, q := range cpsim.AllQuirks {
		field := ""
		if q.Field > 0 {
			field = fmt.Sprint(q.Field)
		}
		fmt.Printf("%-24s %3s  %s\n", q.Name, field, q.Doc)
	}
	return nil
}

type helpCommand struct {
	Topic string `arg:"" optional:"" default:"scenario" enum:"scenario" help:"scenario"`
}

// Run is called by kong.
func (helpCommand) Run() error {
	_, err := fmt.Fprint(os.Stdout, cpsim.ScriptHelp)
	return err
}
