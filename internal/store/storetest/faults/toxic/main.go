// Toxic is toxiproxy on a loopback address: a proxy that makes connections slow, cuts them or resets them, as its HTTP interface is
// told. It ends when its standard input does, so that a killed test leaves nothing behind.
//
//	toxic PORT
package main

import (
	"io"
	"os"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

func main() {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop()).Listen("127.0.0.1", os.Args[1])
}
