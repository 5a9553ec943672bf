//! A connection: the machine that ties handshake, messages, closing and deadlines, and the face that Rust sees.

mod answering;
mod fields;
mod lending;
mod machine;
mod outgoing;
#[cfg(feature = "trace")]
mod trace;

use alloc::boxed::Box;
#[cfg(debug_assertions)]
use core::sync::atomic::AtomicBool;
use core::time::Duration;

use crate::abi::NEVER;
use crate::config::Config;
use crate::deflate::negotiation;
use crate::error::Error;
use crate::event::Events;
use crate::handshake::opening::{self, Opening, Outcome};
use crate::receive::FrameReader;
use crate::receive::batch::Batch;
use crate::send::{Sender, milliseconds};

/// One WebSocket connection, without its socket.
///
/// # The host's part
///
/// Bytes that arrive go in with [`receive`](Self::receive), the end of the stream with [`receive_eof`](Self::receive_eof).
/// After *any* call, in this order:
///
/// 1. write the [`output`](Self::output) and report it with [`written`](Self::written);
/// 2. handle the [`events`](Received::events) that the call returned, if it was an input call;
/// 3. set one timer to [`next_deadline`](Self::next_deadline), which calls [`timeout`](Self::timeout);
/// 4. once all output is written, do with the transport what [`transport`](Self::transport) says.
///
/// `now` is the time since some fixed point of a monotonic clock, of the host's choice: `start.elapsed()`, for example. The
/// engine counts in milliseconds.
///
/// The *input* calls are `receive`, `receive_eof`, `timeout`, `accept`, `reject` and `respond`, and those of a handshake made of
/// fields. Each returns a [`Received`], whose events
/// and payloads are borrowed until the next call; the outgoing half is borrowed beside them, so that a host can answer
/// while it reads.
///
/// ```
/// use core::time::Duration;
/// use sansock::{Config, Connection, Event};
///
/// let now = Duration::ZERO;
/// let mut server = Connection::new(&Config::server().build()?, [1; 32], now)?;
/// let mut client = Connection::new(&Config::client("ws://example.com/chat").build()?, [2; 32], now)?;
///
/// let mut request = client.output().to_vec(); // what the socket would carry
/// client.written(request.len())?;
/// let mut received = server.receive(&mut request, now);
/// let Some(Event::Request(request)) = received.events.next() else { panic!("no request") };
/// assert!(request.same_origin());
/// server.accept(None, now)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Connection {
    phase: Phase,
    batch: Batch,
    reader: FrameReader,
    sender: Sender,
    /// The peer's stream has ended. It counts once everything before it has been delivered.
    eof: bool,
    /// Whether the events of the last input call have not been read: see [`Connection::assert_read`].
    #[cfg(debug_assertions)]
    unread: AtomicBool,
}

/// What an input call returns.
///
/// ```
/// use sansock::{Event, Received};
///
/// /// Sends every message back.
/// fn echo(received: Received<'_>) -> Result<(), sansock::Error> {
///     for event in received.events {
///         match event {
///             Event::Text(message) => received.sender.send_text(message.text)?,
///             Event::Binary(message) => received.sender.send_binary(message.data)?,
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// ```
#[must_use = "the events of this call are dropped by the next input call"]
pub struct Received<'a> {
    /// How many bytes of the input were consumed: 0 for the calls that have none.
    pub consumed: usize,
    /// The events.
    pub events: Events<'a>,
    /// The outgoing half of the connection.
    pub sender: &'a mut Sender,
}

/// What arriving bytes are.
#[derive(Debug)]
enum Phase {
    Opening(Box<Opening>),
    Frames,
    /// Frames, once these have been read, which arrived behind the request.
    Backlog(Box<[u8]>),
    /// Nothing: the peer's Close has arrived, or the connection is closed.
    Discard,
}

impl Connection {
    /// Creates a connection. A client's request is in the output.
    ///
    /// `seed` is 32 unpredictable bytes that are used for this connection only: masking keys and the handshake key are drawn
    /// from it (RFC 6455 §5.3). The feature `getrandom` has [`random_seed`](crate::random_seed) for it. A server draws nothing
    /// from it: zeros will do.
    ///
    /// # Errors
    ///
    /// [`Error::NoMemory`].
    pub fn new(config: &Config, seed: [u8; 32], now: Duration) -> Result<Self, Error> {
        let settings = &config.shared.settings;
        let mut sender = Sender::new(config.role, config.shared.clone(), seed, milliseconds(now));
        let phase = if settings.start_open {
            let deflate = settings.wants_deflate();
            sender.open(deflate.then(|| negotiation::agreed(config.role, settings)));
            Phase::Frames
        } else {
            Phase::Opening(Opening::new(&config.handshake, &mut sender)?)
        };
        Ok(Connection {
            phase,
            batch: Batch::default(),
            reader: FrameReader::new(),
            sender,
            eof: false,
            #[cfg(debug_assertions)]
            unread: AtomicBool::new(false),
        })
    }

    /// Receives bytes from the transport: unmasks them in place, and returns the events that they produce.
    ///
    /// Fewer bytes than there are may be [`consumed`](Received::consumed): when a batch of events is full, or when more than
    /// 64 KiB follow a request that awaits the host's decision. Handle the events, then pass the remaining bytes. After a
    /// call that consumed everything, [`has_more`](Self::has_more) says whether more events are ready; an empty `input`
    /// gets them.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Error, Event, Role};
    /// fn echo(connection: &mut Connection, input: &mut [u8], now: Duration) -> Result<(), Error> {
    ///     let mut from = 0;
    ///     while from < input.len() || connection.has_more() {
    ///         let received = connection.receive(&mut input[from..], now);
    ///         from += received.consumed;
    ///         for event in received.events {
    ///             match event {
    ///                 Event::Text(message) => received.sender.send_text(message.text)?,
    ///                 Event::Binary(message) => received.sender.send_binary(message.data)?,
    ///                 _ => {}
    ///             }
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// # echo(&mut connection, &mut [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'], Duration::ZERO)?;
    /// # assert_eq!(connection.output(), b"\x81\x02hi");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn receive<'a>(&'a mut self, input: &'a mut [u8], now: Duration) -> Received<'a> {
        let consumed = self.receive_bytes(input, milliseconds(now));
        self.received(input, consumed)
    }

    /// Reads only the header of a message whose payload the host keeps: the counterpart of
    /// [`send_header`](Sender::send_header). `bytes` is the start of what arrived; of more than 10 bytes the rest is not
    /// looked at.
    ///
    /// Returns the header if a whole binary message begins there that the engine would deliver as it is: a client's, so that
    /// it is not masked, not compressed, in one frame, within the limits, with a payload of at least `min_payload` bytes. The
    /// message is then the host's: it takes header and payload from the stream, in as many reads as that needs, and passes
    /// on only what follows them. Or it passes header and payload to [`receive`](Self::receive) after all: the call records that
    /// the peer is alive, and changes nothing else. This is not an input call.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Client).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// let arrived = [0x82, 126, 0xff, 0xff, 1, 2, 3]; // the start of a message of 65,535 bytes
    /// let header = connection.receive_header(&arrived, 4096, Duration::ZERO).expect("a large message");
    /// assert_eq!((header.header_len, header.payload_len), (4, 65_535));
    /// // Read the other 65,532 bytes from the socket, straight to where they are needed.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// `None` changes nothing: pass the bytes to [`receive`](Self::receive). A server always gets it, and so does a client
    /// that delivers parts, while anything else is under way, while [`has_more`](Self::has_more) is true, and if the header
    /// is incomplete.
    pub fn receive_header(&mut self, bytes: &[u8], min_payload: u64, now: Duration) -> Option<PayloadHeader> {
        // What is more to come would be of another phase, or of a connection that is not open.
        if !matches!(self.phase, Phase::Frames) || !self.sender.is_open() {
            return None;
        }
        let (header_len, payload_len) = self.reader.peek_unprocessed(bytes, &self.sender)?;
        if payload_len < min_payload {
            return None;
        }
        self.sender.advance_for_bytes(milliseconds(now));
        Some(PayloadHeader { header_len, payload_len })
    }

    /// The peer's stream has ended. Legal in every state, any number of times.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{CloseCode, Config, Connection, Event, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// let Some(Event::Closed(closed)) = connection.receive_eof(Duration::ZERO).events.next() else {
    ///     panic!("not closed");
    /// };
    /// assert_eq!(closed.code, CloseCode::ABNORMAL_CLOSURE);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive_eof(&mut self, now: Duration) -> Received<'_> {
        self.begin(milliseconds(now));
        let result = match &mut self.phase {
            Phase::Opening(opening) if self.sender.is_connecting() => {
                opening.read_eof(&mut opening::Context { batch: &mut self.batch, sender: &mut self.sender })
            }
            _ => self.read(0, &mut []).map(|_| Outcome::Wait),
        };
        match result {
            Ok(Outcome::Refused(status)) => self.refused(status),
            Ok(_) => {}
            Err(fault) => self.fail_for(fault),
        }
        self.eof = true;
        self.finish();
        self.received(&[], 0)
    }

    /// Acts on the deadlines that have passed. Harmless when none has.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// let config = Config::builder(Role::Server).start_open(true).ping_interval(Duration::from_secs(20)).build()?;
    /// let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// let deadline = connection.next_deadline().expect("a keepalive");
    /// assert_eq!(deadline, Duration::from_secs(20));
    /// for event in connection.timeout(deadline).events {
    ///     println!("{event:?}"); // none here
    /// }
    /// assert_eq!(connection.output()[0], 0x89); // a ping
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timeout(&mut self, now: Duration) -> Received<'_> {
        self.begin(milliseconds(now));
        self.batch.shrink();
        self.act_on_deadlines();
        if let Err(fault) = self.read(0, &mut []) {
            self.fail_for(fault);
        }
        self.finish();
        self.received(&[], 0)
    }

    /// Drops the events of the last input call, which have been handled, and gives back the memory that they hold. Otherwise the
    /// next input call does that, which is due within a second if it is much. For hosts that have copied what they keep.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Client).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// # let now = Duration::ZERO;
    /// let idle = connection.memory_usage();
    /// let mut start = [&[0x82, 126, 0xff, 0xff][..], &[0; 65_534]].concat();
    /// connection.receive(&mut start, now).events.for_each(drop);
    /// let mut end = [0];
    /// connection.receive(&mut end, now).events.for_each(|event| println!("{event:?}")); // a message of 65,535 bytes
    /// connection.release();
    /// assert!(connection.memory_usage() < idle + 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn release(&mut self) {
        self.mark_read();
        if !matches!(self.phase, Phase::Opening(_)) {
            self.batch.clear(&self.sender.shared().buffers);
            self.batch.shrink();
        }
    }

    /// How many bytes may be gathered before they are passed on: they belong to the payload of a frame under way, none of
    /// which can produce an event, output or a fault before the frame ends. 0 if each byte matters: text is validated, and
    /// compressed data is inflated, as it arrives.
    ///
    /// This is for hosts where calls are expensive and reads are small: while fewer bytes than this have arrived, they need
    /// not call [`receive`](Self::receive) for each read. The bytes gathered go in first, in one call with what follows them,
    /// before any other input call, and when [`next_deadline`](Self::next_deadline) passes.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Client).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// let mut input = [0x82, 126, 0x10, 0x00, 1, 2, 3]; // the start of a message of 4096 bytes
    /// let received = connection.receive(&mut input, Duration::ZERO);
    /// assert_eq!((received.consumed, received.events.count()), (7, 0));
    /// assert_eq!(connection.payload_remaining(), 0x1000 - 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn payload_remaining(&self) -> u64 {
        let can_gather = self.sender.is_open() && !self.has_more();
        if can_gather { self.reader.payload_remaining(self.sender.settings()) } else { 0 }
    }

    /// Whether the next input call has something to deliver or to send whatever its input is: more events are ready than
    /// the last batch held, the peer's Close or its fault is to be answered, or `Closed` is to be delivered. Call
    /// [`receive`](Self::receive) with the remaining input or with none, or [`timeout`](Self::timeout), which is due at once.
    pub fn has_more(&self) -> bool {
        matches!(self.phase, Phase::Backlog(_)) || self.sender.closing.is_due()
    }

    /// When to call [`timeout`](Self::timeout), on the clock of `now`; zero, which has passed, while there is
    /// [more](Self::has_more). `None` for never.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # fn sleep(connection: &sansock::Connection, start: std::time::Instant) -> Option<Duration> {
    /// // How long to wait for the socket at most.
    /// connection.next_deadline().map(|deadline| deadline.saturating_sub(start.elapsed()))
    /// # }
    /// ```
    pub fn next_deadline(&self) -> Option<Duration> {
        let deadline = self.deadline();
        (deadline != NEVER).then_some(Duration::from_millis(deadline))
    }

    /// How many bytes of memory the connection holds, itself included.
    pub fn memory_usage(&self) -> usize {
        let phase = match &self.phase {
            Phase::Opening(opening) => size_of::<Opening>() + opening.heap(),
            Phase::Backlog(bytes) => bytes.len(),
            Phase::Frames | Phase::Discard => 0,
        };
        size_of::<Self>() + phase + self.batch.heap() + self.reader.heap() + self.sender.heap()
    }
}

/// A message whose payload the host keeps: see [`Connection::receive_header`].
///
/// ```
/// # let mut stream: &[u8] = b"\x82\x03abc\x82\x03next";
/// # fn keep(_message: &[u8]) {}
/// # fn take(header: sansock::PayloadHeader, stream: &mut &[u8]) {
/// let message = &stream[header.header_len..][..header.payload_len as usize];
/// # keep(message);
/// *stream = &stream[header.header_len + message.len()..]; // what follows goes to `receive`
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PayloadHeader {
    /// Length of the frame header in bytes.
    pub header_len: usize,
    /// Length of the payload behind it in bytes.
    pub payload_len: u64,
}
