//! Control frames, for those who ask for them; and messages in fragments.

use std::collections::VecDeque;

use bytes::Bytes;
use sansock::{CloseCode, MessageKind};

use crate::error::Error;
use crate::message::Message;

/// How many control frames wait at most, when somebody asks for them: as many as there are events in a batch of the engine.
const MOST: usize = 256;
/// The same while nobody has said.
const FEW: usize = 16;

/// What arrives on a connection, in the order in which it arrives: what [`WebSocket::recv_event`](crate::WebSocket::recv_event)
/// gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message.
    Message(Message),
    /// A ping with its payload (RFC 6455 §5.5.2). It has been answered.
    Ping(Bytes),
    /// A pong with its payload (§5.5.3), of a keepalive ping too.
    Pong(Bytes),
    /// The peer's Close with its code, 1005 if it had none, and its reason (§5.5.1). Unless it answers ours, messages that are sent
    /// before the next call still go out in front of the answer.
    Closing(CloseCode, String),
}

/// Control frames that wait for [`recv_event`](crate::WebSocket::recv_event).
#[derive(Default)]
pub(crate) struct Controls {
    wanted: Wanted,
    /// Each behind so many messages.
    waiting: VecDeque<(u64, Event)>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Wanted {
    /// Nothing has been received yet.
    #[default]
    Unknown,
    No,
    Yes,
}

impl Controls {
    /// Somebody asks for them.
    pub(crate) fn want(&mut self) {
        self.wanted = Wanted::Yes;
    }

    /// Nobody asks for them.
    pub(crate) fn refuse(&mut self) {
        if self.wanted != Wanted::No {
            *self = Controls { wanted: Wanted::No, waiting: VecDeque::new() };
        }
    }

    /// Takes one behind so many messages, unless too many wait.
    pub(crate) fn push(&mut self, position: u64, event: impl FnOnce() -> Event) {
        let most = match self.wanted {
            Wanted::No => 0,
            Wanted::Unknown => FEW,
            Wanted::Yes => MOST,
        };
        if self.waiting.len() < most {
            self.waiting.push_back((position, event()));
        }
    }

    /// The next one, if it is due after so many messages.
    pub(crate) fn pop(&mut self, taken: u64) -> Option<Event> {
        let is_due = self.waiting.front().is_some_and(|(position, _)| *position <= taken);
        if is_due { self.waiting.pop_front().map(|(_, event)| event) } else { None }
    }

    /// Whether one waits for somebody.
    pub(crate) fn has_wanted(&self) -> bool {
        self.wanted == Wanted::Yes && !self.waiting.is_empty()
    }
}

/// A message to send in fragments.
pub(crate) struct Fragments {
    pub(crate) kind: MessageKind,
    pub(crate) parts: Vec<Bytes>,
}

impl Fragments {
    /// A message of at least one fragment. A text must be UTF-8 as a whole.
    pub(crate) fn new(kind: MessageKind, parts: impl IntoIterator<Item = impl Into<Bytes>>) -> Result<Self, Error> {
        let mut parts: Vec<Bytes> = parts.into_iter().map(Into::into).collect();
        if parts.is_empty() {
            parts.push(Bytes::new());
        }
        // The engine would find out only when the first fragments are on their way.
        if kind == MessageKind::Text && std::str::from_utf8(&parts.concat()).is_err() {
            return Err(sansock::Error::InvalidArgument.into());
        }
        Ok(Fragments { kind, parts })
    }

    /// More than it takes of the output: a compressor may make a little more of what it cannot compress.
    pub(crate) fn room(&self) -> u64 {
        self.parts.iter().map(|part| part.len() as u64 + part.len() as u64 / 64 + 64).sum()
    }
}
