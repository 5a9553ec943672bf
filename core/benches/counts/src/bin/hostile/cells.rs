//! What a hostile peer can make each byte cost: a table of inputs, and the honest ones of the same kind.

use std::hint::black_box;
use std::time::Duration;

use sansock::tunnel::{Proxy, Tunnel, TunnelConfig};
use sansock::{Config, ConfigBuilder, Connection, Event, Received, Role};

use super::deflate;

const NOW: Duration = Duration::ZERO;
/// A usual read.
const READ: usize = 16 * 1024;

/// Where the bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// One connection gets them again and again, and the host writes what comes out.
    Frames { writes: bool },
    /// A connection for each pass.
    Head,
    /// A tunnel for each pass.
    Tunnel,
}

/// A line of the table.
pub struct Cell {
    /// What it is compared with: the first cell of its kind, which is honest.
    pub kind: &'static str,
    pub name: &'static str,
    way: Way,
    config: ConfigBuilder,
    bytes: Vec<u8>,
    read: usize,
    /// What a message is inflated to.
    pub is_compressed: bool,
}

impl Cell {
    fn read(self, read: usize) -> Self {
        Cell { read, ..self }
    }

    fn idle(self) -> Self {
        Cell { way: Way::Frames { writes: false }, ..self }
    }

    fn with(self, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        Cell { config: change(self.config), ..self }
    }

    pub fn label(&self) -> String {
        format!("{}: {}", self.kind, self.name)
    }

    /// Bytes received in one pass.
    pub fn received(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of messages in one pass.
    pub fn delivered(&self) -> usize {
        let config = self.config.clone().build().expect("a good configuration");
        self.frames(&mut connection(&config), &mut self.bytes.clone(), false)
    }

    /// Runs it so often.
    pub fn run(&self, passes: usize) {
        let mut buffer = vec![0; self.bytes.len()];
        match self.way {
            Way::Frames { writes } => {
                let config = self.config.clone().build().expect("a good configuration");
                let mut connection = connection(&config);
                for _ in 0..passes {
                    buffer.copy_from_slice(&self.bytes);
                    black_box(self.frames(&mut connection, &mut buffer, writes));
                }
                assert!(connection.fault().is_none(), "{}: {:?}", self.label(), connection.fault());
            }
            Way::Head => {
                let config = self.config.clone().build().expect("a good configuration");
                for _ in 0..passes {
                    buffer.copy_from_slice(&self.bytes);
                    black_box(self.frames(&mut connection(&config), &mut buffer, false));
                }
            }
            Way::Tunnel => self.tunnels(passes),
        }
    }

    fn frames(&self, connection: &mut Connection, bytes: &mut [u8], writes: bool) -> usize {
        let mut delivered = 0;
        for piece in bytes.chunks_mut(self.read) {
            let mut at = 0;
            loop {
                let Received { consumed, events, .. } = connection.receive(&mut piece[at..], NOW);
                for event in events {
                    delivered += match event {
                        Event::Text(message) => message.text.len(),
                        Event::Binary(message) => message.data.len(),
                        Event::Frame(frame) => frame.data.len(),
                        _ => 0,
                    };
                }
                at += consumed;
                if writes {
                    let len = black_box(connection.output()).len();
                    connection.written(len).expect("what there is");
                }
                if at == piece.len() && !connection.has_more() {
                    break;
                }
            }
        }
        delivered
    }

    fn tunnels(&self, passes: usize) {
        let proxy = Proxy::parse("http://proxy.example:3128").expect("a URL");
        let config = TunnelConfig::new(&proxy, "example.com", 443).expect("a target");
        for _ in 0..passes {
            let mut tunnel = Tunnel::new(&config, NOW).expect("memory");
            for piece in self.bytes.chunks(self.read) {
                tunnel.receive(piece, NOW).events.for_each(|event| {
                    black_box(event);
                });
            }
        }
    }
}

fn connection(config: &Config) -> Connection {
    Connection::new(config, [7; 32], NOW).expect("memory")
}

/// All cells.
pub fn all() -> Vec<Cell> {
    [
        frames(Role::Server),
        frames(Role::Client),
        texts(),
        heads(),
        answers(),
        bodies(),
        tunnels(),
        compressed(15),
        compressed(10),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A frame with the mask of zeros that costs what any does.
fn frame(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = if role == Role::Server { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(mask | len as u8),
        len => {
            frame.push(mask | 126);
            frame.extend((len as u16).to_be_bytes());
        }
    }
    if role == Role::Server {
        frame.extend([1, 2, 3, 4]);
        frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, key)| byte ^ key));
    } else {
        frame.extend(payload);
    }
    frame
}

fn of(kind: &'static str, role: Role) -> impl Fn(&'static str, Vec<u8>) -> Cell {
    move |name, bytes| Cell {
        kind,
        name,
        way: Way::Frames { writes: true },
        config: Config::builder(role).start_open(true),
        bytes,
        read: READ,
        is_compressed: false,
    }
}

/// A message of so many fragments.
fn fragments(role: Role, first: u8, piece: &[u8], count: usize) -> Vec<u8> {
    [frame(role, first, piece), frame(role, 0, piece).repeat(count), frame(role, 0x80, piece)].concat()
}

fn frames(role: Role) -> Vec<Cell> {
    let kinds = match role {
        Role::Server => ["masked frames", "small masked frames", "masked frames, tiny reads"],
        Role::Client => ["unmasked frames", "small unmasked frames", "unmasked frames, tiny reads"],
    };
    let [large, small, tiny] = kinds.map(|kind| of(kind, role));
    let frame = |first, payload: &[u8]| frame(role, first, payload);
    let fragments = |piece: &[u8]| fragments(role, 2, piece, 2000);
    let ping_and_byte = [frame(0x89, b""), frame(0, b"x")].concat();
    let honest = frame(0x82, &[7; 20]);
    vec![
        large("honest: messages of 1 KiB", frame(0x82, &[7; 1024]).repeat(64)),
        large("pings of 125 bytes, and the host writes", frame(0x89, &[7; 125]).repeat(200)),
        large("pings of 125 bytes, and the host does not", frame(0x89, &[7; 125]).repeat(200)).idle(),
        small("honest: messages of 20 bytes, each in a read", honest.repeat(200)).read(honest.len()),
        small("messages of a byte", frame(0x82, b"x").repeat(2000)),
        small("empty messages", frame(0x82, b"").repeat(2000)),
        small("fragments of a byte", fragments(b"x")),
        small("empty fragments", fragments(b"")),
        small("fragments of a byte, in parts", fragments(b"x")).with(|config| config.parts(true)),
        small("empty fragments, in parts", fragments(b"")).with(|config| config.parts(true)),
        small("fragments of a byte, as frames", fragments(b"x")).with(|config| config.frames(true)),
        small("empty fragments, as frames", fragments(b"")).with(|config| config.frames(true)),
        small("empty pings, and the host writes", frame(0x89, b"").repeat(2000)),
        small("empty pings, and the host does not", frame(0x89, b"").repeat(2000)).idle(),
        small("empty pongs", frame(0x8a, b"").repeat(2000)),
        small(
            "empty pings between fragments of a byte",
            [frame(2, b""), ping_and_byte.repeat(1000), frame(0x80, b"")].concat(),
        ),
        tiny("honest: messages of 1 KiB, in reads of 16 bytes", frame(0x82, &[7; 1024]).repeat(8)).read(16),
        tiny("messages of 1 KiB, in reads of a byte", frame(0x82, &[7; 1024]).repeat(4)).read(1),
        tiny("empty messages, in reads of a byte", frame(0x82, b"").repeat(500)).read(1),
    ]
}

fn texts() -> Vec<Cell> {
    let [large, small, tiny] =
        ["masked text", "small masked text", "masked text, tiny reads"].map(|kind| of(kind, Role::Server));
    let frame = |first, payload: &[u8]| frame(Role::Server, first, payload);
    let wide = "\u{1f600}".repeat(256);
    let pieces: Vec<u8> = wide.bytes().flat_map(|byte| frame(0, &[byte])).collect();
    let cut = [frame(1, b""), pieces, frame(0x80, b"")].concat();
    let honest = frame(0x81, &[b'a'; 20]);
    vec![
        large("honest: messages of 1 KiB of ASCII", frame(0x81, &[b'a'; 1024]).repeat(64)),
        large("messages of 1 KiB of four-byte characters", frame(0x81, wide.as_bytes()).repeat(64)),
        small("honest: messages of 20 bytes, each in a read", honest.repeat(200)).read(honest.len()),
        small("messages of a byte", frame(0x81, b"a").repeat(2000)),
        small("four-byte characters in fragments of a byte", cut.repeat(4)),
        small("four-byte characters in fragments of a byte, in parts", cut.repeat(4)).with(|config| config.parts(true)),
        tiny("honest: four-byte characters, in reads of 16 bytes", frame(0x81, wide.as_bytes()).repeat(8)).read(16),
        tiny("four-byte characters, in reads of a byte", frame(0x81, wide.as_bytes()).repeat(4)).read(1),
    ]
}

const BROWSER: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\r\n\
Upgrade: websocket\r\nOrigin: https://example.com\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
Accept-Language: en-GB,en;q=0.9\r\nCookie: id=0123456789abcdef0123456789abcdef\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

fn heads() -> Vec<Cell> {
    let with = |lines: &str| format!("{}{lines}\r\n", BROWSER.strip_suffix("\r\n").expect("an end")).into_bytes();
    let cell = |name, bytes| Cell {
        way: Way::Head,
        config: Config::server().deflate(true),
        ..of("requests", Role::Server)(name, bytes)
    };
    let names: Vec<String> = (0..64).map(|at| format!("n{at}")).collect();
    let names = names.join(",");
    let offers = ["permessage-deflate;a;b;c;d;e;f;g;h"; 15].join(",");
    let bad = BROWSER.replace("websocket\r\n", "h2c\r\n");
    vec![
        cell("honest: a browser's", BROWSER.as_bytes().to_vec()),
        cell("a browser's, in reads of a byte", BROWSER.as_bytes().to_vec()).read(1),
        cell("many short headers", with(&"a:\r\n".repeat(114))),
        cell("many short headers, in reads of a byte", with(&"a:\r\n".repeat(114))).read(1),
        cell("long values", with(&format!("a: {}\r\n", "y".repeat(7_500)))),
        cell("a list of extensions", with(&format!("Sec-WebSocket-Extensions: {offers}\r\n"))),
        cell("a list of commas", with(&format!("Sec-WebSocket-Extensions: {}x\r\n", ",".repeat(7_500)))),
        cell("a list of subprotocols", with(&format!("Sec-WebSocket-Protocol: {names}\r\n"))),
        cell("a request that is refused", bad.into_bytes()),
        cell("a first line that is refused", b"GET\r\n".to_vec()),
    ]
}

fn answers() -> Vec<Cell> {
    let client = Config::client("ws://example.com/chat");
    let request = connection(&client.clone().build().expect("a configuration")).output().to_vec();
    let mut server = connection(&Config::server().build().expect("a configuration"));
    server.receive(&mut request.clone(), NOW).events.for_each(drop);
    server.accept(None, NOW).expect("a request").events.for_each(drop);
    let answer = server.output().to_vec();
    let head =
        [&answer[..answer.len() - 2], b"Server: example\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n"].concat();
    let many = [&answer[..answer.len() - 2], &b"a:\r\n".repeat(120), b"\r\n"].concat();
    let folded = [&answer[..answer.len() - 2], b"a:x\r\n", &b" \r\n".repeat(2000), b"\r\n"].concat();
    let cell =
        |name, bytes| Cell { way: Way::Head, config: client.clone(), ..of("answers", Role::Client)(name, bytes) };
    let interim = [b"HTTP/1.1 103 x\r\n\r\n".repeat(8), head.clone()].concat();
    vec![
        cell("honest: a server's", head.clone()),
        cell("a server's, in reads of a byte", head).read(1),
        cell("many short headers", many),
        cell("a folded header", folded),
        cell("interim responses", interim),
    ]
}

fn bodies() -> Vec<Cell> {
    let client = Config::client("ws://example.com/chat");
    let cell =
        |name, bytes| Cell { way: Way::Head, config: client.clone(), ..of("refusals", Role::Client)(name, bytes) };
    let chunked = "HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let page = format!(
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n{}",
        "p".repeat(1024)
    );
    vec![
        cell("honest: a page of 1 KiB", page.clone().into_bytes()),
        cell("a page of 1 KiB, in reads of a byte", page.into_bytes()).read(1),
        cell("chunks of a byte", format!("{chunked}{}", "1\r\nx\r\n".repeat(5000)).into_bytes()),
        cell("chunks of a byte, in reads of a byte", format!("{chunked}{}", "1\r\nx\r\n".repeat(500)).into_bytes())
            .read(1),
        cell("chunk extensions", format!("{chunked}{}", "1;e=f\r\nx\r\n".repeat(1000)).into_bytes()),
    ]
}

fn tunnels() -> Vec<Cell> {
    let cell = |name, text: String| Cell { way: Way::Tunnel, ..of("proxies", Role::Client)(name, text.into_bytes()) };
    let usual = "Via: 1.1 proxy.example\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    vec![
        cell("honest: an answer", format!("HTTP/1.1 200 Connection established\r\n{usual}\r\n")),
        cell("an answer, in reads of a byte", format!("HTTP/1.1 200 Connection established\r\n{usual}\r\n")).read(1),
        cell("many short headers", format!("HTTP/1.1 200 x\r\n{}\r\n", "a:\r\n".repeat(125))),
        cell("interim responses", format!("{}HTTP/1.1 200 x\r\n\r\n", "HTTP/1.1 103 x\r\n\r\n".repeat(8))),
        cell("a refusal", format!("HTTP/1.1 407 x\r\n{usual}Proxy-Authenticate: Basic\r\n\r\n")),
    ]
}

fn compressed(bits: u8) -> Vec<Cell> {
    let role = Role::Server;
    let kind = if bits == 15 { "compressed, 15 bits" } else { "compressed, 10 bits" };
    let cell = |name, bytes| Cell {
        config: Config::server().start_open(true).deflate(true).client_max_window_bits(bits),
        is_compressed: true,
        ..of(kind, role)(name, bytes)
    };
    let message = |data: &[u8]| deflate::frames(data, |first, piece| frame(role, first, piece));
    let sent = |payloads: &[Vec<u8>]| -> Vec<u8> {
        deflate::compress(payloads, bits).iter().flat_map(|data| message(data)).collect()
    };
    let blocks = |block: &[u8], count: usize| message(&deflate::ended(block, count));
    let behind_32_kib = [&deflate::stored(&[b'x'; 32_000])[..], &deflate::ended(&deflate::FINAL, 200)].concat();
    let bytes: Vec<u8> =
        deflate::compress(&deflate::documents(1), bits)[0].iter().flat_map(|byte| frame(role, 0, &[*byte])).collect();
    let in_bytes = [frame(role, 0x42, b""), bytes, frame(role, 0x80, b"")].concat();
    vec![
        cell("honest: JSON of 1 KiB", sent(&deflate::documents(64))),
        cell("JSON of 1 KiB, in reads of a byte", sent(&deflate::documents(8))).read(1),
        cell("messages of a byte", sent(&vec![b"x".to_vec(); 500])),
        cell("empty messages", message(&[0]).repeat(1000)),
        cell("the largest ratio", sent(&[vec![0; 1 << 20]])),
        cell("empty final blocks", blocks(&deflate::FINAL, 1000)),
        cell("empty final blocks behind 32 KiB", message(&behind_32_kib)),
        cell("empty stored blocks", blocks(&deflate::stored(b""), 1000)),
        cell("stored blocks of a byte", blocks(&deflate::stored(b"x"), 1000)),
        cell("small dynamic headers", message(&deflate::small_tables(1000))),
        cell("large dynamic headers", message(&deflate::large_tables(500))),
        cell("fragments of a byte", in_bytes),
    ]
}
