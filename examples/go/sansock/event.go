package sansock

// #include <sansock.h>
import "C"

import "unsafe"

// Kind is what an event or a detail is. Skip a kind that you do not know.
type Kind uint8

// The kinds of events, and of their details.
const (
	KindRequest     Kind = C.SANSOCK_KIND_REQUEST
	KindOpen        Kind = C.SANSOCK_KIND_OPEN
	KindRejected    Kind = C.SANSOCK_KIND_REJECTED
	KindText        Kind = C.SANSOCK_KIND_TEXT
	KindBinary      Kind = C.SANSOCK_KIND_BINARY
	KindPing        Kind = C.SANSOCK_KIND_PING
	KindPong        Kind = C.SANSOCK_KIND_PONG
	KindClosing     Kind = C.SANSOCK_KIND_CLOSING
	KindClosed      Kind = C.SANSOCK_KIND_CLOSED
	KindHead        Kind = C.SANSOCK_KIND_HEAD
	KindFrame       Kind = C.SANSOCK_KIND_FRAME
	KindFault       Kind = C.SANSOCK_KIND_FAULT
	KindHeader      Kind = C.SANSOCK_KIND_HEADER
	KindAuthority   Kind = C.SANSOCK_KIND_AUTHORITY
	KindOrigin      Kind = C.SANSOCK_KIND_ORIGIN
	KindSubprotocol Kind = C.SANSOCK_KIND_SUBPROTOCOL
	KindExtension   Kind = C.SANSOCK_KIND_EXTENSION
	KindMethod      Kind = C.SANSOCK_KIND_METHOD
	KindReason      Kind = C.SANSOCK_KIND_REASON
)

// Event is an event, or a detail of one: a view of the library's memory, valid until the next input call.
type Event struct {
	block  *C.sansock_block
	record *C.sansock_record
}

// Kind says what it is.
func (e Event) Kind() Kind { return Kind(e.record.kind) }

// Payload returns the payload in the memory of the library, valid until the next input call. A header gives its value.
func (e Event) Payload() []byte {
	var size C.size_t
	data := C.sansock_record_payload(e.block, e.record, &size)
	return unsafe.Slice((*byte)(data), size)
}

// Text returns a copy of the payload.
func (e Event) Text() string { return string(e.Payload()) }

// Name returns the name of a header.
func (e Event) Name() string {
	var size C.size_t
	data := C.sansock_record_header_name(e.block, e.record, &size)
	return C.GoStringN(data, C.int(size))
}

// Details returns what follows a request, an open, a rejected or a head.
func (e Event) Details() []Event {
	count := C.sansock_record_detail_count(e.record)
	records := unsafe.Slice(e.record, count+1)[1:]
	details := make([]Event, len(records))
	for i := range records {
		details[i] = Event{e.block, &records[i]}
	}
	return details
}

// Detail returns the first detail of a kind, and whether there is one.
func (e Event) Detail(kind Kind) (Event, bool) {
	found := C.sansock_record_find_detail(e.record, C.uint8_t(kind))
	return Event{e.block, found}, found != nil
}

// IsMessage says whether it is a text or a binary message, or a part of one.
func (e Event) IsMessage() bool { return bool(C.sansock_record_is_message(e.record)) }

// IsFirst says of a text, a binary or a frame whether a message begins with it.
func (e Event) IsFirst() bool { return bool(C.sansock_record_is_first(e.record)) }

// IsLast says of a text, a binary or a frame whether a message ends with it.
func (e Event) IsLast() bool { return bool(C.sansock_record_is_last(e.record)) }

// IsTextFrame says of a frame whether its message is a text.
func (e Event) IsTextFrame() bool { return bool(C.sansock_record_is_text_frame(e.record)) }

// IsFrameEnd says of a frame whether it ends with this payload.
func (e Event) IsFrameEnd() bool { return bool(C.sansock_record_is_frame_end(e.record)) }

// IsCompressed says of a frame whether its message is compressed on the wire.
func (e Event) IsCompressed() bool { return bool(C.sansock_record_is_compressed(e.record)) }

// FrameLen returns the length of a frame on the wire in bytes.
func (e Event) FrameLen() uint64 { return uint64(C.sansock_record_frame_len(e.record)) }

// OriginRelation says how the Origin of a request relates to its host: 0 absent, 1 the same, 2 another.
func (e Event) OriginRelation() uint16 { return uint16(C.sansock_record_origin_relation(e.record)) }

// SameOrigin says of a request that it comes from this host, or not from a browser. Reject the others with 403.
func (e Event) SameOrigin() bool { return bool(C.sansock_record_same_origin(e.record)) }

// Status returns the HTTP status of a rejected or a head.
func (e Event) Status() uint16 { return uint16(C.sansock_record_http_status(e.record)) }

// IsTruncated says of a rejected whether its body is cut.
func (e Event) IsTruncated() bool { return bool(C.sansock_record_is_truncated(e.record)) }

// RoundTrip returns the milliseconds since the latest ping, if this is the pong that answers it.
func (e Event) RoundTrip() (ms uint64, ok bool) {
	var found C.uint64_t
	ok = bool(C.sansock_record_round_trip_ms(e.record, &found))
	return uint64(found), ok
}

// CloseCode returns the peer's code of a closing or a closed, and the one that a fault calls for.
func (e Event) CloseCode() uint16 { return uint16(C.sansock_record_close_code(e.record)) }

// CloseSent returns of a closed the code that was sent to the peer, or 0.
func (e Event) CloseSent() uint16 { return uint16(C.sansock_record_close_sent(e.record)) }

// Fault returns the number of the fault of a closed, a fault or a request; 0 if there is none.
func (e Event) Fault() uint32 { return uint32(C.sansock_record_fault(e.record)) }

// IsClean says of a closed whether a Close frame was sent and one received.
func (e Event) IsClean() bool { return bool(C.sansock_record_is_clean(e.record)) }

// ByPeer says of a closed whether the peer ended the connection.
func (e Event) ByPeer() bool { return bool(C.sansock_record_by_peer(e.record)) }

// IsChosen says of a subprotocol of a request whether it is agreed if Accept is given no name.
func (e Event) IsChosen() bool { return bool(C.sansock_record_is_chosen(e.record)) }
