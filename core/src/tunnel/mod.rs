//! The way to a server through a proxy: HTTP CONNECT (RFC 9110 §9.3.6), SOCKS5 (RFC 1928, RFC 1929) and SOCKS4a.
//!
//! A [`Tunnel`] is a stage before everything else: the host connects its transport to the proxy and drives the tunnel as it
//! drives a [`Connection`](crate::Connection), until [`Event::Open`](crate::Event::Open). What arrives from then on belongs to
//! the next layer: TLS for `wss:`, or the connection.
//!
//! Answers are read byte by byte, so that a tunnel takes exactly what is the proxy's, and so that it makes no difference how
//! they are cut.

mod config;
mod http;
mod proxy;
mod socks;

use alloc::vec::Vec;
#[cfg(debug_assertions)]
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use crate::abi::{NEVER, Record, flag, kind, region};
use crate::close::CloseCode;
use crate::error::{Breach, Error, Fault, FaultKind};
use crate::event::Events;
use crate::receive::batch::{Batch, Place};
use crate::send::closing::{State, Transport};
use crate::send::milliseconds;
use crate::send::timer::{Deadline, Timers};

pub use config::TunnelConfig;
pub use proxy::{Proxy, ProxyKind};

/// One tunnel through a proxy, without its socket.
///
/// The host connects its transport to [`Proxy::host`] and [`Proxy::port`], with TLS if the proxy is
/// [`secure`](Proxy::secure), and does the same as for a [`Connection`](crate::Connection) after *any* call: it writes the
/// [`output`](Self::output) and reports it with [`written`](Self::written), handles the events, sets one timer to
/// [`next_deadline`](Self::next_deadline), and does what [`transport`](Self::transport) says.
///
/// There is one outcome, once:
///
/// - `Open`: the tunnel is through, and nothing more comes of it. It consumes no byte behind the proxy's answer: those
///   that it left, and all that arrive from now on, are for the next layer. The headers are those of an HTTP proxy's answer.
/// - `Rejected`, then `Closed`: the proxy refused. The status is that of HTTP, or the reply code of SOCKS; the body is
///   not read. The codes of SOCKS5 (RFC 1928 §6): 1 general failure, 2 not allowed by the ruleset, 3 network unreachable,
///   4 host unreachable, 5 connection refused, 6 TTL expired, 7 command not supported, 8 address type not supported. Those
///   of SOCKS4: 91 rejected or failed, 92 no identd, 93 another user by identd.
/// - `Closed`: anything else went wrong. Its fault says what: [`FaultKind::TunnelBadAnswer`],
///   [`FaultKind::TunnelAuthentication`] for a SOCKS5 proxy that accepts no way of authentication or not these credentials,
///   [`FaultKind::TunnelEof`], [`FaultKind::TunnelTimeout`], or the limit of an HTTP head that was exceeded.
///
/// ```
/// use core::time::Duration;
/// use sansock::{Event, Proxy, State, Tunnel, TunnelConfig};
///
/// let now = Duration::ZERO;
/// let proxy = Proxy::parse("http://me:secret@proxy.example:3128")?;
/// let mut tunnel = Tunnel::new(&TunnelConfig::new(&proxy, "example.com", 443)?, now)?;
/// assert_eq!(
///     tunnel.output(), // what the socket to the proxy carries
///     b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
/// );
/// tunnel.written(tunnel.output().len())?;
///
/// let arrived = b"HTTP/1.1 200 Connection established\r\n\r\nand more";
/// let mut received = tunnel.receive(arrived, now);
/// assert!(matches!(received.events.next(), Some(Event::Open(_))));
/// let for_the_next_layer = &arrived[received.consumed..];
/// assert_eq!(for_the_next_layer, b"and more");
/// assert_eq!(tunnel.state(), State::Open);
/// # Ok::<(), sansock::Error>(())
/// ```
pub struct Tunnel {
    answer: Answer,
    batch: Batch,
    output: Vec<u8>,
    /// How many bytes at the front of the output have been written.
    written: usize,
    timers: Timers,
    state: State,
    fault: Option<Breach>,
    /// Whether the events of the last input call have not been read.
    #[cfg(debug_assertions)]
    unread: AtomicBool,
}

/// What an input call of a tunnel returns.
///
/// ```
/// use sansock::Event;
/// use sansock::tunnel::TunnelReceived;
///
/// /// Whether the tunnel is through.
/// fn is_open(mut received: TunnelReceived<'_>) -> bool {
///     received.events.any(|event| matches!(event, Event::Open(_)))
/// }
/// # let proxy = sansock::Proxy::parse("socks5h://127.0.0.1")?;
/// # let config = sansock::TunnelConfig::new(&proxy, "example.com", 80)?;
/// # let mut tunnel = sansock::Tunnel::new(&config, core::time::Duration::ZERO)?;
/// # assert!(!is_open(tunnel.receive(b"\x05\x00", core::time::Duration::ZERO)));
/// # Ok::<(), sansock::Error>(())
/// ```
#[must_use = "the events of this call are dropped by the next input call"]
pub struct TunnelReceived<'a> {
    /// How many bytes of the input were consumed: 0 for the calls that have none, and once there is an outcome.
    pub consumed: usize,
    /// The events.
    pub events: Events<'a>,
}

/// The proxy's answer, as it is read.
enum Answer {
    Http(http::Answer),
    Socks(socks::Answer),
}

/// What a byte of the answer came to.
enum Step {
    /// More must arrive.
    Wait,
    /// This is to be sent, then more must arrive.
    Send(Vec<u8>),
    /// The tunnel is through, and OPEN has been delivered.
    Open,
    /// The proxy refused with this status or code, and REJECTED has been delivered.
    Refused(FaultKind, u16),
}

impl Tunnel {
    /// Creates a tunnel. The first message to the proxy is in the output.
    ///
    /// # Errors
    ///
    /// [`Error::NoMemory`].
    pub fn new(config: &TunnelConfig, now: Duration) -> Result<Self, Error> {
        let (output, answer) = match config.proxy().kind {
            ProxyKind::Http => (http::request(config)?, Answer::Http(http::Answer::new(config))),
            ProxyKind::Socks4a | ProxyKind::Socks5 => {
                let (first, answer) = socks::start(config);
                (first, Answer::Socks(answer))
            }
        };
        let mut timers = Timers::new(milliseconds(now));
        timers.start(Deadline::Handshake, config.settings().handshake_timeout);
        Ok(Tunnel {
            answer,
            batch: Batch::default(),
            output,
            written: 0,
            timers,
            state: State::Connecting,
            fault: None,
            #[cfg(debug_assertions)]
            unread: AtomicBool::new(false),
        })
    }

    /// Receives bytes from the proxy, up to the last one of its answer: none behind it is consumed, and none at all once
    /// there is an outcome.
    pub fn receive(&mut self, input: &[u8], now: Duration) -> TunnelReceived<'_> {
        let consumed = self.receive_bytes(input, milliseconds(now));
        self.received(consumed)
    }

    /// The proxy's stream has ended. Legal in every state, any number of times. Once the tunnel is open it means nothing
    /// here: it is for the next layer.
    pub fn receive_eof(&mut self, now: Duration) -> TunnelReceived<'_> {
        self.begin(milliseconds(now));
        self.fail_if_connecting(FaultKind::TunnelEof);
        self.received(0)
    }

    /// Acts on the deadline, if it has passed. Harmless if it has not.
    pub fn timeout(&mut self, now: Duration) -> TunnelReceived<'_> {
        self.begin(milliseconds(now));
        if self.timers.passed().is_some() {
            self.fail_if_connecting(FaultKind::TunnelTimeout);
        }
        self.received(0)
    }

    /// Bytes to write to the transport.
    pub fn output(&self) -> &[u8] {
        &self.output[self.written..]
    }

    /// Reports that the first `count` bytes of the output have been written.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there are fewer.
    pub fn written(&mut self, count: usize) -> Result<(), Error> {
        if count > self.output().len() {
            return Err(Error::InvalidArgument);
        }
        self.written += count;
        if self.written == self.output.len() {
            self.drop_output();
        }
        Ok(())
    }

    /// When to call [`timeout`](Self::timeout); `None` for never.
    pub fn next_deadline(&self) -> Option<Duration> {
        let deadline = self.deadline();
        (deadline != NEVER).then_some(Duration::from_millis(deadline))
    }

    /// [`State::Connecting`] until there is an outcome, then [`State::Open`] or [`State::Closed`].
    pub fn state(&self) -> State {
        self.state
    }

    /// [`Transport::Close`] if there is no tunnel, otherwise [`Transport::Open`].
    pub fn transport(&self) -> Transport {
        if self.state == State::Closed { Transport::Close } else { Transport::Open }
    }

    /// Why there is no tunnel. The number of [`FaultKind::TunnelRefused`] is the HTTP status, or the reply code of SOCKS.
    pub fn fault(&self) -> Option<Fault> {
        let breach = self.fault?;
        Some(match &self.answer {
            Answer::Http(answer) => answer.fault(breach),
            Answer::Socks(_) => Fault::new(breach.into(), 0),
        })
    }
}

/// What every input call does.
impl Tunnel {
    /// Receives bytes, and leaves the events in the batch. Returns how many it consumed.
    pub(crate) fn receive_bytes(&mut self, input: &[u8], now: u64) -> usize {
        self.begin(now);
        let mut consumed = 0;
        while let Some(byte) = input.get(consumed).filter(|_| self.state == State::Connecting) {
            consumed += 1;
            let step = match &mut self.answer {
                Answer::Http(answer) => answer.read(*byte, &mut self.batch),
                Answer::Socks(answer) => answer.read(*byte, &mut self.batch),
            };
            match step {
                Ok(Step::Wait) => {}
                Ok(Step::Send(bytes)) => self.output.extend_from_slice(&bytes),
                Ok(Step::Open) => self.end(State::Open),
                Ok(Step::Refused(kind, code)) => self.fail(Breach::with(kind, code.into())),
                Err(fault) => self.fail(fault),
            }
        }
        consumed
    }

    /// Begins an input call: the events of the last one are dropped. A head that is being read stays.
    fn begin(&mut self, now: u64) {
        self.assert_read();
        self.timers.advance(now);
        match self.state {
            State::Connecting => self.batch.clear_records(),
            _ => self.batch.reset(),
        }
    }

    /// The batch as an input call returns it.
    fn received(&mut self, consumed: usize) -> TunnelReceived<'_> {
        #[cfg(debug_assertions)]
        self.unread.store(!self.batch.records.is_empty(), Ordering::Relaxed);
        let events = Events::new(
            &self.batch.records,
            [&[], &[], &self.batch.scratch],
            #[cfg(debug_assertions)]
            &self.unread,
        );
        TunnelReceived { consumed, events }
    }

    fn fail_if_connecting(&mut self, kind: FaultKind) {
        if self.state == State::Connecting {
            self.fail(kind.into());
        }
    }

    /// There is no tunnel: delivers CLOSED.
    fn fail(&mut self, fault: Breach) {
        let nothing = Place { region: region::SCRATCH, offset: self.batch.scratch.len(), len: 0 };
        let closed = nothing.record(kind::CLOSED, if fault.kind.is_of_peer() { flag::BY_PEER } else { 0 });
        let code = CloseCode::ABNORMAL_CLOSURE.get();
        self.batch.push(Record { code, aux: fault.kind.number(), ..closed });
        self.fault = Some(fault);
        self.drop_output();
        self.end(State::Closed);
    }

    fn end(&mut self, state: State) {
        self.state = state;
        self.timers.stop_running();
    }

    fn drop_output(&mut self) {
        self.output = Vec::new();
        self.written = 0;
    }

    pub(crate) fn deadline(&self) -> u64 {
        self.timers.next()
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The drain rule, asserted in debug builds: events are read before the next input call drops them.
    fn assert_read(&self) {
        #[cfg(debug_assertions)]
        assert!(!self.unread.load(Ordering::Relaxed), "the events of the last input call were not read");
    }

    /// A host that reads the records, not the events.
    pub(crate) fn mark_read(&self) {
        #[cfg(debug_assertions)]
        self.unread.store(false, Ordering::Relaxed);
    }
}
