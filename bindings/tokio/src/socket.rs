//! What both halves of a WebSocket do, whole or split: polled, and in one place.

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use sansock::{CloseCode, Config};

use crate::driver::Driver;
use crate::error::{Closed, Error};
use crate::events::{Event, Fragments};
use crate::handshake::{Answer, Request};
use crate::io::{ByteStream, Runtime};
use crate::message::Message;
use crate::session::{Opening, Session};
use crate::wakers::{Half, Wakers};

/// The result that a clean or an unclean end is.
pub(crate) fn outcome(closed: Option<&Closed>) -> Result<(), Error> {
    match closed {
        Some(closed) if !closed.clean => Err(Error::Closed(closed.clone())),
        _ => Ok(()),
    }
}

/// A connection with its transport.
pub(crate) struct Socket<S, R: Runtime> {
    /// In a box, so that futures which hold a connection stay small.
    pub(crate) driver: Box<Driver<S, R>>,
    wakers: Arc<Wakers>,
    /// Of the above, for the transport and the timer.
    waker: Waker,
    /// Whether receiving has said how the connection ended.
    has_told_end: bool,
}

impl<S, R: Runtime> Socket<S, R> {
    pub(crate) fn session(&self) -> &Session {
        &self.driver.session
    }

    pub(crate) fn session_mut(&mut self) -> &mut Session {
        &mut self.driver.session
    }
}

impl<S: ByteStream<R>, R: Runtime> Socket<S, R> {
    /// A new connection over this stream.
    pub(crate) fn new(stream: S, config: &Config) -> Result<Self, Error> {
        let clock = R::start();
        let session = Session::new(config, clock.elapsed())?;
        Ok(Self::with_session(stream, session, clock))
    }

    /// A connection that has begun, of which nothing has been written.
    pub(crate) fn with_session(stream: S, session: Session, clock: R) -> Self {
        let wakers = Arc::new(Wakers::default());
        let waker = Waker::from(wakers.clone());
        Socket { driver: Box::new(Driver::new(stream, session, clock)), wakers, waker, has_told_end: false }
    }

    /// Does what can be done, and says whether that is what the task waits for: `is_done`.
    fn drive(&mut self, half: Half, cx: &mut Context<'_>, is_done: impl Fn(&Driver<S, R>) -> bool) -> Poll<()> {
        self.wakers.begin();
        if self.driver.poll(half, &mut Context::from_waker(&self.waker), &is_done) {
            self.wakers.wake_others(half, cx.waker());
        }
        if is_done(&self.driver) {
            return Poll::Ready(());
        }
        self.wakers.wait(half, cx.waker());
        Poll::Pending
    }

    // Receiving

    /// The next message; how the connection ended, if not cleanly; then `None`.
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        self.session_mut().inbox.controls.refuse();
        self.poll_next(Session::pop, cx)
    }

    /// The same with control frames.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        self.session_mut().inbox.controls.want();
        self.poll_next(Session::pop_event, cx)
    }

    fn poll_next<T>(
        &mut self,
        pop: impl Fn(&mut Session) -> Option<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(next) = pop(&mut self.driver.session) {
                return Poll::Ready(Some(Ok(next)));
            }
            if self.driver.is_finished() {
                return Poll::Ready(self.end().map(Err));
            }
            let is_done = |driver: &Driver<S, R>| !driver.session.inbox.is_empty() || driver.is_finished();
            if self.drive(Half::Receiver, cx, is_done).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// How the connection ended, once, if not cleanly.
    fn end(&mut self) -> Option<Error> {
        if self.has_told_end {
            return None;
        }
        self.has_told_end = true;
        self.session().closed().filter(|closed| !closed.clean).map(|closed| Error::Closed(closed.clone()))
    }

    // Sending

    /// Waits for room for a message.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.session().check_open()?;
        if self.session().is_writable() {
            return Poll::Ready(Ok(()));
        }
        let is_done = |driver: &Driver<S, R>| driver.session.is_writable() || driver.session.check_open().is_err();
        if self.drive(Half::Sender, cx, is_done).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(self.session().check_open())
    }

    /// Waits until all that was sent has been handed on.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_flush_to(u64::MAX, cx)
    }

    /// Waits until the output has been handed on up to there: to its end as it was when the caller sent something, so that
    /// nobody waits for what others send later.
    pub(crate) fn poll_flush_to(&mut self, end: u64, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.driver.is_flushed_to(end) {
            let is_done = |driver: &Driver<S, R>| driver.is_flushed_to(end) || driver.is_finished();
            if self.drive(Half::Sender, cx, is_done).is_pending() {
                return Poll::Pending;
            }
            // Output is dropped where the connection has failed.
            outcome(self.session().closed())?;
        }
        Poll::Ready(self.session_mut().take_send_error().map_or(Ok(()), Err))
    }

    /// Sends a message in fragments, when there is room for all of it.
    pub(crate) fn poll_fragments(&mut self, fragments: &Fragments, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_ready(cx))?;
        while !self.session_mut().send_fragments(fragments)? {
            ready!(self.poll_flush(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    pub(crate) fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        let now = self.driver.now();
        self.session_mut().ping(payload, now)
    }

    // Closing

    pub(crate) fn start_close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<(), Error> {
        let now = self.driver.now();
        self.session_mut().close(code, reason, now)?;
        self.wakers.wake_all();
        Ok(())
    }

    /// Waits until the connection has ended, and its transport is done with.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.driver.is_finished() {
            return Poll::Ready(());
        }
        self.drive(Half::Sender, cx, Driver::is_finished)
    }

    /// Closes with 1000 and waits for the end.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.session().check_open().is_ok() {
            self.start_close(Some(CloseCode::NORMAL_CLOSURE), "")?;
        }
        self.poll_closed(cx).map(|()| outcome(self.session().closed()))
    }

    /// Nobody receives any more.
    pub(crate) fn abandon(&mut self) {
        self.session_mut().inbox.abandon();
        self.wakers.wake_all();
    }

    // Opening

    /// Waits until the opening handshake has come to something: a request to answer, a connection, or an error.
    pub(crate) fn poll_opening(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Arc<Request>>, Error>> {
        let outcome = |driver: &Driver<S, R>| match driver.session.opening() {
            Opening::Wait => false,
            Opening::Request(_) | Opening::Open => true,
            Opening::Failed(_) => driver.is_finished(),
        };
        if self.drive(Half::Receiver, cx, outcome).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(match self.session().opening() {
            Opening::Failed(error) => Err(error),
            Opening::Request(request) => Ok(Some(request)),
            Opening::Open | Opening::Wait => Ok(None),
        })
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, answer: &Answer) -> Result<(), Error> {
        let now = self.driver.now();
        self.session_mut().answer(answer, now)
    }
}
