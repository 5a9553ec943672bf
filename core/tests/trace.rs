//! What a program that shows connections sees of the three machines, and of the deadlines: the feature `trace`.
#![cfg(feature = "trace")]

mod common;

use common::drive::{Host, REQUEST, client, client_and_answer, ms, opened};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT};
use sansock::states::trace::{Machine, Name};
use sansock::{CloseCode, Config, Role, Timer};

/// The transitions since the last call of this, in words.
fn steps(host: &mut Host) -> Vec<String> {
    let steps = host.connection.take_steps().into_iter();
    steps
        .map(|step| format!("{}: {} + {} = {}", step.machine.name(), step.row.from, step.row.on, step.row.to))
        .collect()
}

#[test]
fn what_is_not_traced_is_not_kept() {
    let mut host = Host::open(Role::Server);
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"a"));
    assert!(steps(&mut host).is_empty());
    host.connection.set_trace(true);
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"a"));
    assert_eq!(steps(&mut host), ["message: between messages + message = between messages"]);
    assert!(steps(&mut host).is_empty(), "they were taken");
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"a"));
    host.connection.set_trace(false);
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"a"));
    assert!(steps(&mut host).is_empty());
}

/// Each frame takes its row, on every way of reading it: whole, in fragments, cut by reads, and at fault.
#[test]
fn section_5_4_each_frame_takes_a_row() {
    let frame = |first: u8| frames::to(Role::Server, first, b"ab");
    let (between, inside) = ("message: between messages", "message: in message");
    for (bytes, expected) in [
        (vec![frame(FIN | BINARY), frame(FIN | TEXT)], vec![format!("{between} + message = between messages"); 2]),
        (
            vec![frame(TEXT), frame(CONTINUATION), frame(FIN | PING), frame(FIN | CONTINUATION)],
            vec![
                format!("{between} + first fragment = in message"),
                format!("{inside} + fragment = in message"),
                format!("{inside} + control = in message"),
                format!("{inside} + last fragment = between messages"),
            ],
        ),
        (vec![frame(CONTINUATION)], vec![format!("{between} + fragment = failed")]),
        (vec![frame(FIN | CONTINUATION)], vec![format!("{between} + last fragment = failed")]),
        (vec![frame(PING)], vec![format!("{between} + control fragment = failed")]),
        (vec![frame(FIN | 3)], vec![format!("{between} + reserved = failed")]),
        (
            vec![frame(TEXT), frame(FIN | TEXT)],
            vec![format!("{between} + first fragment = in message"), format!("{inside} + message = failed")],
        ),
        // A broken rule that is not the table's: reserved bits.
        (vec![frame(FIN | 0x10 | TEXT)], vec![]),
    ] {
        for size in [1, 3, usize::MAX] {
            let mut host = Host::open(Role::Server);
            host.connection.set_trace(true);
            for piece in bytes.concat().chunks(size) {
                if host.fault().is_none() {
                    host.receive(piece);
                }
            }
            let seen: Vec<_> = steps(&mut host).into_iter().filter(|step| step.starts_with("message")).collect();
            assert_eq!(seen, expected, "in pieces of {size}");
        }
    }
}

#[test]
fn the_handshake_and_the_end_take_rows() {
    let mut server = Host::new(Config::server());
    server.connection.set_trace(true);
    server.receive(REQUEST.as_bytes());
    assert_eq!(steps(&mut server), ["handshake: request + valid request = decision"]);
    server.accept();
    assert_eq!(
        steps(&mut server),
        ["handshake: decision + host accept = open", "closing: connecting + handshake complete = open"]
    );
    server.connection.close(CloseCode::NORMAL_CLOSURE, "", ms(0)).expect("an open connection");
    assert_eq!(steps(&mut server), ["closing: open + host close = close sent"]);

    let (mut client, answer) = client_and_answer(client());
    client.connection.set_trace(true);
    client.receive(&answer);
    assert_eq!(steps(&mut client).len(), 2);
}

/// The names that a program shows, each of them in words that stand in its table.
#[test]
fn machines_have_names_and_begin_in_states_of_their_tables() {
    let names: Vec<&str> = Machine::ALL.iter().map(|machine| machine.name()).collect();
    assert_eq!(names, ["handshake", "message", "closing"]);
    for machine in Machine::ALL {
        assert!(!machine.begins().is_empty());
        for state in machine.begins() {
            assert!(machine.rows().iter().any(|row| row.from == *state), "{state}");
        }
        for name in machine.rows().iter().flat_map(|row| [row.from, row.on, row.to]) {
            let text = name.to_string();
            assert!(!text.is_empty() && text.chars().all(|char| char.is_ascii_lowercase() || char == ' '), "{text}");
        }
    }
    assert_eq!(words(Machine::Handshake.begins()), ["response", "request"]);
    assert_eq!(words(Machine::Message.begins()), ["between messages"]);
    assert_eq!(words(Machine::Closing.begins()), ["connecting"]);
}

/// Names in words.
fn words(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::to_string).collect()
}

#[test]
fn deadlines_run_for_what_they_are_named_after() {
    let running = |host: &Host| -> Vec<(Timer, u64)> {
        let deadlines = host.connection.deadlines().into_iter();
        deadlines.map(|(timer, at)| (timer, at.as_millis() as u64)).collect()
    };
    let config = opened(Role::Server).ping_interval(ms(1000)).pong_timeout(ms(500)).close_timeout(ms(300));
    let mut host = Host::new(config.write_timeout(ms(7000)));
    assert_eq!(running(&host), [(Timer::Ping, 1000)]);
    host.run_to(1000);
    assert_eq!(running(&host), [(Timer::Pong, 1500)]);
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"a"));
    assert_eq!(running(&host), [(Timer::Ping, 2000)]);
    host.held = true;
    host.connection.send_text("a").expect("an open connection");
    let both = running(&host);
    assert_eq!(both, [(Timer::Ping, 2000), (Timer::Write, 8000)]);
    host.connection.close(CloseCode::NORMAL_CLOSURE, "", ms(1000)).expect("an open connection");
    host.drain();
    assert_eq!(running(&host), [(Timer::Close, 1300)]);
    host.receive(&frames::to(Role::Server, FIN | CLOSE, &frames::close(1000, "")));
    host.eof();
    assert_eq!(running(&host), []);
    assert_eq!(running(&Host::new(Config::server())), [(Timer::Handshake, 10_000)]);

    let timers = [Timer::Handshake, Timer::Ping, Timer::Pong, Timer::Close, Timer::Write];
    assert_eq!(timers.map(Timer::name), ["handshake", "ping", "pong", "close", "write"]);
    let options = ["handshake_timeout", "ping_interval", "pong_timeout", "close_timeout", "write_timeout"];
    assert_eq!(timers.map(Timer::option), options);
}
