//! A connection: the machine that ties handshake, messages, closing and deadlines.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
#[cfg(debug_assertions)]
use core::sync::atomic::{AtomicBool, Ordering};

use crate::batch::{self, Block, Record, kind, region};
use crate::config::Config;
use crate::deflate::negotiation;
use crate::error::{Error, Fault, FaultKind};
use crate::event::Events;
use crate::inbox::Inbox;
use crate::life::{State, Transport};
use crate::message::{Context, Reader};
use crate::opening::{Opening, Outcome};
use crate::output::Output;
use crate::random::Keys;
use crate::sender::Sender;
use crate::states::closing::Life;
use crate::timer::{Due, NEVER};

/// One WebSocket connection, without its socket.
///
/// # The host's part
///
/// Bytes that arrive go in with [`receive`](Self::receive), the end of the stream with
/// [`receive_eof`](Self::receive_eof). After *any* call, in this order: write the
/// [`output`](Self::output) and report it with [`written`](Self::written); handle the [`events`](Self::events); set one timer to
/// [`next_deadline`](Self::next_deadline), which calls [`timeout`](Self::timeout); and once all output is written, do with the
/// transport what [`transport`](Self::transport) says.
///
/// `now` is a monotonic clock in milliseconds, of the host's choice; it starts anywhere.
///
/// Events, and the payloads they borrow, are valid until the next *input* call: `receive`, `receive_eof`, `timeout`, `accept`, `reject`.
///
/// ```
/// use sansock::{Config, Connection, Event};
///
/// # fn main() -> Result<(), sansock::Error> {
/// let mut server = Connection::new(&Config::server(), [1; 32], 0)?;
/// let mut client = Connection::new(&Config::client("ws://example.com/chat")?, [2; 32], 0)?;
///
/// let mut request = client.output().to_vec(); // what the socket would carry
/// server.receive(&mut request, 0);
/// assert!(matches!(server.events(&request).0.next(), Some(Event::Request(_))));
/// server.accept(None, 0)?;
/// # Ok(())
/// # }
/// ```
pub struct Connection {
    phase: Phase,
    inbox: Inbox,
    reader: Reader,
    sender: Sender,
    /// The peer's stream has ended. It counts once all that came before it is delivered.
    eof: bool,
    #[cfg(debug_assertions)]
    unread: AtomicBool,
}

/// What arriving bytes are.
#[derive(Debug)]
enum Phase {
    Opening(Box<Opening>),
    Frames,
    /// Frames, once these are read that arrived behind the request.
    Backlog(Box<[u8]>),
    /// Nothing: the peer's Close has arrived, or the connection has ended.
    Discard,
}

impl Connection {
    /// Creates a connection. A client's request is in the output.
    ///
    /// `seed` is 32 unpredictable bytes, used for this connection only: masking keys and the handshake key are drawn from it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a client's configuration has no URL (and does not start open); [`Error::NoMemory`].
    pub fn new(config: &Config, seed: [u8; 32], now: u64) -> Result<Self, Error> {
        let mut keys = Keys::new(seed);
        let starts_open = config.settings.start_open == 1;
        let mut request = Vec::new();
        let phase = if starts_open {
            Phase::Frames
        } else {
            Phase::Opening(Box::new(Opening::new(config, &mut keys, &mut request)?))
        };
        let mut sender = Sender::new(config.role, config.settings.clone(), keys, now);
        sender.http(request.len())?.extend_from_slice(&request);
        if starts_open {
            let deflate = config.settings.wants_deflate();
            sender.open(deflate.then(|| negotiation::agreed(config.role, &config.settings)));
        }
        Ok(Connection {
            phase,
            inbox: Inbox::default(),
            reader: Reader::new(),
            sender,
            eof: false,
            #[cfg(debug_assertions)]
            unread: AtomicBool::new(false),
        })
    }

    /// Takes bytes that arrived: unmasks them in place, and gathers the events they make. Returns how many it took.
    ///
    /// Fewer than there are, when a batch of events is full, or more than 64 KiB follow a request that awaits the host's
    /// decision: handle the events, then pass the rest. After a call that took everything, [`more`](Self::more) says
    /// whether more events are ready; an empty `input` gets them.
    #[inline]
    pub fn receive(&mut self, input: &mut [u8], now: u64) -> usize {
        let mut result = Ok(0);
        if matches!(self.phase, Phase::Frames) && self.sender.is_open() && !input.is_empty() {
            self.assert_read();
            self.sender.timers.advance(now);
            self.inbox.clear(&self.sender.settings().buffers);
            self.sender.heard();
            let mut context = Context { inbox: &mut self.inbox, sender: &mut self.sender, base: Some(0) };
            result = self.reader.read_messages(input, &mut context);
            if result.as_ref().is_ok_and(|taken| *taken == input.len()) {
                self.note_unread();
                return input.len();
            }
        } else {
            self.begin(now);
            if !input.is_empty() {
                self.sender.heard();
            }
        }
        self.receive_rest(result, input)
    }

    /// [`receive`](Self::receive) and [`events`](Self::events) in one call, the fastest way to messages: `input` stays borrowed
    /// while the events are read, so that text in it need not be checked once more.
    ///
    /// Returns how much of the input was taken, the events, and the outgoing half.
    #[inline]
    pub fn receive_events<'a>(&'a mut self, input: &'a mut [u8], now: u64) -> (usize, Events<'a>, &'a mut Sender) {
        let taken = self.receive(input, now);
        self.read_records();
        let regions = [&*input, &self.inbox.store, &self.inbox.side];
        (taken, Events::of_unchanged(&self.inbox.records, regions), &mut self.sender)
    }

    /// Reads only the header of a message whose payload the host keeps: the counterpart of
    /// [`send_header`](Self::send_header). `bytes` is the start of what arrived; of more than 10 bytes the rest is not looked at.
    ///
    /// Returns the lengths of the header and of the payload if a whole binary message begins there that the engine would
    /// hand on as it is: a client's (it is not masked), not compressed, in one frame, within the limits, with a payload of at
    /// least `min_payload` bytes. The message is then the
    /// host's: it takes header and payload from the stream itself, in as many reads as that needs, and passes on only what
    /// follows them. The connection is as if the message had been received; the events of the last input call stay.
    ///
    /// `None` changes nothing: pass the bytes to [`receive`](Self::receive). It is so on a server, where parts are asked for, while
    /// anything else is under way or [`more`](Self::more) is true, and where too little of a header is there.
    pub fn receive_header(&mut self, bytes: &[u8], min_payload: u64, now: u64) -> Option<(usize, u64)> {
        if !matches!(self.phase, Phase::Frames) || !self.sender.is_open() || self.more() {
            return None;
        }
        let lengths = self.reader.peek_untouched(bytes, &self.sender).filter(|lengths| lengths.1 >= min_payload)?;
        self.sender.timers.advance(now);
        self.sender.heard();
        Some(lengths)
    }

    /// How many bytes may be gathered before they are passed on: of the payload of a frame under way, of which nothing
    /// happens before its last byte is here, neither event nor output nor fault. 0 if any byte may matter: text is
    /// validated, and what is compressed inflated, as it arrives.
    ///
    /// For hosts whose calls are dear and whose reads are small: as long as fewer bytes have arrived since, there is no need
    /// to call [`receive`](Self::receive) for each read. What was gathered goes in first, in one call with what follows it, before
    /// any other input call, and when [`next_deadline`](Self::next_deadline) comes.
    pub fn payload_remaining(&self) -> u64 {
        if self.more() || !self.sender.is_open() { 0 } else { self.reader.payload_remaining(self.sender.settings()) }
    }

    /// What [`receive`](Self::receive) does with anything but messages.
    #[inline(never)]
    fn receive_rest(&mut self, result: Result<usize, Fault>, input: &mut [u8]) -> usize {
        let taken = result.and_then(|from| self.read(from, input)).unwrap_or_else(|fault| {
            self.fail_with(fault);
            input.len()
        });
        self.finish();
        taken
    }

    /// The peer's stream has ended. Legal in every state, any number of times.
    pub fn receive_eof(&mut self, now: u64) {
        self.begin(now);
        let result = match &mut self.phase {
            Phase::Opening(opening) if self.sender.life() == Life::Connecting => opening.read_eof(&mut self.inbox),
            _ => self.read(0, &mut []).map(|_| Outcome::Wait),
        };
        match result {
            Ok(Outcome::Refused(status)) => self.refused(status),
            Ok(_) => {}
            Err(fault) => self.fail_with(fault),
        }
        self.eof = true;
        self.finish();
    }

    /// Acts on the deadlines that have passed. Harmless when none has.
    pub fn timeout(&mut self, now: u64) {
        self.begin(now);
        while let Some(due) = self.sender.timers.due() {
            match due {
                Due::Handshake => self.fail_with(FaultKind::HandshakeTimeout.into()),
                _ => self.sender.act(due),
            }
        }
        if let Err(fault) = self.read(0, &mut []) {
            self.fail_with(fault);
        }
        self.finish();
    }

    /// Adds a header to the coming answer to a request, after those of the configuration.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a request awaits the decision; [`Error::InvalidArgument`] as for
    /// [`Config::add_header`].
    pub fn add_response_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.decision()?.add_header(name, value)
    }

    /// Accepts the request: the 101 goes to the output, and `Open` is the first of the new events. What the client sent
    /// behind its request follows as events, too.
    ///
    /// `subprotocol` must be one of those offered. `None` takes the first of the configured ones that was offered, or none.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a request awaits the decision; [`Error::InvalidArgument`] if the subprotocol was not
    /// offered.
    pub fn accept(&mut self, subprotocol: Option<&[u8]>, now: u64) -> Result<(), Error> {
        self.decision()?;
        let Phase::Opening(opening) = &mut self.phase else { return Err(Error::InvalidState) };
        let (backlog, deflate) = opening.accept(subprotocol, &mut self.inbox, &mut self.sender)?;
        self.sender.timers.advance(now);
        self.sender.open(deflate);
        self.phase = Phase::Frames;
        if !backlog.is_empty() {
            self.phase = Phase::Backlog(backlog.into());
            if let Err(fault) = self.read(0, &mut []) {
                self.fail_with(fault);
            }
        }
        self.finish();
        Ok(())
    }

    /// Refuses the request with this HTTP status (200 to 599) and body. `Closed` is the new event.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a request awaits the decision; [`Error::InvalidArgument`] for another status, or a body
    /// where the status has none (204, 304).
    pub fn reject(&mut self, status: u16, body: &[u8], now: u64) -> Result<(), Error> {
        self.decision()?;
        let Phase::Opening(opening) = &mut self.phase else { return Err(Error::InvalidState) };
        opening.reject(status, body, &mut self.sender)?;
        self.begin(now);
        self.sender.end_handshake(Fault::with(FaultKind::Refused, u64::from(status), 0), false, true);
        self.finish();
        Ok(())
    }

    /// The events of the last input call, and the outgoing half, so that a host can answer while it reads.
    ///
    /// `input` is the slice that was passed to [`receive`](Self::receive); pass `&[]` after another input call.
    pub fn events<'a>(&'a mut self, input: &'a [u8]) -> (Events<'a>, &'a mut Sender) {
        self.read_records();
        let regions = [input, &self.inbox.store, &self.inbox.side];
        (Events::new(&self.inbox.records, regions), &mut self.sender)
    }

    /// The events of the last input call in their flat form.
    pub fn records(&self) -> &[Record] {
        self.read_records();
        &self.inbox.records
    }

    /// The bytes of a [`region`](crate::batch::region) of the connection's own. The input region is the host's.
    pub fn region(&self, number: u8) -> &[u8] {
        match number {
            region::STORE => &self.inbox.store,
            region::SCRATCH => &self.inbox.side,
            _ => &[],
        }
    }

    /// Whether more events are ready than the last batch held, the peer's Close or fault waits for its answer, or the end
    /// waits to be told: call [`receive`](Self::receive) with what is left of the input, or with nothing, or
    /// [`timeout`](Self::timeout), which is due at once.
    pub fn more(&self) -> bool {
        self.backlog_waits() || self.sender.is_due()
    }

    /// The outgoing half.
    pub fn sender(&mut self) -> &mut Sender {
        &mut self.sender
    }

    /// Bytes of heap that the connection holds, the connection itself included.
    pub fn memory_usage(&self) -> usize {
        let phase = match &self.phase {
            Phase::Opening(opening) => size_of::<Opening>() + opening.heap(),
            Phase::Backlog(bytes) => bytes.len(),
            Phase::Frames | Phase::Discard => 0,
        };
        size_of::<Self>() + phase + self.inbox.heap() + self.reader.heap() + self.sender.heap()
    }

    /// Fills the block that a host across a language boundary reads. `input` and `input_len` are where the bytes of the last
    /// `receive` were, `consumed` how many it took, `status` what the last call returned. The pointers are only stored.
    pub fn block(&self, block: &mut Block, input: *const u8, input_len: usize, consumed: usize, status: i32) {
        self.read_records();
        let more = if self.more() { batch::status::MORE } else { 0 };
        let writable = if self.sender.writable() { batch::status::WRITABLE } else { 0 };
        let calm = more == 0 && writable != 0 && self.sender.is_open() && self.sender.transport() == Transport::Open;
        let defer = if calm { batch::status::DEFER_WRITTEN } else { 0 };
        let output = self.sender.output();
        *block = Block {
            status,
            event_count: self.inbox.records.len() as u32,
            transport: self.sender.transport() as u8,
            state: self.sender.state() as u8,
            flags: more | writable | defer,
            fault: self.sender.fault().map_or(0, |fault| fault.kind.number()),
            consumed: consumed as u64,
            next_deadline: self.deadline(),
            payload_remaining: self.payload_remaining(),
            events: self.inbox.records.as_ptr(),
            regions: [input, self.inbox.store.as_ptr(), self.inbox.side.as_ptr()],
            region_lens: [input_len, self.inbox.store.len(), self.inbox.side.len()],
            output: output.as_ptr(),
            output_len: output.len(),
        };
    }
}

macro_rules! delegate {
    ($($(#[$doc:meta])* $name:ident(&mut self $(, $argument:ident: $kind:ty)*) -> $result:ty;)*) => {
        /// The same as on [`Sender`], where they are described.
        impl Connection {
            $($(#[$doc])* #[doc = concat!("See [`Sender::", stringify!($name), "`].")]
            #[allow(clippy::missing_errors_doc)]
            pub fn $name(&mut self $(, $argument: $kind)*) -> $result {
                self.sender.$name($($argument),*)
            })*
        }
    };
}

delegate! {
    send_text(&mut self, text: &str) -> Result<(), Error>;
    send_text_bytes(&mut self, text: &[u8]) -> Result<(), Error>;
    send_binary(&mut self, data: &[u8]) -> Result<(), Error>;
    send_part(&mut self, kind: u8, data: &[u8], last: bool) -> Result<(), Error>;
    send_header(&mut self, kind: u8, len: u64, last: bool) -> Result<(), Error>;
    send_batch(&mut self, records: &[Record], data: &[u8]) -> (usize, Result<(), Error>);
    send_many(&mut self, kind: u8, lens: &[usize], data: &[u8]) -> (usize, Result<(), Error>);
    ping(&mut self, payload: &[u8], now: u64) -> Result<(), Error>;
    pong(&mut self, payload: &[u8]) -> Result<(), Error>;
    close(&mut self, code: u16, reason: &[u8], now: u64) -> Result<(), Error>;
    fail(&mut self, code: u16, reason: &[u8], now: u64) -> Result<(), Error>;
    set_compression(&mut self, on: bool) -> ();
    pause(&mut self, now: u64) -> ();
    resume(&mut self, now: u64) -> ();
    written(&mut self, count: usize) -> Result<(), Error>;
}

/// The same as on [`Sender`], where they are described.
impl Connection {
    /// See [`Sender::output`].
    pub fn output(&self) -> &[u8] {
        self.sender.output()
    }

    /// See [`Sender::output_buf`].
    pub fn output_buf(&mut self) -> Output<'_> {
        self.sender.output_buf()
    }

    /// See [`Sender::pending_output`].
    pub fn pending_output(&self) -> usize {
        self.sender.pending_output()
    }

    /// See [`Sender::writable`].
    pub fn writable(&self) -> bool {
        self.sender.writable()
    }

    /// When to call [`timeout`](Self::timeout), in milliseconds of the host's clock; 0, in the past, while there is
    /// [`more`](Self::more).
    pub fn next_deadline(&self) -> Option<u64> {
        Some(self.deadline()).filter(|deadline| *deadline != NEVER)
    }

    /// See [`Sender::transport`].
    pub fn transport(&self) -> Transport {
        self.sender.transport()
    }

    /// See [`Sender::state`].
    pub fn state(&self) -> State {
        self.sender.state()
    }

    /// See [`Sender::fault`].
    pub fn fault(&self) -> Option<Fault> {
        self.sender.fault()
    }
}

impl Connection {
    /// Starts an input call: the events of the last one are over.
    fn begin(&mut self, now: u64) {
        self.assert_read();
        self.sender.timers.advance(now);
        // While a head is read it grows in the side buffer.
        match &self.phase {
            Phase::Opening(opening) if !opening.awaits_decision() => self.inbox.clear_records(),
            _ => self.inbox.clear(&self.sender.settings().buffers),
        }
        self.sender.settle();
    }

    /// Whether there is more of what arrived behind the request than one batch holds.
    fn backlog_waits(&self) -> bool {
        matches!(self.phase, Phase::Backlog(_))
    }

    fn deadline(&self) -> u64 {
        if self.more() { 0 } else { self.sender.deadline() }
    }

    /// Ends an input call: the end is told in the call that brought it.
    fn finish(&mut self) {
        if self.eof && !self.backlog_waits() && !self.sender.owes() {
            self.sender.received_eof();
        }
        if let Some(ending) = self.sender.take_ending() {
            let place = self.inbox.put_aside(ending.reason.as_bytes());
            self.inbox.push(Record {
                code: ending.code,
                aux: ending.fault.map_or(0, |fault| fault.kind.number()),
                extra: ending.sent.map_or(0, u64::from),
                ..place.record(kind::CLOSED, ending.flags())
            });
            self.inbox.end(&self.sender.settings().buffers);
        }
        if self.is_over() {
            self.phase = Phase::Discard;
        }
        self.note_unread();
    }

    /// The drain rule, asserted in debug builds: see [`assert_read`](Self::assert_read).
    #[inline]
    fn note_unread(&self) {
        #[cfg(debug_assertions)]
        self.unread.store(!self.inbox.records.is_empty(), Ordering::Relaxed);
    }

    /// Reads the input, beginning at `from`, as what the phase says it is, until it is used up or nothing moves.
    fn read(&mut self, from: usize, input: &mut [u8]) -> Result<usize, Fault> {
        let mut at = from;
        loop {
            if self.is_over() {
                // What follows the peer's Close, or a fault, is not data (§1.4).
                return Ok(input.len());
            }
            match &mut self.phase {
                Phase::Opening(opening) => {
                    let (taken, outcome) = opening.read(&input[at..], &mut self.inbox, self.sender.settings())?;
                    at += taken;
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
                    let mut context = Context { inbox: &mut self.inbox, sender: &mut self.sender, base: None };
                    let taken = self.reader.read(&mut bytes, &mut context)?;
                    if taken < bytes.len() && !self.is_over() {
                        self.phase = Phase::Backlog(bytes[taken..].into());
                        return Ok(at);
                    }
                }
                Phase::Frames => {
                    let mut context = Context { inbox: &mut self.inbox, sender: &mut self.sender, base: Some(at) };
                    let taken = self.reader.read(&mut input[at..], &mut context)?;
                    return Ok(if self.is_over() { input.len() } else { at + taken });
                }
                Phase::Discard => return Ok(input.len()),
            }
        }
    }

    /// Whether nothing that arrives matters any more.
    fn is_over(&self) -> bool {
        matches!(self.sender.life(), Life::CloseReceived | Life::Ended)
    }

    /// Ends the connection for a fault of the peer's, or of time.
    fn fail_with(&mut self, fault: Fault) {
        match &mut self.phase {
            Phase::Frames | Phase::Backlog(_) if !self.inbox.records.is_empty() => {
                self.sender.owe_fault(fault);
                self.phase = Phase::Discard;
            }
            Phase::Opening(opening) => {
                let refusal_sent = opening.refuse_for(fault, &mut self.sender);
                self.sender.end_handshake(fault, true, refusal_sent);
            }
            _ => self.sender.end_with_fault(fault),
        }
    }

    /// The server's refusal is delivered.
    fn refused(&mut self, status: u16) {
        self.sender.end_handshake(Fault::with(FaultKind::HttpStatus, u64::from(status), 0), true, false);
    }

    fn decision(&mut self) -> Result<&mut Opening, Error> {
        match &mut self.phase {
            Phase::Opening(opening) if opening.awaits_decision() && self.sender.life() == Life::Connecting => {
                Ok(opening)
            }
            _ => Err(Error::InvalidState),
        }
    }

    #[cfg(debug_assertions)]
    fn read_records(&self) {
        self.unread.store(false, Ordering::Relaxed);
    }

    #[cfg(not(debug_assertions))]
    fn read_records(&self) {}

    /// The drain rule, asserted in debug builds: events are read before the next input call drops them.
    #[inline]
    fn assert_read(&self) {
        #[cfg(debug_assertions)]
        assert!(!self.unread.load(Ordering::Relaxed), "the events of the last input call were not read");
    }
}
