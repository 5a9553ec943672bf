package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"sansock.example/go/sansock"
)

// Dial connects to a ws: URL, offers the subprotocols, and with DEFLATE=1 in the environment compression.
func Dial(url string, subprotocols ...string) (*Endpoint, error) {
	name, port, secure, err := sansock.ParseURL(url)
	if err != nil {
		return nil, err
	}
	if secure {
		return nil, errors.New("wss: needs TLS, which this example leaves out")
	}
	config, err := clientConfig(url, subprotocols)
	if err != nil {
		return nil, err
	}
	defer config.Free()
	socket, err := net.Dial("tcp", net.JoinHostPort(name, fmt.Sprint(port)))
	if err != nil {
		return nil, err
	}
	conn, err := config.NewConn(nil, Now())
	if err != nil {
		socket.Close()
		return nil, err
	}
	return New(conn, socket.(*net.TCPConn)), nil
}

func clientConfig(url string, subprotocols []string) (*sansock.Config, error) {
	config, err := sansock.NewConfig(sansock.Client)
	if err == nil {
		err = config.SetText(sansock.URL, url)
	}
	for _, name := range subprotocols {
		if err == nil {
			err = config.SetText(sansock.Subprotocol, name)
		}
	}
	if err == nil { // echoes of what was sent before our Close are still wanted
		err = config.Set(sansock.ReceiveWhileClosing, 1)
	}
	if err == nil && os.Getenv("DEFLATE") == "1" {
		err = config.Set(sansock.Deflate, 1)
	}
	if err != nil {
		config.Free()
	}
	return config, err
}

// Lines gives each line of a stream, of any length and without its end.
func Lines(stream io.Reader, handle func(line []byte)) {
	reader := bufio.NewReaderSize(stream, 64<<10)
	for {
		line, err := reader.ReadBytes('\n')
		if size := len(line); size > 0 && line[size-1] == '\n' {
			line = line[:size-1]
		} else if size == 0 {
			return
		}
		handle(line)
		if err != nil {
			return
		}
	}
}
