//! The loop of every host, as something to be polled: write the output, obey the transport instruction, read, and act on the
//! deadline.

use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use sansock::Transport;

use crate::io::{ByteStream, Runtime};
use crate::session::Session;
use crate::wakers::Half;

/// How many slices are written at once.
const SLICES: usize = 8;
/// How often the loop may go round before other tasks have their turn.
const MAX_ROUNDS: u32 = 64;
/// How often a task that sends without waiting reads.
const READ_INTERVAL: Duration = Duration::from_millis(50);
/// How long ending our side of a stream may take: TLS has something to write for it.
const SHUTDOWN_TIME: Duration = Duration::from_secs(5);

/// A session and what it reads, writes and waits with.
pub(crate) struct Driver<S, R: Runtime> {
    pub(crate) stream: S,
    pub(crate) session: Session,
    clock: R,
    timer: Timer<R>,
    /// Whether the stream may have kept some of what was written.
    is_unflushed: bool,
    sending: Sending,
    /// Why the stream is lost, if it is.
    lost: Option<Arc<io::Error>>,
    /// Whether the peer has ended its side of the stream.
    is_eof: bool,
    /// When a read was last tried.
    last_read: Duration,
    is_finished: bool,
}

/// Our side of the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    Open,
    /// It is being ended, since then.
    Ending(Duration),
    Ended,
}

/// A timer that is set anew only if it is to end earlier: deadlines move with each read.
struct Timer<R: Runtime> {
    sleep: Option<Pin<Box<R::Sleep>>>,
    ends: Duration,
}

impl<R: Runtime> Timer<R> {
    /// Whether the deadline has passed.
    fn poll_until(&mut self, deadline: Duration, clock: &R, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = clock.elapsed();
            if now >= deadline {
                return Poll::Ready(());
            }
            let sleep = match &mut self.sleep {
                Some(sleep) if self.ends <= deadline => sleep,
                Some(sleep) => {
                    self.ends = deadline;
                    sleep.set(clock.sleep(deadline - now));
                    sleep
                }
                none => {
                    self.ends = deadline;
                    none.insert(Box::pin(clock.sleep(deadline - now)))
                }
            };
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
    }
}

impl<S: ByteStream<R>, R: Runtime> Driver<S, R> {
    pub(crate) fn new(stream: S, mut session: Session, clock: R) -> Self {
        session.set_vectored(stream.is_write_vectored());
        Driver {
            stream,
            session,
            clock,
            timer: Timer { sleep: None, ends: Duration::ZERO },
            is_unflushed: false,
            sending: Sending::Open,
            lost: None,
            is_eof: false,
            last_read: Duration::ZERO,
            is_finished: false,
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Whether the connection has ended and nothing is left to be done with its transport.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Whether all that was sent has been handed to the operating system.
    pub(crate) fn is_flushed(&self) -> bool {
        self.session.is_written() && !self.is_unflushed
    }

    /// The same for the output up to there.
    pub(crate) fn is_flushed_to(&self, end: u64) -> bool {
        self.session.is_written_to(end) && !self.is_unflushed
    }

    /// Does what can be done now, for a task that polls this half, until what it waits for `is_done`. Returns whether anything
    /// was.
    pub(crate) fn poll(&mut self, half: Half, cx: &mut Context<'_>, is_done: impl Fn(&Self) -> bool) -> bool {
        let mut has_done = false;
        for _ in 0..MAX_ROUNDS {
            if self.is_finished {
                return has_done;
            }
            let now = self.now();
            let mut round = self.session.advance(now);
            round |= self.poll_write(cx);
            self.obey(now, cx);
            // A task that has what it wants reads all the same, but rarely: if it only sends, nobody else sees pings.
            if !is_done(self) || (half == Half::Sender && now >= self.last_read + READ_INTERVAL) {
                round |= self.poll_read(now, cx);
            }
            // Also while something comes all the time, which the timer is not asked for.
            if self.session.next_deadline().is_some_and(|deadline| deadline <= now) {
                self.session.timeout(now);
                round = true;
            }
            self.note_end();
            has_done |= round;
            if is_done(self) || (!round && self.poll_deadline(cx).is_pending()) {
                return has_done;
            }
        }
        cx.waker().wake_by_ref();
        true
    }

    /// Writes what there is. Returns whether anything was written.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_written = false;
        while self.lost.is_none() && !self.session.output().is_empty() {
            match self.poll_write_some(cx) {
                Poll::Ready(Ok(0)) => self.lose(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => {
                    self.session.written(count);
                    self.is_unflushed = true;
                    has_written = true;
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => self.lose(error),
                Poll::Pending => break,
            }
        }
        if self.is_unflushed && self.lost.is_none() {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => {
                    self.is_unflushed = false;
                    has_written = true;
                }
                Poll::Ready(Err(error)) => self.lose(error),
                Poll::Pending => {}
            }
        }
        has_written
    }

    /// Writes some of what there is.
    fn poll_write_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        if !self.session.has_payloads() {
            return stream.poll_write(cx, self.session.output());
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = self.session.slices(&mut slices);
        stream.poll_write_vectored(cx, &slices[..count])
    }

    /// Does with the transport what the engine says, once all is written.
    fn obey(&mut self, now: Duration, cx: &mut Context<'_>) {
        let transport = self.session.transport();
        if transport == Transport::Open || !self.is_flushed() || self.lost.is_some() {
            return;
        }
        if self.sending == Sending::Open {
            self.sending = Sending::Ending(now);
        }
        if matches!(self.sending, Sending::Ending(_)) && Pin::new(&mut self.stream).poll_shutdown(cx).is_ready() {
            // An error means that the peer has closed already.
            self.sending = Sending::Ended;
        }
    }

    /// Reads once, if a message is wanted. Returns whether something came.
    fn poll_read(&mut self, now: Duration, cx: &mut Context<'_>) -> bool {
        self.last_read = now;
        let wants = !self.is_eof && self.session.wants_read() && self.session.transport() != Transport::Close;
        self.session.set_reading(wants, now);
        if !wants {
            return false;
        }
        let (kind, mut buffer) = self.session.take_buffer();
        let result = Pin::new(&mut self.stream).poll_read(cx, &mut buffer, kind.read_limit());
        let has_come = match result {
            Poll::Ready(Ok(0)) => self.end_reading(now),
            Poll::Ready(Ok(_)) => {
                self.session.receive(mem::take(&mut buffer), now);
                buffer = self.session.take_empty_input().unwrap_or_default();
                true
            }
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => true,
            Poll::Ready(Err(error)) => {
                self.lose(error);
                self.end_reading(now)
            }
            // What had arrived before the stream was lost has been read.
            Poll::Pending if self.lost.is_some() => self.end_reading(now),
            Poll::Pending => false,
        };
        self.session.give_back(kind, buffer);
        has_come
    }

    /// Nothing more comes.
    fn end_reading(&mut self, now: Duration) -> bool {
        self.is_eof = true;
        self.session.receive_eof(now);
        true
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let shutdown = match self.sending {
            Sending::Ending(since) if self.session.transport() == Transport::Close => Some(since + SHUTDOWN_TIME),
            _ => None,
        };
        let deadline = match (self.session.next_deadline(), shutdown) {
            (Some(one), Some(other)) => one.min(other),
            (one, other) => match one.or(other) {
                Some(deadline) => deadline,
                None => return Poll::Pending,
            },
        };
        if self.timer.poll_until(deadline, &self.clock, cx).is_pending() {
            return Poll::Pending;
        }
        if shutdown.is_some_and(|end| end <= self.now()) {
            self.sending = Sending::Ended;
        }
        Poll::Ready(())
    }

    /// The stream cannot be written to any more.
    fn lose(&mut self, error: io::Error) {
        let error = self.lost.get_or_insert_with(|| Arc::new(error));
        self.session.set_transport_error(error.clone());
    }

    /// Notes whether the connection has ended.
    fn note_end(&mut self) {
        if let Some(error) = &self.lost {
            self.session.set_transport_error(error.clone());
        }
        let is_done_with = match (&self.lost, self.session.transport()) {
            (Some(_), _) => true,
            (None, Transport::Close) => self.sending == Sending::Ended,
            (None, _) => false,
        };
        self.is_finished = self.session.closed().is_some() && is_done_with;
        if self.is_finished {
            self.is_unflushed = false;
            self.timer.sleep = None;
        }
    }
}
