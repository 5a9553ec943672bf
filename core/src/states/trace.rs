//! The machines as data, and what those of a connection have done: for programs that show connections.
//!
//! ```
//! use core::time::Duration;
//! use sansock::states::trace::Machine;
//! use sansock::{Config, Connection, Role};
//!
//! let config = Config::builder(Role::Server).start_open(true).build()?;
//! let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
//! connection.set_trace(true);
//! connection.close(None, "", Duration::ZERO)?;
//! let [step] = connection.take_steps()[..] else { panic!("one step") };
//! assert_eq!((step.machine, step.row.to.to_string().as_str()), (Machine::Closing, "close sent"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;
use core::fmt::{self, Display};

use super::{Transition, closing, handshake, message};

/// One of the machines of a connection.
///
/// ```
/// use sansock::states::trace::Machine;
///
/// for machine in Machine::ALL {
///     println!("{} begins in {}", machine.name(), machine.begins()[0]);
///     for row in machine.rows() {
///         println!("  in {}, on {}: go to {}", row.from, row.on, row.to);
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Machine {
    /// The opening handshake (RFC 6455 §4).
    Handshake,
    /// Frames to messages (§5.4, §5.5). It knows only what the first byte of each frame says.
    Message,
    /// The states of the connection, with the closing handshake (§4.1, §5.5.1, §7).
    Closing,
}

impl Machine {
    /// All of them.
    pub const ALL: [Machine; 3] = [Machine::Handshake, Machine::Message, Machine::Closing];

    /// The name: `handshake`, `message` or `closing`.
    pub fn name(self) -> &'static str {
        match self {
            Machine::Handshake => "handshake",
            Machine::Message => "message",
            Machine::Closing => "closing",
        }
    }

    /// Every transition that there is. What is not listed changes nothing.
    pub fn rows(self) -> &'static [Row] {
        match self {
            Machine::Handshake => handshake::ROWS,
            Machine::Message => message::ROWS,
            Machine::Closing => closing::ROWS,
        }
    }

    /// The states that it begins in: the handshake in the first as a client, in the second as a server; the others in one.
    pub fn begins(self) -> &'static [Name] {
        match self {
            Machine::Handshake => &[Name("Response"), Name("Request")],
            Machine::Message => &[Name("BetweenMessages")],
            Machine::Closing => &[Name("Connecting")],
        }
    }
}

/// A transition: in the state `from`, on the input `on`, do the effects in this order, and go to the state `to`.
///
/// ```
/// use sansock::states::trace::Machine;
///
/// let row = &Machine::Closing.rows()[7];
/// assert_eq!(format!("{} + {} = {}", row.from, row.on, row.to), "open + host close = close sent");
/// assert_eq!(row.effects[0].to_string(), "send close");
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The state before.
    pub from: Name,
    /// The input.
    pub on: Name,
    /// The state behind.
    pub to: Name,
    /// What is done.
    pub effects: &'static [Name],
}

/// The name of a state, an input or an effect, which is shown in words.
///
/// ```
/// use sansock::states::trace::Machine;
///
/// assert_eq!(Machine::Message.begins()[0].to_string(), "between messages");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(pub(crate) &'static str);

/// Room for the longest name in words.
const LONGEST: usize = 40;

impl Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one piece: these are written for each frame.
        let (mut words, mut len) = ([0; LONGEST], 0);
        for (at, byte) in self.0.bytes().enumerate() {
            if byte.is_ascii_uppercase() && at > 0 {
                words[len] = b' ';
                len += 1;
            }
            words[len] = byte.to_ascii_lowercase();
            len += 1;
        }
        formatter.write_str(core::str::from_utf8(&words[..len]).unwrap_or_default())
    }
}

/// A transition that a connection has made.
///
/// ```
/// use sansock::states::trace::Step;
///
/// fn show(step: Step) {
///     println!("{}: {} -> {}", step.machine.name(), step.row.from, step.row.to);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Of which machine.
    pub machine: Machine,
    /// Which row of its table.
    pub row: &'static Row,
}

/// The transitions since they were last taken, if they are to be noted.
#[derive(Debug, Default)]
pub(crate) struct Trace(Option<Vec<Step>>);

impl Trace {
    pub(crate) fn set(&mut self, on: bool) {
        self.0 = on.then(Vec::new);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn take(&mut self) -> Vec<Step> {
        self.0.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Notes a row of one of the tables.
    pub(crate) fn note<State: PartialEq, Input: PartialEq, Effect>(
        &mut self,
        machine: Machine,
        table: &[Transition<State, Input, Effect>],
        taken: &Transition<State, Input, Effect>,
    ) {
        let Some(steps) = &mut self.0 else { return };
        let place = table.iter().position(|row| row.from == taken.from && row.on == taken.on);
        steps.extend(place.and_then(|place| machine.rows().get(place)).map(|row| Step { machine, row }));
    }

    /// Notes what the first byte of a frame does.
    pub(crate) fn note_frame(&mut self, is_in_message: bool, first: u8) {
        if !self.is_on() {
            return;
        }
        let states = [message::FragmentState::BetweenMessages, message::FragmentState::InMessage];
        let state = states[usize::from(is_in_message)];
        if let Some(row) = super::find(message::MESSAGE, state, message::Input::of(first)) {
            self.note(Machine::Message, message::MESSAGE, row);
        }
    }
}
