//! Files of packets, written here: what they are wrapped in, how TCP has cut, lost and repeated them, and what is beside them.

mod common;

use common::packets::{ACK, FIN, Link, Order, RST, SYN, Tcp, file, pcap, pcapng, simple_packets};
use common::{Sent, connections, conversation, faults, notes, read, read_well, told, told_of_conversation};
use sansock_inspect::{Entry, Side, What};

/// Whether entries are of the whole conversation, and there is nothing else to say.
#[track_caller]
fn hold_whole(entries: &[Entry]) {
    assert_eq!(told(entries), told_of_conversation());
    assert_eq!((faults(entries), notes(entries)), (vec![], vec![]));
    assert_eq!(connections(entries), 1);
}

/// Entries without their times, and those of deadlines.
fn timeless(entries: Vec<Entry>) -> Vec<Entry> {
    entries.into_iter().map(|entry| Entry { time: None, deadlines: None, ..entry }).collect()
}

/// When the last entry was, in microseconds.
fn last_time(entries: &[Entry]) -> Option<u64> {
    entries.iter().filter_map(|entry| entry.time).max()
}

#[test]
fn every_form_of_file_shows_the_same() {
    for deflate in [false, true] {
        let packets = Tcp::whole(&conversation(deflate), 40).packets;
        let expected = read_well(&file(&packets));
        hold_whole(&expected);
        assert_eq!(last_time(&expected), Some((packets.len() as u64 - 1) * 1000), "behind Close are two FINs");
        for link in Link::ALL {
            for order in [Order::Big, Order::Little] {
                for is_nano in [false, true] {
                    let entries = read_well(&pcap(&packets, link, order, is_nano, 65_535));
                    assert_eq!(entries, expected, "{link:?} {order:?} {is_nano}");
                }
                let interfaces =
                    [(link, None), (Link::Raw, Some(9)), (Link::Ethernet, Some(0x80 | 20)), (Link::Sll, Some(6))];
                let entries = read_well(&pcapng(&packets, &interfaces, order));
                assert_eq!(timeless(entries.clone()), timeless(expected.clone()), "{link:?} {order:?}");
                let apart = last_time(&entries).expect("a time").abs_diff(last_time(&expected).expect("a time"));
                assert!(apart <= 1, "a millionth part of a second, which is no power of two: {apart}");
                assert_eq!(timeless(read_well(&simple_packets(&packets, link, order))), timeless(expected.clone()));
            }
        }
    }
}

#[test]
fn addresses_of_both_kinds_are_shown() {
    let mut tcp = Tcp::new("[2001:db8::1]:50000", "[2001:db8::2]:80");
    tcp.open();
    tcp.carry(&conversation(true), 1000);
    for link in Link::ALL {
        let entries = read_well(&pcap(&tcp.packets, link, Order::Big, false, 65_535));
        hold_whole(&entries);
        let What::Connection { client, server } = &entries[0].what else { panic!("{:?}", entries[0]) };
        assert_eq!(client.as_deref(), Some("[2001:db8::1]:50000"));
        assert_eq!(server.as_deref(), Some("[2001:db8::2]:80"));
    }
}

#[test]
fn packets_out_of_order_are_put_in_order() {
    let packets = Tcp::whole(&conversation(true), 7).packets;
    let expected = timeless(read_well(&file(&packets)));
    hold_whole(&expected);
    for distance in [2, 3, 5] {
        let mut mixed = packets.clone();
        // The SYNs stay first: who is the client would else be known late.
        mixed[3..].chunks_mut(distance).for_each(<[_]>::reverse);
        let entries = read_well(&file(&mixed));
        assert_eq!(told(&entries).len(), told_of_conversation().len());
        assert_eq!((faults(&entries), notes(&entries)), (vec![], vec![]), "{distance}");
    }
}

#[test]
fn what_is_sent_again_is_read_once() {
    let sent = conversation(true);
    let mut tcp = Tcp::usual();
    tcp.open();
    let mut again = tcp.packets.clone();
    for (from, bytes) in &sent {
        for (at, segment) in bytes.chunks(10).enumerate() {
            let sequence = tcp.next[*from as usize];
            tcp.send(*from, ACK, segment);
            let last = tcp.packets.last().expect("it was just sent").clone();
            again.extend([last.clone(), last]);
            // A part of it and what came before; and all of it with what comes next.
            let from_before = (at * 10).saturating_sub(5);
            let whole = sequence.wrapping_sub((at * 10 - from_before) as u32);
            again.push(tcp.packet(*from, whole, ACK, &bytes[from_before..(at * 10 + 3).min(bytes.len())]));
            again.push(tcp.packet(*from, sequence, ACK, &bytes[at * 10..(at * 10 + 25).min(bytes.len())]));
        }
    }
    // A SYN, once more, at the end.
    again.push(again[0].clone());
    hold_whole(&read_well(&file(&again)));
}

#[test]
fn sequence_numbers_wrap() {
    for start in [0_u32.wrapping_sub(1), 0_u32.wrapping_sub(2), 0_u32.wrapping_sub(200), i32::MAX as u32 - 100] {
        let mut tcp = Tcp::usual();
        tcp.next = [start, start.wrapping_sub(30)];
        tcp.open();
        tcp.carry(&conversation(false), 9);
        tcp.close();
        let mut packets = tcp.packets;
        hold_whole(&read_well(&file(&packets)));
        packets[3..].chunks_mut(2).for_each(<[_]>::reverse);
        assert_eq!(faults(&read_well(&file(&packets))), Vec::<&str>::new(), "{start}");
    }
}

#[test]
fn a_lost_packet_is_a_note_and_never_a_fault() {
    for deflate in [false, true] {
        let packets = Tcp::whole(&conversation(deflate), 25).packets;
        let whole = told(&read_well(&file(&packets)));
        for lost in 3..packets.len() - 2 {
            let mut packets = packets.clone();
            let length = packets.remove(lost).len() - 44;
            let entries = read_well(&file(&packets));
            assert_eq!(faults(&entries), Vec::<&str>::new(), "without packet {lost}");
            let is_told = notes(&entries).iter().any(|text| text.starts_with(&format!("{length} bytes")));
            let is_last =
                packets[lost..].iter().all(|packet| packet.len() == 44 || packet[12..16] != packets[lost - 1][12..16]);
            assert!(
                is_told || is_last || told(&entries).len() < whole.len(),
                "without packet {lost}: {:?}",
                notes(&entries)
            );
            assert!(
                told(&entries).iter().all(|line| whole.contains(line)),
                "without packet {lost}: {:?}",
                told(&entries)
            );
        }
    }
}

#[test]
fn what_was_not_captured_of_a_packet_is_lost_and_not_shifted() {
    let packets = Tcp::whole(&conversation(false), 100).packets;
    let whole = told(&read_well(&file(&packets)));
    for snap in [14, 40, 54, 58, 60, 90, 120, 150] {
        let entries = read_well(&pcap(&packets, Link::Ethernet, Order::Little, false, snap));
        assert_eq!(faults(&entries), Vec::<&str>::new(), "{snap}");
        assert!(told(&entries).iter().all(|line| whole.contains(line)), "{snap}: {:?}", told(&entries));
        assert!(snap < 60 || notes(&entries).iter().any(|text| text.contains("are not in the capture")), "{snap}");
    }
}

#[test]
fn a_connection_that_is_reset_or_ends_early_is_not_clean() {
    for flags in [RST, RST | ACK, FIN | ACK] {
        let sent = conversation(false);
        let mut tcp = Tcp::usual();
        tcp.open();
        tcp.carry(&sent[..4], 1000);
        tcp.send(Side::Server, flags, b"");
        let entries = read_well(&file(&tcp.packets));
        assert_eq!(faults(&entries), ["EOF"]);
        let closed = entries.iter().find_map(|entry| match entry.what {
            What::Closed { code, clean, .. } => Some((entry.from, code, clean)),
            _ => None,
        });
        assert_eq!(closed, Some((Some(Side::Server), 1006, false)));
    }
}

#[test]
fn ports_are_used_again() {
    let mut tcp = Tcp::whole(&conversation(false), 100);
    tcp.next = [77_000, 99_000];
    tcp.open();
    tcp.carry(&conversation(true), 100);
    // Without the first packet, and without an end.
    tcp.next = [1_077_000, 1_099_000];
    tcp.send(Side::Server, SYN | ACK, b"");
    tcp.carry(&conversation(false), 100);
    let entries = read_well(&file(&tcp.packets));
    let once = told_of_conversation();
    assert_eq!(told(&entries), [&once[..], &once, &once].concat());
    assert_eq!((connections(&entries), faults(&entries)), (3, vec![]));
}

#[test]
fn a_capture_begins_inside_a_connection() {
    for deflate in [false, true] {
        let packets = Tcp::whole(&conversation(deflate), 1000).packets;
        let whole = told(&read_well(&file(&packets)));
        for first in 1..packets.len() {
            let entries = read_well(&file(&packets[first..]));
            assert_eq!(faults(&entries), Vec::<&str>::new(), "from packet {first}");
            let told = told(&entries);
            assert!(told.iter().all(|line| whole.contains(line)), "from packet {first}: {told:?}");
            // What is compressed can be inflated only from the first message on; all else can be read.
            assert!(deflate || first > 5 || told == whole, "from packet {first}: {told:?}");
        }
    }
}

#[test]
fn a_capture_begins_inside_a_frame() {
    let sent = conversation(false);
    let packets = Tcp::whole(&sent, 16).packets;
    for first in 3..packets.len() {
        let entries = read_well(&file(&packets[first..]));
        assert_eq!(faults(&entries), Vec::<&str>::new(), "from packet {first}: {:?}", notes(&entries));
    }
}

#[test]
fn connections_at_once_are_told_apart() {
    let mut all: Vec<Tcp> = Vec::new();
    for number in 0..5 {
        let mut tcp = Tcp::new(&format!("10.0.0.{}:{}", 10 - number, 40_000 + number), "10.0.0.7:8080");
        tcp.open();
        tcp.carry(&conversation(number % 2 == 0), 20 + number);
        tcp.close();
        all.push(tcp);
    }
    let longest = all.iter().map(|tcp| tcp.packets.len()).max().expect("five");
    let packets: Vec<Vec<u8>> =
        (0..longest).flat_map(|at| all.iter().filter_map(move |tcp| tcp.packets.get(at).cloned())).collect();
    let entries = read_well(&file(&packets));
    assert_eq!((connections(&entries), faults(&entries)), (5, vec![]));
    for number in 1..=5 {
        let own: Vec<Entry> = entries.iter().filter(|entry| entry.connection == number).cloned().collect();
        // Both ends speak at the same time here, so that their order may be another.
        let (mut own, mut expected) = (told(&own), told_of_conversation());
        own.sort();
        expected.sort();
        assert_eq!(own, expected);
    }
}

/// A protocol, and what is sent.
type Other = (&'static str, Vec<Sent>);

/// What programs say to databases.
fn databases() -> Vec<Other> {
    let (client, server) = (Side::Client, Side::Server);
    vec![
        (
            "PostgreSQL",
            vec![
                (client, b"\0\0\0\x15\0\x03\0\0user\0postgres\0\0".to_vec()),
                (server, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I".to_vec()),
                (client, b"Q\0\0\0\x0eSELECT 1;\0".to_vec()),
                (server, b"T\0\0\0\x21\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0".to_vec()),
            ],
        ),
        (
            "MySQL",
            vec![
                (server, b"\x4a\0\0\0\x0a8.0.36\0\x0b\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15".to_vec()),
                (client, b"\x20\0\0\x01\x85\xa6\xff\x01\0\0\0\x01\xff".to_vec()),
                (client, b"\x09\0\0\0\x03SELECT 1".to_vec()),
            ],
        ),
        (
            "Redis",
            vec![
                (client, b"*1\r\n$4\r\nPING\r\n".to_vec()),
                (server, b"+PONG\r\n".to_vec()),
                (client, b"PING\r\n".to_vec()),
                (server, b"+PONG\r\n".to_vec()),
            ],
        ),
    ]
}

/// Other traffic of TCP that is no WebSocket.
fn others() -> Vec<Other> {
    let (client, server) = (Side::Client, Side::Server);
    let text = |from: Side, text: &str| (from, text.replace('\n', "\r\n").into_bytes());
    vec![
        (
            "plain HTTP",
            vec![
                text(client, "GET /index.html HTTP/1.1\nHost: example.com\n\n"),
                text(server, "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
                text(client, "POST /form HTTP/1.1\nHost: example.com\nContent-Length: 3\n\na=b"),
                text(server, "HTTP/1.1 404 Not Found\nContent-Length: 0\n\n"),
            ],
        ),
        ("HTTP/2", vec![text(client, "PRI * HTTP/2.0\n\nSM\n\n"), (server, vec![0, 0, 0, 4, 0, 0, 0, 0, 0])]),
        (
            "TLS",
            vec![
                (client, [&[0x16, 3, 1, 0, 40, 1, 0, 0, 36, 3, 3][..], &[7; 34]].concat()),
                (server, [&[0x16, 3, 3, 0, 40, 2, 0, 0, 36, 3, 3][..], &[9; 34]].concat()),
                (client, b"\x17\x03\x03\0\x14\x9c\x3e\x0d\xa7\x51\xee\x28\x63\xb4\x19\x7f\xc8\x05\x92\xdb\x46\x3a\xf1\x8c\x6d".to_vec()),
                (server, b"\x17\x03\x03\0\x14\x21\xd6\x7b\xe0\x98\x4c\x13\xaf\x82\x5e\xc7\x30\xf9\x04\x6b\xbd\x72\x1e\xd3\x89".to_vec()),
            ],
        ),
        (
            "SMTP",
            vec![text(server, "220 mail ESMTP\n"), text(client, "EHLO example.com\n"), text(server, "250 mail\n")],
        ),
        ("IRC", vec![text(client, "NICK someone\nUSER someone 0 * :me\n"), text(server, ":irc 001 someone :hi\n")]),
        ("FTP", vec![text(server, "220 ready\n"), text(client, "USER anonymous\n"), text(server, "331 password\n")]),
        ("RTSP", vec![text(client, "OPTIONS rtsp://a/b RTSP/1.0\nCSeq: 1\n\n"), text(server, "RTSP/1.0 200 OK\n\n")]),
        ("SSH", vec![text(server, "SSH-2.0-OpenSSH_9.2\n"), text(client, "SSH-2.0-OpenSSH_9.2\n")]),
        ("a timeout", vec![text(server, "HTTP/1.1 408 Request Timeout\nConnection: close\n\n")]),
    ]
}

#[test]
fn other_traffic_is_a_note_and_never_a_fault() {
    for (name, sent) in [others(), databases()].concat() {
        for size in [1, 5, 1000] {
            let packets = Tcp::whole(&sent, size).packets;
            let entries = read_well(&file(&packets));
            assert_eq!(faults(&entries), Vec::<&str>::new(), "{name}: {:?}", notes(&entries));
            assert!(!notes(&entries).is_empty(), "{name}: {:?}", notes(&entries));
            for first in 3..packets.len() {
                let entries = read_well(&file(&packets[first..]));
                assert_eq!(faults(&entries), Vec::<&str>::new(), "{name} from packet {first}: {:?}", notes(&entries));
            }
        }
        // Beside a WebSocket.
        let mut other = Tcp::new("10.0.0.3:50001", "10.0.0.2:5432");
        other.open();
        other.carry(&sent, 1000);
        let packets = [Tcp::whole(&conversation(true), 100).packets, other.packets].concat();
        let entries = read_well(&file(&packets));
        assert_eq!((told(&entries), faults(&entries)), (told_of_conversation(), vec![]), "{name}");
    }
}

#[test]
fn a_tunnel_through_a_proxy_is_looked_into() {
    let head = |text: &str| text.replace('\n', "\r\n").into_bytes();
    let mut sent = vec![
        (Side::Client, head("CONNECT example.com:80 HTTP/1.1\nHost: example.com:80\n\n")),
        (Side::Server, head("HTTP/1.1 200 Connection established\n\n")),
    ];
    sent.extend(conversation(true));
    for size in [1, 1000] {
        let entries = read_well(&file(&Tcp::whole(&sent, size).packets));
        hold_whole(&entries);
        assert_eq!(entries.iter().filter(|entry| matches!(entry.what, What::Head(_))).count(), 4);
    }
    // One that the proxy refuses, and one with TLS inside.
    let refused = [sent[0].clone(), (Side::Server, head("HTTP/1.1 403 Forbidden\nContent-Length: 2\n\nno"))];
    let secret = [sent[0].clone(), sent[1].clone(), (Side::Client, b"\x16\x03\x01\0\x05\x01\0\0\x01\0".to_vec())];
    for (sent, heads, notes) in [(&refused[..], 2, 0), (&secret, 2, 1)] {
        let entries = read_well(&file(&Tcp::whole(sent, 1000).packets));
        assert_eq!((faults(&entries), connections(&entries)), (vec![], 1));
        assert_eq!(entries.iter().filter(|entry| matches!(entry.what, What::Head(_))).count(), heads);
        assert_eq!(common::notes(&entries).len(), notes);
    }
}

#[test]
fn a_file_that_is_cut_has_an_error_and_the_entries_before_it() {
    let packets = Tcp::whole(&conversation(true), 50).packets;
    let interfaces = [(Link::Ethernet, Some(9))];
    for whole in [file(&packets), pcapng(&packets, &interfaces, Order::Big)] {
        let all = told(&read_well(&whole));
        let (mut errors, mut best) = (0, 0);
        for length in 4..whole.len() {
            let mut inspector = common::inspector();
            inspector.push(&whole[..length]);
            let outcome = inspector.finish();
            let entries: Vec<Entry> = inspector.take().collect();
            assert_eq!(faults(&entries), Vec::<&str>::new(), "{length} bytes");
            let told = told(&entries);
            assert!(all.starts_with(&told) && told.len() >= best, "{length} bytes: {told:?}");
            best = told.len();
            match outcome {
                Ok(()) => {}
                Err(error) => {
                    errors += 1;
                    let text = error.to_string();
                    assert!(
                        ["the capture ends inside its header", "the capture ends inside a packet"].contains(&&text[..]),
                        "{text}"
                    );
                }
            }
        }
        // Between two packets nobody can tell.
        let between = whole.len() - 4 - errors;
        assert!((packets.len()..packets.len() + 6).contains(&(between + 1)), "{between}");
        assert_eq!(best, all.len());
    }
}

#[test]
fn a_file_that_is_broken_has_an_error_and_the_entries_before_it() {
    let packets = Tcp::whole(&conversation(false), 1000).packets;
    let break_with = |file: Vec<u8>, tail: &[u8]| {
        let (entries, outcome) = read(&[&file[..], tail].concat());
        assert_eq!(told(&entries), told_of_conversation());
        outcome.expect_err("it is broken").to_string()
    };
    let huge = [[0; 8], [0xff; 8]].concat();
    assert_eq!(break_with(file(&packets), &huge), "the capture ends inside a packet");
    let ng = |packets: &[Vec<u8>]| pcapng(packets, &[(Link::Raw, None)], Order::Little);
    assert_eq!(
        break_with(ng(&packets), &[6, 0, 0, 0, 1, 0, 0, 0].repeat(8)),
        "the capture is broken: a packet has no valid header"
    );
    let filler = [&huge[..], &vec![0; 17 << 20]].concat();
    let mut inspector = common::inspector();
    inspector.push(&[&file(&packets)[..], &filler].concat());
    assert_eq!(
        inspector.finish().expect_err("broken").to_string(),
        "the capture is broken: a packet is larger than 16 MiB"
    );
    // Of a link of which nothing is known.
    let mut strange = file(&packets);
    strange[20] = 105;
    let (entries, outcome) = read(&strange);
    assert_eq!(entries, []);
    assert_eq!(
        outcome.expect_err("nothing is read").to_string(),
        "the packets of the capture are of link type 105, which is not read"
    );
}
