//! What is played while memory fails: tables, and what is played for each combination of their rows.

use std::cell::LazyCell;
use std::sync::LazyLock;

use sansock::handshake::fields::Field;
use sansock::{CloseCode, Config, ConfigBuilder, HttpVersion, MessageKind, Role};

use super::common::drive::{HEADERS, client, client_and_answer, head, ms, opened, request_with};
use super::common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use super::player::{Outcome, Player};

/// A conversation. Played again it is the same.
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) play: Box<dyn Fn() -> Outcome>,
}

const ROLES: [Role; 2] = [Role::Server, Role::Client];
const VERSIONS: [HttpVersion; 3] = [HttpVersion::Http11, HttpVersion::Http2, HttpVersion::Http3];

/// All of them.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = Scenarios(Vec::new());
    all.messages_received();
    all.messages_sent();
    all.control_frames();
    all.closing();
    all.requests();
    all.answers();
    all.fields();
    #[cfg(feature = "deflate")]
    all.compression();
    #[cfg(feature = "tunnel")]
    all.tunnels();
    all.0
}

struct Scenarios(Vec<Scenario>);

impl Scenarios {
    fn add(&mut self, name: String, config: ConfigBuilder, play: impl Fn(&mut Player) + 'static) {
        let play = move || {
            let config = config.clone().build().expect("a good configuration");
            let mut player = Player::new(&config);
            play(&mut player);
            player.finish()
        };
        self.0.push(Scenario { name, play: Box::new(play) });
    }

    /// A conversation of both roles.
    fn add_with_roles(&mut self, name: &str, options: Options, play: fn(Role, &mut Player)) {
        for role in ROLES {
            self.add(format!("{name}, {role:?}"), options(opened(role)), move |player| play(role, player));
        }
    }
}

/// Text of so many bytes that does not repeat soon.
pub(crate) fn text(len: usize) -> Vec<u8> {
    static TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut state = 9_u32;
        let mut letter = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + (state >> 24) as u8 % 26
        };
        (0..LONGEST).map(|_| letter()).collect()
    });
    TEXT[..len].to_vec()
}

/// More than the largest buffer that is kept warm.
const LONGEST: usize = 300_000;

/// A message in so many frames.
fn fragments(role: Role, opcode: u8, payload: &[u8], count: usize) -> Vec<u8> {
    let size = payload.len().div_ceil(count).max(1);
    let pieces: Vec<&[u8]> = if payload.is_empty() { vec![payload] } else { payload.chunks(size).collect() };
    let last = pieces.len() - 1;
    let frame = |(at, piece): (usize, &&[u8])| {
        let opcode = if at == 0 { opcode } else { CONTINUATION };
        frames::to(role, opcode | if at == last { FIN } else { 0 }, piece)
    };
    pieces.iter().enumerate().flat_map(frame).collect()
}

/// How a message arrives: its frames, and the reads.
const ARRIVALS: [(&str, usize, usize); 6] = [
    ("whole", 1, 1),
    ("in two reads", 1, 2),
    ("in many reads", 1, 9),
    ("in three frames", 3, 1),
    ("in three frames and many reads", 3, 11),
    ("in forty frames and reads of their own", 40, 40),
];

type Options = fn(ConfigBuilder) -> ConfigBuilder;

/// How the data is delivered.
const DELIVERIES: [(&str, Options); 3] =
    [("messages", |config| config), ("parts", |config| config.parts(true)), ("frames", |config| config.frames(true))];

impl Scenarios {
    fn messages_received(&mut self) {
        for role in ROLES {
            for (how, frames, reads) in ARRIVALS {
                for len in [5, 700, 20_000, LONGEST] {
                    let opcode = if len % 3 == 0 { BINARY } else { TEXT };
                    let bytes = LazyCell::new(move || fragments(role, opcode, &text(len), frames));
                    self.add(format!("{len} bytes {how}, {role:?}"), opened(role), move |player| {
                        player.receive_in(&bytes, bytes.len().div_ceil(reads));
                        player.receive_in(&bytes, bytes.len().div_ceil(reads));
                    });
                }
                for (delivery, options) in &DELIVERIES[1..] {
                    let bytes = LazyCell::new(move || fragments(role, TEXT, &text(30_000), frames));
                    self.add(format!("{delivery} {how}, {role:?}"), options(opened(role)), move |player| {
                        player.receive_in(&bytes, bytes.len().div_ceil(reads));
                    });
                }
            }
            let joined = fragments(role, BINARY, &text(50_000), 2).repeat(9);
            let small = frames::to(role, FIN | TEXT, b"small").repeat(700);
            let mixed = [&joined[..], &small, &joined[..70_000]].concat();
            for (name, bytes) in [("joined messages", joined), ("small messages", small), ("a mixture", mixed)] {
                self.add(format!("{name}, {role:?}"), opened(role), move |player| {
                    player.receive(&bytes);
                    player.run_to(5_000);
                });
            }
        }
    }

    fn messages_sent(&mut self) {
        for role in ROLES {
            for len in [5, 150, 3_000, 20_000, LONGEST] {
                let payload = text(len);
                let config = opened(role).output_hard_limit(20 << 20);
                self.add(format!("{len} bytes sent, {role:?}"), config.clone(), {
                    let payload = payload.clone();
                    move |player| {
                        player.send(MessageKind::Text, &payload);
                        player.write();
                        player.send(MessageKind::Binary, &payload);
                        player.write();
                    }
                });
                self.add(format!("{len} bytes sent and not written, {role:?}"), config.clone(), {
                    let payload = payload.clone();
                    move |player| (0..4).for_each(|_| player.send(MessageKind::Binary, &payload))
                });
                self.add(format!("{len} bytes sent in parts, {role:?}"), config, move |player| {
                    let (first, last) = payload.split_at(payload.len() / 2);
                    player.part(MessageKind::Text, first, false);
                    player.part(MessageKind::Text, b"", false);
                    player.part(MessageKind::Text, last, true);
                });
            }
            self.add(format!("sizes in turn, {role:?}"), opened(role), |player| {
                for len in [10, 60_000, 100, 1_000, 200_000, 3, 9_000] {
                    player.send(MessageKind::Binary, &text(len));
                    if len > 500 {
                        player.write();
                    }
                }
            });
        }
    }

    fn control_frames(&mut self) {
        let unlimited = |config: ConfigBuilder| config;
        self.add_with_roles("pings answered", unlimited, |role, player| {
            player.receive(&frames::to(role, FIN | PING, &[7; 125]).repeat(300));
        });
        self.add_with_roles(
            "pings of a slow reader",
            |config| config.output_soft_limit(300),
            |role, player| {
                for _ in 0..3 {
                    player.receive(&frames::to(role, FIN | PING, &[7; 125]).repeat(20));
                }
                player.write();
            },
        );
        self.add_with_roles("control frames cut and between fragments", unlimited, |role, player| {
            let ping = frames::to(role, FIN | PING, &[1; 125]);
            let message =
                [frames::to(role, TEXT, &text(9_000)), ping, frames::to(role, FIN | CONTINUATION, b"x")].concat();
            player.receive_in(&message, 100);
        });
        self.add_with_roles("pings sent", unlimited, |role, player| {
            for number in 0..20_u8 {
                player.call(|connection, now| connection.ping(&[number; 125], now));
            }
            player.write();
            for number in 0..20_u8 {
                player.receive(&frames::to(role, FIN | PONG, &[number; 125]));
            }
        });
        self.add_with_roles("pongs sent", unlimited, |_, player| {
            (0..90).for_each(|_| player.call(|connection, _| connection.pong(&[3; 125])));
        });
        self.add_with_roles(
            "keepalive",
            |config| config.ping_interval(ms(1_000)),
            |role, player| {
                for second in 1..5 {
                    player.run_to(second * 1_000);
                    player.write();
                    player.receive(&frames::to(role, FIN | TEXT, b"here"));
                }
                player.run_to(60_000);
            },
        );
    }

    fn closing(&mut self) {
        let plain = |config: ConfigBuilder| config;
        let reason = "r".repeat(123);
        let close = frames::close(1000, &reason);
        for role in ROLES {
            let bytes = [frames::to(role, FIN | TEXT, b"last"), frames::to(role, FIN | CLOSE, &close)].concat();
            for (delivery, options) in DELIVERIES {
                let bytes = bytes.clone();
                self.add(format!("the peer closes, {delivery}, {role:?}"), options(opened(role)), move |player| {
                    player.receive_in(&bytes, 50);
                    player.run_to(40_000);
                });
            }
            let bytes = [fragments(role, BINARY, &text(90_000), 3), frames::to(role, FIN | 3, b"")].concat();
            for (delivery, options) in DELIVERIES {
                let bytes = bytes.clone();
                self.add(format!("a fault, {delivery}, {role:?}"), options(opened(role)), move |player| {
                    player.receive_in(&bytes, 40_000);
                    player.eof();
                });
            }
        }
        self.add_with_roles("the host closes", plain, |role, player| {
            let reason = "r".repeat(123);
            player.call(|connection, now| connection.close(CloseCode::NORMAL_CLOSURE, &reason, now));
            player.write();
            player.receive(&frames::to(role, FIN | CLOSE, &frames::close(1000, "")));
            player.eof();
        });
        self.add_with_roles("the host fails the connection", plain, |_, player| {
            player.call(|connection, now| connection.fail(CloseCode::POLICY_VIOLATION, "no", now));
            player.run_to(40_000);
        });
        self.add_with_roles("the stream ends inside a message", plain, |role, player| {
            player.receive_in(&frames::to(role, FIN | BINARY, &text(70_000))[..60_000], 9_000);
            player.eof();
        });
        self.add_with_roles(
            "too large a message",
            |config| config.max_message_size(10_000),
            |role, player| {
                player.receive_in(&fragments(role, BINARY, &text(12_000), 3), 3_000);
                player.run_to(40_000);
            },
        );
        self.add_with_roles("a text that is none", plain, |role, player| {
            player.receive_in(&frames::to(role, FIN | TEXT, &[0xff; 20_000]), 9_000);
        });
    }
}

/// Header lines, so many.
fn lines(count: usize, value_len: usize) -> Vec<String> {
    (0..count).map(|number| format!("X-{number}: {}", "v".repeat(value_len))).collect()
}

fn named(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

impl Scenarios {
    fn requests(&mut self) {
        let names: Vec<String> = (0..64).map(|number| format!("protocol-{number:0>20}")).collect();
        let subprotocols = format!("Sec-WebSocket-Protocol: {}", names.join(", "));
        let extensions = format!("Sec-WebSocket-Extensions: {}permessage-deflate", "foo;a=b, ".repeat(15));
        let target = format!("GET /{} HTTP/1.1", "t".repeat(8_000));
        let long = lines(1, 8_000);
        let many = lines(120, 80);
        let most = lines(3_000, 80);
        let requests: [(&str, Vec<u8>); 9] = [
            ("a request with headers without end", request_with(&named(&most))),
            ("a request", request_with(&[])),
            ("a request with many headers", request_with(&named(&many))),
            ("a request with a long header", request_with(&named(&long))),
            ("a request with many subprotocols", request_with(&[&subprotocols])),
            ("a request with many extensions", request_with(&[&extensions])),
            ("a request with a long target", head(&target, &HEADERS)),
            ("a request of another version", head("GET / HTTP/1.1", &["Host: a", "Sec-WebSocket-Version: 12"])),
            ("a request for a page", head("GET /page HTTP/1.1", &[&["Host: a"][..], &named(&many)].concat())),
        ];
        for (name, request) in requests {
            for size in [request.len(), 900] {
                let config =
                    Config::server().subprotocol(&names[9]).deliver_http(true).header("Server", "s".repeat(9_000));
                let config = config.max_headers(5_000).max_head_size(1 << 20);
                let (accepted, behind) =
                    (request.clone(), frames::to(Role::Server, FIN | BINARY, &text(30_000)).repeat(2));
                if !name.contains("version") && !name.contains("page") {
                    self.add(
                        format!("{name} in reads of {size}, accepted"),
                        config.clone().deflate(cfg!(feature = "deflate")),
                        {
                            move |player| {
                                player.receive_in(&accepted, size);
                                player.receive_in(&behind, size.max(9_000));
                                player.header("X-Answer", &text(20_000));
                                player.accept();
                            }
                        },
                    );
                }
                let request = request.clone();
                self.add(format!("{name} in reads of {size}, answered"), config, move |player| {
                    player.receive_in(&request, size);
                    player.header("X-Answer", b"1");
                    player.respond(503, &"busy".repeat(2_000), &text(90_000));
                });
            }
        }
        let refused: [(&str, Vec<u8>); 4] = [
            ("an endless head", [&b"GET / HTTP/1.1\r\n"[..], &b"X: y\r\n".repeat(9_000)].concat()),
            ("a bad line", b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n".to_vec()),
            ("a bad host", head("GET / HTTP/1.1", &["Host: a b"])),
            ("an empty line", b"\r\n\r\n".to_vec()),
        ];
        for (name, request) in refused {
            self.add(format!("{name}, refused"), Config::server().header("Server", "s".repeat(9_000)), move |player| {
                player.receive_in(&request, 1_000);
                player.run_to(40_000);
            });
        }
        self.add("a request that nobody answers".into(), Config::server(), |player| {
            player.receive(&request_with(&[]));
            player.run_to(40_000);
        });
        let small = frames::to(Role::Server, FIN | TEXT, b"early").repeat(2_000);
        self.add("many messages behind a request".into(), Config::server(), move |player| {
            player.receive(&[request_with(&[]), small.clone()].concat());
            player.accept();
            player.receive(&[]);
        });
    }

    fn answers(&mut self) {
        let plain = || client().max_headers(5_000).max_head_size(1 << 20);
        let large = || {
            let url = format!("ws://{}:{}@example.com/{}", "u".repeat(2_000), "p".repeat(9_000), "t".repeat(20_000));
            (0..30).fold(
                Config::client(&url)
                    .max_headers(5_000)
                    .max_head_size(1 << 20)
                    .origin("https://example.org")
                    .header("X-Large", "v".repeat(30_000)),
                |config, number| config.subprotocol(&format!("protocol-{number:0>200}")),
            )
        };
        let body = text(90_000);
        let (many, most) = (lines(100, 90), lines(3_000, 80));
        let sized = format!("Content-Length: {}", body.len());
        let chunked: Vec<u8> = body
            .chunks(9_000)
            .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
            .collect();
        let refusals: [(&str, Vec<u8>); 5] = [
            (
                "a refusal with headers without end",
                head("HTTP/1.1 404 No", &[&named(&most)[..], &["Content-Length: 0"]].concat()),
            ),
            (
                "a refusal with a length",
                [&head("HTTP/1.1 404 Not Found", &[&named(&many)[..], &[&sized]].concat())[..], &body].concat(),
            ),
            (
                "a refusal in chunks",
                [&head("HTTP/1.1 500 No", &["Transfer-Encoding: chunked"])[..], &chunked, b"0\r\n\r\n"].concat(),
            ),
            ("a refusal until the end", [&head("HTTP/1.1 302 Found", &["Location: /b"])[..], &body].concat()),
            (
                "interim responses",
                [head("HTTP/1.1 103 Early", &named(&many)).repeat(1), head("HTTP/1.1 403 No", &["Content-Length: 0"])]
                    .concat(),
            ),
        ];
        for (kind, config) in [("small", plain()), ("large", large())] {
            for size in [1_000, 100_000] {
                for (name, answer) in &refusals {
                    let answer = answer.clone();
                    self.add(format!("{name} to a {kind} request in reads of {size}"), config.clone(), move |player| {
                        player.write();
                        player.receive_in(&answer, size);
                        player.eof();
                    });
                }
                for (extras, lines) in [("few", vec![]), ("many", named(&many)), ("endless", named(&most))] {
                    let (_, answer) = client_and_answer(client());
                    let end = answer.len() - 2;
                    let answer = [
                        &answer[..end],
                        lines.join("\r\n").as_bytes(),
                        if lines.is_empty() { b"" } else { b"\r\n" },
                        b"\r\n",
                    ]
                    .concat();
                    let answer = [answer, frames::to(Role::Client, FIN | TEXT, &text(20_000))].concat();
                    self.add(
                        format!("{extras} headers for a {kind} request in reads of {size}"),
                        config.clone(),
                        move |player| {
                            player.write();
                            player.receive_in(&answer, size);
                        },
                    );
                }
            }
            self.add(format!("a wrong answer to a {kind} request"), config.clone(), |player| {
                player.write();
                player.receive(&head(
                    "HTTP/1.1 101 Yes",
                    &["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: no"],
                ));
            });
            self.add(format!("no answer to a {kind} request"), config, |player| player.run_to(40_000));
        }
    }

    fn fields(&mut self) {
        if !cfg!(feature = "fields") {
            return;
        }
        for version in VERSIONS {
            self.add(format!("a request of fields, {version:?}"), Config::server(), move |player| {
                receive_request(player, version);
                player.receive(&frames::to(Role::Server, FIN | BINARY, &text(20_000)));
                player.header("x-answer", &text(20_000));
                player.accept();
            });
            self.add(format!("a request of fields that is answered, {version:?}"), Config::server(), move |player| {
                receive_request(player, version);
                player.respond(403, "", &text(20_000));
            });
            self.add(
                format!("an answer of fields, {version:?}"),
                client().header("x-large", text(20_000)),
                move |player| {
                    player.input(|connection, now| connection.request_fields(version, now));
                    let value = text(4_000);
                    let fields =
                        [Field { name: b"x-a", value: &value }, Field { name: b"content-length", value: b"20000" }];
                    player.input(|connection, now| connection.receive_response(404, &fields, now));
                    player.receive_in(&text(20_000), 3_000);
                },
            );
        }
    }
}

fn receive_request(player: &mut Player, version: HttpVersion) {
    let value = text(7_000);
    let first: &[(&[u8], &[u8])] = match version {
        HttpVersion::Http11 => &[
            (b":method", b"GET"),
            (b":path", b"/"),
            (b"host", b"a"),
            (b"upgrade", b"websocket"),
            (b"connection", b"upgrade"),
            (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        ],
        _ => &[
            (b":method", b"CONNECT"),
            (b":protocol", b"websocket"),
            (b":scheme", b"https"),
            (b":path", b"/"),
            (b":authority", b"a"),
        ],
    };
    let rest: [(&[u8], &[u8]); 2] = [(b"sec-websocket-version", b"13"), (b"x-long", &value)];
    let fields: Vec<Field<'_>> = first.iter().chain(&rest).map(|(name, value)| Field { name, value }).collect();
    player.input(|connection, now| connection.receive_request(version, &fields, now));
}

#[cfg(feature = "deflate")]
impl Scenarios {
    fn compression(&mut self) {
        for role in ROLES {
            for alone in [false, true] {
                let config =
                    opened(role).deflate(true).server_no_context_takeover(alone).client_no_context_takeover(alone);
                let config = config.output_hard_limit(20 << 20);
                let context = if alone { "alone" } else { "in a context" };
                for len in [500, 20_000, LONGEST] {
                    let payload = text(len / 2).repeat(2);
                    for (how, _, reads) in &ARRIVALS[..3] {
                        let frame = LazyCell::new(move || compressed(role, &text(len / 2).repeat(2)));
                        let name = format!("{len} compressed bytes {how}, {context}, {role:?}");
                        self.add(name, config.clone(), move |player| {
                            player.receive_in(&frame, frame.len().div_ceil(*reads));
                        });
                    }
                    let sent = payload.clone();
                    self.add(format!("{len} bytes compressed, {context}, {role:?}"), config.clone(), move |player| {
                        player.send(MessageKind::Text, &sent);
                        player.send(MessageKind::Binary, &sent);
                        player.write();
                    });
                    self.add(
                        format!("{len} bytes compressed in parts, {context}, {role:?}"),
                        config.clone(),
                        move |player| {
                            let (first, last) = payload.split_at(payload.len() / 3);
                            player.part(MessageKind::Binary, first, false);
                            player.part(MessageKind::Binary, last, true);
                        },
                    );
                }
                for (delivery, options) in &DELIVERIES[1..] {
                    let frame = LazyCell::new(move || compressed(role, &text(60_000).repeat(2)));
                    let name = format!("{delivery} of compressed data, {context}, {role:?}");
                    self.add(name, options(config.clone()), move |player| player.receive_in(&frame, 5_000));
                }
            }
        }
    }
}

/// A compressed message, as another engine sends it.
#[cfg(feature = "deflate")]
fn compressed(role: Role, payload: &[u8]) -> Vec<u8> {
    let other = if role == Role::Server { Role::Client } else { Role::Server };
    let config = opened(other).deflate(true).output_hard_limit(20 << 20).build().expect("a good configuration");
    let mut peer = sansock::Connection::new(&config, [0; 32], ms(0)).expect("memory");
    peer.send_binary(payload).expect("a message");
    peer.output().to_vec()
}

#[cfg(feature = "tunnel")]
impl Scenarios {
    fn tunnels(&mut self) {
        let many = lines(100, 90);
        let answers: [(&str, Vec<u8>); 4] = [
            ("through", head("HTTP/1.1 200 OK", &[])),
            ("through, with many headers", head("HTTP/1.1 200 OK", &named(&many))),
            ("refused, with many headers", head("HTTP/1.1 407 No", &named(&many))),
            ("an endless head", [&b"HTTP/1.1 200 OK\r\n"[..], &b"X: y\r\n".repeat(9_000)].concat()),
        ];
        let credentials = format!("{}:{}@", "u".repeat(3_000), "p".repeat(6_000));
        for userinfo in ["", &credentials] {
            for (name, answer) in &answers {
                let (url, answer) = (format!("http://{userinfo}proxy"), answer.clone());
                self.tunnel(format!("a tunnel, {name}, {} bytes of credentials", userinfo.len()), url, 30_000, answer);
            }
        }
        let pair = format!("{}:{}@", "u".repeat(255), "p".repeat(255));
        let name = [&[5, 0, 0, 3, 255][..], &[b'n'; 257]].concat();
        let socks: [(&str, String, Vec<u8>); 5] = [
            ("SOCKS4a", "socks4a://user@proxy".into(), vec![0, 90, 0, 0, 0, 0, 0, 0]),
            ("SOCKS5", "socks5h://proxy".into(), [&[5, 0][..], &name].concat()),
            ("SOCKS5 with a password", format!("socks5h://{pair}proxy"), [&[5, 2, 1, 0][..], &name].concat()),
            ("SOCKS5 that refuses", "socks5h://proxy".into(), vec![5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0]),
            ("SOCKS5 that does not answer", "socks5h://proxy".into(), vec![]),
        ];
        for (name, url, answer) in socks {
            self.tunnel(format!("a tunnel, {name}"), url, 0, answer);
        }
    }

    fn tunnel(&mut self, name: String, url: String, header: usize, answer: Vec<u8>) {
        let play = move || super::player::play_tunnel(&url, header, &answer);
        self.0.push(Scenario { name, play: Box::new(play) });
    }
}
