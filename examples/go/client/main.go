// Client is a WebSocket client for the terminal.
//
//	client URL
//
// Each line of input is sent as a text message, each message received is printed as a line (binary in hexadecimal), and the
// end of the input closes the connection. The last line printed is `closed CODE REASON`; the status is 0 only if the
// connection was closed cleanly. With DEFLATE=1 in the environment it offers compression.
package main

import (
	"fmt"
	"os"

	"sansock.example/go/host"
	"sansock.example/go/sansock"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: client URL")
		os.Exit(2)
	}
	endpoint, err := host.Dial(os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
	clean := false
	endpoint.Handle = func(event sansock.Event) {
		switch event.Kind() {
		case sansock.KindText:
			fmt.Println(event.Text())
		case sansock.KindBinary:
			fmt.Printf("%x\n", event.Payload())
		case sansock.KindRejected:
			fmt.Fprintln(os.Stderr, "rejected with status", event.Status())
		case sansock.KindClosed:
			clean = event.IsClean()
			if event.Text() == "" {
				fmt.Println("closed", event.CloseCode())
			} else {
				fmt.Println("closed", event.CloseCode(), event.Text())
			}
		}
	}
	go sendLines(endpoint)
	endpoint.Run()
	if !clean {
		os.Exit(1)
	}
}

// Sends the lines of standard input, then closes.
func sendLines(endpoint *host.Endpoint) {
	host.Lines(os.Stdin, func(line []byte) {
		endpoint.Do <- func() { report(endpoint.Send(sansock.KindText, line)) }
	})
	endpoint.Do <- func() { report(endpoint.Close(1000, "", host.Now())) }
}

func report(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
}
