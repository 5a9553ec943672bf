// Package host drives one connection over TCP: what every host does. The library does the protocol; this reads, writes,
// keeps the timer, reports the end of the stream and obeys the transport instruction.
package host

import (
	"errors"
	"net"
	"os"
	"time"

	"sansock.example/go/sansock"
)

const bufferSize = 16 << 10

var start = time.Now()

// Now is the clock of all connections, in milliseconds.
func Now() uint64 { return uint64(time.Since(start).Milliseconds()) }

// Endpoint is one connection. Run is the only goroutine that uses it; two more wait for the socket.
type Endpoint struct {
	*sansock.Conn
	Socket *net.TCPConn
	// Handle is given each event. It may make any call on the connection. An answer to a request comes last in it, since
	// it replaces the events.
	Handle func(event sansock.Event)
	// Do has calls of other goroutines on the connection. They are made once it is open, while its output has room.
	Do chan func()

	received    chan []byte   // what was read, nil at the end of the stream
	handled     chan struct{} // its buffer may be read into again
	outgoing    chan []byte
	wrote       chan written
	done        chan struct{}
	writing     bool
	writeShut   bool
	streamEnded bool
	paused      bool
}

type written struct {
	count int
	err   error
}

// New makes an endpoint, which frees the connection and closes the socket at the end of Run.
func New(conn *sansock.Conn, socket *net.TCPConn) *Endpoint {
	return &Endpoint{
		Conn: conn, Socket: socket, Do: make(chan func()), received: make(chan []byte), handled: make(chan struct{}),
		outgoing: make(chan []byte), wrote: make(chan written), done: make(chan struct{}),
	}
}

// Run drives the connection until the transport is to be closed.
func (e *Endpoint) Run() {
	defer e.Free()
	defer e.Socket.Close()
	defer close(e.done)
	go e.read()
	go e.write()
	timer := time.NewTimer(0)
	defer timer.Stop()
	output := make([]byte, bufferSize)
	for {
		e.regulate()
		e.startWriting(output)
		pending := len(e.Output()) > 0
		if !pending && e.Transport() == sansock.TransportClose {
			return
		}
		if !pending && e.Transport() == sansock.TransportShutdownWrite && !e.writeShut {
			e.writeShut = true
			e.Socket.CloseWrite()
		}
		e.wait(timer)
	}
}

// Waits for whatever comes first, and tells the engine.
func (e *Endpoint) wait(timer *time.Timer) {
	setTimer(timer, e.NextDeadline())
	var received chan []byte
	if !e.paused && !e.streamEnded {
		received = e.received
	}
	var do chan func()
	if e.State() != sansock.Connecting && e.Writable() {
		do = e.Do
	}
	select {
	case data := <-received:
		if data == nil {
			e.endOfStream()
			return
		}
		e.receive(data)
		e.handled <- struct{}{}
	case result := <-e.wrote:
		e.writing = false
		e.Written(result.count)
		if result.err != nil { // nobody is left to read it
			e.endOfStream()
			e.Written(len(e.Output()))
		}
	case call := <-do:
		call()
	case <-timer.C:
		e.Timeout(Now())
		e.fetch()
	}
}

// Sets the timer again, whether it has fired or not.
func setTimer(timer *time.Timer, deadline uint64) {
	if !timer.Stop() {
		select {
		case <-timer.C:
		default:
		}
	}
	if now := Now(); deadline <= now {
		timer.Reset(0)
	} else if deadline != sansock.Never {
		timer.Reset(time.Duration(deadline-now) * time.Millisecond)
	}
}

// Back-pressure: a peer that does not read is not read from.
func (e *Endpoint) regulate() {
	if pause := !e.Writable(); pause != e.paused {
		e.paused = pause
		if pause {
			e.Pause(Now())
		} else {
			e.Resume(Now())
		}
	}
}

// Passes input until all of it is consumed, and fetches the events that wait.
func (e *Endpoint) receive(data []byte) {
	for {
		consumed, err := e.Receive(data, Now())
		if err != nil {
			return // the block of a handle that failed says to close
		}
		data = data[consumed:]
		progress := consumed > 0 || len(e.Events()) > 0
		e.handle()
		if !e.HasMore() && (len(data) == 0 || !progress) {
			return
		}
	}
}

// Handles the events of a call that passed no input.
func (e *Endpoint) fetch() {
	e.handle()
	if e.HasMore() {
		e.receive(nil)
	}
}

func (e *Endpoint) handle() {
	for _, event := range e.Events() {
		request := event.Kind() == sansock.KindRequest // always alone
		if e.Handle(event); request {
			e.handleAnswer()
		}
	}
}

// The answer to a request has replaced the events, unless it was refused.
func (e *Endpoint) handleAnswer() {
	for _, event := range e.Events() {
		if event.Kind() != sansock.KindRequest {
			e.Handle(event)
		}
	}
}

func (e *Endpoint) endOfStream() {
	if !e.streamEnded {
		e.streamEnded = true
		e.ReceiveEOF(Now())
		e.fetch()
	}
}

// Hands a copy of the output to the writer, unless it is at work: the output itself changes with the next call.
func (e *Endpoint) startWriting(buffer []byte) {
	if output := e.Output(); !e.writing && len(output) > 0 {
		e.writing = true
		e.outgoing <- buffer[:copy(buffer, output)]
	}
}

func (e *Endpoint) read() {
	buffer := make([]byte, bufferSize)
	for {
		n, err := e.Socket.Read(buffer)
		if n > 0 && !(e.pass(buffer[:n]) && e.await()) {
			return
		}
		if err != nil {
			e.pass(nil)
			return
		}
	}
}

func (e *Endpoint) pass(data []byte) bool {
	select {
	case e.received <- data:
		return true
	case <-e.done:
		return false
	}
}

func (e *Endpoint) await() bool {
	select {
	case <-e.handled:
		return true
	case <-e.done:
		return false
	}
}

// Writes what it is handed. After each second it reports how far it has come: the engine watches for progress.
func (e *Endpoint) write() {
	for {
		select {
		case <-e.done:
			return
		case data := <-e.outgoing:
			e.Socket.SetWriteDeadline(time.Now().Add(time.Second))
			n, err := e.Socket.Write(data)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = nil
			}
			select {
			case e.wrote <- written{n, err}:
			case <-e.done:
				return
			}
		}
	}
}
