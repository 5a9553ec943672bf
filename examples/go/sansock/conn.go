package sansock

/*
#include <sansock.h>
#include <stdlib.h>

*/
import "C"

import "unsafe"

// Conn is one connection. It has a buffer in the memory of C, because events point into the input after the call that
// passed it, where memory of Go may not be pointed to.
type Conn struct {
	Block
	handle   *C.sansock_conn
	buffer   *C.uint8_t
	capacity int
}

// NewConn creates a connection. Without a seed the system is asked for one. A client has its request in the output at once.
func (c *Config) NewConn(seed *[32]byte, now uint64) (*Conn, error) {
	var bytes *C.uint8_t
	if seed != nil {
		bytes = (*C.uint8_t)(&seed[0])
	}
	conn := new(Conn)
	if err := check(C.sansock_conn_new(c.handle, bytes, C.uint64_t(now), &conn.handle)); err != nil {
		return nil, err
	}
	conn.block = C.sansock_conn_block(conn.handle)
	return conn, nil
}

// Free frees it, with its events and its output.
func (c *Conn) Free() {
	C.sansock_conn_free(c.handle)
	C.free(unsafe.Pointer(c.buffer))
	*c = Conn{}
}

// Receive receives bytes that were read from the transport, and says how many were consumed: handle the events, then pass
// the rest. Replaces the events. The data is copied.
func (c *Conn) Receive(data []byte, now uint64) (consumed int, err error) {
	if len(data) > c.capacity {
		grown := C.realloc(unsafe.Pointer(c.buffer), C.size_t(len(data)))
		if grown == nil {
			return 0, ErrNoMemory
		}
		c.buffer, c.capacity = (*C.uint8_t)(grown), len(data)
	}
	copy(unsafe.Slice((*byte)(c.buffer), c.capacity), data)
	err = check(C.sansock_conn_receive(c.handle, c.buffer, C.size_t(len(data)), C.uint64_t(now)))
	if err != nil {
		return 0, err
	}
	return int(c.block.consumed), nil
}

// ReceiveEOF reports that the peer has ended its stream. Replaces the events.
func (c *Conn) ReceiveEOF(now uint64) error {
	return check(C.sansock_conn_receive_eof(c.handle, C.uint64_t(now)))
}

// Timeout acts on the deadlines that have passed. Replaces the events.
func (c *Conn) Timeout(now uint64) error {
	return check(C.sansock_conn_timeout(c.handle, C.uint64_t(now)))
}

// Written reports that the first n bytes of the output were written.
func (c *Conn) Written(n int) error { return check(C.sansock_conn_written(c.handle, C.size_t(n))) }

// Send sends a message, of KindText or KindBinary. The data is copied, and the events stay: it may be their payload.
func (c *Conn) Send(kind Kind, data []byte) error {
	d, size := bytes(data)
	if kind == KindText {
		return check(C.sansock_conn_send_text(c.handle, (*C.char)(unsafe.Pointer(d)), size))
	}
	return check(C.sansock_conn_send_binary(c.handle, d, size))
}

// SendPart sends a part of a message, as one frame of several.
func (c *Conn) SendPart(kind Kind, data []byte, last bool) error {
	d, size := bytes(data)
	return check(C.sansock_conn_send_part(c.handle, C.uint8_t(kind), d, size, flag(last)))
}

// PreparedMessage is a message for many connections, which is compressed once for all that agreed to the same window.
type PreparedMessage struct {
	handle *C.sansock_prepared
}

// NewPreparedMessage copies a text, which must be UTF-8, or a binary message.
func NewPreparedMessage(kind Kind, data []byte) (*PreparedMessage, error) {
	d, size := bytes(data)
	message := new(PreparedMessage)
	if err := check(C.sansock_prepared_new(C.uint8_t(kind), d, size, &message.handle)); err != nil {
		return nil, err
	}
	return message, nil
}

// Free frees it. What was sent is not affected.
func (m *PreparedMessage) Free() {
	C.sansock_prepared_free(m.handle)
	*m = PreparedMessage{}
}

// SendPrepared sends a message that was made for many connections.
func (c *Conn) SendPrepared(message *PreparedMessage) error {
	return check(C.sansock_conn_send_prepared(c.handle, message.handle))
}

// SendHeader queues just the header of a frame. Server only: the payload follows it unchanged on the transport.
func (c *Conn) SendHeader(kind Kind, payloadLen uint64, last bool) error {
	return check(C.sansock_conn_send_header(c.handle, C.uint8_t(kind), C.uint64_t(payloadLen), flag(last)))
}

// Ping sends a ping with a payload of at most 125 bytes.
func (c *Conn) Ping(data []byte, now uint64) error {
	d, size := bytes(data)
	return check(C.sansock_conn_ping(c.handle, d, size, C.uint64_t(now)))
}

// Pong sends a pong with a payload of at most 125 bytes.
func (c *Conn) Pong(data []byte) error {
	d, size := bytes(data)
	return check(C.sansock_conn_pong(c.handle, d, size))
}

// Close starts the closing handshake, or answers the peer's Close. Code 0 sends no code.
func (c *Conn) Close(code uint16, reason string, now uint64) error {
	r, size := chars(reason)
	return check(C.sansock_conn_close(c.handle, C.uint16_t(code), r, size, C.uint64_t(now)))
}

// Fail fails the connection (RFC 6455 §7.1.7): it sends Close and does not wait for the peer's.
func (c *Conn) Fail(code uint16, reason string, now uint64) error {
	r, size := chars(reason)
	return check(C.sansock_conn_fail(c.handle, C.uint16_t(code), r, size, C.uint64_t(now)))
}

// Pause reports that nothing is read from the transport: the pong deadline stands still.
func (c *Conn) Pause(now uint64) error { return check(C.sansock_conn_pause(c.handle, C.uint64_t(now))) }

// Resume reports that the transport is read again.
func (c *Conn) Resume(now uint64) error {
	return check(C.sansock_conn_resume(c.handle, C.uint64_t(now)))
}
