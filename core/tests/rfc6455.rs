//! RFC 6455, the rules that can be enumerated: every value of a field, against a table or model written from the text.

mod common;

use common::drive::{Host, client, client_and_answer, ms, opened, request_replacing, request_with, seed, verdict};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use sansock::{CloseCode, Config, Connection, FaultKind, MessageKind, Role, Transport};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

/// §5.1, §5.2, §5.4, §5.5: every rule that the first two bytes of a frame break.
fn broken_rules(first: u8, second: u8, role: Role, in_message: bool) -> Vec<FaultKind> {
    let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
    let (masked, len) = (second & 0x80 != 0, second & 0x7f);
    let control = matches!(opcode, 8..=10);
    let rules = [
        (first & 0x70 != 0, FaultKind::ReservedBits),
        (matches!(opcode, 3..=7 | 11..=15), FaultKind::ReservedOpcode),
        (role == Role::Server && !masked, FaultKind::Unmasked),
        (role == Role::Client && masked, FaultKind::Masked),
        (control && !fin, FaultKind::ControlFragmented),
        (control && len > 125, FaultKind::ControlTooLong),
        (opcode == 0 && !in_message, FaultKind::UnexpectedContinuation),
        (matches!(opcode, 1 | 2) && in_message, FaultKind::ExpectedContinuation),
    ];
    rules.into_iter().filter(|(broken, _)| *broken).map(|(_, fault)| fault).collect()
}

#[test]
fn section_5_2_every_first_word_of_a_frame() {
    for role in ROLES {
        let config = opened(role).build().expect("a good configuration");
        let beginning = frames::to(role, TEXT, b"");
        for (word, in_message) in (0..=u16::MAX).flat_map(|word| [(word, false), (word, true)]) {
            let mut connection = Connection::new(&config, seed(), ms(0)).expect("memory");
            if in_message {
                assert_eq!(connection.receive(&mut beginning.clone(), ms(0)).events.count(), 0);
            }
            connection.receive(&mut word.to_be_bytes(), ms(0)).events.for_each(drop);
            let [first, second] = word.to_be_bytes();
            let broken = broken_rules(first, second, role, in_message);
            match connection.fault() {
                Some(fault) => assert!(broken.contains(&fault.kind), "{word:04x} {role:?} {in_message}: {fault:?}"),
                None => assert!(broken.is_empty(), "{word:04x} {role:?} {in_message}: {broken:?} passed"),
            }
        }
    }
}

/// §7.4, and the registry of §11.7 as it is today: what may be in a Close frame.
fn may_be_on_the_wire(code: u16) -> bool {
    match code {
        0..=999 => false,
        1000..=1003 => true,
        1004..=1006 => false,
        1007..=1014 => true,
        1015..=2999 => false,
        3000..=4999 => true,
        5000.. => false,
    }
}

#[test]
fn section_7_4_every_close_code_received() {
    for role in ROLES {
        let config = opened(role).build().expect("a good configuration");
        // The table is the same for both: all of it for one, its beginning for the other.
        for code in 0..=if role == Role::Server { u16::MAX } else { 5100 } {
            let mut host = Host::of(&config);
            host.receive(&frames::to(role, FIN | CLOSE, &code.to_be_bytes()));
            let good = may_be_on_the_wire(code);
            let expected = match good {
                true => format!("closed {code} \"\" clean by-peer sent={code}"),
                false => "closed 1006 \"\" unclean by-peer sent=1002 fault=BAD_CLOSE_CODE".into(),
            };
            assert_eq!(host.events.last(), Some(&expected), "{code}");
            let sent = if good { code } else { 1002 };
            assert_eq!(frames::read_all(&host.take_output())[0].payload[..2], sent.to_be_bytes(), "{code}");
        }
    }
}

#[test]
fn section_7_4_every_close_code_sent() {
    let mut host = Host::open(Role::Server);
    for code in 1..=u16::MAX {
        let result = host.connection.close(CloseCode::from(code), "", ms(0));
        assert_eq!(result.is_ok(), may_be_on_the_wire(code), "{code}");
        let expected = if result.is_ok() { frames::server(FIN | CLOSE, &code.to_be_bytes()) } else { Vec::new() };
        assert_eq!(host.take_output(), expected, "{code}");
        if result.is_ok() {
            host = Host::open(Role::Server);
        }
    }
}

/// §5.4, §5.5, §1.4 in a few lines: what a sequence of frames comes to.
#[derive(Default)]
struct Model {
    message: Option<(&'static str, String)>,
    events: Vec<String>,
    over: bool,
}

impl Model {
    fn frame(&mut self, first: u8, payload: char) {
        if self.over {
            return;
        }
        let fin = first & FIN != 0;
        match (first & 0x0f, self.message.take()) {
            (PING, message) => {
                self.message = message;
                self.events.push(format!("ping \"{payload}\""));
            }
            (PONG, message) => {
                self.message = message;
                self.events.push(format!("pong \"{payload}\""));
            }
            (CLOSE, _) => {
                self.events.push("closing 1000 \"\"".into());
                self.events.push("closed 1000 \"\" clean by-peer sent=1000".into());
                self.over = true;
            }
            (CONTINUATION, Some((kind, text))) => self.data(kind, text, payload, fin),
            (TEXT, None) => self.data("text", String::new(), payload, fin),
            (BINARY, None) => self.data("binary", String::new(), payload, fin),
            (CONTINUATION, None) => self.fail("UNEXPECTED_CONTINUATION"),
            (_, Some(_)) => self.fail("EXPECTED_CONTINUATION"),
            (other, None) => panic!("not in the model: {other}"),
        }
    }

    fn data(&mut self, kind: &'static str, mut text: String, payload: char, fin: bool) {
        text.push(payload);
        if fin {
            self.events.push(format!("{kind} \"{text}\""));
        } else {
            self.message = Some((kind, text));
        }
    }

    fn fail(&mut self, fault: &str) {
        self.events.push(format!("closed 1006 \"\" unclean by-peer sent=1002 fault={fault}"));
        self.over = true;
    }
}

#[test]
fn section_5_4_every_sequence_of_five_frames() {
    let kinds =
        [TEXT, BINARY, CONTINUATION, FIN | TEXT, FIN | BINARY, FIN | CONTINUATION, FIN | PING, FIN | PONG, FIN | CLOSE];
    for number in 0..kinds.len().pow(5) {
        let role = ROLES[number % 2];
        let mut bytes = Vec::new();
        let mut model = Model::default();
        for place in 0..5_u8 {
            let first = kinds[number / kinds.len().pow(place.into()) % kinds.len()];
            let letter = b'a' + place;
            model.frame(first, letter.into());
            let payload = if first == FIN | CLOSE { frames::close(1000, "") } else { vec![letter] };
            bytes.extend(frames::to(role, first, &payload));
        }
        let mut host = Host::open(role);
        host.receive(&bytes);
        assert_eq!(host.events, model.events, "sequence {number}, {role:?}");
    }
}

/// §5.2: the length is in its shortest form, its top bit is 0, and the limit holds (§10.4).
#[test]
fn section_5_2_lengths_around_every_boundary() {
    let lengths: [u64; 18] = [
        0,
        1,
        125,
        126,
        127,
        128,
        0xfffe,
        0xffff,
        0x1_0000,
        0x1_0001,
        16 << 20,
        (16 << 20) + 1,
        (1 << 31) - 1,
        1 << 32,
        (1 << 53) + 1,
        i64::MAX as u64,
        1 << 63,
        u64::MAX,
    ];
    for (role, len, form) in ROLES
        .into_iter()
        .flat_map(|role| lengths.into_iter().flat_map(move |len| [7, 16, 64].map(|form| (role, len, form))))
    {
        let mask = if role == Role::Server { 0x80 } else { 0 };
        let mut header = vec![FIN | BINARY];
        match form {
            7 if len <= 125 => header.push(mask | len as u8),
            16 if len <= 0xffff => header.extend([&[mask | 126][..], &(len as u16).to_be_bytes()].concat()),
            64 => header.extend([&[mask | 127][..], &len.to_be_bytes()].concat()),
            _ => continue,
        }
        header.extend(vec![0; if mask == 0 { 0 } else { 4 }]);
        let shortest = match len {
            0..=125 => 7,
            126..=0xffff => 16,
            _ => 64,
        };
        let expected = match len {
            _ if form != shortest => Some(FaultKind::NonMinimalLength),
            0..=0x100_0000 => None,
            0x100_0001..=0x7fff_ffff_ffff_ffff => Some(FaultKind::MessageTooBig),
            _ => Some(FaultKind::LengthOverflow),
        };
        assert_eq!(verdict(opened(role), &header), expected, "{role:?}: {len} in {form} bits");
    }
}

/// §5.1: a client MUST mask every frame, control frames too; a server MUST NOT mask any.
#[test]
fn section_5_1_every_frame_sent_is_masked_by_clients_alone() {
    for role in ROLES {
        let mut host = Host::open(role);
        host.connection.send_text("text").unwrap();
        host.connection.send_binary(b"").unwrap();
        host.connection.send_part(MessageKind::Text, b"part", false).unwrap();
        host.connection.send_part(MessageKind::Text, b"part", true).unwrap();
        host.connection.ping(b"ping", ms(0)).unwrap();
        host.connection.pong(b"pong").unwrap();
        host.receive(&frames::to(role, FIN | PING, b"answer me"));
        host.receive(&frames::to(role, FIN | CLOSE, &frames::close(1000, "bye")));
        let sent = frames::read_all(&host.take_output());
        assert_eq!(sent.len(), 8);
        assert!(sent.iter().all(|frame| frame.masked == (role == Role::Client)), "{role:?}: {sent:?}");
        assert_eq!(sent[6].payload, b"answer me");
        assert_eq!(sent[7].payload, frames::close(1000, "bye"));
    }
}

/// §5.3: the key of a frame MUST NOT be foreseeable from those before. What can be shown: none repeats.
#[test]
fn section_5_3_no_masking_key_repeats() {
    let mut host = Host::open(Role::Client);
    let mut keys = std::collections::HashSet::new();
    for _ in 0..2000 {
        host.connection.send_binary(b"").unwrap();
        let output = host.take_output();
        assert_eq!(output.len(), 6);
        keys.insert(output[2..].to_vec());
    }
    assert!(keys.len() >= 1999, "{} different keys of 2000", keys.len());
}

/// §4.1 (7): the key MUST be selected randomly for each connection.
#[test]
fn section_4_1_the_handshake_key_follows_the_seed() {
    let config = client().build().unwrap();
    let request = |byte| Connection::new(&config, [byte; 32], ms(0)).unwrap().output().to_vec();
    assert_eq!(request(1), request(1));
    assert_ne!(request(1), request(2));
}

/// §4.1: each byte of Sec-WebSocket-Accept counts, and nothing may be added.
#[test]
fn section_4_1_every_wrong_accept_value() {
    let (_, answer) = client_and_answer(client());
    let text = String::from_utf8(answer).unwrap();
    let at = text.find("Sec-WebSocket-Accept: ").unwrap() + "Sec-WebSocket-Accept: ".len();
    for place in at..at + 28 {
        for byte in (b'!'..=b'~').filter(|byte| *byte != text.as_bytes()[place] && *byte != b',') {
            let (mut host, mut answer) = client_and_answer(client());
            answer[place] = byte;
            host.receive(&answer);
            assert_eq!(host.fault(), Some(FaultKind::BadAccept), "byte {byte:02x} at {}", place - at);
            assert_eq!(host.transport(), Transport::Close);
        }
    }
    let (mut host, answer) = client_and_answer(client());
    host.receive(&answer);
    assert_eq!(host.fault(), None);
}

/// §4.2.1 (5): the key is 16 bytes in base64, 24 characters.
#[test]
fn section_4_2_1_keys_of_every_length_and_padding() {
    for (letters, pads) in (0..=64).flat_map(|letters| (0..=4).map(move |pads| (letters, pads))) {
        let key = format!("Sec-WebSocket-Key: {}{}", "A".repeat(letters), "=".repeat(pads));
        let expected = ((letters, pads) != (22, 2)).then_some(FaultKind::BadKey);
        assert_eq!(verdict(Config::server(), &request_replacing(3, &[&key])), expected, "{key}");
    }
}

#[test]
fn section_4_2_1_every_byte_at_every_place_of_a_key() {
    for (place, byte) in (0..24).flat_map(|place| (b' '..=b'~').map(move |byte| (place, byte))) {
        let mut key = *b"AAAAAAAAAAAAAAAAAAAAAA==";
        key[place] = byte;
        let alphabet = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let good = if place < 22 { alphabet } else { byte == b'=' };
        let line = format!("Sec-WebSocket-Key: {}", String::from_utf8(key.to_vec()).unwrap());
        let fault = verdict(Config::server(), &request_replacing(3, &[&line]));
        assert_eq!(fault, (!good).then_some(FaultKind::BadKey), "{line}");
    }
}

/// §4.4: 13 alone is spoken here; no draft is.
#[test]
fn section_4_4_every_version() {
    for version in 0..=999 {
        let line = format!("Sec-WebSocket-Version: {version}");
        let mut host = Host::new(Config::server());
        host.receive(&request_replacing(4, &[&line]));
        assert_eq!(host.fault(), (version != 13).then_some(FaultKind::UnsupportedVersion), "{line}");
        if version != 13 {
            let answer = String::from_utf8(host.take_output()).unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 426 ") && answer.contains("\r\nSec-WebSocket-Version: 13\r\n"),
                "{answer}"
            );
        }
    }
}

/// §4.2.2: the draft that had its key in the body (Hixie 76) is just a request that lacks the headers.
#[test]
fn section_4_2_2_drafts_are_refused() {
    let hixie = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nOrigin: http://a\r\n\r\n^n:ds[4U";
    let fault = verdict(Config::server(), hixie);
    assert!(matches!(fault, Some(FaultKind::BadKey | FaultKind::BadVersion)), "{fault:?}");
}

/// §5.5.1: no data is sent after a Close frame, and nothing when both have sent theirs.
#[test]
fn section_5_5_1_only_pongs_follow_close() {
    for role in ROLES {
        let closings: [fn(&mut Host, Role); 4] = [
            |host, _| host.connection.close(CloseCode::NORMAL_CLOSURE, "", ms(0)).unwrap(),
            |host, _| host.connection.fail(CloseCode::INTERNAL_ERROR, "", ms(0)).unwrap(),
            |host, role| assert_eq!(host.receive(&frames::to(role, FIN | CLOSE, &frames::close(1000, ""))), 0),
            |host, role| assert_eq!(host.receive(&frames::to(role, FIN | 3, b"")), 0),
        ];
        for close in closings {
            let mut host = Host::open(role);
            close(&mut host, role);
            for first in [FIN | PING, FIN | TEXT, FIN | CLOSE, FIN | 7] {
                host.receive(&frames::to(role, first, b""));
            }
            host.run_to(100_000);
            host.eof();
            let sent = frames::read_all(&host.take_output());
            assert_eq!(sent.iter().filter(|frame| frame.first == FIN | CLOSE).count(), 1, "{sent:?}");
            let after: Vec<u8> =
                sent.iter().map(|frame| frame.first).skip_while(|first| *first != FIN | CLOSE).collect();
            assert!(after[1..].iter().all(|first| *first == FIN | PONG), "{sent:?}");
            assert_eq!(host.events.iter().filter(|event| event.starts_with("closed")).count(), 1, "{:?}", host.events);
            assert_eq!(host.transport(), Transport::Close);
        }
    }
}

/// §7.1.5 and rule 6: the end of the stream behind every byte of a conversation, server and client.
#[test]
fn section_7_1_5_the_stream_may_end_anywhere() {
    let conversation = |role| {
        [
            frames::to(role, FIN | TEXT, "h\u{e9}llo".as_bytes()),
            frames::to(role, BINARY, b"ab"),
            frames::to(role, FIN | PING, b"p"),
            frames::to(role, FIN | CONTINUATION, b"cd"),
            frames::to(role, FIN | PONG, b""),
            frames::to(role, FIN | CLOSE, &frames::close(1000, "bye")),
        ]
        .concat()
    };
    let server =
        [request_with(&["Origin: http://a", "Sec-WebSocket-Protocol: x"]), conversation(Role::Server)].concat();
    let (_, answer) = client_and_answer(client());
    let client_side = [answer, conversation(Role::Client)].concat();
    let refusal = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n0\r\n\r\n".to_vec();
    let until_eof = b"HTTP/1.1 403 Forbidden\r\n\r\nno!".to_vec();
    for (config, bytes) in
        [(Config::server(), server), (client(), client_side), (client(), refusal), (client(), until_eof)]
    {
        let config = config.build().expect("a good configuration");
        let whole = play(&config, &bytes);
        for end in 0..bytes.len() {
            let events = play(&config, &bytes[..end]);
            let (last, before) = events.split_last().expect("closed is delivered");
            assert!(last.starts_with("closed "), "{end}: {last}");
            assert!(before.iter().all(|event| !event.starts_with("closed ")), "{end}: closed is delivered once");
            // What was delivered is what the whole delivers, up to the cut; only a refusal can be cut short itself.
            let cut = before.iter().zip(&whole).take_while(|(event, whole)| event == whole).count();
            assert!(cut == before.len() || before[cut].starts_with("rejected "), "{end}: {before:?}");
        }
    }
}

/// Everything that comes of these bytes and the end of the stream; a request is accepted.
fn play(config: &Config, bytes: &[u8]) -> Vec<String> {
    let mut host = Host::of(config);
    host.receive(bytes);
    if host.events.iter().any(|event| event.starts_with("request ")) {
        host.accept();
    }
    host.eof();
    host.eof();
    assert_eq!(host.transport(), Transport::Close);
    host.events
}
