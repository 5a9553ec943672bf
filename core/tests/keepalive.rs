//! Pings, pongs and what is remembered of them (RFC 6455 §5.5.2, §5.5.3).

mod common;

use common::drive::{Host, ms, opened};
use common::frames::{self, FIN, PING, PONG};
use sansock::{Event, Role};

/// How long this pong says that its ping was under way.
fn answered(host: &mut Host, payload: &[u8]) -> Option<u64> {
    let mut bytes = frames::to(Role::Server, FIN | PONG, payload);
    let now = ms(host.now);
    let mut events = host.connection.receive(&mut bytes, now).events;
    let Some(Event::Pong(pong)) = events.next() else { panic!("a pong") };
    pong.round_trip_time.map(|time| time.as_millis() as u64)
}

/// A peer that answers no pings costs no more memory than 64 of them, and no pong is taken for the answer to another ping.
#[test]
fn so_many_pings_are_remembered() {
    for (count, is_known) in [(1, true), (64, true), (65, false), (100, false)] {
        let mut host = Host::open(Role::Server);
        for number in 0..count {
            host.now = number;
            host.connection.ping(&number.to_be_bytes(), ms(number)).expect("an open connection");
        }
        host.drain();
        host.now = 1000;
        let oldest = answered(&mut host, &0_u64.to_be_bytes());
        assert_eq!(oldest, is_known.then_some(1000), "the first of {count}");
        if count > 1 {
            let newest = answered(&mut host, &(count - 1).to_be_bytes());
            assert_eq!(newest, is_known.then_some(1000 - (count - 1)), "the last of {count}");
        }
        // When all are answered, times are known again.
        host.connection.ping(b"again", ms(2000)).expect("an open connection");
        host.drain();
        host.now = 2003;
        assert_eq!(answered(&mut host, b"again"), Some(3), "behind {count}");
    }
}

/// The ping of the keepalive is not among those that are forgotten: its deadline would stand still.
#[test]
fn the_ping_of_the_keepalive_is_remembered_among_any_number() {
    let config = opened(Role::Server).ping_interval(ms(1000)).pong_timeout(ms(500)).require_pong(true);
    let mut host = Host::new(config);
    host.run_to(1000);
    let pings = frames::read_all(&host.take_output());
    assert_eq!((pings.len(), pings[0].first), (1, FIN | PING));
    assert_eq!(host.next_deadline(), Some(1500));
    for number in 0..200_u8 {
        host.connection.ping(&[number], ms(1001)).expect("an open connection");
    }
    host.drain();
    host.receive(&frames::to(Role::Server, FIN | PONG, b"unasked"));
    assert_eq!(host.next_deadline(), Some(1500), "it answers nothing");
    host.receive(&frames::to(Role::Server, FIN | PONG, &pings[0].payload));
    assert_eq!((host.next_deadline(), host.fault()), (Some(2000), None));
}
