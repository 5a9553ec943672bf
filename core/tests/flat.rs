//! What hosts in other languages see: the same as a Rust program, in numbers and pointers.

mod common;

use common::drive::{REQUEST, ms, opened, request_with, seed};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT};
use sansock::boundary::{self, Block, Connection as Flat, NEVER, block, kind, option, region, role, status};
use sansock::{Config, ConfigBuilder, Connection, Error, PreparedMessage};

/// A server of numbers and one of Rust, with the same options, which do the same.
struct Both {
    flat: Flat,
    rust: Connection,
    input: Vec<u8>,
    consumed: usize,
}

impl Both {
    fn new(options: &[(u32, u64)], config: ConfigBuilder) -> Self {
        let mut numbers = boundary::Config::new(role::SERVER).unwrap();
        options.iter().for_each(|(option, value)| numbers.set(*option, *value).unwrap());
        let flat = Flat::new(&numbers, seed(), 0).unwrap();
        let rust = Connection::new(&config.build().unwrap(), seed(), ms(0)).unwrap();
        let both = Both { flat, rust, input: Vec::new(), consumed: 0 };
        both.compare();
        both
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.input = bytes.to_vec();
        self.consumed = self.flat.receive(&mut self.input, 0);
        let mut input = bytes.to_vec();
        let received = self.rust.receive(&mut input, ms(0));
        assert_eq!(received.consumed, self.consumed);
        received.events.for_each(drop);
        self.compare();
    }

    /// The same call of both.
    fn call(
        &mut self,
        flat: impl FnOnce(&mut Flat) -> Result<(), boundary::Error>,
        rust: impl FnOnce(&mut Connection) -> Result<(), Error>,
    ) {
        assert_eq!(flat(&mut self.flat), rust(&mut self.rust).map_err(boundary::Error::from));
        self.compare();
    }

    fn block(&self) -> Block {
        let mut block = Block::EMPTY;
        self.flat.block(&mut block, self.input.as_ptr(), self.input.len(), self.consumed, status::BUSY);
        block
    }

    /// The block says what the calls of a Rust program say.
    fn compare(&self) {
        let (block, rust) = (self.block(), &self.rust);
        let deadline = rust.next_deadline().map_or(NEVER, |time| time.as_millis() as u64);
        assert_eq!((block.status, block.consumed), (status::BUSY, self.consumed as u64), "as they were passed");
        assert_eq!((block.state, block.transport), (rust.state() as u8, rust.transport() as u8));
        assert_eq!((block.next_deadline, block.payload_remaining), (deadline, rust.payload_remaining()));
        assert_eq!(block.flags & block::MORE != 0, rust.has_more());
        assert_eq!(block.flags & block::WRITABLE != 0, rust.writable());
        let numbers = rust.fault().map_or((0, None, None, None), |fault| {
            (fault.kind.number(), fault.actual(), fault.limit(), fault.position())
        });
        let number = |number: u64, none: u64| Some(number).filter(|number| *number != none);
        assert_eq!(
            (
                block.fault,
                number(block.fault_actual, 0),
                number(block.fault_limit, 0),
                number(block.fault_position, NEVER)
            ),
            numbers
        );
        assert_eq!((block.output_len, self.flat.output()), (rust.output().len(), rust.output()));
        assert_eq!(block.output, self.flat.output().as_ptr());
        let records = self.flat.records();
        assert_eq!((block.event_count as usize, block.events), (records.len(), records.as_ptr()));
        let regions = [self.input.as_slice(), self.flat.region(region::STORE), self.flat.region(region::SCRATCH)];
        assert_eq!(block.regions, regions.map(<[u8]>::as_ptr));
        assert_eq!(block.region_lens, regions.map(<[u8]>::len));
        assert_eq!(self.flat.memory_usage(), rust.memory_usage());
    }
}

fn to_server(first: u8, payload: &[u8]) -> Vec<u8> {
    frames::to(sansock::Role::Server, first, payload)
}

#[test]
fn a_block_says_what_a_connection_says() {
    let mut both = Both::new(&[], Config::server());
    both.receive(&request_with(&["Sec-WebSocket-Protocol: chat"]));
    both.receive(&to_server(FIN | TEXT, b"early").repeat(300));
    both.call(
        |flat| flat.accept(None, 0),
        |rust| rust.accept(None, ms(0)).map(|received| received.events.for_each(drop)),
    );
    assert_ne!(both.block().flags & block::MORE, 0);
    while both.rust.has_more() {
        both.receive(b"");
    }
    both.receive(&to_server(FIN | PING, b"ping"));
    both.receive(&to_server(BINARY, b"part"));
    both.receive(&to_server(FIN | CONTINUATION, &[7; 1000])[..500]);
    assert_eq!(both.block().payload_remaining, 508);
    both.receive(&[7; 508]);
    both.call(|flat| flat.send_many(kind::BINARY, &[70_000], &[1; 70_000]).1, |rust| rust.send_binary(&[1; 70_000]));
    assert_eq!(both.block().flags & (block::WRITABLE | block::DEFER_WRITTEN), 0);
    let count = both.rust.output().len();
    both.call(|flat| flat.written(count), |rust| rust.written(count));
    assert_eq!(both.block().flags, block::WRITABLE | block::DEFER_WRITTEN);
    both.receive(&to_server(FIN | CLOSE, &frames::close(1000, "bye")));
    both.receive(b"");
    both.call(
        |flat| {
            flat.receive_eof(0);
            Ok(())
        },
        |rust| {
            rust.receive_eof(ms(0)).events.for_each(drop);
            Ok(())
        },
    );
}

/// The deadline for a pong stands still while the host does not read.
#[test]
fn a_host_that_pauses_is_not_given_up() {
    let options = [(option::PING_INTERVAL, 100), (option::PONG_TIMEOUT, 50), (option::START_OPEN, 1)];
    let config = Config::server().ping_interval(ms(100)).pong_timeout(ms(50)).start_open(true);
    let mut both = Both::new(&options, config);
    let time = |both: &mut Both, now: u64| {
        both.flat.timeout(now);
        both.rust.timeout(ms(now)).events.for_each(drop);
        both.compare();
    };
    time(&mut both, 100);
    let ping = both.rust.output().len();
    both.call(|flat| flat.written(ping), |rust| rust.written(ping));
    assert_eq!(both.block().next_deadline, 150);
    both.call(
        |flat| {
            flat.pause(120);
            Ok(())
        },
        |rust| {
            rust.pause(ms(120));
            Ok(())
        },
    );
    assert_eq!(both.block().next_deadline, NEVER);
    both.call(
        |flat| {
            flat.resume(1000);
            Ok(())
        },
        |rust| {
            rust.resume(ms(1000));
            Ok(())
        },
    );
    assert_eq!(both.block().next_deadline, 1030);
}

#[test]
fn a_block_has_the_numbers_of_a_fault() {
    let limited = || {
        Both::new(
            &[(option::START_OPEN, 1), (option::MAX_MESSAGE_SIZE, 10)],
            opened(sansock::Role::Server).max_message_size(10),
        )
    };
    let mut both = limited();
    both.receive(&[to_server(FIN | TEXT, b"abc"), to_server(FIN | TEXT, &[b'a'; 11])].concat());
    both.receive(b"");
    let block = both.block();
    assert_eq!((block.fault_actual, block.fault_limit, block.fault_position), (11, 10, 9));
    let mut both = Both::new(&[], Config::server());
    both.receive(b"GET / HTTP/1.1\r\nHost\r\n\r\n");
    assert_eq!(both.block().fault_position, NEVER);
    let mut both = limited();
    both.receive(&to_server(FIN | 3, b""));
    both.receive(b"");
}

#[cfg(feature = "deflate")]
#[test]
fn limits_of_compression_by_number() {
    use sansock::DeflateLimit;

    let offer = request_with(&["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]);
    for (number, value, limit) in [
        (option::DEFLATE, 0, Some(DeflateLimit::Off)),
        (option::SERVER_NO_CONTEXT_TAKEOVER, 1, Some(DeflateLimit::ServerNoContextTakeover)),
        (option::CLIENT_NO_CONTEXT_TAKEOVER, 1, Some(DeflateLimit::ClientNoContextTakeover)),
        (option::SERVER_MAX_WINDOW_BITS, 10, Some(DeflateLimit::ServerMaxWindowBits(10))),
        (option::CLIENT_MAX_WINDOW_BITS, 11, Some(DeflateLimit::ClientMaxWindowBits(11))),
        (option::SERVER_MAX_WINDOW_BITS, 7, None),
        (option::CLIENT_MAX_WINDOW_BITS, 256 + 11, None),
        (option::DEFLATE, 1, None),
        (option::SERVER_NO_CONTEXT_TAKEOVER, 0, None),
        (option::CLIENT_NO_CONTEXT_TAKEOVER, 0, None),
        (option::DEFLATE_LEVEL, 1, None),
    ] {
        let mut both = Both::new(&[(option::DEFLATE, 1)], Config::server().deflate(true));
        both.receive(&offer);
        both.call(
            |flat| flat.limit_deflate(number, value),
            |rust| limit.map_or(Err(Error::InvalidArgument), |limit| rust.limit_deflate(limit)),
        );
        both.call(
            |flat| flat.accept(None, 0),
            |rust| rust.accept(None, ms(0)).map(|received| received.events.for_each(drop)),
        );
        let agreed = String::from_utf8_lossy(both.flat.output()).contains("permessage-deflate");
        assert_eq!(agreed, limit != Some(DeflateLimit::Off));
    }
}

#[test]
fn messages_that_are_prepared_by_kind() {
    for (kind, payload, message) in [
        (kind::TEXT, &b"text"[..], PreparedMessage::text("text")),
        (kind::BINARY, b"\xff", PreparedMessage::binary(b"\xff")),
    ] {
        let mut both = Both::new(&[(option::START_OPEN, 1)], opened(sansock::Role::Server));
        let prepared = boundary::prepare(kind, payload).unwrap();
        let message = message.unwrap();
        assert_eq!((prepared.kind(), prepared.payload()), (message.kind(), payload));
        assert_eq!(prepared.as_text(), message.as_text());
        assert_eq!(prepared.as_text().is_some(), kind == kind::TEXT);
        both.call(|flat| flat.send_prepared(&prepared), |rust| rust.send_prepared(&message));
        assert_eq!(frames::read_all(both.flat.output())[0].payload, payload);
    }
    assert_eq!(boundary::prepare(kind::TEXT, b"\xff").err(), Some(boundary::Error::InvalidArgument));
    assert_eq!(boundary::prepare(kind::PING, b"").err(), Some(boundary::Error::InvalidArgument));
    let mut connecting = Both::new(&[], Config::server());
    let prepared = boundary::prepare(kind::TEXT, b"a").unwrap();
    connecting
        .call(|flat| flat.send_prepared(&prepared), |rust| rust.send_prepared(&PreparedMessage::text("a").unwrap()));
}

#[test]
fn errors_have_numbers_and_texts() {
    let numbers: Vec<i32> = boundary::Error::ALL.iter().map(|error| error.number()).collect();
    assert_eq!(numbers, [-1, -2, -3, -4, -5, -6, -7, -8, -9]);
    for (rust, number) in [
        (Error::InvalidArgument, status::INVALID_ARGUMENT),
        (Error::InvalidState, status::INVALID_STATE),
        (Error::WouldBlock, status::WOULD_BLOCK),
        (Error::TooLarge, status::TOO_LARGE),
        (Error::NoMemory, status::NO_MEMORY),
        (Error::Entropy, status::ENTROPY),
    ] {
        let error = boundary::Error::from(rust);
        assert_eq!((error.number(), error.text()), (number, rust.text()));
        assert_eq!(boundary::status_of(Err(error)), number);
    }
    assert_eq!(boundary::status_of(Ok(())), status::OK);
    let mut texts = boundary::Error::ALL.map(boundary::Error::text).to_vec();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 9);
}

#[test]
fn a_configuration_by_number_is_that_of_its_role() {
    assert!(boundary::Config::new(2).is_err());
    assert_eq!(boundary::Config::new(role::SERVER).unwrap().role(), sansock::Role::Server);
    let mut client = boundary::Config::new(role::CLIENT).unwrap();
    assert_eq!(client.role(), sansock::Role::Client);
    assert!(client.built().is_err(), "it has no URL");
    client.set_text(boundary::text::URL, b"ws://a/").unwrap();
    client.add_header(b"X-A", b"b").unwrap();
    client.set_text(boundary::text::SUBPROTOCOL, b"chat").unwrap();
    client.set_text(boundary::text::ORIGIN, b"http://a").unwrap();
    client.set_text(boundary::text::KEY, b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
    assert!(client.set_text(9, b"a").is_err() && client.set_text(boundary::text::ORIGIN, b"\xff").is_err());
    let request = Flat::new(&client, seed(), 0).unwrap().output().to_vec();
    let request = String::from_utf8(request).unwrap();
    for line in [
        "Host: a",
        "X-A: b",
        "Sec-WebSocket-Protocol: chat",
        "Origin: http://a",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line} in {request}");
    }
    let mut both = Both::new(&[], Config::server());
    both.receive(REQUEST.as_bytes());
}

#[cfg(feature = "tunnel")]
mod tunnel {
    use sansock::boundary::{Tunnel as FlatTunnel, TunnelConfig as FlatConfig};
    use sansock::{Proxy, Tunnel, TunnelConfig};

    use super::*;

    fn compare(flat: &FlatTunnel, rust: &Tunnel, consumed: usize, events: usize) {
        let mut block = Block::EMPTY;
        flat.block(&mut block, consumed, status::OK);
        let deadline = rust.next_deadline().map_or(NEVER, |time| time.as_millis() as u64);
        assert_eq!((block.status, block.consumed), (status::OK, consumed as u64));
        assert_eq!((block.state, block.transport), (rust.state() as u8, rust.transport() as u8));
        assert_eq!((block.next_deadline, block.payload_remaining, block.flags), (deadline, 0, block::WRITABLE));
        assert_eq!((block.output_len, block.output.is_null()), (rust.output().len(), false));
        assert!(block.event_count as usize >= events && !block.events.is_null());
        assert_eq!(flat.fault(), rust.fault());
        let fault = rust.fault();
        assert_eq!(block.fault, fault.map_or(0, |fault| fault.kind.number()));
        assert_eq!(block.fault_actual, fault.and_then(|fault| fault.actual()).unwrap_or(0));
        assert_eq!(block.fault_limit, fault.and_then(|fault| fault.limit()).unwrap_or(0));
        assert_eq!(block.fault_position, NEVER, "no fault of a tunnel is one of a frame");
        assert!(block.regions.iter().all(|region| !region.is_null()));
        assert_eq!(block.region_lens[..2], [0, 0]);
    }

    /// Each answer of a proxy, and then the end of its stream, or of the time.
    #[test]
    fn a_block_says_what_a_tunnel_says() {
        for (url, limit, answer) in [
            ("http://me:secret@proxy.example", 16 * 1024, &b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest"[..]),
            ("http://proxy.example", 16 * 1024, b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"),
            ("http://proxy.example", 20, b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"),
            ("socks4a://proxy.example", 16 * 1024, &[0, 91, 0, 0, 0, 0, 0, 0]),
            ("socks4a://proxy.example", 16 * 1024, &[0, 90, 0, 0, 0, 0, 0, 0]),
            ("socks5h://proxy.example", 16 * 1024, &[5, 0]),
        ] {
            for is_late in [false, true] {
                let mut config = FlatConfig::new(url.as_bytes(), b"example.com", 443).unwrap();
                config.set(option::MAX_HEAD_SIZE, limit).unwrap();
                assert!(config.set(option::MAX_MESSAGE_SIZE, 1).is_err());
                let is_http = url.starts_with("http");
                assert_eq!(config.add_header(b"X-A", b"b").is_ok(), is_http);
                let mut flat = FlatTunnel::new(&config, 0).unwrap();
                let mut config = TunnelConfig::new(&Proxy::parse(url).unwrap(), "example.com", 443).unwrap();
                config.set_max_head_size(limit).unwrap();
                assert_eq!(config.add_header("X-A", "b").is_ok(), is_http);
                let mut rust = Tunnel::new(&config, ms(0)).unwrap();
                compare(&flat, &rust, 0, 0);
                let count = rust.output().len();
                assert_eq!((flat.written(count + 1).is_err(), flat.written(count)), (true, Ok(())));
                rust.written(count).unwrap();
                compare(&flat, &rust, 0, 0);
                let received = rust.receive(answer, ms(1));
                let (consumed, events) = (received.consumed, received.events.count());
                assert_eq!(flat.receive(answer, 1), consumed);
                compare(&flat, &rust, consumed, events);
                let events = if is_late {
                    flat.timeout(20_000);
                    flat.timeout(20_001);
                    let first = rust.timeout(ms(20_000)).events.count();
                    first + rust.timeout(ms(20_001)).events.count()
                } else {
                    flat.receive_eof(2);
                    rust.receive_eof(ms(2)).events.count()
                };
                assert!(events <= 1);
                compare(&flat, &rust, 0, 0);
                // The block has shown the events: nobody is told that they were not read.
                flat.receive_eof(20_002);
                assert_eq!(rust.receive_eof(ms(20_002)).events.count(), 0);
                compare(&flat, &rust, 0, 0);
            }
        }
    }
}
