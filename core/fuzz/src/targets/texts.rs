//! Lists of extensions, URLs, what a host writes into a configuration, and single frames.

use sansock::{Config, Proxy, Role, TunnelConfig, Url};

use crate::host::Host;
use crate::input::Input;
use crate::plan::{KEY, Plan, Start, bit};
use crate::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RSV1, TEXT};

/// A list of extensions to a server and to a client, with other header fields around it.
pub fn extensions(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let is_server = input.byte() & 1 == 0;
    let mut plan: [u8; crate::plan::PLAN_LEN] = std::array::from_fn(|_| input.byte());
    plan[0] |= bit::DEFLATE;
    plan[3] &= 0x7f;
    let lists = input.rest();
    let mut head: Vec<u8> = Vec::new();
    for list in lists.split(|byte| *byte == b'\n') {
        head.extend_from_slice(b"Sec-WebSocket-Extensions: ");
        head.extend(list.iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)));
        head.extend_from_slice(b"\r\n");
    }
    if is_server { offer(plan, &head) } else { answer(plan, &head) }
}

fn offer(plan: [u8; crate::plan::PLAN_LEN], lists: &[u8]) {
    let plan = Plan::of(Role::Server, Start::Text, plan);
    let mut host = Host::new(&plan);
    let request = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Version: 13\r\n"
    );
    host.receive(&[request.as_bytes(), lists, b"\r\n"].concat());
    if host.seen.asked && host.input(|connection, now| connection.accept(None, now)).is_ok() {
        host.drain();
        let response = String::from_utf8(std::mem::take(&mut host.wire.all)).expect("a response in ASCII");
        agreed(&response, &lists.to_ascii_lowercase());
        talk(&mut host, plan.role, response.contains("permessage-deflate"));
    }
    host.finish();
}

/// What a server answers follows from what was offered (RFC 7692 §7.1).
fn agreed(response: &str, offered: &[u8]) {
    let mut lines = response.lines().filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    let Some(list) = lines.next() else { return };
    assert_eq!(lines.next(), None, "one answer");
    let mut parts = list.split("; ");
    assert_eq!(parts.next(), Some("permessage-deflate"));
    let mut names = Vec::new();
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        assert!(!names.contains(&name), "{list}");
        names.push(name);
        let has_value = name.ends_with("_max_window_bits");
        assert_eq!(has_value, value.parse::<u8>().is_ok_and(|bits| (8..=15).contains(&bits)), "{list}");
        let needs_offer = name == "client_max_window_bits";
        assert!(!needs_offer || offered.windows(name.len()).any(|window| window == name.as_bytes()), "{list}");
        assert!(has_value || matches!(name, "server_no_context_takeover" | "client_no_context_takeover"), "{list}");
    }
}

fn answer(plan: [u8; crate::plan::PLAN_LEN], lists: &[u8]) {
    let plan = Plan::of(Role::Client, Start::Text, plan);
    let mut host = Host::new(&plan);
    let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    host.receive(&[response.as_bytes(), lists, b"\r\n"].concat());
    if host.seen.count("open") == 1 {
        let compresses = lists.to_ascii_lowercase().windows(18).any(|window| window == b"permessage-deflate");
        talk(&mut host, plan.role, compresses);
    }
    host.finish();
}

/// A message each way: compressed ones are only understood where they were agreed on.
fn talk(host: &mut Host, role: Role, compresses: bool) {
    let _ = host.call(|connection, _| connection.send_binary(&[7; 300]));
    host.drain();
    let sent = host.wire.frames.iter().any(|frame| frame.first & RSV1 != 0);
    assert!(!sent || compresses, "compressed, and not agreed on");
    let mut hello = Vec::new();
    wire::write(role, FIN | BINARY | RSV1, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], [1, 2, 3, 4], &mut hello);
    host.receive(&hello);
    assert!(host.seen.messages().is_empty() || compresses, "inflated, and not agreed on");
}

/// URLs, texts of configurations, single frames and close codes.
pub fn texts(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let which = input.byte();
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    let (first, second) = text.split_once('\n').unwrap_or((text, ""));
    url(first);
    proxy(first, second);
    frame_alone(which, second.as_bytes());
    close_code(u16::from_le_bytes([which, text.len() as u8]));
    let url = if which & 8 == 0 { "ws://a/" } else { "ws://me:secret@a/" };
    let config = Config::builder(if which & 1 == 0 { Role::Server } else { Role::Client }).url(url);
    let config = if which & 16 == 0 { config } else { config.header("Authorization", "x").url(first) };
    let config = match which >> 1 & 3 {
        0 => config.origin(first),
        1 => config.key(first),
        2 => config.subprotocol(first).subprotocol(second),
        _ => config.header(first, second),
    };
    let config = match config.build() {
        Ok(config) => config,
        Err(error) => return assert!(error.to_string().starts_with(error.option()), "{error}"),
    };
    let connection = sansock::Connection::new(&config, [0; 32], crate::host::ms(0)).expect("memory");
    let mut wire = wire::Wire::new(Role::Client, true, false);
    wire.take(connection.output());
    assert!(wire.is_whole(), "a request that has no end");
}

/// A URL that is taken gives a request that is well-formed, and means the same when it is put together again.
fn url(text: &str) {
    let Ok(url) = Url::parse(text) else { return };
    assert!(url.port != 0 && !url.host.is_empty() && url.target.starts_with('/'), "{url:?}");
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(plain(&url.host) && plain(&url.target) && plain(&url.authority), "{url:?}");
    let scheme = if url.secure { "wss" } else { "ws" };
    let again = Url::parse(&format!("{scheme}://{}{}", url.authority, url.target)).expect("the same again");
    assert_eq!((&again.host, again.port, &again.target), (&url.host, url.port, &url.target));
    let config = Config::client(text).build().expect("a good URL");
    let connection = sansock::Connection::new(&config, [0; 32], crate::host::ms(0)).expect("memory");
    let mut wire = wire::Wire::new(Role::Client, true, false);
    wire.take(connection.output());
    assert!(wire.is_whole());
}

/// A frame that belongs to no connection is what RFC 6455 §5.2 says, or is refused because no connection could send it.
fn frame_alone(first: u8, payload: &[u8]) {
    let (opcode, is_control) = (first & 0xf, first & 8 != 0);
    let is_known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) && first & 0x30 == 0;
    let may_compress = matches!(opcode, TEXT | BINARY) || first & RSV1 == 0;
    let control_is_good = !is_control || first & FIN != 0 && payload.len() <= 125;
    let is_sent = is_known && may_compress && control_is_good;
    for (role, key) in [(Role::Server, Some([first, 2, 3, 4])), (Role::Client, None)] {
        let (mut ours, mut expected) = (Vec::new(), Vec::new());
        let result = sansock::boundary::encode_frame(&mut ours, first, key, payload);
        assert_eq!(result.is_ok(), is_sent, "{first:#x} with {} bytes", payload.len());
        if is_sent {
            wire::write(role, first, payload, key.unwrap_or_default(), &mut expected);
        }
        assert_eq!(ours, expected);
    }
}

/// A code is its number, and has a name where the registry has one (RFC 6455 §7.4).
fn close_code(number: u16) {
    let code = sansock::CloseCode::from(number);
    assert!(code == number && u16::from(code) == number && code.get() == number);
    assert!(code.name().is_none() || (1000..1016).contains(&number));
    assert!(!code.may_be_sent() || (1000..5000).contains(&number));
}

fn proxy(text: &str, host: &str) {
    let Ok(proxy) = Proxy::parse(text) else { return };
    assert!(proxy.port != 0 && !proxy.host.is_empty());
    for host in [host, "a", "10.0.0.1", "::1", "[::ffff:10.0.0.1]"] {
        let Ok(mut config) = TunnelConfig::new(&proxy, host, 443) else { continue };
        config.set_timeout(crate::host::ms(1)).expect("a good time");
        assert!(!format!("{proxy:?} {config:?}").contains(char::is_control));
        let tunnel = sansock::Tunnel::new(&config, crate::host::ms(0)).expect("a tunnel");
        let output = tunnel.output();
        let is_http = proxy.kind == sansock::tunnel::ProxyKind::Http;
        assert!(
            !is_http || output.windows(4).filter(|end| end == b"\r\n\r\n").count() == 1,
            "{}",
            output.escape_ascii()
        );
    }
}
