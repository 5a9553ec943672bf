//! Opening handshakes whose heads are fields: for hosts with an HTTP of their own, and for HTTP/2 and HTTP/3.

use core::time::Duration;

use super::{Connection, Phase, Received};
use crate::error::{Breach, Error};
use crate::handshake::fields::{Field, HttpVersion};
use crate::handshake::opening::{Context, Opening};
use crate::send::milliseconds;

/// Handshakes made of fields. A build without the feature `fields` refuses these calls with [`Error::InvalidArgument`].
///
/// The host passes and takes heads as fields, in place of text in input and output: a server calls
/// [`receive_request`](Self::receive_request) before any other input call; a client calls
/// [`request_fields`](Self::request_fields) before it writes any output, sends the fields of the event, and passes on the answer
/// with [`receive_response`](Self::receive_response). All other calls are the same, and so are checks, choices and limits. Bytes
/// that the host has read behind the head go to [`receive`](Self::receive).
///
/// On a stream of HTTP/2 or HTTP/3 the output goes into DATA frames, and [`transport`](Self::transport) says how the stream ends
/// (RFC 8441 §5): [`ShutdownWrite`](crate::Transport::ShutdownWrite) is END_STREAM (FIN in HTTP/3) behind the last byte;
/// [`Close`](crate::Transport::Close) is the same, and RST_STREAM with CANCEL (H3_REQUEST_CANCELLED) if the peer does not end the
/// stream in its turn: not at once, because it drops what the peer has not read. END_STREAM from the peer is [`receive_eof`](Self::receive_eof), and so is RST_STREAM.
impl Connection {
    /// Receives a request as fields: method, target and the like as pseudo-header fields (`:method`, `:path`, and in HTTP/2 and
    /// HTTP/3 `:authority`, `:scheme` and `:protocol`), before the others. In HTTP/1.1 names may have any case. `Request` is the
    /// event, or [`Head`](crate::Event::Head) with a refusal and `Closed`.
    ///
    /// The example of [`HttpVersion`] shows a request over HTTP/2.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] on a client, or when something has been received.
    pub fn receive_request(
        &mut self,
        version: HttpVersion,
        fields: &[Field<'_>],
        now: Duration,
    ) -> Result<Received<'_>, Error> {
        self.fields_call(now, Opening::awaits_request_fields, |opening, context| {
            opening.read_request_fields(version, fields, context)
        })
    }

    /// Delivers the client's request as fields of this version in the event [`Head`](crate::Event::Head), in place of the text in
    /// the output. Send it, and pass on the answer with [`receive_response`](Self::receive_response).
    ///
    /// ```
    /// # #[cfg(feature = "fields")] {
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Event, HttpVersion};
    /// # let now = Duration::ZERO;
    /// let config = Config::client("wss://example.com/chat").build()?;
    /// let mut connection = Connection::new(&config, [1; 32], now)?;
    /// let Some(Event::Head(head)) = connection.request_fields(HttpVersion::Http2, now)?.events.next() else {
    ///     panic!("the request");
    /// };
    /// let first: Vec<_> = head.headers().take(2).map(|field| (field.name, field.value)).collect();
    /// assert_eq!(first, [(":method", &b"CONNECT"[..]), (":protocol", b"websocket")]);
    ///
    /// let received = connection.receive_response(200, &[], now)?; // what the server has answered
    /// assert!(matches!(received.events.last(), Some(Event::Open(_))));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] on a server, or when output has been written or something received.
    pub fn request_fields(&mut self, version: HttpVersion, now: Duration) -> Result<Received<'_>, Error> {
        if !cfg!(feature = "fields") {
            return Err(Error::InvalidArgument);
        }
        self.assert_read();
        let connecting = self.sender.is_connecting();
        let Phase::Opening(opening) = &mut self.phase else { return Err(Error::InvalidState) };
        if !connecting {
            return Err(Error::InvalidState);
        }
        opening.request_fields(version, &mut Context { batch: &mut self.batch, sender: &mut self.sender })?;
        self.sender.advance(milliseconds(now));
        self.finish();
        Ok(self.received(&[], 0))
    }

    /// Receives the response to a request that was made of fields: its status, and its fields without `:status`, or with it
    /// before the others. Interim responses go in as well, or are left out. `Open` is the event; or `Rejected` and `Closed`,
    /// once the body has come through [`receive`](Self::receive) and has ended, by its Content-Length or by
    /// [`receive_eof`](Self::receive_eof).
    ///
    /// The example of [`request_fields`](Self::request_fields) shows it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless a response is awaited, to a request made of fields.
    pub fn receive_response(
        &mut self,
        status: u16,
        fields: &[Field<'_>],
        now: Duration,
    ) -> Result<Received<'_>, Error> {
        let awaits = |opening: &Opening, _: &Context<'_>| opening.awaits_response_fields();
        self.fields_call(now, awaits, |opening, context| opening.read_response_fields(status, fields, context))
    }

    /// An input call that brings fields, if they are awaited.
    fn fields_call(
        &mut self,
        now: Duration,
        awaits: impl FnOnce(&Opening, &Context<'_>) -> bool,
        read: impl FnOnce(&mut Opening, &mut Context<'_>) -> Result<(), Breach>,
    ) -> Result<Received<'_>, Error> {
        if !cfg!(feature = "fields") {
            return Err(Error::InvalidArgument);
        }
        match &self.phase {
            Phase::Opening(opening) if self.sender.is_connecting() => {
                if !awaits(opening, &Context { batch: &mut self.batch, sender: &mut self.sender }) {
                    return Err(Error::InvalidState);
                }
            }
            _ => return Err(Error::InvalidState),
        }
        self.begin(milliseconds(now));
        if let Phase::Opening(opening) = &mut self.phase {
            let result = read(opening, &mut Context { batch: &mut self.batch, sender: &mut self.sender });
            if let Err(fault) = result.and_then(|()| self.read(0, &mut []).map(|_| ())) {
                self.fail_for(fault);
            }
        }
        self.finish();
        Ok(self.received(&[], 0))
    }
}
