//! What an end does that the capture has not shown yet: an engine answers at once, and the end answers when its bytes are seen.

use core::time::Duration;

use sansock::config::OPTIONS;
use sansock::{State, Timer};

use crate::course::{Did, Running};
use crate::entry::{Step, What};
use crate::frames::{Frames, Sent};
use crate::log::{Log, Place};
use crate::telling::happened;

/// What is known of an end besides its engine.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The answer to the peer's Close, until it is seen.
    reply: Option<Reply>,
    /// When the engine gave its answer to the last frame.
    given: Duration,
    /// By how much the answer that closes was seen later than the engine gave it.
    late: Duration,
    /// When something of an answer must have been seen.
    owed: Option<Duration>,
    /// When the answer to a ping must have come.
    pub(crate) pong: Option<Duration>,
    /// Nothing is told of an end whose opening handshake has failed.
    pub(crate) is_silent: bool,
}

/// The answer to a Close that has not been seen.
#[derive(Debug)]
struct Reply {
    steps: Vec<Step>,
    /// What runs until then.
    running: Running,
}

impl Frames {
    /// What the engine has done with the frame that has ended. Its answer to a Close is held back.
    pub(crate) fn did(&mut self, now: Duration) -> Did {
        self.held.given = now;
        let did = self.course.did(&mut self.engine);
        if self.is_closing() {
            let events = self.engine.timeout(now).events;
            self.happened.extend(events.filter_map(happened));
            let reply = self.course.did(&mut self.engine);
            if !reply.steps.is_empty() {
                self.held.reply = Some(Reply { steps: reply.steps, running: did.running.clone() });
            }
        }
        did
    }

    /// Tells what the end did, and what runs there behind it.
    pub(crate) fn tell_course(&mut self, entry: u64, did: Did, now: Duration, log: &mut Log) {
        if !self.held.is_silent {
            let running = self.running();
            self.course.tell(entry, Did { running, ..did }, now, log);
        }
    }

    /// The deadlines that run at this end.
    fn running(&self) -> Running {
        let Held { reply, late, owed, pong, .. } = &self.held;
        let mut running = match reply {
            Some(reply) => reply.running.clone(),
            None => self.engine.deadlines().into_iter().map(|(timer, at)| (timer, at + *late)).collect(),
        };
        let is_closed = self.engine.state() == State::Closed;
        // It runs from when the Close has been written.
        let is_early = owed.is_some() && is_closed && reply.is_none();
        running.retain(|(timer, _)| !(is_early && *timer == Timer::Close));
        let pong = pong.filter(|_| !is_closed);
        running.extend(pong.map(|at| (Timer::Pong, at)));
        running.extend(owed.map(|at| (Timer::Write, at)));
        running
    }

    /// The engine has something to send, before that is taken: until the end is seen to send, it must be written.
    pub(crate) fn owe(&mut self) {
        let write = self.engine.deadlines().into_iter().find(|(timer, _)| *timer == Timer::Write);
        self.held.owed = self.held.owed.or(write.map(|(_, at)| at));
    }

    /// Bytes of the end have been seen, first in this entry.
    pub(crate) fn wrote(&mut self, entry: u64, now: Duration, log: &mut Log) {
        if self.held.owed.is_some() && log.entry(entry).is_some() {
            self.held.owed = None;
            if self.engine.state() == State::Closed && self.held.reply.is_none() {
                self.held.late = now.saturating_sub(self.held.given);
            }
            self.tell_course(entry, Did::default(), now, log);
        }
    }

    /// Tells the engine what its own end has sent, in this entry.
    pub(crate) fn sent(&mut self, sent: &Sent, entry: u64, now: Duration, log: &mut Log) {
        // It may be closed by then: the capture tells the order in which the two ends were heard, not in which they spoke.
        match sent {
            Sent::Ping(payload) => {
                let timeout = OPTIONS.iter().find(|option| option.name == Timer::Pong.option());
                let timeout = timeout.and_then(|option| option.default).map(Duration::from_millis);
                if self.engine.ping(payload, now).is_ok() {
                    self.held.pong = self.held.pong.or(timeout.map(|timeout| now + timeout));
                }
            }
            Sent::Close(code, reason) => {
                let _ = self.engine.close(Some(*code).filter(|code| code.may_be_sent()), reason, now);
            }
        }
        self.output();
        let mut did = self.course.did(&mut self.engine);
        if matches!(sent, Sent::Close(..)) {
            did.steps.splice(0..0, self.release(now));
        }
        self.tell_course(entry, did, now, log);
    }

    /// The answer to the peer's Close has been seen, or must come.
    fn release(&mut self, now: Duration) -> Vec<Step> {
        let Some(reply) = self.held.reply.take() else { return Vec::new() };
        self.held.late = now.saturating_sub(self.held.given);
        reply.steps
    }

    /// The peer sends nothing more.
    pub(crate) fn end_of_stream(&mut self, now: Duration, place: Place, log: &mut Log) {
        let entry = log.add_from(place, self.offset, What::Eof);
        let mut steps = self.release(now);
        let events = self.engine.receive_eof(now).events;
        self.happened.extend(events.filter_map(happened));
        if self.is_over {
            self.happened.clear();
        } else {
            self.tell(None, self.offset, place, log, &mut Vec::new());
        }
        let did = self.course.did(&mut self.engine);
        steps.extend(did.steps.iter());
        (self.held.pong, self.held.owed) = (None, None);
        self.tell_course(entry, Did { steps, ..did }, now, log);
    }
}
