//! What runs and has run, for programs that show connections: the feature `trace`.

use super::Sender;
use super::timer::Deadline;
use crate::abi::NEVER;

/// What a deadline is for.
///
/// ```
/// use core::time::Duration;
/// use sansock::states::trace::Machine;
/// use sansock::{Config, Connection, Timer};
///
/// let connection = Connection::new(&Config::server().build()?, [0; 32], Duration::ZERO)?;
/// assert_eq!(connection.deadlines(), [(Timer::Handshake, Duration::from_secs(10))]);
/// assert_eq!(Timer::Handshake.option(), "handshake_timeout");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// The opening handshake must be complete.
    Handshake,
    /// The next keepalive ping is sent.
    Ping,
    /// The answer to a keepalive ping must have arrived.
    Pong,
    /// The peer's Close must have arrived, and after that the end of its stream.
    Close,
    /// Some of the output must have been written.
    Write,
}

impl Timer {
    /// The name: `handshake`, `ping`, `pong`, `close` or `write`.
    pub fn name(self) -> &'static str {
        match self {
            Timer::Handshake => "handshake",
            Timer::Ping => "ping",
            Timer::Pong => "pong",
            Timer::Close => "close",
            Timer::Write => "write",
        }
    }

    /// The name of the option that says how long it runs.
    pub fn option(self) -> &'static str {
        match self {
            Timer::Handshake => "handshake_timeout",
            Timer::Ping => "ping_interval",
            Timer::Pong => "pong_timeout",
            Timer::Close => "close_timeout",
            Timer::Write => "write_timeout",
        }
    }

    fn of(deadline: Deadline) -> Self {
        match deadline {
            Deadline::Handshake => Timer::Handshake,
            Deadline::Ping => Timer::Ping,
            Deadline::Pong => Timer::Pong,
            Deadline::Close => Timer::Close,
            Deadline::Write => Timer::Write,
        }
    }
}

impl Sender {
    /// The deadlines that run, one of the first four and the one for writing, each with its time.
    pub(crate) fn running(&self) -> impl Iterator<Item = (Timer, u64)> {
        let from_now = |time: u64| self.timers.now().saturating_add(time).min(NEVER - 1);
        let starts = self.progress.starts.filter(|_| self.progress.unwritten == 0);
        let started = starts.map(|deadline| (deadline, from_now(self.time_for(deadline))));
        let write = self.awaits_write().then(|| (Deadline::Write, from_now(self.time_for(Deadline::Write))));
        let running = self.timers.running().into_iter().chain(started).chain(write);
        running.filter(|(_, at)| *at != NEVER).map(|(deadline, at)| (Timer::of(deadline), at))
    }
}
