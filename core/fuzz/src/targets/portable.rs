//! The engine without the standard library, and so without instructions that are detected at run time: it behaves the same.

use crate::host::{ms, seed};
use crate::input::{Cuts, Input};
use crate::plan::KEY;
use crate::wire::{self, BINARY, CONTINUATION, FIN, TEXT};

/// How a connection is configured, and cut into reads.
struct Choice {
    is_server: bool,
    is_open: bool,
    parts: bool,
    frames: bool,
    /// Messages are sent back.
    echo: bool,
    cuts: Cuts,
}

/// What came of a stream.
#[derive(Debug, PartialEq)]
struct Outcome {
    events: Vec<(String, Vec<u8>)>,
    output: Vec<u8>,
    fault: String,
    transport: String,
}

macro_rules! run {
    ($name:ident, $engine:ident) => {
        fn $name(choice: &Choice, stream: &[u8]) -> Outcome {
            use $engine::{Config, Connection, Event, MessageKind, Role};

            fn shown(event: Event<'_>) -> (String, Vec<u8>) {
                (format!("{event:?}"), Vec::new())
            }

            let builder = Config::builder(if choice.is_server { Role::Server } else { Role::Client });
            let builder = if choice.is_server || choice.is_open { builder } else { builder.url("ws://a/").key(KEY) };
            let builder = builder.start_open(choice.is_open).parts(choice.parts).frames(choice.frames);
            let config = builder.build().expect("a good configuration");
            let mut connection = Connection::new(&config, seed(), ms(0)).expect("memory");
            let (mut events, mut cuts, mut rest, mut now) = (Vec::new(), choice.cuts.clone(), stream, 0);
            loop {
                let (piece, after) = rest.split_at(cuts.next(rest.len()));
                rest = after;
                let (mut piece, mut at) = (piece.to_vec(), 0);
                loop {
                    let received = connection.receive(&mut piece[at..], ms(now));
                    let (mut count, mut asked) = (0, false);
                    let (consumed, sender) = (received.consumed, received.sender);
                    for event in received.events {
                        count += 1;
                        asked |= matches!(event, Event::Request(_));
                        let (kind, data, is_whole) = match &event {
                            Event::Text(e) => (MessageKind::Text, e.text.as_bytes(), e.first && e.last),
                            Event::Binary(e) => (MessageKind::Binary, e.data, e.first && e.last),
                            Event::Frame(e) => (e.kind, e.data, false),
                            _ => (MessageKind::Binary, &[][..], false),
                        };
                        events.push((format!("{event:?}"), data.to_vec()));
                        if choice.echo && is_whole {
                            let _ = sender.send_part(kind, data, true);
                        }
                    }
                    at += consumed;
                    if asked {
                        let received = connection.accept(None, ms(now)).expect("a request waits");
                        events.extend(received.events.map(shown));
                    }
                    if consumed == 0 && count == 0 && !connection.has_more() {
                        break;
                    }
                }
                if rest.is_empty() {
                    break;
                }
                now += 1;
            }
            events.extend(connection.receive_eof(ms(now)).events.map(shown));
            while let Some(deadline) = connection.next_deadline() {
                events.extend(connection.timeout(deadline).events.map(shown));
            }
            let fault = connection.fault().map_or_else(String::new, |fault| format!("{fault} {fault:?}"));
            let transport = format!("{:?}", connection.transport());
            Outcome { events, output: connection.output().to_vec(), fault, transport }
        }
    };
}

run!(with_std, sansock);
run!(without_std, sansock_portable);

/// Events, output, fault and transport are the same.
pub fn portable(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (choices, cuts) = (input.byte(), input.byte());
    let on = |bit: u8| choices & bit != 0;
    let choice =
        Choice { is_server: !on(1), is_open: !on(2), parts: on(4), frames: on(8), echo: on(16), cuts: Cuts::of(cuts) };
    // Repeated, so that short inputs make payloads long enough for the loops that take many bytes at once.
    let times = 1 + usize::from(choices >> 6) * 8;
    let stream = input.rest();
    let payload = stream.repeat(times);
    let mut frames = Vec::new();
    if choice.is_open && times > 1 {
        let role = if choice.is_server { sansock::Role::Server } else { sansock::Role::Client };
        let (first, second) = payload.split_at(payload.len() / 2);
        wire::write(role, if on(32) { TEXT } else { BINARY }, first, [cuts, choices, 7, 9], &mut frames);
        wire::write(role, FIN | CONTINUATION, second, [1, cuts, 3, choices], &mut frames);
    } else {
        frames.extend_from_slice(stream);
    }
    assert_eq!(with_std(&choice, &frames), without_std(&choice, &frames));
}
