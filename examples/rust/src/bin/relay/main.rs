//! A relay over `std::net`, and an inspector: `relay PORT URL [--print]`.
//!
//! For each client it connects to the server at the `ws:` URL, with the client's target, subprotocols, origin and key, and
//! answers the client as the server answers. Then it passes on what arrives, in both directions: the data of each frame,
//! as it arrives, as a frame of its own; pings, pongs and Close. It answers none of them itself, and keeps no more than
//! its last read. A side that breaks a rule is failed with the code of that fault, and the other is closed with 1014.
//!
//! With `--print` it prints a line for each frame: the number of the client, the direction (`>` is from the client), the
//! opcode, the length of the payload, and `fin` if the frame ends a message. Of Close it prints code and reason.
//!
//! A thread for each client has both connections. Other threads do what blocks (see [`streams`]) and report to it.

mod log;
mod streams;

use std::env;
use std::error::Error;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::process;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use sansock::event::{Closed, Request};
use sansock::{
    CloseCode, Config, ConfigBuilder, Connection, Event, Fault, MAX_REASON, Received, Sender, Transport, Url,
    random_seed,
};

use log::Log;
use streams::{End, Report, Reporter, Stream};

/// The most that is handed to a writing thread at a time, in bytes.
const CHUNK_SIZE: usize = 64 * 1024;
const CONNECT_TIME: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let prints = arguments.last().is_some_and(|last| last == "--print");
    if prints {
        arguments.pop();
    }
    let [port, url] = &arguments[..] else { return Err("usage: relay PORT URL [--print]".into()) };
    if Url::parse(url)?.secure {
        return Err("this relay speaks ws: only".into());
    }
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?))?;
    ctrlc::set_handler(|| process::exit(0))?;
    println!("listening on ws://{}", listener.local_addr()?);

    let config = options(Config::server()).build()?;
    let mut number = 0;
    loop {
        let spawned = listener.accept().and_then(|(socket, _)| {
            number += 1;
            let (config, upstream) = (config.clone(), url.trim_end_matches('/').to_owned());
            let log = Log { prints, number, direction: '>', opcode: None };
            // A relay that ends with an error has ended all the same, and nobody waits for the result.
            thread::Builder::new().spawn(move || Relay::new(socket, &config, upstream, log).and_then(Relay::run).ok())
        });
        if spawned.is_err() {
            // Out of descriptors or threads: give the connections there are some time to end.
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The size of a message matters to the ends alone.
fn options(builder: ConfigBuilder) -> ConfigBuilder {
    builder.frames(true).max_message_size(u64::MAX)
}

/// One of the two connections.
struct Side {
    stream: Stream,
    connection: Connection,
    log: Log,
    paused: bool,
    /// Its transport is to be closed.
    over: bool,
}

/// What an input call takes.
enum Input {
    Bytes(Vec<u8>),
    EndOfStream,
    Time,
}

impl Side {
    fn new(
        socket: TcpStream,
        end: End,
        reporter: &Reporter,
        config: &Config,
        log: Log,
        now: Duration,
    ) -> io::Result<Self> {
        let seed = random_seed().map_err(io::Error::other)?;
        let connection = Connection::new(config, seed, now).map_err(io::Error::other)?;
        Ok(Side { stream: Stream::start(socket, end, reporter)?, connection, log, paused: false, over: false })
    }

    /// Writes, reads if it may, and obeys the transport instruction.
    fn advance(&mut self, may_read: bool, now: Duration) {
        let output = self.connection.output();
        if !output.is_empty() {
            self.stream.write(&output[..output.len().min(CHUNK_SIZE)]);
        } else if self.connection.transport() == Transport::Close {
            self.stream.shut_down(Shutdown::Both);
            self.over = true;
        } else if self.connection.transport() == Transport::ShutdownWrite {
            self.stream.shut_down(Shutdown::Write);
        }
        if may_read {
            self.stream.read();
        }
        if may_read == self.paused {
            self.paused = !may_read;
            if may_read { self.connection.resume(now) } else { self.connection.pause(now) }
        }
    }

    /// Has every event of an input handled.
    fn input(&mut self, input: Input, now: Duration, mut handle: impl FnMut(Received<'_>, &mut Log)) {
        match input {
            Input::EndOfStream => handle(self.connection.receive_eof(now), &mut self.log),
            Input::Time => handle(self.connection.timeout(now), &mut self.log),
            Input::Bytes(mut bytes) => {
                let mut from = 0;
                while from < bytes.len() {
                    let received = self.connection.receive(&mut bytes[from..], now);
                    from += received.consumed;
                    handle(received, &mut self.log);
                }
            }
        }
        while self.connection.has_more() {
            handle(self.connection.timeout(now), &mut self.log);
        }
    }
}

struct Relay {
    upstream: String,
    client: Side,
    /// There is none before the request.
    server: Option<Side>,
    /// Whether a request is to be answered.
    waits: bool,
    start: Instant,
    reporter: Reporter,
    reports: Receiver<(End, Report)>,
}

impl Relay {
    fn new(socket: TcpStream, config: &Config, upstream: String, log: Log) -> io::Result<Self> {
        // Each thread has one report at most that is not received.
        let (reporter, reports) = sync_channel(4);
        let client = Side::new(socket, End::Client, &reporter, config, log, Duration::ZERO)?;
        Ok(Relay { upstream, client, server: None, waits: false, start: Instant::now(), reporter, reports })
    }

    /// Runs until both transports are to be closed.
    fn run(mut self) -> io::Result<()> {
        loop {
            let now = self.start.elapsed();
            // A side is read no faster than the other can be written to, and the client not before it has its answer.
            let client_has_room = self.client.over || self.client.connection.writable();
            let server_has_room = self.server.as_ref().is_none_or(|server| server.over || server.connection.writable());
            self.client.advance(server_has_room && !self.waits, now);
            if let Some(server) = &mut self.server {
                server.advance(client_has_room, now);
            }
            if self.client.over && self.server.as_ref().is_none_or(|server| server.over) {
                return Ok(());
            }
            let report = match self.time_left() {
                Some(time) => self.reports.recv_timeout(time).ok(),
                None => self.reports.recv().ok(),
            };
            match report {
                Some((end, report)) => self.note(end, report)?,
                None => {
                    self.client_input(Input::Time)?;
                    self.server_input(Input::Time);
                }
            }
        }
    }

    fn note(&mut self, end: End, report: Report) -> io::Result<()> {
        let side = match (end, &mut self.server) {
            (End::Client, _) => &mut self.client,
            (End::Server, Some(server)) => server,
            (End::Server, None) => return Ok(()),
        };
        side.stream.note(&report);
        let input = match report {
            Report::Received(bytes) => Input::Bytes(bytes),
            Report::EndOfStream => Input::EndOfStream,
            // The engine drops its output when the time for writing it has passed.
            Report::Written(length) => {
                side.connection.written(length).unwrap_or(());
                return Ok(());
            }
        };
        match end {
            End::Client => self.client_input(input)?,
            End::Server => self.server_input(input),
        }
        Ok(())
    }

    /// Takes input from the client, and passes it on. If it is a request, connects to the server.
    fn client_input(&mut self, input: Input) -> io::Result<()> {
        let now = self.start.elapsed();
        let (upstream, mut request) = (&self.upstream, None);
        let Relay { client, server, waits, .. } = self;
        client.input(input, now, |received, log| {
            for event in received.events {
                match &event {
                    Event::Request(found) => request = Some(server_config(upstream, found)),
                    Event::Closed(_) => *waits = false,
                    _ => {}
                }
                pass_on(&event, received.sender, server.as_mut().map(|side| side.connection.sender()), log, now);
            }
        });
        match request {
            Some(Some(config)) => self.connect(&config)?,
            Some(None) => respond(&mut self.client.connection, 400, b"", b"", now),
            None => {}
        }
        Ok(())
    }

    /// Connects to the server as the client would.
    fn connect(&mut self, config: &Config) -> io::Result<()> {
        let socket = config.url().map(connect);
        let now = self.start.elapsed();
        let Some(Ok(socket)) = socket else {
            respond(&mut self.client.connection, 502, b"", b"", now);
            return Ok(());
        };
        let log = Log { direction: '<', opcode: None, ..self.client.log };
        self.server = Some(Side::new(socket, End::Server, &self.reporter, config, log, now)?);
        self.waits = true;
        Ok(())
    }

    /// Takes input from the server, answers the client as the server has answered, and passes on what follows.
    fn server_input(&mut self, input: Input) {
        let now = self.start.elapsed();
        let Relay { client, server: Some(server), waits, .. } = self else { return };
        server.input(input, now, |received, log| {
            for event in received.events {
                match &event {
                    Event::Open(open) if *waits => {
                        *waits = false;
                        let Ok(answer) = client.connection.accept(open.subprotocol(), now) else { continue };
                        for event in answer.events {
                            pass_on(&event, answer.sender, Some(received.sender), &mut client.log, now);
                        }
                    }
                    Event::Rejected(rejected) if *waits && matches!(rejected.status, 200..600) => {
                        *waits = false;
                        let body = if matches!(rejected.status, 204 | 304) { b"" } else { rejected.body };
                        respond(&mut client.connection, rejected.status, rejected.reason(), body, now);
                    }
                    Event::Closed(_) if *waits => {
                        *waits = false;
                        respond(&mut client.connection, 502, b"", b"", now);
                    }
                    _ => pass_on(&event, received.sender, Some(client.connection.sender()), log, now),
                }
            }
        });
    }

    fn time_left(&self) -> Option<Duration> {
        let server = self.server.as_ref().and_then(|side| side.connection.next_deadline());
        let deadline = self.client.connection.next_deadline().into_iter().chain(server).min()?;
        Some(deadline.saturating_sub(self.start.elapsed()))
    }
}

/// Passes on one event. After our Close nothing is sent to the other side, and it is sent no second one: such calls fail.
fn pass_on(event: &Event<'_>, from: &mut Sender, to: Option<&mut Sender>, log: &mut Log, now: Duration) {
    log.show(event);
    if let Event::Fault(fault) = event {
        let _ = from.fail(fault.code, reason(from.fault()).as_str(), now);
    }
    let Some(to) = to else { return };
    let _ = match event {
        Event::Frame(frame) => to.send_part(frame.kind, frame.data, frame.last),
        Event::Ping(ping) => to.ping(ping.payload, now),
        Event::Pong(pong) => to.pong(pong.payload),
        Event::Closing(closing) => {
            let code = Some(closing.code).filter(|code| *code != CloseCode::NO_STATUS_RECEIVED);
            to.close(code, closing.reason, now)
        }
        Event::Closed(Closed { fault: Some(_), .. }) => to.close(CloseCode::BAD_GATEWAY, &reason(from.fault()), now),
        _ => Ok(()),
    };
}

/// A fault in words, for a Close frame.
fn reason(fault: Option<Fault>) -> String {
    let mut text = fault.map(|fault| fault.to_text()).unwrap_or_default();
    text.truncate(MAX_REASON);
    text
}

/// Refuses a request.
fn respond(client: &mut Connection, status: u16, reason: &[u8], body: &[u8], now: Duration) {
    if let Ok(received) = client.respond(status, reason, body, now) {
        received.events.for_each(drop);
    }
}

/// What the client asks for, as a request to the server. None if no URL can have the target.
fn server_config(upstream: &str, request: &Request<'_>) -> Option<Config> {
    let mut builder = options(Config::client(&format!("{upstream}{}", request.target)));
    for name in request.subprotocols() {
        builder = builder.subprotocol(name);
    }
    if let Some(origin) = request.origin() {
        builder = builder.origin(origin);
    }
    let key = request.headers().find(|header| header.name.eq_ignore_ascii_case("Sec-WebSocket-Key"))?;
    builder.key(str::from_utf8(key.value).ok()?).build().ok()
}

fn connect(url: &Url) -> io::Result<TcpStream> {
    let mut result = Err(io::ErrorKind::NotFound.into());
    for address in (url.host.as_str(), url.port).to_socket_addrs()? {
        result = TcpStream::connect_timeout(&address, CONNECT_TIME);
        if result.is_ok() {
            break;
        }
    }
    result
}
