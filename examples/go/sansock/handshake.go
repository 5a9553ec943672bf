package sansock

/*
#include <sansock.h>
#include <stdlib.h>
*/
import "C"

import "unsafe"

// Field is a header field of a handshake that is made of fields (RFC 8441, RFC 9220).
type Field struct{ Name, Value string }

// AddResponseHeader adds a header to the response that the next Accept, Reject or Respond sends.
func (c *Conn) AddResponseHeader(name, value string) error {
	n, nameLen := chars(name)
	v, valueLen := chars(value)
	return check(C.sansock_conn_add_response_header(c.handle, n, nameLen, v, valueLen))
}

// LimitDeflate declines or narrows the compression of this connection, before Accept.
func (c *Conn) LimitDeflate(option Option, value uint64) error {
	return check(C.sansock_conn_limit_deflate(c.handle, C.uint32_t(option), C.uint64_t(value)))
}

// Accept accepts the request, with a subprotocol that it offers; "" for the first of the configured ones. Replaces the events.
func (c *Conn) Accept(subprotocol string, now uint64) error {
	s, size := chars(subprotocol)
	return check(C.sansock_conn_accept(c.handle, s, size, C.uint64_t(now)))
}

// Reject refuses the request with an HTTP status and a body. Replaces the events.
func (c *Conn) Reject(status uint16, body string, now uint64) error {
	b, size := chars(body)
	return check(C.sansock_conn_reject(c.handle, C.uint16_t(status), b, size, C.uint64_t(now)))
}

// Respond answers the request with an HTTP response that opens no connection. A reason of "" is the usual one. Replaces the
// events.
func (c *Conn) Respond(status uint16, reason, body string, now uint64) error {
	r, reasonLen := chars(reason)
	b, size := chars(body)
	return check(C.sansock_conn_respond(c.handle, C.uint16_t(status), r, reasonLen, b, size, C.uint64_t(now)))
}

// ReceiveRequest receives a request as fields. Version is one of SANSOCK_HTTP_VERSION_*. Replaces the events.
func (c *Conn) ReceiveRequest(version uint32, fields []Field, now uint64) error {
	f, free := fieldsOf(fields)
	defer free()
	status := C.sansock_conn_receive_request(c.handle, C.uint32_t(version), f, C.size_t(len(fields)), C.uint64_t(now))
	return check(status)
}

// RequestFields gives the request as fields in an event head, in place of the text in the output. Replaces the events.
func (c *Conn) RequestFields(version uint32, now uint64) error {
	return check(C.sansock_conn_request_fields(c.handle, C.uint32_t(version), C.uint64_t(now)))
}

// ReceiveResponse receives the response to a request that was sent as fields. Replaces the events.
func (c *Conn) ReceiveResponse(status uint16, fields []Field, now uint64) error {
	f, free := fieldsOf(fields)
	defer free()
	return check(C.sansock_conn_receive_response(
		c.handle, C.uint16_t(status), f, C.size_t(len(fields)), C.uint64_t(now)))
}

// Fields hold pointers, and memory of Go that does may not be passed to C: these are in the memory of C, until freed.
func fieldsOf(fields []Field) (first *C.sansock_field, free func()) {
	if len(fields) == 0 {
		return nil, func() {}
	}
	first = (*C.sansock_field)(C.calloc(C.size_t(len(fields)), C.sizeof_sansock_field))
	copies := unsafe.Slice(first, len(fields))
	for i, field := range fields {
		copies[i].name, copies[i].name_len = C.CString(field.Name), C.size_t(len(field.Name))
		copies[i].value, copies[i].value_len = C.CString(field.Value), C.size_t(len(field.Value))
	}
	return first, func() {
		for _, field := range copies {
			C.free(unsafe.Pointer(field.name))
			C.free(unsafe.Pointer(field.value))
		}
		C.free(unsafe.Pointer(first))
	}
}
