package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Some work is done by a process of its own that first prepares itself, is told when
// to begin, answers, and stays until its input ends.

// inStages runs this program as name. around is called when the process is ready and
// calls work, which fills out.
func inStages(name string, config, out any, around func(work func() error) error) (err error) {
	arg, err := json.Marshal(config)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, name, string(arg))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	answer, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if _, err = io.ReadFull(answer, make([]byte, len("ready\n"))); err == nil {
		err = around(func() error {
			if _, err := in.Write([]byte("\n")); err != nil {
				return err
			}
			return json.NewDecoder(answer).Decode(out)
		})
	}
	if err := errors.Join(err, in.Close(), cmd.Wait()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// stage is the other side: prepare says with ready that it can begin, and returns what
// it found.
func stage[C, R any](arg string, work func(c C, ready func()) (R, error)) error {
	var c C
	if err := json.Unmarshal([]byte(arg), &c); err != nil {
		return err
	}
	out, err := work(c, func() {
		fmt.Println("ready")
		_, _ = os.Stdin.Read(make([]byte, 1)) // an end means that the parent has gone
	})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
