// Package sansock is the C library of Sansock for Go: bytes in, events and bytes out.
//
// It does no I/O, has no clock and starts no goroutine. The manual is the C header, include/sansock.h; the names here are
// those of its functions. After every call on a connection: write Output and report it with Written, handle Events, set a
// timer to NextDeadline, and do what Transport says once all output is written.
//
// One goroutine at a time may use a connection. Another one that calls meanwhile gets ErrBusy. Nothing is freed by itself:
// call Free, and nothing after it.
package sansock

/*
#cgo CFLAGS: -std=c11 -I${SRCDIR}/../../../include
#cgo LDFLAGS: -L${SRCDIR}/../../../target/release -lsansock -Wl,-rpath,${SRCDIR}/../../../target/release
#include <sansock.h>
#include <stdlib.h>
*/
import "C"

import "unsafe"

// Error is why a call was refused. It has changed nothing then. What a peer does wrong is no error, but an event.
type Error int32

// What a call may return.
const (
	ErrInvalidArgument Error = C.SANSOCK_ERR_INVALID_ARGUMENT
	ErrInvalidState    Error = C.SANSOCK_ERR_INVALID_STATE
	ErrWouldBlock      Error = C.SANSOCK_ERR_WOULD_BLOCK
	ErrTooLarge        Error = C.SANSOCK_ERR_TOO_LARGE
	ErrNoMemory        Error = C.SANSOCK_ERR_NO_MEMORY
	ErrBadHandle       Error = C.SANSOCK_ERR_BAD_HANDLE
	ErrBusy            Error = C.SANSOCK_ERR_BUSY
	ErrPoisoned        Error = C.SANSOCK_ERR_POISONED
	ErrEntropy         Error = C.SANSOCK_ERR_ENTROPY
)

// Error returns what it means, in one sentence.
func (e Error) Error() string { return C.GoString(C.sansock_error_text(C.int32_t(e))) }

func check(status C.int32_t) error {
	if status == C.SANSOCK_OK {
		return nil
	}
	return Error(status)
}

// Role is the end of a connection.
type Role uint32

// The two ends of a connection.
const (
	Client Role = C.SANSOCK_ROLE_CLIENT
	Server Role = C.SANSOCK_ROLE_SERVER
)

// Option is one of the numbers SANSOCK_OPTION_* of the header, which describes each. These are the ones used here.
type Option uint32

// Options that the examples set.
const (
	StartOpen           Option = C.SANSOCK_OPTION_START_OPEN
	ReceiveWhileClosing Option = C.SANSOCK_OPTION_RECEIVE_WHILE_CLOSING
	Deflate             Option = C.SANSOCK_OPTION_DEFLATE
	DeliverHTTP         Option = C.SANSOCK_OPTION_DELIVER_HTTP
)

// Text is one of the numbers SANSOCK_TEXT_* of the header.
type Text uint32

// Texts of a configuration.
const (
	URL         Text = C.SANSOCK_TEXT_URL
	Origin      Text = C.SANSOCK_TEXT_ORIGIN
	Subprotocol Text = C.SANSOCK_TEXT_SUBPROTOCOL
	Key         Text = C.SANSOCK_TEXT_KEY
)

// Never is the deadline that never comes.
const Never uint64 = C.SANSOCK_NEVER

// The library copies what these point to, so it may be memory of Go.
func chars(text string) (*C.char, C.size_t) {
	data, size := bytes([]byte(text))
	return (*C.char)(unsafe.Pointer(data)), size
}

func bytes(data []byte) (*C.uint8_t, C.size_t) {
	if len(data) == 0 {
		return nil, 0
	}
	return (*C.uint8_t)(unsafe.Pointer(&data[0])), C.size_t(len(data))
}

func flag(on bool) C.uint8_t {
	if on {
		return 1
	}
	return 0
}

// ABIVersion says for which binary interface this package was compiled, and which the loaded library has.
func ABIVersion() (compiled, loaded uint32) {
	return C.SANSOCK_ABI_VERSION, uint32(C.sansock_abi_version())
}

// ParseURL says where a ws: or wss: URL points to: ErrInvalidArgument if it is not valid.
func ParseURL(url string) (host string, port uint16, secure bool, err error) {
	var place C.sansock_url
	text, size := chars(url)
	if err = check(C.sansock_url_parse(text, size, &place)); err != nil {
		return
	}
	host = url[place.host_offset : place.host_offset+place.host_len]
	return host, uint16(place.port), place.secure != 0, nil
}

// FaultName returns the name of a fault, such as "MESSAGE_TOO_BIG".
func FaultName(fault uint32) string { return C.GoString(C.sansock_fault_name(C.uint32_t(fault))) }

// Config is a configuration, from which any number of connections are made. Several goroutines may make them at the same
// time, but none may change it meanwhile.
type Config struct{ handle *C.sansock_config }

// NewConfig creates a configuration with every option at its default.
func NewConfig(role Role) (*Config, error) {
	c := new(Config)
	return c, check(C.sansock_config_new(C.uint32_t(role), &c.handle))
}

// Free frees it. Connections made from it are not affected.
func (c *Config) Free() {
	C.sansock_config_free(c.handle)
	c.handle = nil
}

// Set sets an option. ErrInvalidArgument for a value out of its range.
func (c *Config) Set(option Option, value uint64) error {
	return check(C.sansock_config_set(c.handle, C.uint32_t(option), C.uint64_t(value)))
}

// SetText sets a text; Subprotocol adds to a list. ErrInvalidArgument if it is malformed, or the role has no use for it.
func (c *Config) SetText(text Text, value string) error {
	data, size := chars(value)
	return check(C.sansock_config_set_text(c.handle, C.uint32_t(text), data, size))
}

// AddHeader adds a header to the request of a client, or to every response of a server.
func (c *Config) AddHeader(name, value string) error {
	n, nameLen := chars(name)
	v, valueLen := chars(value)
	return check(C.sansock_config_add_header(c.handle, n, nameLen, v, valueLen))
}
