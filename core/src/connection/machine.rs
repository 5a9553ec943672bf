//! What every input call does: it begins a batch, reads, and finishes the batch.

use core::mem;
#[cfg(debug_assertions)]
use core::sync::atomic::Ordering;

use super::{Connection, Phase, Received};
use crate::abi::{NEVER, Record, kind};
use crate::close::CloseCode;
use crate::error::{Breach, Error, FaultKind, Located};
use crate::event::Events;
use crate::handshake::opening::{self, Opening, Outcome};
use crate::receive::Context;
use crate::receive::batch::Batch;
use crate::send::Sender;
use crate::send::closing::Transport;
use crate::send::timer::Deadline;
use crate::states::closing::ConnectionState;

/// When the memory of a large batch is given back if no input call does it before, in milliseconds.
const RELEASE_AFTER: u64 = 1000;

impl Connection {
    /// Receives bytes, and leaves the events in the batch. Returns how many it consumed.
    ///
    /// An open connection that gets nothing but messages needs neither [`begin`](Self::begin) nor
    /// [`finish`](Self::finish): it is in no handshake, nothing is deferred, no CLOSED is due, and messages change none of
    /// that. So the common case is read at once, and only what remains takes the full way.
    #[inline]
    pub(crate) fn receive_bytes(&mut self, input: &mut [u8], now: u64) -> usize {
        let mut result = Ok(0);
        if matches!(self.phase, Phase::Frames) && self.sender.is_open() && !input.is_empty() {
            self.assert_read();
            self.sender.advance_for_bytes(now);
            self.batch.clear(&self.sender.shared().buffers);
            let mut context = Context { batch: &mut self.batch, sender: &mut self.sender, base: Some(0) };
            result = self.reader.read_messages(input, &mut context);
            if result.as_ref().is_ok_and(|consumed| *consumed == input.len()) {
                self.reader.count(input.len());
                self.note_unread();
                return input.len();
            }
        } else {
            self.begin(now);
            if !input.is_empty() {
                self.sender.note_activity();
            }
        }
        self.receive_remaining(result, input)
    }

    /// Receives what the fast way left.
    #[inline(never)]
    fn receive_remaining(&mut self, result: Result<usize, Breach>, input: &mut [u8]) -> usize {
        let read = result.and_then(|from| {
            self.reader.count(from);
            self.read(from, input)
        });
        let consumed = match read {
            Ok(consumed) => consumed,
            Err(fault) => {
                self.fail_for(fault);
                input.len()
            }
        };
        self.finish();
        consumed
    }

    /// The batch as an input call returns it. `input` is unchanged since it was read.
    #[inline]
    pub(super) fn received<'a>(&'a mut self, input: &'a [u8], consumed: usize) -> Received<'a> {
        let Batch { records, store, scratch, .. } = &self.batch;
        let events = Events::new(
            records,
            [input, store, scratch],
            #[cfg(debug_assertions)]
            &self.unread,
        );
        Received { consumed, events, sender: &mut self.sender }
    }

    /// Begins an input call: the events of the last one are dropped, and what it deferred is sent.
    pub(super) fn begin(&mut self, now: u64) {
        self.assert_read();
        self.sender.advance(now);
        match &self.phase {
            // A head that is being read lies in the scratch buffer.
            Phase::Opening(opening) if !opening.awaits_decision() => self.batch.clear_records(),
            _ => self.batch.clear(&self.sender.shared().buffers),
        }
        self.sender.flush_deferred();
    }

    /// Finishes an input call: CLOSED is delivered by the call that closed the connection.
    pub(super) fn finish(&mut self) {
        let is_delivered = !matches!(self.phase, Phase::Backlog(_)) && !self.sender.closing.has_deferred();
        if self.eof && is_delivered {
            self.sender.received_eof();
        }
        if let Some(outcome) = self.sender.take_closed() {
            let reason = mem::take(&mut outcome.reason);
            let place = self.batch.push_to_scratch(reason.as_bytes());
            self.batch.push(Record {
                code: outcome.code.get(),
                aux: outcome.fault.map_or(0, |fault| fault.breach.kind.number()),
                extra: outcome.close_sent.map_or(0, |code| code.get().into()),
                ..place.record(kind::CLOSED, outcome.flags())
            });
            self.batch.end(&self.sender.shared().buffers);
        }
        if self.is_over() {
            self.phase = Phase::Discard;
            self.reader.end();
        }
        self.sender.watch_output();
        self.note_unread();
    }

    /// Reads the input from an index on, as what the phase says it is, until it is used up or must wait. Returns where it
    /// stopped.
    pub(super) fn read(&mut self, from: usize, input: &mut [u8]) -> Result<usize, Breach> {
        let mut at = from;
        loop {
            if self.is_over() {
                // What follows the peer's Close, or a fault, is not data (§1.4).
                return Ok(input.len());
            }
            match &mut self.phase {
                Phase::Opening(opening) => {
                    let mut context = opening::Context { batch: &mut self.batch, sender: &mut self.sender };
                    let (consumed, outcome) = opening.read(&input[at..], &mut context)?;
                    at += consumed;
                    match outcome {
                        Outcome::Wait => return Ok(at),
                        Outcome::Open(deflate) => {
                            self.sender.open(deflate);
                            self.phase = Phase::Frames;
                        }
                        Outcome::Refused(status) => {
                            self.refused(status);
                            return Ok(input.len());
                        }
                    }
                }
                Phase::Backlog(bytes) => {
                    let mut bytes = mem::take(bytes);
                    self.phase = Phase::Frames;
                    if self.read_backlog(&mut bytes)? {
                        return Ok(at);
                    }
                }
                Phase::Frames => {
                    let mut context = Context { batch: &mut self.batch, sender: &mut self.sender, base: Some(at) };
                    let consumed = self.reader.read(&mut input[at..], &mut context)?;
                    return Ok(if self.is_over() { input.len() } else { at + consumed });
                }
                Phase::Discard => return Ok(input.len()),
            }
        }
    }

    /// Reads frames that arrived behind the request. `true` if some of them must wait for the next batch.
    fn read_backlog(&mut self, bytes: &mut [u8]) -> Result<bool, Breach> {
        let mut context = Context { batch: &mut self.batch, sender: &mut self.sender, base: None };
        let consumed = self.reader.read(bytes, &mut context)?;
        let waits = consumed < bytes.len() && !self.is_over();
        if waits {
            self.phase = Phase::Backlog(opening::answer::boxed(&bytes[consumed..]).map_err(|_| FaultKind::NoMemory)?);
        }
        Ok(waits)
    }

    /// Acts on the deadlines that have passed.
    pub(super) fn act_on_deadlines(&mut self) {
        while let Some(deadline) = self.sender.timers.passed() {
            match deadline {
                Deadline::Handshake if self.decision().is_ok() => self.fail_for(FaultKind::DecisionTimeout.into()),
                Deadline::Handshake => self.fail_for(FaultKind::HandshakeTimeout.into()),
                Deadline::Pong => self.fail_for(FaultKind::PongTimeout.into()),
                _ => self.sender.on_deadline(deadline),
            }
        }
    }

    /// Closes the connection for a fault of the peer's, or of time, or leaves that to the host.
    pub(super) fn fail_for(&mut self, fault: Breach) {
        let position = if fault.kind.is_of_frame() { self.reader.frame_start() } else { NEVER };
        let located = Located { breach: fault, position };
        match &mut self.phase {
            Phase::Frames | Phase::Backlog(_) if self.sender.report_fault(located) => {
                let (aux, code) = (fault.kind.number(), fault.kind.close_code().map_or(0, CloseCode::get));
                self.batch.push(Record { kind: kind::FAULT, aux, code, ..Record::default() });
                self.phase = Phase::Discard;
            }
            Phase::Frames | Phase::Backlog(_) if !self.batch.records.is_empty() => {
                self.sender.defer_fault(located);
                self.phase = Phase::Discard;
            }
            Phase::Opening(opening) => {
                let mut context = opening::Context { batch: &mut self.batch, sender: &mut self.sender };
                let refusal_sent = opening.refuse_for(fault, &mut context);
                self.sender.handshake_failed(fault, fault.kind.is_of_peer(), refusal_sent);
            }
            _ => self.sender.fail_connection(located),
        }
    }

    /// The server's refusal has been delivered.
    pub(super) fn refused(&mut self, status: u16) {
        let fault = Breach::with(FaultKind::HttpStatus, u64::from(status));
        self.sender.handshake_failed(fault, true, false);
    }

    /// The opening stage, if a request awaits the host's decision.
    pub(super) fn decision(&mut self) -> Result<&mut Opening, Error> {
        let connecting = self.sender.is_connecting();
        match &mut self.phase {
            Phase::Opening(opening) if opening.awaits_decision() && connecting => Ok(opening),
            _ => Err(Error::InvalidState),
        }
    }

    /// Whether nothing that arrives matters any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.sender.connection_state(), ConnectionState::CloseReceived | ConnectionState::Closed)
    }

    pub(crate) fn deadline(&self) -> u64 {
        if self.has_more() {
            return 0;
        }
        let is_done = self.sender.transport() == Transport::Close || matches!(self.phase, Phase::Opening(_));
        let holds_events = !is_done && self.batch.is_large();
        let release = if holds_events { self.sender.timers.now().saturating_add(RELEASE_AFTER) } else { NEVER };
        self.sender.next_deadline().min(release)
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    pub(crate) fn outgoing(&self) -> &Sender {
        &self.sender
    }
}

/// The drain rule, asserted in debug builds: events are read before the next input call drops them.
impl Connection {
    #[inline]
    pub(super) fn assert_read(&self) {
        #[cfg(debug_assertions)]
        assert!(!self.unread.load(Ordering::Relaxed), "the events of the last input call were not read");
    }

    #[inline]
    fn note_unread(&self) {
        #[cfg(debug_assertions)]
        self.unread.store(!self.batch.records.is_empty(), Ordering::Relaxed);
    }

    /// A host that reads the records, not the events.
    #[inline]
    pub(crate) fn mark_read(&self) {
        #[cfg(debug_assertions)]
        self.unread.store(false, Ordering::Relaxed);
    }
}
