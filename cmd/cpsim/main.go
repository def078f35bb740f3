// Command cpsim is the command line of the charge point simulator: one point
// from standard input or a script, or many points as a load.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type cli struct {
	Run    runCommand    `cmd:"" help:"Run one charge point; commands come from standard input or a script."`
	Load   loadCommand   `cmd:"" help:"Run many charge points in a closed loop and report."`
	Quirks quirksCommand `cmd:"" help:"List the misbehaviours that run --quirk knows."`
	Help   helpCommand   `cmd:"" help:"Explain a topic: cpsim help scenario."`
}

func main() {
	var c cli
	k := kong.Parse(&c, kong.Name("cpsim"), kong.Description("A charge point that speaks OCPP 1.6J."), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "cpsim:", err)
		stop()
		os.Exit(1)
	}
}
