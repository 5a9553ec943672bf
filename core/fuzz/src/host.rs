//! A host that does what every host must, and checks after each call what holds whatever its peer sends.

use std::time::Duration;

use sansock::{Connection, Error, Event, Received, Role, State, Transport};

use crate::input::Cuts;
use crate::plan::{Plan, Start};
use crate::seen::Seen;
use crate::wire::Wire;

/// What a connection may hold for each byte that has arrived, whatever length was announced: four times the payload, and
/// beside that a record for a frame of two bytes, and an answer.
const FOR_EACH_BYTE: u64 = 8;
/// And whatever has arrived: the opening handshake, and records for a whole batch.
const AT_FIRST: u64 = 40 * 1024;
/// What a connection may hold that has ended, beside what it sent.
const ENDED: u64 = 1024;
/// What was sent, which a compressor may refer to until the connection is freed.
const SENT: u64 = 9 * 1024;
/// Longer than all the times of a plan together.
const AGES: u64 = 1_000_000;

/// The seed of every connection.
pub fn seed() -> [u8; 32] {
    std::array::from_fn(|at| at as u8)
}

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub struct Host {
    pub connection: Connection,
    pub now: u64,
    pub seen: Seen,
    pub wire: Wire,
    pub held: bool,
    echo: bool,
    step: u64,
    cuts: Cuts,
    hasty: bool,
    /// How many bytes have arrived; `None` where memory depends on more than that: on inflation, or on what the host sends.
    arrived: Option<u64>,
    plan: Plan,
    /// The most bytes that were passed in one call, and what may be held because of that.
    passed: u64,
    memory: u64,
    state: State,
    /// Output was dropped, as where nobody reads it: the last frame of it may be half written.
    dropped: bool,
}

impl Host {
    pub fn new(plan: &Plan) -> Self {
        Host::starting(plan, 0)
    }

    /// With a clock that begins at this time.
    pub fn starting(plan: &Plan, now: u64) -> Self {
        let connection = Connection::new(&plan.config, seed(), ms(now)).expect("memory");
        let wire = Wire::new(plan.role, plan.start == Start::Text, plan.deflate).keeping();
        let mut host = Host {
            now,
            seen: Seen::new(plan.max_message),
            wire,
            held: plan.held,
            echo: plan.echo,
            step: plan.step,
            cuts: plan.cuts.clone(),
            hasty: plan.hasty,
            arrived: (!plan.deflate && !plan.echo).then_some(0),
            passed: 0,
            memory: plan.memory(0),
            plan: plan.clone(),
            state: connection.state(),
            dropped: false,
            connection,
        };
        if plan.role == Role::Server || plan.start != Start::Fields {
            host.after();
        }
        host
    }

    /// Passes a stream on in pieces, with time between them. Returns how many bytes the engine left.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(self.cuts.next(rest.len()));
            let left = self.read(piece);
            if left > 0 {
                return left + after.len();
            }
            self.run_to(self.now + self.step);
            rest = after;
        }
        0
    }

    /// Passes one read on.
    pub fn read(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len() as u64;
        self.arrived = self.arrived.map(|arrived| arrived + len);
        if len > self.passed {
            self.passed = len;
            self.memory = self.plan.memory(len);
        }
        // Exactly as long as it is, so that a reader behind its end is noticed.
        let mut input = bytes.to_vec().into_boxed_slice();
        let mut at = 0;
        loop {
            let quiet = self.connection.payload_remaining() >= (input.len() - at) as u64 && at < input.len();
            let pending = self.connection.pending_output();
            let Received { consumed, events, sender } = self.connection.receive(&mut input[at..], ms(self.now));
            let mut count = 0;
            for event in events {
                if self.echo {
                    answer(sender, &event);
                }
                self.seen.add(event);
                count += 1;
            }
            let is_whole = consumed == input.len() - at;
            if quiet && is_whole && input.len() - at < usize::MAX {
                assert!(count <= 1, "an event inside a payload that may be gathered");
                assert!(count == 1 || pending <= self.connection.pending_output());
            }
            self.after();
            at += consumed;
            if is_whole {
                self.take_more();
                return 0;
            }
            if consumed == 0 && count == 0 && !self.connection.has_more() {
                return input.len() - at;
            }
        }
    }

    /// Takes what is ready.
    pub fn take_more(&mut self) {
        let mut silent = 0;
        while self.connection.has_more() {
            let now = ms(self.now);
            let count = self.seen.take(self.connection.receive(&mut [], now).events);
            self.after();
            silent = if count == 0 { silent + 1 } else { 0 };
            assert!(silent < 4, "more is promised and nothing comes");
        }
    }

    /// Makes an input call.
    pub fn input(
        &mut self,
        call: impl for<'a> FnOnce(&'a mut Connection, Duration) -> Result<Received<'a>, Error>,
    ) -> Result<(), Error> {
        let had_output = self.connection.pending_output() > 0;
        let result = call(&mut self.connection, ms(self.now)).map(|received| {
            self.seen.take(received.events);
        });
        self.dropped |= had_output && self.connection.pending_output() == 0;
        self.after();
        result
    }

    /// Makes another call.
    pub fn call<T>(&mut self, call: impl FnOnce(&mut Connection, Duration) -> T) -> T {
        self.arrived = None;
        let had_output = self.connection.pending_output() > 0;
        let result = call(&mut self.connection, ms(self.now));
        self.dropped |= had_output && self.connection.pending_output() == 0;
        self.after();
        result
    }

    pub fn eof(&mut self) {
        self.input(|connection, now| Ok(connection.receive_eof(now))).expect("always legal");
    }

    pub fn timeout(&mut self) {
        self.input(|connection, now| Ok(connection.timeout(now))).expect("always legal");
    }

    /// Lets the clock run, with a timeout at each deadline on the way. None of them stays.
    pub fn run_to(&mut self, now: u64) {
        let mut stuck = 0;
        while let Some(deadline) = self.deadline().filter(|deadline| *deadline <= now) {
            stuck = if deadline > self.now { 0 } else { stuck + 1 };
            let before = self.seen.items.len();
            self.now = self.now.max(deadline);
            self.timeout();
            assert!(stuck < 4 || self.seen.items.len() > before, "a deadline that no timeout clears");
        }
        self.now = self.now.max(now);
    }

    pub fn deadline(&self) -> Option<u64> {
        self.connection.next_deadline().map(|deadline| deadline.as_millis() as u64)
    }

    /// Writes so many bytes of the output.
    pub fn write(&mut self, count: usize) {
        let count = count.min(self.connection.output().len());
        self.wire.take(&self.connection.output()[..count]);
        self.connection.written(count).expect("no more than there is");
    }

    pub fn drain(&mut self) {
        while !self.connection.output().is_empty() {
            self.write(usize::MAX);
        }
    }

    /// What must hold after every call.
    fn after(&mut self) {
        if !self.held {
            self.drain();
        }
        let state = self.connection.state();
        assert!(rank(self.state) <= rank(state), "from {:?} to {state:?}", self.state);
        self.state = state;
        assert!(!self.seen.is_closed || state == State::Closed, "Closed was delivered, and it is {state:?}");
        let held = self.connection.memory_usage() as u64;
        assert!(held <= self.memory, "{held} bytes are held, {} allowed", self.memory);
        if let Some(arrived) = self.arrived {
            let allowed = AT_FIRST + FOR_EACH_BYTE * arrived;
            assert!(held <= allowed, "{held} bytes are held for {arrived}, {allowed} allowed");
        }
    }

    /// The stream ends and the clock runs out: there is one end, and nothing moves after it.
    pub fn finish(&mut self) {
        if !self.hasty {
            self.take_more();
        }
        self.eof();
        self.take_more();
        self.held = false;
        self.after();
        self.run_to(self.now + AGES);
        self.drain();
        assert!(self.seen.is_closed, "it never ends: {:?}", self.seen.items.last());
        assert_eq!(self.connection.transport(), Transport::Close);
        assert_eq!(self.connection.next_deadline(), None);
        assert!(self.dropped || self.wire.is_whole(), "the output ends inside a frame");
        if let Some(fault) = self.connection.fault() {
            describes(&fault);
        }
        self.is_over();
    }

    /// Nothing moves a connection that has ended.
    fn is_over(&mut self) {
        let mut more = *b"\x81\x80\0\0\0\0";
        let received = self.connection.receive(&mut more, ms(self.now));
        let consumed = received.consumed;
        self.seen.take(received.events);
        assert!(consumed == more.len(), "{consumed}");
        self.eof();
        self.now += AGES;
        self.timeout();
        assert_eq!(self.connection.send_text("x"), Err(Error::InvalidState));
        assert_eq!(self.connection.ping(b"", ms(self.now)), Err(Error::InvalidState));
        assert!(self.connection.accept(None, ms(self.now)).is_err());
        assert!(self.connection.output().is_empty());
        assert_eq!((self.connection.next_deadline(), self.connection.transport()), (None, Transport::Close));
        let held = self.connection.memory_usage() as u64;
        let sent = if self.plan.deflate { SENT } else { 0 };
        assert!(held <= ENDED + sent, "{held} bytes are held after the end");
    }
}

/// A fault in words and numbers, without a byte of the peer's.
fn describes(fault: &sansock::Fault) {
    let text = format!("{fault} {fault:?} {}", fault.kind.clause());
    assert!(!text.contains(char::is_control) && fault.kind.clause().starts_with("RFC "), "{text:?}");
    assert!(fault.limit().is_none_or(|limit| fault.actual().is_none_or(|actual| actual > limit)), "{text}");
    assert_eq!(fault.close_code().is_some(), matches!(fault.kind.answer(), sansock::Answer::Close(_)));
    assert!(fault.position().is_none_or(|position| position < 1 << 40));
}

/// Sends a message or a part back, where that is possible.
fn answer(sender: &mut sansock::Sender, event: &Event<'_>) {
    let _ = match event {
        Event::Text(text) if text.first && text.last => sender.send_text(text.text),
        Event::Binary(binary) if binary.first && binary.last => sender.send_binary(binary.data),
        Event::Text(text) => sender.send_part(sansock::MessageKind::Text, text.text.as_bytes(), text.last),
        Event::Binary(binary) => sender.send_part(sansock::MessageKind::Binary, binary.data, binary.last),
        Event::Frame(frame) => sender.send_part(frame.kind, frame.data, frame.last),
        _ => Ok(()),
    };
}

fn rank(state: State) -> u8 {
    match state {
        State::Connecting => 0,
        State::Open => 1,
        State::Closing => 2,
        State::Closed => 3,
    }
}
