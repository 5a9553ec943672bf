//! The life of a connection, and how it ends (RFC 6455 §5.5.1, §7).

use super::transitions;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Life {
    /// The opening handshake is under way.
    Connecting,
    /// Messages flow.
    Open,
    /// Our Close is sent, the peer's is awaited.
    CloseSent,
    /// The peer's Close is here, ours is owed; until then the host can still send.
    CloseReceived,
    /// The end is told, or about to be. What is left is to write the output and to part with the transport.
    Ended,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    /// The opening handshake is complete.
    Opens,
    /// The opening handshake failed, and there is nobody to tell.
    HandshakeFails,
    /// The opening handshake failed, and the refusal is in the output.
    Refuses,
    /// The host calls `close`.
    HostCloses,
    /// The host calls `fail`.
    HostFails,
    /// The peer's Close arrives.
    PeerCloses,
    /// The peer's Close is to be answered by the engine.
    AnswerIsDue,
    /// A rule is broken, memory is short, or a ping stays unanswered.
    Faults,
    /// The peer's stream ends.
    StreamEnds,
    /// The close deadline passes.
    DeadlinePasses,
}

/// What a transition does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Starts what runs while messages flow: keepalive pings.
    StartKeepalive,
    /// Queues our Close, unless one was sent or the cause has no code.
    SendClose,
    /// Stops every deadline and starts the one for closing.
    StartCloseDeadline,
    /// Tells the host: closed, both Close frames have passed. What is left has until the close deadline.
    TellClean,
    /// Tells the host: closed, and why. What is left has until the close deadline.
    TellFailed,
    /// The transport is to be closed by a server at once; a client waits for that (§7.1.1).
    LetServerClose,
    /// The writing side of the transport is to be shut down, so that a reset does not overtake what was written.
    ShutDownWriting,
    /// The transport is to be closed.
    CloseTransport,
    /// Drops the output that nobody reads.
    DropOutput,
}

transitions! {
    CLOSING: Life, Cue, Effect;
    Connecting + Opens => Open [StartKeepalive];
    Connecting + HandshakeFails => Ended [TellFailed, CloseTransport];
    Connecting + Refuses => Ended [TellFailed, ShutDownWriting];
    Connecting + HostCloses => Ended [TellFailed, CloseTransport];
    Connecting + HostFails => Ended [TellFailed, CloseTransport];
    Connecting + StreamEnds => Ended [TellFailed, CloseTransport];
    Open + HostCloses => CloseSent [SendClose, StartCloseDeadline];
    Open + HostFails => Ended [SendClose, TellFailed, ShutDownWriting];
    Open + PeerCloses => CloseReceived [StartCloseDeadline];
    Open + Faults => Ended [SendClose, TellFailed, ShutDownWriting];
    Open + StreamEnds => Ended [TellFailed, CloseTransport];
    CloseSent + HostFails => Ended [TellFailed, ShutDownWriting];
    CloseSent + PeerCloses => Ended [TellClean, LetServerClose];
    CloseSent + Faults => Ended [TellFailed, ShutDownWriting];
    CloseSent + StreamEnds => Ended [TellFailed, CloseTransport];
    CloseSent + DeadlinePasses => Ended [TellFailed, DropOutput, CloseTransport];
    CloseReceived + HostCloses => Ended [SendClose, TellClean, LetServerClose];
    CloseReceived + HostFails => Ended [SendClose, TellFailed, ShutDownWriting];
    CloseReceived + AnswerIsDue => Ended [SendClose, TellClean, LetServerClose];
    CloseReceived + Faults => Ended [SendClose, TellFailed, ShutDownWriting];
    CloseReceived + StreamEnds => Ended [TellFailed, CloseTransport];
    CloseReceived + DeadlinePasses => Ended [TellFailed, DropOutput, CloseTransport];
    Ended + StreamEnds => Ended [CloseTransport];
    Ended + DeadlinePasses => Ended [DropOutput, CloseTransport];
}
