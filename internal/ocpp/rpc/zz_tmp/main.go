package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gobwas/ws"

	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/v16"
	"ccms/internal/ocpp/wire"
)

func payload() string {
	var b strings.Builder
	b.WriteString(`{"connectorId":1,"transactionId":184467,"meterValue":[{"timestamp":"2026-03-01T12:00:00.000Z","sampledValue":[`)
	for i := 0; i < 12; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"value":"%d.%d","context":"Sample.Periodic","measurand":"Current.Import","location":"Outlet","unit":"A","phase":"L1"}`, 230+i*17, i)
	}
	b.WriteString(`]}]}`)
	return b.String()
}

func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

const conns, per = 50, 2000

func handle(ctx context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
	switch c.Action {
	case "MeterValues":
		m, _, err := v16.DecodeMeterValuesReq(c.Payload)
		if err != nil {
			return nil, rpc.CallErrorFormation("")
		}
		for i := range m.MeterValue {
			for j := range m.MeterValue[i].SampledValue {
				if _, ok := decode.ParseMilli(m.MeterValue[i].SampledValue[j].Value); !ok {
					panic("x")
				}
			}
		}
		var conf v16.MeterValuesConf
		return conf.AppendJSON(nil), nil
	case "Heartbeat":
		conf := v16.HeartbeatConf{CurrentTime: decode.TimeOf(time.Now())}
		return conf.AppendJSON(make([]byte, 0, 64)), nil
	}
	return nil, rpc.CallErrorNotImplemented(c.Action)
}

func main() {
	if len(os.Args) > 2 {
		client(os.Args[1], os.Args[2], os.Args[3])
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "mem" {
		mem()
		return
	}
	for round := 0; round < 3; round++ {
		for _, mode := range []string{"echo-hb", "ws-hb", "echo-mv", "ws-mv"} {
			l, _ := net.Listen("tcp", "127.0.0.1:0")
			if strings.HasPrefix(mode, "echo") {
				go func() {
					for {
						c, err := l.Accept()
						if err != nil {
							return
						}
						go func() {
							buf := make([]byte, 4096)
							for {
								n, err := c.Read(buf)
								if err != nil {
									return
								}
								c.Write(buf[:min(n, 60)])
							}
						}()
					}
				}()
			} else {
				go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					c, err := wire.Upgrade(w, r, wire.Policy{Protocols: []string{"ocpp1.6"}, Default: "ocpp1.6"}, nil)
					if err != nil {
						return
					}
					p := rpc.NewPeer(c, nil, handle)
					go p.Run(context.Background())
				}))
			}
			cmd := exec.Command(os.Args[0], mode, l.Addr().String(), "run")
			in, _ := cmd.StdinPipe()
			out, _ := cmd.StdoutPipe()
			cmd.Stderr = os.Stderr
			cmd.Start()
			b := make([]byte, 1)
			out.Read(b) // ready
			start, t0 := cpu(), time.Now()
			if mode == "ws-mv" && round == 2 {
				f, _ := os.Create("/tmp/ws.cpu")
				pprof.StartCPUProfile(f)
			}
			in.Write([]byte("g"))
			out.Read(b)
			if mode == "ws-mv" && round == 2 {
				pprof.StopCPUProfile()
			}
			fmt.Printf("%s: %.2f µs CPU per message, wall %v\n", mode, float64((cpu()-start).Nanoseconds())/1000/conns/per, time.Since(t0))
			in.Close()
			cmd.Wait()
			l.Close()
		}
	}
}

func client(mode, addr, _ string) {
	mv := []byte(`[2,"3b1c0f2e-6a7d-4f0e-9a43-0d6f1a2b3c4d","MeterValues",` + payload() + `]`)
	hb := []byte(`[2,"3b1c0f2e-6a7d-4f0e-9a43-0d6f1a2b3c4d","Heartbeat",{}]`)
	msg := hb
	if strings.HasSuffix(mode, "mv") {
		msg = mv
	}
	frame := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame(msg)))
	var cs []net.Conn
	for i := 0; i < conns; i++ {
		var c net.Conn
		var err error
		if strings.HasPrefix(mode, "ws") {
			d := ws.Dialer{Protocols: []string{"ocpp1.6"}}
			c, _, _, err = d.Dial(context.Background(), "ws://"+addr+"/ocpp/CP"+strconv.Itoa(i))
		} else {
			c, err = net.Dial("tcp", addr)
		}
		if err != nil {
			panic(err)
		}
		cs = append(cs, c)
	}
	os.Stdout.Write([]byte("r"))
	io.ReadFull(os.Stdin, make([]byte, 1))
	var wg sync.WaitGroup
	for _, c := range cs {
		wg.Go(func() {
			buf := make([]byte, 4096)
			for range per {
				c.Write(frame)
				if _, err := c.Read(buf); err != nil {
					panic(err)
				}
			}
		})
	}
	wg.Wait()
	os.Stdout.Write([]byte("d"))
	io.ReadAll(os.Stdin)
}

func rss() int {
	runtime.GC()
	runtime.GC()
	debug.FreeOSMemory()
	b, _ := os.ReadFile("/proc/self/statm")
	f := strings.Fields(string(b))
	n, _ := strconv.Atoi(f[1])
	return n * 4096
}

func mem() {
	const n = 5000
	for _, mode := range []string{"echo", "ws"} {
		l, _ := net.Listen("tcp", "127.0.0.1:0")
		if mode == "echo" {
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						var b [64]byte
						for {
							n, err := c.Read(b[:])
							if err != nil {
								return
							}
							c.Write(b[:n])
						}
					}()
				}
			}()
		} else {
			go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := wire.Upgrade(w, r, wire.Policy{Protocols: []string{"ocpp1.6"}, Default: "ocpp1.6"}, nil)
				if err != nil {
					return
				}
				p := rpc.NewPeer(c, nil, handle)
				go p.Run(context.Background())
			}))
		}
		before := rss()
		cmd := exec.Command(os.Args[0], mode, l.Addr().String(), strconv.Itoa(n))
		cmd.Env = append(os.Environ(), "MEM=1")
		in, _ := cmd.StdinPipe()
		out, _ := cmd.StdoutPipe()
		cmd.Stderr = os.Stderr
		cmd.Start()
		out.Read(make([]byte, 1))
		time.Sleep(time.Second)
		after := rss()
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		fmt.Printf("%s: %d bytes per connection, heap %d stack %d goroutines %d\n", mode, (after-before)/n, ms.HeapInuse/n, ms.StackInuse/n, runtime.NumGoroutine())
		if mode == "ws" {
			f, _ := os.Create("/tmp/ws.heap")
			pprof.WriteHeapProfile(f)
			f.Close()
		}
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
		l.Close()
		time.Sleep(2 * time.Second)
	}
}

func init() {
	if os.Getenv("MEM") == "" {
		return
	}
	n, _ := strconv.Atoi(os.Args[3])
	hb := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(`[2,"3b1c0f2e-6a7d-4f0e-9a43-0d6f1a2b3c4d","Heartbeat",{}]`))))
	var keep []net.Conn
	for i := range n {
		var c net.Conn
		var err error
		if os.Args[1] == "ws" {
			d := ws.Dialer{Protocols: []string{"ocpp1.6"}}
			c, _, _, err = d.Dial(context.Background(), "ws://"+os.Args[2]+"/ocpp/CP"+strconv.Itoa(i))
		} else {
			c, err = net.Dial("tcp", os.Args[2])
		}
		if err != nil {
			panic(err)
		}
		for range 3 {
			c.Write(hb)
			c.Read(make([]byte, 200))
		}
		keep = append(keep, c)
	}
	os.Stdout.Write([]byte("r"))
	io.ReadAll(os.Stdin)
	_ = keep
	os.Exit(0)
}
