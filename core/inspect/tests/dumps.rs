//! One conversation in the text forms of the usual tools, as `captures/make.py` has them write it: all show the same. A line that is
//! wrong is named.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{faults, hold_order, inspector, notes, read, read_well, told};
use sansock_inspect::{Entry, Side, What};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/dumps")
}

fn dump(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.txt"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The forms of which each end has a file.
const OF_ENDS: [&str; 10] = [
    "xxd",
    "xxd-bytes",
    "xxd-plain",
    "xxd-include",
    "hexdump",
    "od-hexadecimal",
    "od-octal",
    "od-decimal",
    "base64",
    "base64-urls",
];
/// Those that say who sent what.
const OF_BOTH: [&str; 5] = ["tcpdump-x", "tcpdump-X", "tcpdump-XX", "wireshark-arrays", "marked"];

/// What an entry says, whenever it was seen.
type Bare = (Option<Side>, Option<u64>, Option<u64>, What);

/// What entries say of the bytes on the wire; only captures of packets have the ends of streams too.
fn bare(entries: &[Entry]) -> Vec<Bare> {
    let of_wire = entries.iter().filter(|entry| entry.from.is_some() && entry.what != What::Eof);
    of_wire.map(|entry| (entry.from, entry.offset, entry.length, entry.what.clone())).collect()
}

fn of_end(entries: &[Entry], end: Side) -> Vec<Bare> {
    bare(entries).into_iter().filter(|(from, ..)| *from == Some(end)).collect()
}

/// Reads the files of both ends, each in pieces of a size.
fn read_ends(name: &str, size: usize) -> Vec<Entry> {
    let mut inspector = inspector();
    for (end, ending) in [(Side::Client, "client"), (Side::Server, "server")] {
        dump(&format!("{name}-{ending}")).chunks(size).for_each(|piece| inspector.push_from(end, piece));
    }
    inspector.finish().unwrap_or_else(|error| panic!("{name}: {error}"));
    let entries: Vec<Entry> = inspector.take().collect();
    hold_order(&entries);
    entries
}

#[test]
fn all_forms_are_there() {
    let mut expected: Vec<String> = OF_BOTH.iter().map(|name| format!("{name}.txt")).collect();
    expected.extend(OF_ENDS.iter().flat_map(|name| [format!("{name}-client.txt"), format!("{name}-server.txt")]));
    let entries = fs::read_dir(folder()).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn all_forms_show_the_same() {
    let marked = read_well(&dump("marked"));
    assert_eq!(
        told(&marked),
        [
            "Client text Hello",
            &format!("Server binary {}", "00".repeat(100)),
            &format!("Client binary {}", "37fa213d".repeat(20)),
            "Server ping 00 11 22",
            "Server text ab cd ef aa bb cc dd ee ff",
            "Client pong 00 11 22",
            "Client close 1000 bye",
            "Server close 1000 bye",
        ]
    );
    assert_eq!((faults(&marked), notes(&marked)), (vec![], vec![]));
    for name in OF_BOTH {
        assert_eq!(bare(&read_well(&dump(name))), bare(&marked), "{name}");
    }
    for name in OF_ENDS {
        for size in [1, 7, 100_000] {
            let entries = read_ends(name, size);
            for end in [Side::Client, Side::Server] {
                // The end that is read first does not know of the Close that the other had sent.
                let is_frame =
                    |(_, _, _, what): &Bare| matches!(what, What::Head(_) | What::Frame(_) | What::Message(_));
                let frames = |entries| of_end(entries, end).into_iter().filter(is_frame).collect::<Vec<_>>();
                assert_eq!(frames(&entries), frames(&marked), "{name}");
            }
            assert_eq!(faults(&entries), Vec::<&str>::new(), "{name}");
        }
    }
}

#[test]
fn one_stream_alone_is_that_of_whom_it_begins_like() {
    for (end, ending) in [(Side::Client, "client"), (Side::Server, "server")] {
        let expected = of_end(&read_well(&dump(&format!("xxd-{ending}"))), end);
        assert!(expected.len() > 8);
        for name in OF_ENDS {
            assert_eq!(bare(&read_well(&dump(&format!("{name}-{ending}")))), expected, "{name}-{ending}");
        }
    }
}

#[test]
fn tcpdump_says_when() {
    for name in ["tcpdump-X", "tcpdump-XX"] {
        let entries = read_well(&dump(name));
        let times: Vec<u64> = entries.iter().filter_map(|entry| entry.time).collect();
        assert!(times.is_sorted() && times.len() >= 20, "{name}: {times:?}");
        assert!((1..60_000_000).contains(times.last().expect("some")), "{name}: {times:?}");
        let What::Connection { client, server } = &entries[0].what else { panic!("{:?}", entries[0]) };
        assert!([client, server].iter().all(|name| name.as_ref().is_some_and(|name| name.starts_with("127.0.0.1:"))));
    }
}

/// Short texts in forms that people write by hand.
#[test]
fn hexadecimal_is_read_as_people_write_it() {
    let expected = bare(&read_well(b"< 81 02 68 69"));
    assert_eq!(expected.len(), 2);
    for text in [
        "81 02 68 69",
        "81026869",
        "81:02:68:69",
        "0x81, 0x02, 0x68, 0x69",
        r"\x81\x02\x68\x69",
        "8102\n6869\n",
        "81 02\r\n68 69\r\n",
        "gQJoaQ==",
        "gQJoaQ",
        "00000000: 8102 6869                                ..hi",
        "00000000  81 02 68 69                                       |..hi|\n00000004\n",
        "0000   81 02 68 69                                       ..hi",
        "00000020: 8102                                     ..\n00000022: 6869                                     hi",
        "unsigned char data[] = { 0x81, 2, 0x68, /* hi { } */ 0x69 };",
        "char peer1_0[] = {\n0x81, 0x02, \n0x68, 0x69 };\n",
        "# a comment\n< 8102\n\n  <6869\n",
    ] {
        assert_eq!(bare(&read_well(text.as_bytes())), expected, "{text}");
    }
    // Bytes as they are, also if they could be text.
    assert_eq!(bare(&read_well(b"\x81\x02hi")), expected);
}

#[test]
fn a_column_of_characters_is_not_read_as_bytes() {
    // Eight bytes, then what looks like more of them.
    let dump = "00000000: 8106 6162 2063 6420  ..ab cd ef 01\n00000008: 01                       .\n";
    let mut expected = b"\x81\x06ab cd ".to_vec();
    expected.push(1);
    assert_eq!(bare(&read_well(dump.as_bytes())), bare(&read_well(&expected)));
    let dump = "00000000  81 06 61 62 20 63 64 20  61                       |..ab cd a|\n00000009\n";
    assert_eq!(bare(&read_well(dump.as_bytes())), bare(&read_well(b"\x81\x06ab cd a")));
}

#[test]
fn lines_that_are_wrong_are_named() {
    for (text, expected) in [
        ("> 81 02\n< 81 0g\n", "line 2 is not in hexadecimal"),
        ("> 81 8\n", "line 1 is not in hexadecimal"),
        ("> 81 02\n\n68 69\n", "line 3 begins neither with > nor with <"),
        ("81 02\n68 6\n", "line 2 is in no form that is known"),
        ("81 02 zz\n", "line 1 is in no form that is known"),
        ("hello, world\n", "line 1 is in no form that is known"),
        ("00000000: 8102 6869  ..hi\n00000010: 8102  ..\n", "line 2 has offset 16, but 4 bytes are before it"),
        ("00000000: 8102 68g9  ..hi\n", "line 1 has \"68g9\", which is no byte"),
        ("00000000: 8102 6869  ..hi\nwhat: 8102  ..\n", "line 2 does not begin with an offset"),
        ("00000010: 8102 6869  ..hi\n00000000: 8102  ..\n", "line 2 has an offset before that of the first line"),
        ("00000000: 0000  ..\n*\nffffffffffff: 00  .\n", "line 3 repeats too much"),
        ("00000000: 00  .\n*\n00090000: 00  .\n*\n00120000: 00  .\n", "line 5 repeats too much"),
        (
            "0000000 0281 6968\n0000004\n",
            "line 1 has words in the order of the machine that wrote them: write bytes, as of hexdump -C",
        ),
        ("\t0x0000:  4500 0028\n\t0x0010:  4006\n", "line 2 does not follow: 4 bytes of its packet are before it"),
        ("\t0x0000:  4500 00x8\n", "line 1 has \"00x8\", which is no byte"),
        (
            "char a[] = { 0x81 };\nchar b[] = { 0x02,\n 0x168 };\n",
            "the array that begins in line 2 has something that is no byte",
        ),
        ("char a[] = {\n0x81", "an array has no end"),
    ] {
        let (entries, outcome) = read(text.as_bytes());
        assert_eq!(outcome.map_err(|error| error.to_string()), Err(expected.to_owned()), "{text}");
        assert_eq!(entries, [], "{text}");
    }
}

#[test]
fn archives_that_are_wrong_are_named() {
    for (text, expected) in [
        ("{", "this is no HTTP archive (HAR): EOF while parsing an object at line 1 column 1"),
        ("{\"log\": {}}", "this is no HTTP archive (HAR): it has no log.entries"),
        ("{\"log\": {\"entries\": 5}}", "this is no HTTP archive (HAR): it has no log.entries"),
    ] {
        assert_eq!(read(text.as_bytes()).1.map_err(|error| error.to_string()), Err(expected.to_owned()), "{text}");
    }
    let whole = fs::read(folder().join("../chromium-plain.har")).expect("an archive");
    let end = whole.trim_ascii_end().len();
    for length in (1..end).step_by(13) {
        let mut inspector = inspector();
        inspector.push(&whole[..length]);
        assert!(inspector.finish().is_err_and(|error| error.to_string().contains("EOF while parsing")), "{length}");
    }
}

#[test]
fn a_dump_that_is_cut_shows_what_there_is() {
    for name in ["marked", "tcpdump-X", "wireshark-arrays", "xxd-client", "hexdump-client"] {
        let whole = dump(name);
        let all = told(&read_well(&whole));
        // Within its first line a dump may be plain hexadecimal.
        for length in (90..whole.len()).step_by(11) {
            let mut inspector = inspector();
            inspector.push(&whole[..length]);
            let outcome = inspector.finish();
            let entries: Vec<Entry> = inspector.take().collect();
            let is_begun = all.starts_with(&told(&entries));
            assert!(is_begun || outcome.is_err(), "{name}, {length} bytes: {:?}", told(&entries));
            assert_eq!(faults(&entries), Vec::<&str>::new(), "{name}, {length} bytes");
        }
    }
}

#[test]
fn what_answers_a_request_is_judged_as_a_response() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let entries = read_well(format!("> {}\n< {}\n", hex(request), hex("SSH-2.0-x\r\n")).as_bytes());
    assert_eq!(faults(&entries), ["BAD_STATUS_LINE"]);
}
