//! Frames to messages (RFC 6455 §5.4, §5.5): what the first byte of a frame means in the state of its message.

use super::transitions;
use crate::error::FaultKind;

/// Whether a fragmented message is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FragmentState {
    /// The next data frame begins a message.
    BetweenMessages,
    /// The next data frame continues one.
    InMessage,
    /// The connection has failed.
    Failed,
}

/// The inputs of the machine: what the opcode and the FIN bit of a frame say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
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

/// What is done with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It begins a message.
    Begin,
    /// It continues the message.
    Append,
    /// It ends the message, which is delivered.
    Deliver,
    /// It is acted on and delivered at once, between the fragments of a message too.
    HandleControl,
    /// It fails the connection.
    Fail(FaultKind),
}

#[allow(non_upper_case_globals)]
impl Effect {
    const FailUnexpectedContinuation: Effect = Effect::Fail(FaultKind::UnexpectedContinuation);
    const FailExpectedContinuation: Effect = Effect::Fail(FaultKind::ExpectedContinuation);
    const FailControlFragmented: Effect = Effect::Fail(FaultKind::ControlFragmented);
    const FailReservedOpcode: Effect = Effect::Fail(FaultKind::ReservedOpcode);
}

transitions! {
    MESSAGE: FragmentState, Input, Effect;
    BetweenMessages + Message => BetweenMessages [Begin, Deliver];
    BetweenMessages + FirstFragment => InMessage [Begin];
    BetweenMessages + Fragment => Failed [FailUnexpectedContinuation];
    BetweenMessages + LastFragment => Failed [FailUnexpectedContinuation];
    BetweenMessages + Control => BetweenMessages [HandleControl];
    BetweenMessages + ControlFragment => Failed [FailControlFragmented];
    BetweenMessages + Reserved => Failed [FailReservedOpcode];
    InMessage + Fragment => InMessage [Append];
    InMessage + LastFragment => BetweenMessages [Append, Deliver];
    InMessage + Message => Failed [FailExpectedContinuation];
    InMessage + FirstFragment => Failed [FailExpectedContinuation];
    InMessage + Control => InMessage [HandleControl];
    InMessage + ControlFragment => Failed [FailControlFragmented];
    InMessage + Reserved => Failed [FailReservedOpcode];
}

impl Input {
    /// What the first byte of a frame says.
    pub(crate) const fn of(first: u8) -> Self {
        let fin = first & 0x80 != 0;
        match (first & 0x0f, fin) {
            (0x1 | 0x2, true) => Input::Message,
            (0x1 | 0x2, false) => Input::FirstFragment,
            (0x0, true) => Input::LastFragment,
            (0x0, false) => Input::Fragment,
            (0x8..=0xa, true) => Input::Control,
            (0x8..=0xa, false) => Input::ControlFragment,
            _ => Input::Reserved,
        }
    }
}
