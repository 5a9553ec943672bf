//! Frames to messages (RFC 6455 §5.4, §5.5): what the first byte of a frame means where it stands.

use super::transitions;
use crate::error::FaultKind;

/// Where the next frame stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stands {
    /// Between messages.
    Between,
    /// Within a fragmented message.
    Within,
    /// Behind a fault.
    Failed,
}

/// What the opcode and the FIN bit of a frame say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    /// Text or binary, with FIN.
    Message,
    /// Text or binary, without FIN.
    FirstFragment,
    /// A continuation without FIN.
    Fragment,
    /// A continuation with FIN.
    LastFragment,
    /// Close, ping or pong, with FIN.
    Control,
    /// Close, ping or pong, without FIN.
    ControlFragment,
    /// Any other opcode.
    Reserved,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It begins a message.
    Begin,
    /// It goes on with the message.
    Append,
    /// It ends the message, which is delivered.
    Deliver,
    /// It is obeyed, and delivered, at once.
    Obey,
    /// It fails the connection.
    Fail(FaultKind),
}

#[allow(non_upper_case_globals)]
impl Effect {
    const UnexpectedContinuation: Effect = Effect::Fail(FaultKind::UnexpectedContinuation);
    const ExpectedContinuation: Effect = Effect::Fail(FaultKind::ExpectedContinuation);
    const ControlFragmented: Effect = Effect::Fail(FaultKind::ControlFragmented);
    const ReservedOpcode: Effect = Effect::Fail(FaultKind::ReservedOpcode);
}

transitions! {
    MESSAGE: Stands, Cue, Effect;
    Between + Message => Between [Begin, Deliver];
    Between + FirstFragment => Within [Begin];
    Between + Fragment => Failed [UnexpectedContinuation];
    Between + LastFragment => Failed [UnexpectedContinuation];
    Between + Control => Between [Obey];
    Between + ControlFragment => Failed [ControlFragmented];
    Between + Reserved => Failed [ReservedOpcode];
    Within + Fragment => Within [Append];
    Within + LastFragment => Between [Append, Deliver];
    Within + Message => Failed [ExpectedContinuation];
    Within + FirstFragment => Failed [ExpectedContinuation];
    Within + Control => Within [Obey];
    Within + ControlFragment => Failed [ControlFragmented];
    Within + Reserved => Failed [ReservedOpcode];
}
