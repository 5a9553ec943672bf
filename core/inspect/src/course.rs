//! The course of a conversation: what the machines of both ends do, and which deadlines run there. The engines say it.

use core::time::Duration;

use sansock::states::trace::Machine;
use sansock::{Connection, State, Timer, Transport};

use crate::entry::{Deadline, Side, Step};
use crate::log::Log;

/// Deadlines that run, with their ends.
pub(crate) type Running = Vec<(Timer, Duration)>;

/// The times of a head: when the connection began, and when the head came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) begun: Duration,
    pub(crate) now: Duration,
}

/// What an engine that stands for an end has done, and what runs there.
#[derive(Debug, Default)]
pub(crate) struct Did {
    pub(crate) steps: Vec<Step>,
    pub(crate) running: Running,
    pub(crate) is_closed: bool,
}

/// An end, as it is told of.
#[derive(Debug)]
pub(crate) struct Course {
    end: Side,
    /// The transport instruction, as far as it has been told.
    transport: Transport,
    /// The deadlines as they were told last.
    told: Running,
}

impl Course {
    pub(crate) fn new(end: Side) -> Self {
        Course { end, transport: Transport::Open, told: Vec::new() }
    }

    /// What the engine of this end has done since it was last asked.
    pub(crate) fn did(&mut self, engine: &mut Connection) -> Did {
        let end = self.end;
        let taken = engine.take_steps().into_iter();
        let mut steps: Vec<Step> =
            taken.map(|step| Step { end, machine: step.machine, row: step.row, transport: None }).collect();
        let instruction = engine.transport();
        if instruction != self.transport
            && let Some(step) = steps.iter_mut().rfind(|step| step.machine == Machine::Closing)
        {
            self.transport = instruction;
            step.transport = Some(instruction);
        }
        Did { steps, running: engine.deadlines(), is_closed: engine.state() == State::Closed }
    }

    /// Tells it in an entry: what was done, and which deadlines run behind it if they are others than before.
    pub(crate) fn tell(&mut self, entry: u64, did: Did, now: Duration, log: &mut Log) {
        let Did { steps, running, .. } = did;
        if steps.is_empty() && running == self.told {
            return;
        }
        let Some(entry) = log.entry(entry) else { return };
        if entry.steps.is_empty() {
            entry.steps = steps;
        } else {
            entry.steps.extend(steps);
        }
        if running != self.told {
            let is_timed = entry.time.is_some();
            let deadlines = running.iter().map(|running| deadline(*running, now, is_timed)).collect();
            entry.deadlines.get_or_insert_default().set(self.end, deadlines);
            self.told = running;
        }
    }
}

pub(crate) fn deadline((timer, at): (Timer, Duration), now: Duration, is_timed: bool) -> Deadline {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let end = milliseconds(at);
    Deadline {
        timer: timer.name(),
        option: timer.option(),
        after: end.saturating_sub(milliseconds(now)),
        at: is_timed.then(|| end.saturating_mul(1000)),
    }
}

/// Both ends in the opening handshake.
pub(crate) struct Opening {
    /// When the connection began, or its first request came.
    begun: Option<Duration>,
    client: Course,
    server: Course,
    /// The server's engine, from the request on.
    engine: Option<Connection>,
    /// Whether the client has given up: what follows is not its doing.
    pub(crate) is_failed: bool,
}

/// What the response says that the server did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Accepted,
    Refused,
    /// It will answer.
    Not,
}

impl Opening {
    pub(crate) fn new() -> Self {
        let (client, server) = (Course::new(Side::Client), Course::new(Side::Server));
        Opening { begun: None, client, server, engine: None, is_failed: false }
    }

    /// The connection begins, or is known to have begun.
    pub(crate) fn begin(&mut self, now: Duration) {
        self.begun.get_or_insert(now);
    }

    pub(crate) fn times(&self, now: Duration) -> Times {
        Times { begun: self.begun.unwrap_or(now), now }
    }

    /// A request has been judged, by this engine. Both ends have begun at once, and wait for as long.
    pub(crate) fn asked(&mut self, entry: u64, mut engine: Connection, opening: Running, now: Duration, log: &mut Log) {
        self.client.tell(entry, Did { running: opening, ..Did::default() }, now, log);
        let did = self.server.did(&mut engine);
        self.server.tell(entry, did, now, log);
        self.engine = Some(engine);
    }

    /// A response has been judged: what it says of the server, and what it does to the client.
    pub(crate) fn answered(&mut self, entry: u64, answered: Answered, client: Did, now: Duration, log: &mut Log) {
        if let Some(engine) = &mut self.engine {
            let _ = match answered {
                Answered::Accepted => engine.accept(None, now).map(|received| received.events.for_each(drop)),
                Answered::Refused => engine.reject(400, "", now).map(|received| received.events.for_each(drop)),
                Answered::Not => Ok(()),
            };
            let _ = engine.written(engine.pending_output());
            let did = self.server.did(engine);
            self.server.tell(entry, did, now, log);
        }
        self.is_failed |= client.is_closed;
        self.client.tell(entry, client, now, log);
    }

    /// The server's stream has ended.
    pub(crate) fn ended(&mut self, entry: u64, engine: &mut Connection, now: Duration, log: &mut Log) {
        let did = self.client.did(engine);
        self.client.tell(entry, did, now, log);
    }
}
