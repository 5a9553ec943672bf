//! The host's answer to a request.

use core::time::Duration;

use super::{Connection, Phase, Received};
use crate::error::{Breach, Error, FaultKind};
use crate::handshake::opening;
use crate::send::milliseconds;
use crate::settings::DeflateLimit;

/// The answer to a [`Request`](crate::Event::Request).
impl Connection {
    /// Adds a header to the answer to a request, after those of the configuration. Call [`accept`](Self::accept),
    /// [`reject`](Self::reject) or [`respond`](Self::respond) next.
    ///
    /// ```
    /// # use sansock::{Connection, Error};
    /// # fn answer(connection: &mut Connection) -> Result<(), Error> {
    /// connection.add_response_header("Set-Cookie", "session=1")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a request awaits the decision; [`Error::InvalidArgument`] if the header is not allowed:
    /// see [`ConfigBuilder::header`](crate::config::ConfigBuilder::header). `Allow` is allowed here.
    pub fn add_response_header(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), Error> {
        self.decision()?.add_header(name.as_bytes(), value.as_ref())
    }

    /// Drops all headers that [`add_response_header`](Self::add_response_header) and all limits that
    /// [`limit_deflate`](Self::limit_deflate) has added. Those of the configuration stay.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a request awaits the decision.
    pub fn clear_response(&mut self) -> Result<(), Error> {
        self.decision()?.clear_answer();
        Ok(())
    }

    /// Declines or narrows the compression of this connection before [`accept`](Self::accept), which takes all limits together.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a request awaits the decision; [`Error::InvalidArgument`] if there is no such window.
    pub fn limit_deflate(&mut self, limit: DeflateLimit) -> Result<(), Error> {
        self.decision()?;
        let Phase::Opening(opening) = &mut self.phase else { return Err(Error::InvalidState) };
        opening.limit_deflate(limit, &self.sender)
    }

    /// Accepts the request: the response is in the output, and `Open` is the first of the events. What the client sent behind
    /// its request follows. If the request was made of fields, [`Head`](crate::Event::Head) with the response comes before
    /// `Open`, and the output has only frames.
    ///
    /// `subprotocol` must be one of those offered. `None` picks the first of the configured ones that was offered, or none.
    /// The example of [`Connection`] shows a request that is accepted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a request awaits the decision that [can be accepted](crate::event::Request::fault);
    /// [`Error::InvalidArgument`] if the subprotocol was not offered.
    pub fn accept(&mut self, subprotocol: Option<&str>, now: Duration) -> Result<Received<'_>, Error> {
        self.decision()?;
        self.assert_read();
        let Phase::Opening(opening) = &mut self.phase else { return Err(Error::InvalidState) };
        let mut context = opening::Context { batch: &mut self.batch, sender: &mut self.sender };
        let (backlog, deflate) = opening.accept(subprotocol, &mut context)?;
        self.sender.advance(milliseconds(now));
        self.sender.open(deflate);
        self.phase = Phase::Frames;
        if !backlog.is_empty() {
            self.phase = Phase::Backlog(backlog);
            if let Err(fault) = self.read(0, &mut []) {
                self.fail_for(fault);
            }
        }
        self.finish();
        Ok(self.received(&[], 0))
    }

    /// Refuses the request with this HTTP status (200 to 599) and body: [`respond`](Self::respond) with the usual reason
    /// phrase.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Event};
    /// # let now = Duration::ZERO;
    /// # let mut connection = Connection::new(&Config::server().build()?, [1; 32], now)?;
    /// # let client = Connection::new(&Config::client("ws://example.com/chat").build()?, [2; 32], now)?;
    /// # let mut input = client.output().to_vec();
    /// let mut is_known = true;
    /// for event in connection.receive(&mut input, now).events {
    ///     if let Event::Request(request) = event {
    ///         is_known = request.target == "/news";
    ///     }
    /// }
    /// if !is_known {
    ///     let received = connection.reject(404, "no such page\n", now)?;
    ///     assert!(matches!(received.events.last(), Some(Event::Closed(_))));
    /// }
    /// # assert!(connection.output().starts_with(b"HTTP/1.1 404 Not Found\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`respond`](Self::respond).
    pub fn reject(&mut self, status: u16, body: impl AsRef<[u8]>, now: Duration) -> Result<Received<'_>, Error> {
        self.respond(status, "", body, now)
    }

    /// Answers the request with an HTTP response that opens no connection: a page, a health check, a refusal. `status` is 200
    /// to 599; an empty `reason` is the usual phrase of that status, and HTTP/2 and HTTP/3 have none. `Content-Length` and
    /// `Connection: close` are added; the answer to a HEAD request gets no body. `Closed` is the event, with the fault
    /// [`Refused`](crate::FaultKind::Refused); [`Head`](crate::Event::Head) with the response comes before it if the request was
    /// made of fields.
    ///
    /// With the option [`deliver_http`](crate::ConfigBuilder::deliver_http), requests are delivered that are no opening requests.
    /// The body of such a request is not read, and no further request on this transport. If one asks for another version of
    /// WebSocket, `Sec-WebSocket-Version` is added to the response, whatever its status (RFC 6455 §4.4).
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Event};
    /// # let now = Duration::ZERO;
    /// let config = Config::server().deliver_http(true).build()?;
    /// let mut connection = Connection::new(&config, [1; 32], now)?;
    /// let mut input = *b"GET /health HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let Some(Event::Request(request)) = connection.receive(&mut input, now).events.next() else { panic!("a request") };
    /// assert!(request.fault().is_some()); // it asks for no upgrade
    /// assert_eq!((request.method(), request.target), ("GET", "/health"));
    /// connection.add_response_header("Content-Type", "text/plain")?;
    /// connection.respond(200, "", "well\n", now)?.events.for_each(drop);
    /// assert!(connection.output().starts_with(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a request awaits the decision; [`Error::InvalidArgument`] for another status, a reason with
    /// characters that are not allowed (RFC 9112 §4), or a body where the status has none (204, 304).
    pub fn respond(
        &mut self,
        status: u16,
        reason: impl AsRef<[u8]>,
        body: impl AsRef<[u8]>,
        now: Duration,
    ) -> Result<Received<'_>, Error> {
        self.decision()?;
        self.assert_read();
        let Phase::Opening(opening) = &mut self.phase else { return Err(Error::InvalidState) };
        let mut context = opening::Context { batch: &mut self.batch, sender: &mut self.sender };
        opening.respond(status, reason.as_ref(), body.as_ref(), &mut context)?;
        self.sender.advance(milliseconds(now));
        self.sender.handshake_failed(Breach::with(FaultKind::Refused, u64::from(status)), false, true);
        self.finish();
        Ok(self.received(&[], 0))
    }
}
