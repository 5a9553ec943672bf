package sansock

// #include <sansock.h>
import "C"

import "unsafe"

// Transport is what to do with the transport once all output is written.
type Transport uint8

// What to do with the transport.
const (
	TransportOpen          Transport = C.SANSOCK_TRANSPORT_OPEN
	TransportShutdownWrite Transport = C.SANSOCK_TRANSPORT_SHUTDOWN_WRITE
	TransportClose         Transport = C.SANSOCK_TRANSPORT_CLOSE
)

// State is how far a connection has come.
type State uint8

// The states of a connection.
const (
	Connecting State = C.SANSOCK_STATE_CONNECTING
	Open       State = C.SANSOCK_STATE_OPEN
	Closing    State = C.SANSOCK_STATE_CLOSING
	Closed     State = C.SANSOCK_STATE_CLOSED
)

// Fault is the fault that ended a connection, or that the host is to answer, and the numbers that explain it: 0 if there is
// none, and Position Never if it is no fault of a frame.
type Fault struct {
	Number                  uint32
	Actual, Limit, Position uint64
}

// Block is what there is to do after a call: the block of the header, which the library keeps up to date.
type Block struct{ block *C.sansock_block }

// Events returns the events of the last input call. They and their payloads are valid until the next one.
func (b Block) Events() []Event {
	records := unsafe.Slice(b.block.events, b.block.event_count)
	var events []Event
	for i := range records {
		if !bool(C.sansock_record_is_detail(&records[i])) {
			events = append(events, Event{b.block, &records[i]})
		}
	}
	return events
}

// Output returns the bytes to write, which are valid until the next call of any kind.
func (b Block) Output() []byte { return unsafe.Slice((*byte)(b.block.output), b.block.output_len) }

// Transport says what to do with the transport once all output is written.
func (b Block) Transport() Transport { return Transport(b.block.transport) }

// State says how far the connection has come.
func (b Block) State() State { return State(b.block.state) }

// NextDeadline says when to call Timeout, in milliseconds of the host's clock; or Never.
func (b Block) NextDeadline() uint64 { return uint64(b.block.next_deadline) }

// HasMore says that something is waiting: handle the events, then call Receive with the rest of the input, or with none.
func (b Block) HasMore() bool { return bool(C.sansock_block_has_more(b.block)) }

// Writable says that the output is below its soft limit. While it is not, stop reading from the peer.
func (b Block) Writable() bool { return bool(C.sansock_block_is_writable(b.block)) }

// Fault returns the fault that the block reports.
func (b Block) Fault() Fault {
	return Fault{
		uint32(b.block.fault),
		uint64(b.block.fault_actual), uint64(b.block.fault_limit), uint64(b.block.fault_position),
	}
}
