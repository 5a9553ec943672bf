// Echo_server is a WebSocket echo server: a goroutine for each connection.
//
//	echo_server PORT        (0: any free port)
//
// With DEFLATE=1 in the environment it compresses, with HTTP=1 it also answers plain HTTP.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"sansock.example/go/host"
	"sansock.example/go/sansock"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: echo_server PORT")
		os.Exit(2)
	}
	config, err := configure()
	check(err)
	defer config.Free()
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	check(err)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	fmt.Printf("listening on ws://%s\n", listener.Addr())
	go accept(listener.(*net.TCPListener), config)
	<-stop
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "echo_server:", err)
		os.Exit(1)
	}
}

func configure() (*sansock.Config, error) {
	config, err := sansock.NewConfig(sansock.Server)
	for _, name := range []string{"chat", "echo"} {
		if err == nil {
			err = config.SetText(sansock.Subprotocol, name)
		}
	}
	if err == nil && os.Getenv("DEFLATE") == "1" {
		err = config.Set(sansock.Deflate, 1)
	}
	if err == nil && os.Getenv("HTTP") == "1" {
		err = config.Set(sansock.DeliverHTTP, 1)
	}
	return config, err
}

func accept(listener *net.TCPListener, config *sansock.Config) {
	for {
		socket, err := listener.AcceptTCP()
		if err != nil { // no file descriptor is left: connections must end first
			fmt.Fprintln(os.Stderr, "echo_server:", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go serve(socket, config)
	}
}

func serve(socket *net.TCPConn, config *sansock.Config) {
	conn, err := config.NewConn(nil, host.Now())
	if err != nil {
		socket.Close()
		return
	}
	endpoint := host.New(conn, socket)
	endpoint.Handle = func(event sansock.Event) {
		switch {
		case event.Kind() == sansock.KindRequest:
			answer(conn, event)
		case event.IsMessage():
			err := conn.Send(event.Kind(), event.Payload())
			if err != nil && !errors.Is(err, sansock.ErrInvalidState) { // the latter: Close was sent
				conn.Fail(1011, "", host.Now())
			}
		}
	}
	endpoint.Run()
}

// Accepts a request, unless it comes from a page of another site. A server may also look at its target and headers.
func answer(conn *sansock.Conn, request sansock.Event) {
	switch {
	case request.Fault() != 0:
		answerPage(conn, request)
	case !request.SameOrigin():
		conn.Reject(403, "", host.Now())
	default:
		conn.Accept("", host.Now())
	}
}

// Plain HTTP, which comes with HTTP=1: any request that cannot be accepted. There is one page, a health check.
func answerPage(conn *sansock.Conn, request sansock.Event) {
	status, body := uint16(200), "ok\n"
	conn.AddResponseHeader("Content-Type", "text/plain")
	if method, ok := request.Detail(sansock.KindMethod); ok && method.Text() != "HEAD" {
		status, body = 405, "only GET and HEAD\n"
		conn.AddResponseHeader("Allow", "GET, HEAD")
	} else if request.Text() != "/health" {
		status, body = 404, "no such page\n"
	}
	conn.Respond(status, "", body, host.Now())
}
