//! The states of a connection, and how it closes (RFC 6455 §4.1, §5.5.1, §7).

use super::transitions;

/// The state of a connection. RFC 6455's CLOSING is `CloseSent` and `CloseReceived`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ConnectionState {
    /// The opening handshake is under way.
    Connecting,
    /// Messages can be sent and received.
    Open,
    /// Our Close has been sent, and the peer's is awaited.
    CloseSent,
    /// The peer's Close has been received and not answered yet: until then the host can still send.
    CloseReceived,
    /// A rule was broken, and the host is to answer that. Until then it can still send.
    Faulted,
    /// The connection is closed. What remains is to write the output and to close the transport.
    Closed,
}

/// The inputs of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The opening handshake is complete.
    HandshakeComplete,
    /// The opening handshake failed, and no response is sent.
    HandshakeFailed,
    /// The opening handshake failed, and the refusal is in the output.
    HandshakeRefused,
    /// The host calls `close`.
    HostClose,
    /// The host calls `fail`.
    HostFail,
    /// The peer's Close arrives.
    PeerClose,
    /// The engine answers the peer's Close.
    CloseReply,
    /// A rule is broken, memory is short, or a ping stays unanswered.
    Fault,
    /// The same, and the host is to answer it.
    ReportedFault,
    /// The peer's stream ends.
    Eof,
    /// The deadline for closing passes, or the one for writing.
    Timeout,
}

/// What a transition does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Starts the keepalive pings.
    StartKeepalive,
    /// Queues our Close, unless one was sent or the cause has no code.
    SendClose,
    /// Stops every deadline and starts the one for closing.
    StartCloseDeadline,
    /// Records that the connection was closed cleanly: both Close frames have passed. Starts the close deadline.
    RecordClean,
    /// Records that the connection was closed by a fault, and which. Starts the close deadline.
    RecordFailed,
    /// A server closes the transport at once; a client waits for the server to do it (§7.1.1).
    ServerClosesTransport,
    /// The host shuts down the writing side of the transport, so that no reset overtakes what was written.
    ShutDownWriting,
    /// The host closes the transport.
    CloseTransport,
    /// Drops the output, which the peer does not read.
    DropOutput,
}

transitions! {
    CLOSING: ConnectionState, Input, Effect;
    Connecting + HandshakeComplete => Open [StartKeepalive];
    Connecting + HandshakeFailed => Closed [RecordFailed, CloseTransport];
    Connecting + HandshakeRefused => Closed [RecordFailed, ShutDownWriting];
    Connecting + HostClose => Closed [RecordFailed, CloseTransport];
    Connecting + HostFail => Closed [RecordFailed, CloseTransport];
    Connecting + Eof => Closed [RecordFailed, CloseTransport];
    Connecting + Timeout => Closed [RecordFailed, DropOutput, CloseTransport];
    Open + HostClose => CloseSent [SendClose, StartCloseDeadline];
    Open + HostFail => Closed [SendClose, RecordFailed, ShutDownWriting];
    Open + PeerClose => CloseReceived [StartCloseDeadline];
    Open + Fault => Closed [SendClose, RecordFailed, ShutDownWriting];
    Open + ReportedFault => Faulted [StartCloseDeadline];
    Open + Eof => Closed [RecordFailed, CloseTransport];
    Open + Timeout => Closed [RecordFailed, DropOutput, CloseTransport];
    CloseSent + HostFail => Closed [RecordFailed, ShutDownWriting];
    CloseSent + PeerClose => Closed [RecordClean, ServerClosesTransport];
    CloseSent + Fault => Closed [RecordFailed, ShutDownWriting];
    CloseSent + Eof => Closed [RecordFailed, CloseTransport];
    CloseSent + Timeout => Closed [RecordFailed, DropOutput, CloseTransport];
    CloseReceived + HostClose => Closed [SendClose, RecordClean, ServerClosesTransport];
    CloseReceived + HostFail => Closed [SendClose, RecordFailed, ShutDownWriting];
    CloseReceived + CloseReply => Closed [SendClose, RecordClean, ServerClosesTransport];
    CloseReceived + Fault => Closed [SendClose, RecordFailed, ShutDownWriting];
    CloseReceived + Eof => Closed [RecordFailed, CloseTransport];
    CloseReceived + Timeout => Closed [RecordFailed, DropOutput, CloseTransport];
    Faulted + HostClose => Closed [SendClose, RecordFailed, ShutDownWriting];
    Faulted + HostFail => Closed [SendClose, RecordFailed, ShutDownWriting];
    Faulted + Eof => Closed [RecordFailed, CloseTransport];
    Faulted + Timeout => Closed [RecordFailed, DropOutput, CloseTransport];
    Closed + Eof => Closed [CloseTransport];
    Closed + Timeout => Closed [DropOutput, CloseTransport];
}
