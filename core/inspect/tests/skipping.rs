//! Messages that are passed over: what follows them is read as if they had been read, and what is left out is said.

mod common;

use common::{Sent, conversation, notes};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
use sansock_inspect::{Entry, Inspector, Side, What};

/// Reads a conversation, of which the pieces that `looks` says no to are passed over.
fn read(sent: &[Sent], looks: impl Fn(usize) -> bool) -> Vec<Entry> {
    let mut inspector = Inspector::with(1 << 20, []);
    let number = inspector.begin("client", "server", 0);
    for (at, (from, bytes)) in sent.iter().enumerate() {
        if looks(at) {
            inspector.feed(number, *from, bytes, 0);
        } else {
            inspector.skip(number, *from, bytes, 0);
        }
    }
    inspector.end(number, Side::Client, 0);
    inspector.end(number, Side::Server, 0);
    inspector.take().collect()
}

/// Entries without their numbers, of which those who refer to one are not compared; and without notes.
fn plain(entries: &[Entry]) -> Vec<String> {
    let told = entries.iter().filter(|entry| !matches!(entry.what, What::Note { .. }));
    told.map(|entry| format!("{:?} {:?} {:?} {:?}", entry.from, entry.offset, entry.length, entry.what)).collect()
}

fn is_data(entry: &Entry) -> bool {
    match &entry.what {
        What::Message(_) => true,
        What::Frame(frame) => frame.opcode < 8,
        _ => false,
    }
}

/// Names of the faults, but for that of an end without Close.
fn faults(entries: &[Entry]) -> Vec<&'static str> {
    common::faults(entries).into_iter().filter(|name| *name != "EOF").collect()
}

/// Each piece in pieces of this size.
fn cut(sent: &[Sent], size: usize) -> Vec<Sent> {
    sent.iter().flat_map(|(from, bytes)| bytes.chunks(size).map(|piece| (*from, piece.to_vec()))).collect()
}

fn with_header(header: &[u8], payload: usize) -> Vec<u8> {
    [header, &vec![b'x'; payload]].concat()
}

/// A handshake, and behind it what a server sends.
fn behind_handshake(sent: &[&[u8]]) -> Vec<Sent> {
    let mut all: Vec<Sent> = conversation(false)[..2].to_vec();
    all.extend(sent.iter().map(|bytes| (Side::Server, bytes.to_vec())));
    all
}

#[test]
fn heads_control_frames_and_the_end_are_told_and_data_is_not() {
    for deflate in [false, true] {
        for size in [1, 3, 1000] {
            let sent = cut(&conversation(deflate), size);
            let all = read(&sent, |_| true);
            let kept = read(&sent, |_| false);
            let wanted: Vec<Entry> = all.into_iter().filter(|entry| !is_data(entry)).collect();
            assert_eq!(plain(&kept), plain(&wanted), "deflate: {deflate}, in pieces of {size}");
            let notes = notes(&kept);
            // The server's before its ping, and the client's before its pong.
            let said = ["2 messages in 4 frames", "1 message in 1 frame"];
            assert_eq!(notes, said.map(|what| format!("passed over without a look: {what}")));
        }
    }
}

#[test]
fn every_byte_is_told_or_said_to_be_left_out() {
    for deflate in [false, true] {
        let sent = cut(&conversation(deflate), 7);
        for kept in 0..sent.len() {
            let entries = read(&sent, |at| at >= kept);
            common::hold_numbers(&entries);
            for from in [Side::Client, Side::Server] {
                let is_place = |what: &What| matches!(what, What::Head(_) | What::Frame(_) | What::Note { .. });
                let places = entries.iter().filter(|entry| entry.from == Some(from) && is_place(&entry.what));
                let mut next = 0;
                for entry in places {
                    assert_eq!(entry.offset, Some(next), "looked from {kept} on: {entry:?}");
                    next += entry.length.expect("a length");
                }
                let whole: usize =
                    sent.iter().filter(|(sender, _)| *sender == from).map(|(_, bytes)| bytes.len()).sum();
                assert_eq!(next, whole as u64);
            }
        }
    }
}

#[test]
fn what_follows_is_read_also_if_it_is_compressed_with_what_was_passed_over() {
    for deflate in [false, true] {
        let sent = conversation(deflate);
        let all = plain(&read(&sent, |_| true));
        for kept in 0..sent.len() {
            let entries = plain(&read(&sent, |at| at >= kept));
            let mut rest = all.iter();
            assert!(
                entries.iter().all(|entry| rest.any(|other| other == entry)),
                "looked from {kept} on: {entries:#?}"
            );
        }
    }
}

#[test]
fn of_large_messages_only_headers_are_read() {
    let large = with_header(&[0x82, 127, 0, 0, 0, 0, 0, 0x40, 0, 0], 1 << 22);
    let medium = with_header(&[0x82, 126, 1, 0], 256);
    let text = with_header(&[0x81, 5], 5);
    let bad_text = [0x81, 1, 0xff];
    let sent = behind_handshake(&[&medium, &large, &text, &bad_text, &large[..1000], &large[1000..], &text]);
    let last = sent.len() - 1;
    let entries = read(&sent, |at| at == last);
    assert_eq!(notes(&entries), ["passed over without a look: 5 messages in 5 frames"]);
    let messages: Vec<_> = entries.iter().filter(|entry| matches!(entry.what, What::Message(_))).collect();
    assert_eq!(messages.len(), 1);
    // Texts are judged where one looks, and where the engine has to read them.
    assert_eq!(faults(&entries), [""; 0]);
    for size in [1, 2, 3] {
        assert_eq!(read(&cut(&sent, size), |_| false), read(&sent, |_| false), "in pieces of {size}");
    }
    let first = behind_handshake(&[&bad_text]);
    assert_eq!(faults(&read(&first, |_| false)), ["BAD_TEXT"]);
}

#[test]
fn headers_are_judged() {
    let good = with_header(&[0x82, 126, 1, 0], 256);
    let masked: &[u8] = &[0x82, 0x81, 0, 0, 0, 0, 1];
    let cases: [(&[u8], &str); 6] = [
        (masked, "MASKED"),
        (&[0x92, 1, 0], "RESERVED_BITS"),
        (&[0x83, 0], "RESERVED_OPCODE"),
        (&[0x82, 126, 0, 5, 1, 2, 3, 4, 5], "NON_MINIMAL_LENGTH"),
        (&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], "LENGTH_OVERFLOW"),
        (&[0x80, 0], "UNEXPECTED_CONTINUATION"),
    ];
    for (bad, name) in cases {
        let sent = behind_handshake(&[&good, &good, bad, &good]);
        for size in [1, 1000] {
            let entries = read(&cut(&sent, size), |_| false);
            assert_eq!(faults(&entries), [name], "in pieces of {size}");
            assert_eq!(faults(&read(&sent, |_| true)), [name]);
        }
    }
}

#[test]
fn a_frame_under_way_is_passed_over_to_its_end() {
    let good = with_header(&[0x82, 126, 1, 0], 256);
    let sent = behind_handshake(&[&good, &good[..100], &good[100..], &good]);
    // One looks from the middle of a frame on.
    let entries = read(&sent, |at| at >= sent.len() - 2);
    assert_eq!(notes(&entries), ["passed over without a look: 2 messages in 2 frames"]);
    assert_eq!(entries.iter().filter(|entry| is_data(entry)).count(), 2);
    // And one looks away there.
    let entries = read(&sent, |at| at < sent.len() - 2);
    assert_eq!(entries.iter().filter(|entry| is_data(entry)).count(), 2);
    // It ends there.
    let entries = read(&sent[..sent.len() - 2], |_| false);
    let end = ["passed over without a look: 2 messages in 2 frames", "it ends inside a frame"];
    assert_eq!(notes(&entries), end);
    let told = entries.iter().find(|entry| matches!(entry.what, What::Note { .. })).expect("a note");
    assert_eq!(told.length, Some(good.len() as u64 + 100));
}

#[test]
fn what_has_been_passed_over_is_said_when_one_asks() {
    let mut inspector = Inspector::new();
    let text = with_header(&[0x81, 5], 5);
    for (from, bytes) in behind_handshake(&[&text, &text]) {
        inspector.skip(1, from, &bytes, 0);
    }
    inspector.take().for_each(drop);
    inspector.tell_skipped(17);
    inspector.tell_skipped(18);
    let entries: Vec<Entry> = inspector.take().collect();
    assert_eq!(notes(&entries), ["passed over without a look: 2 messages in 2 frames"]);
    assert_eq!((entries[0].from, entries[0].time), (Some(Side::Server), Some(17)));
    assert_eq!(entries[0].length, Some(14));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Where one looks makes no difference to what is told of the rest.
    #[test]
    fn looking_and_looking_away(deflate: bool, size in 1_usize..200, looks in prop::collection::vec(any::<bool>(), 1..40)) {
        let sent = cut(&conversation(deflate), size);
        let wanted: Vec<String> = {
            let all = read(&sent, |_| true);
            plain(&all.into_iter().filter(|entry| !is_data(entry)).collect::<Vec<_>>())
        };
        let told = read(&sent, |at| looks[at % looks.len()]);
        prop_assert_eq!(plain(&told.into_iter().filter(|entry| !is_data(entry)).collect::<Vec<_>>()), wanted);
    }
}
