// The command client (see ../README.md) in Go: examples/go/client with every call and every event.
//
//	command_client URL [--subprotocol NAME]... [--echo]
package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"sansock.example/go/host"
	"sansock.example/go/sansock"
)

var names = map[sansock.Kind]string{
	sansock.KindOpen: "open", sansock.KindRejected: "rejected", sansock.KindText: "text", sansock.KindBinary: "binary",
	sansock.KindPing: "ping", sansock.KindPong: "pong", sansock.KindClosing: "closing", sansock.KindClosed: "closed",
}

// What was printed, and how much of it a `wait` has used up.
type tally struct {
	sync.Mutex
	changed *sync.Cond
	left    map[string]int
}

func newTally() *tally {
	t := &tally{left: map[string]int{}}
	t.changed = sync.NewCond(t)
	return t
}

func (t *tally) add(name string) {
	t.Lock()
	t.left[name]++
	t.Unlock()
	t.changed.Broadcast()
}

func (t *tally) wait(name string) {
	t.Lock()
	defer t.Unlock()
	for t.left[name] == 0 {
		t.changed.Wait()
	}
	t.left[name]--
}

func main() {
	url, subprotocols, echo := arguments()
	endpoint, err := host.Dial(url, subprotocols...)
	if err != nil {
		die(url, err)
	}
	printed, clean := newTally(), false
	endpoint.Handle = func(event sansock.Event) {
		name, known := names[event.Kind()]
		switch {
		case echo && event.IsMessage():
			endpoint.Send(event.Kind(), event.Payload()) // refused once our Close is on its way
		case known && (!echo || event.Kind() == sansock.KindClosed):
			fmt.Println(joined(name, describe(event)))
			printed.add(name)
		}
		clean = clean || event.IsClean()
	}
	if !echo {
		go carryOut(endpoint, printed)
	}
	endpoint.Run()
	if !clean {
		os.Exit(1)
	}
}

func arguments() (url string, subprotocols []string, echo bool) {
	if len(os.Args) < 2 {
		die("usage", "command_client URL [--subprotocol NAME]... [--echo]")
	}
	for rest := os.Args[2:]; len(rest) > 0; rest = rest[1:] {
		switch {
		case rest[0] == "--echo":
			echo = true
		case rest[0] == "--subprotocol" && len(rest) > 1:
			subprotocols = append(subprotocols, rest[1])
			rest = rest[1:]
		default:
			die(rest[0], "unknown argument")
		}
	}
	return os.Args[1], subprotocols, echo
}

func die(what string, why any) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", what, why)
	os.Exit(1)
}

// What is printed of an event, behind its name.
func describe(event sansock.Event) string {
	switch event.Kind() {
	case sansock.KindOpen:
		if agreed, ok := event.Detail(sansock.KindSubprotocol); ok {
			return agreed.Text()
		}
		return ""
	case sansock.KindRejected:
		return fmt.Sprint(event.Status())
	case sansock.KindBinary:
		return hex.EncodeToString(event.Payload())
	case sansock.KindClosing, sansock.KindClosed:
		return joined(fmt.Sprint(event.CloseCode()), event.Text())
	}
	return event.Text()
}

func joined(word, rest string) string {
	if rest == "" {
		return word
	}
	return word + " " + rest
}

// Carries out the lines of standard input, then closes.
func carryOut(endpoint *host.Endpoint, printed *tally) {
	host.Lines(os.Stdin, func(line []byte) {
		verb, rest, _ := bytes.Cut(line, []byte(" "))
		if string(verb) == "wait" {
			printed.wait(string(rest))
			return
		}
		endpoint.Do <- func() {
			if err := call(endpoint.Conn, string(verb), rest); err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", verb, err)
			}
		}
	})
	endpoint.Do <- func() { endpoint.Close(1000, "", host.Now()) }
}

func call(conn *sansock.Conn, verb string, rest []byte) error {
	switch verb {
	case "text":
		return conn.Send(sansock.KindText, rest)
	case "binary":
		data, err := hex.DecodeString(string(rest))
		if err != nil {
			return err
		}
		return conn.Send(sansock.KindBinary, data)
	case "parts":
		return sendParts(conn, rest)
	case "ping":
		return conn.Ping(rest, host.Now())
	case "pong":
		return conn.Pong(rest)
	case "close":
		digits, reason, _ := strings.Cut(string(rest), " ")
		code, err := strconv.ParseUint(digits, 10, 16)
		if err != nil {
			return err
		}
		return conn.Close(uint16(code), reason, host.Now())
	}
	return sansock.ErrInvalidArgument
}

// Sends a message in parts of nearly equal length: KIND COUNT DATA.
func sendParts(conn *sansock.Conn, rest []byte) error {
	words := append(bytes.SplitN(rest, []byte(" "), 3), nil, nil)
	kind, data := sansock.KindText, words[2]
	if string(words[0]) == "binary" {
		kind = sansock.KindBinary
	}
	count, err := strconv.Atoi(string(words[1]))
	for n := 0; err == nil && n < count; n++ {
		err = conn.SendPart(kind, data[len(data)*n/count:len(data)*(n+1)/count], n == count-1)
	}
	return err
}
