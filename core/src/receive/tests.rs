//! The fast paths and the general path read every vector to the same events and the same output.

#[path = "../../tests/vectors/case.rs"]
mod case;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/vectors/cuts.rs"]
mod cuts;
#[path = "../../tests/vectors/files.rs"]
mod files;
#[path = "../../tests/vectors/replay.rs"]
mod replay;

use sansock::Role;
use std::vec::Vec;

use super::fast::ENABLED;
use common::drive::Host;
use common::frames::{self, BINARY, CONTINUATION, FIN, PING, TEXT};
use cuts::Cuts;

/// Runs something without the fast paths.
fn on_the_general_path<T>(run: impl FnOnce() -> T) -> T {
    ENABLED.set(false);
    let result = run();
    ENABLED.set(true);
    result
}

#[test]
fn the_fast_paths_agree_with_the_general_path_on_every_vector() {
    let mut cases = 0;
    for (_, file) in files::files() {
        for case in file.cases.iter().filter(|case| !case.is_tunnel()) {
            let ways: [fn() -> Cuts; 3] = [|| Cuts::Whole, || Cuts::Bytes, || Cuts::Random(7)];
            for cuts in ways {
                let fast = replay::replay(case, &mut cuts());
                let general = on_the_general_path(|| replay::replay(case, &mut cuts()));
                assert_eq!(fast, general, "{}", case.name);
                cases += 1;
            }
        }
    }
    assert!(cases > 2_000, "only {cases} cases were read");
}

/// What the fast paths serve (whole messages, runs of fragments, reads that end in the middle of a payload) and, between
/// that, what makes them stop.
#[test]
fn the_fast_paths_agree_with_the_general_path_on_mixed_traffic() {
    let key = [1, 2, 3, 4];
    let text = "añ水🍣".repeat(40);
    let mut bytes = Vec::new();
    for round in 0..60_usize {
        let (start, end) = text.as_bytes().split_at(round * 6);
        bytes.extend(frames::client(FIN | TEXT, text.as_bytes(), key));
        bytes.extend(frames::client(FIN | BINARY, &vec![round as u8; round * 97], key));
        bytes.extend(frames::client(TEXT, start, key));
        bytes.extend(frames::client(CONTINUATION, b"", key));
        if round % 3 == 0 {
            bytes.extend(frames::client(FIN | PING, b"?", key));
        }
        bytes.extend(frames::client(FIN | CONTINUATION, end, key));
        bytes.extend(frames::client(BINARY, &[7; 200], [0; 4]));
        bytes.extend(frames::client(FIN | CONTINUATION, &[8; 70_000][..round * 1_100], key));
    }
    // A text that fails, behind all of it.
    bytes.extend(frames::client(TEXT, b"\xf0\x9f", key));
    bytes.extend(frames::client(FIN | CONTINUATION, b"!", key));
    for size in [1, 7, 60, 125, 1_460, 16_384, bytes.len()] {
        let read = || {
            let mut host = Host::open(Role::Server);
            host.receive_in_pieces(&bytes, size);
            (host.take_events(), host.take_output())
        };
        let (events, output) = read();
        assert!(events.last().is_some_and(|event| event.contains("fault=BAD_TEXT")), "{:?}", events.last());
        assert_eq!((events, output), on_the_general_path(read), "in reads of {size} bytes");
    }
}
