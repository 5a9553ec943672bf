//! Whatever a capture holds, it is read without a panic; ids ascend, frames follow each other without a gap, and the same bytes show
//! the same, however they are cut.

mod common;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use common::packets::{Link, Order, Tcp, pcap, pcapng};
use common::{conversation, hold_order, hold_same, inspector, read_in};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sansock_inspect::{Entry, Side, line};

/// Every capture in the repository, and files of packets in other forms.
static CAPTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut paths = Vec::new();
    for folder in [folder.clone(), folder.join("dumps")] {
        let entries = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
        paths.extend(entries.filter(|path| {
            path.extension().is_some_and(|ending| ending == "pcap" || ending == "har" || ending == "txt")
        }));
    }
    paths.sort();
    let mut captures: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("a capture")).collect();
    for deflate in [false, true] {
        let packets = Tcp::whole(&conversation(deflate), 33).packets;
        captures.push(pcap(&packets, Link::Sll, Order::Big, true, 100));
        captures.push(pcapng(&packets, &[(Link::Vlan, Some(9)), (Link::Raw, None)], Order::Big));
    }
    captures
});

fn hold_file(file: &[u8], sizes: &[usize]) {
    let whole = read_in(file, &[file.len().max(1)]);
    hold_order(&whole.0);
    for entry in &whole.0 {
        assert!(!line(entry).contains(|character: char| character.is_control() && character != '\n'), "{entry:?}");
        serde_json::to_string(entry).expect("JSON");
    }
    hold_same(&read_in(file, sizes), &whole, &format!("in pieces of {sizes:?}"));
}

/// A frame as bytes: most are good, and what is in them may not be.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        6 => prop::sample::select(vec![0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a]),
        1 => Just(0x88),
        2 => prop::sample::select(vec![0xc1, 0x41, 0xc2]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        vec(any::<u8>(), 0..130),
        "\\PC{0,40}".prop_map(String::into_bytes),
        Just(b"\xf2\x48\xcd\xc9\xc9\x07\x00".to_vec()),
        Just(b"\x03\xe8bye".to_vec()),
    ];
    (first, any::<bool>(), any::<[u8; 4]>(), payload, 0..40_u8).prop_map(|(first, masked, key, payload, twist)| {
        let bit = if masked { 0x80 } else { 0 };
        let mut frame = match payload.len() {
            len @ ..126 if twist != 0 => vec![first, bit | len as u8],
            len => [&[first, bit | 126][..], &(len as u16).to_be_bytes()].concat(),
        };
        if masked {
            frame.extend(key);
            frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        } else {
            frame.extend(payload);
        }
        frame
    })
}

/// What is fed to one inspector, which may be told what was agreed on; each piece also cut.
fn hold_feeds(agreed: Option<&str>, begins: bool, feeds: &[(bool, Vec<u8>)], size: usize) {
    let read = |size: usize| {
        let mut inspector = inspector();
        if let Some(agreed) = agreed {
            inspector.assume(agreed);
        }
        if begins {
            inspector.begin("client", "server", 0);
        }
        for (time, (is_client, bytes)) in feeds.iter().enumerate() {
            let from = if *is_client { Side::Client } else { Side::Server };
            bytes.chunks(size).for_each(|piece| inspector.feed(1, from, piece, time as u64 * 3_000_000));
        }
        inspector.end(1, Side::Client, 90_000_000);
        inspector.finish().expect("no file is broken");
        inspector.take().collect::<Vec<Entry>>()
    };
    let whole = read(1 << 20);
    hold_order(&whole);
    hold_same(&(read(size), ()), &(whole, ()), &format!("in pieces of {size}"));
}

/// The handshake of a conversation.
fn handshake(deflate: bool) -> Vec<(bool, Vec<u8>)> {
    conversation(deflate).into_iter().take(2).map(|(from, bytes)| (from == Side::Client, bytes)).collect()
}

/// The same cases each time.
fn drawn(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(7692), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(drawn(120))]

    #[test]
    fn captures_with_wrong_bytes(
        at in any::<prop::sample::Index>(),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
        sizes in vec(1..300_usize, 1..5),
    ) {
        let mut file = at.get(&CAPTURES).clone();
        for (at, byte) in wrong {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if is_cut {
            file.truncate(cut.index(file.len()));
        }
        hold_file(&file, &sizes);
    }

    #[test]
    fn files_of_any_bytes(
        begin in prop::sample::select(vec![
            &b""[..], b"{", b"> ", b"< 81", b"0x0000: ", b"00000000: ", b"char peer0_0[] = {", b"HTTP/1.1 101", b"GET / HTTP/1.1\r\n",
            b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0", b"\x0a\x0d\x0d\x0a", b"\xa1\xb2\x3c\x4d", b"\x81", b"\x16\x03",
        ]),
        rest in vec(any::<u8>(), 0..400),
        sizes in vec(1..50_usize, 1..5),
    ) {
        hold_file(&[begin, &rest].concat(), &sizes);
    }

    #[test]
    fn texts_of_any_characters(text in "[0-9a-f :<>x,\n{}=*|#\\[\\]\u{e9}]{0,200}", sizes in vec(1..50_usize, 1..5)) {
        hold_file(text.as_bytes(), &sizes);
    }

    #[test]
    fn frames_of_any_kind(
        agreed in prop::sample::select(vec![None, Some(""), Some("permessage-deflate; server_no_context_takeover")]),
        is_known in any::<bool>(),
        feeds in vec((any::<bool>(), vec(frame(), 1..4)), 0..12),
        rest in vec(any::<u8>(), 0..20),
        size in 1..40_usize,
    ) {
        let mut feeds: Vec<(bool, Vec<u8>)> = feeds.into_iter().map(|(from, frames)| (from, frames.concat())).collect();
        feeds.push((true, rest));
        let feeds = if is_known { [handshake(agreed.is_some()), feeds].concat() } else { feeds };
        hold_feeds(agreed, is_known, &feeds, size);
    }

    #[test]
    fn heads_of_any_kind(
        deflate in any::<bool>(),
        wrong in vec((any::<bool>(), any::<prop::sample::Index>(), any::<u8>()), 0..4),
        begins in any::<bool>(),
        size in 1..40_usize,
    ) {
        let mut feeds = handshake(deflate);
        for (which, at, byte) in wrong {
            let head = &mut feeds[usize::from(which)].1;
            let at = at.index(head.len());
            head[at] = byte;
        }
        feeds.push((true, b"\x81\x85\0\0\0\0hello".to_vec()));
        feeds.push((false, b"\x81\x05hello".to_vec()));
        hold_feeds(None, begins, &feeds, size);
    }
}
