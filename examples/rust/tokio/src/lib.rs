//! Drives Sansock connections over streams of HTTP/2 (RFC 8441) with the crate `h2` and tokio, for both ends.
//!
//! Each stream is a task, which alone has the engine and which waits in one place: for what arrives, for room to send, for
//! a line to send, and for the deadline.

pub mod heads;

use std::future::{pending, poll_fn};
use std::time::Duration;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response};
use sansock::{
    CloseCode, Config, Connection, Error as Misuse, Event, HttpVersion, Received, Sender, State, Transport, event,
    random_seed,
};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};

/// The most that is passed to `h2` at a time, in bytes.
const CHUNK_SIZE: usize = 16 * 1024;
/// What a peer has, once we have ended our side of a stream, to end its own.
const LINGER: Duration = Duration::from_secs(10);

/// What a program does with a connection.
pub trait Application: Send {
    /// Handles an event: any but requests and heads.
    fn handle(&mut self, event: Event<'_>, sender: &mut Sender);

    /// Whether to accept a request; otherwise it is answered with 403.
    fn accepts(&mut self, _request: &event::Request<'_>) -> bool {
        false
    }
}

/// One stream.
pub struct WebSocketStream<A> {
    application: A,
    connection: Connection,
    start: Instant,
    incoming: Incoming,
    /// What has arrived and was not passed to the engine yet, because there is no room for answers.
    unread: Vec<u8>,
    /// How much of the window of the stream is not given back yet.
    unreleased: usize,
    /// A server's way to send the head of its response.
    respond: Option<SendResponse<Bytes>>,
    /// Ours to send data, once the head is sent.
    outgoing: Option<SendStream<Bytes>>,
    has_ended: bool,
    due: Due,
    /// What to send, line by line; the connection is closed at the end.
    lines: Option<Receiver<String>>,
    linger: Option<Instant>,
}

/// What the peer sends.
enum Incoming {
    Response(ResponseFuture),
    Data(RecvStream),
    Ended,
}

/// What has arrived.
enum Arrival {
    Response(Response<RecvStream>),
    Data(Bytes),
    End,
}

/// What is to be done when the events of a call have been handled.
#[derive(Default)]
struct Due {
    /// Whether to accept a request.
    answer: Option<bool>,
    /// The head of a response to send.
    head: Option<Response<()>>,
    /// The body of a refusal to send.
    body: Bytes,
}

impl<A: Application> WebSocketStream<A> {
    /// A server's end of a stream. A request that asks for no WebSocket is refused by the engine.
    ///
    /// # Errors
    ///
    /// [`Misuse`] if there are no random bytes or no memory.
    pub fn server(
        application: A,
        config: &Config,
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
    ) -> Result<Self, Misuse> {
        let connection = Connection::new(config, random_seed()?, Duration::ZERO)?;
        let (parts, data) = request.into_parts();
        let mut stream = Self::new(application, connection, Incoming::Data(data));
        let fields = heads::request_fields(&parts);
        let received = stream.connection.receive_request(HttpVersion::Http2, &fields, Duration::ZERO)?;
        handle(received, &mut stream.application, &mut stream.due);
        stream.respond = Some(respond);
        Ok(stream)
    }

    /// A client's end of a stream, on which its request has been sent.
    pub fn client(
        application: A,
        connection: Connection,
        response: ResponseFuture,
        outgoing: SendStream<Bytes>,
        lines: Receiver<String>,
    ) -> Self {
        let mut stream = Self::new(application, connection, Incoming::Response(response));
        stream.outgoing = Some(outgoing);
        stream.lines = Some(lines);
        stream
    }

    fn new(application: A, connection: Connection, incoming: Incoming) -> Self {
        WebSocketStream {
            application,
            connection,
            start: Instant::now(),
            incoming,
            unread: Vec::new(),
            unreleased: 0,
            respond: None,
            outgoing: None,
            has_ended: false,
            due: Due::default(),
            lines: None,
            linger: None,
        }
    }

    /// Runs until both sides of the stream have ended, or the stream is lost.
    pub async fn run(mut self) -> A {
        if self.converse().await.is_err() {
            handle(self.connection.receive_eof(self.start.elapsed()), &mut self.application, &mut self.due);
            self.handle_rest();
        }
        self.application
    }

    /// The loop of every host. An error says that the stream is gone.
    async fn converse(&mut self) -> Result<(), h2::Error> {
        loop {
            self.read();
            self.handle_rest();
            self.write()?;
            if self.end()? {
                return Ok(());
            }
            let has_room = self.regulate()?;
            if has_room && !self.unread.is_empty() {
                continue;
            }
            let may_send = has_room && self.connection.state() != State::Connecting;
            let waits_for_room = self.outgoing.is_some() && !self.has_ended && !self.pending().is_empty();
            let deadline = self.deadline();
            tokio::select! {
                arrival = self.incoming.next(), if has_room => self.receive(arrival?),
                result = room(self.outgoing.as_mut()), if waits_for_room => result?,
                line = next_line(self.lines.as_mut()), if may_send => self.send(line),
                () = wait_until(deadline) => self.time_out()?,
            }
        }
    }

    /// Passes what has arrived to the engine, as long as there is room for answers.
    fn read(&mut self) {
        let mut from = 0;
        while from < self.unread.len() && self.connection.writable() {
            let received = self.connection.receive(&mut self.unread[from..], self.start.elapsed());
            from += received.consumed;
            handle(received, &mut self.application, &mut self.due);
        }
        self.unread.drain(..from);
    }

    /// Answers a request, and handles the events that wait.
    fn handle_rest(&mut self) {
        loop {
            let now = self.start.elapsed();
            let received = match self.due.answer.take() {
                Some(true) => self.connection.accept(None, now),
                Some(false) => self.connection.reject(403, "", now),
                None if self.connection.has_more() => Ok(self.connection.timeout(now)),
                None => return,
            };
            if let Ok(received) = received {
                handle(received, &mut self.application, &mut self.due);
            }
        }
    }

    /// What is to be sent next: the body of a refusal, or frames.
    fn pending(&self) -> &[u8] {
        if self.due.body.is_empty() { self.connection.output() } else { &self.due.body }
    }

    /// Sends as much as the windows of the peer have room for.
    fn write(&mut self) -> Result<(), h2::Error> {
        if let (Some(respond), Some(head)) = (&mut self.respond, self.due.head.take()) {
            self.outgoing = Some(respond.send_response(head, false)?);
        }
        while let Some(outgoing) = &mut self.outgoing {
            let pending = if self.due.body.is_empty() { self.connection.output() } else { &self.due.body };
            let wanted = pending.len().min(CHUNK_SIZE);
            if wanted > 0 {
                outgoing.reserve_capacity(wanted);
            }
            let length = wanted.min(outgoing.capacity());
            if length == 0 {
                break;
            }
            outgoing.send_data(Bytes::copy_from_slice(&pending[..length]), false)?;
            if self.due.body.is_empty() {
                self.connection.written(length).unwrap_or(());
            } else {
                self.due.body = self.due.body.split_off(length);
            }
        }
        Ok(())
    }

    /// Ends our side of the stream behind all that is sent, if the engine says so. Returns whether the stream is over: the
    /// peer has some time to read what it was sent, and to end its side.
    fn end(&mut self) -> Result<bool, h2::Error> {
        let transport = self.connection.transport();
        if transport == Transport::Open {
            return Ok(false);
        }
        let is_sent = self.pending().is_empty();
        if let Some(outgoing) = self.outgoing.as_mut().filter(|_| is_sent && !self.has_ended) {
            outgoing.send_data(Bytes::new(), true)?;
            self.has_ended = true;
        }
        if transport == Transport::Close {
            self.linger.get_or_insert_with(|| Instant::now() + LINGER);
        }
        Ok(transport == Transport::Close && self.has_ended && matches!(self.incoming, Incoming::Ended))
    }

    /// Lets the peer send as much again as was received, unless what it does not read is in the way. Returns which of the two.
    fn regulate(&mut self) -> Result<bool, h2::Error> {
        if !self.connection.writable() {
            self.connection.pause(self.start.elapsed());
            return Ok(false);
        }
        self.connection.resume(self.start.elapsed());
        if let Incoming::Data(data) = &mut self.incoming
            && self.unread.is_empty()
        {
            data.flow_control().release_capacity(self.unreleased)?;
            self.unreleased = 0;
        }
        Ok(true)
    }

    /// When to do something by ourselves.
    fn deadline(&self) -> Option<Instant> {
        let deadline = self.connection.next_deadline().map(|deadline| self.start + deadline);
        deadline.into_iter().chain(self.linger).min()
    }

    fn receive(&mut self, arrival: Arrival) {
        let now = self.start.elapsed();
        match arrival {
            Arrival::Response(response) => {
                let (parts, data) = response.into_parts();
                self.incoming = Incoming::Data(data);
                let fields = heads::fields(&parts.headers);
                if let Ok(received) = self.connection.receive_response(parts.status.as_u16(), &fields, now) {
                    handle(received, &mut self.application, &mut self.due);
                }
            }
            Arrival::Data(data) => {
                self.unreleased += data.len();
                self.unread = data.into();
            }
            Arrival::End => {
                self.incoming = Incoming::Ended;
                handle(self.connection.receive_eof(now), &mut self.application, &mut self.due);
            }
        }
    }

    /// Sends a line, or closes the connection at their end.
    fn send(&mut self, line: Option<String>) {
        let result = match line {
            Some(line) => self.connection.send_text(&line),
            None => {
                self.lines = None;
                // It may be closed already.
                self.connection.close(CloseCode::NORMAL_CLOSURE, "", self.start.elapsed()).or(Ok(()))
            }
        };
        if let Err(error) = result {
            eprintln!("error: {error}");
        }
    }

    /// The deadline has passed: that of the engine, or that of a peer that has not ended its side.
    fn time_out(&mut self) -> Result<(), h2::Error> {
        if self.linger.is_some_and(|linger| linger <= Instant::now()) {
            if let Some(outgoing) = &mut self.outgoing {
                outgoing.send_reset(Reason::CANCEL);
            }
            return Err(Reason::CANCEL.into());
        }
        handle(self.connection.timeout(self.start.elapsed()), &mut self.application, &mut self.due);
        Ok(())
    }
}

/// Handles the events of a call.
fn handle(received: Received<'_>, application: &mut impl Application, due: &mut Due) {
    for event in received.events {
        match event {
            Event::Request(request) => due.answer = Some(application.accepts(&request)),
            Event::Head(head) => {
                due.head = heads::response(&head).ok();
                due.body = Bytes::copy_from_slice(head.body);
            }
            event => application.handle(event, received.sender),
        }
    }
}

impl Incoming {
    /// Waits for what arrives next.
    async fn next(&mut self) -> Result<Arrival, h2::Error> {
        match self {
            Incoming::Response(response) => response.await.map(Arrival::Response),
            Incoming::Data(data) => data.data().await.map_or(Ok(Arrival::End), |data| data.map(Arrival::Data)),
            Incoming::Ended => pending().await,
        }
    }
}

/// Waits until there is room to send.
async fn room(outgoing: Option<&mut SendStream<Bytes>>) -> Result<(), h2::Error> {
    let Some(outgoing) = outgoing else { return pending().await };
    match poll_fn(|context| outgoing.poll_capacity(context)).await {
        Some(result) => result.map(|_| ()),
        None => Err(Reason::STREAM_CLOSED.into()), // reset by the peer
    }
}

/// Waits for a line, or for the end of the lines.
async fn next_line(lines: Option<&mut Receiver<String>>) -> Option<String> {
    match lines {
        Some(lines) => lines.recv().await,
        None => pending().await,
    }
}

/// Waits until the deadline, if there is one.
async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
