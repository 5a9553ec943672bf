//! The rules on header fields alone, for hosts that have read the request by other means (RFC 8441, RFC 9220, or an HTTP
//! server of their own).

use sansock::FaultKind;
use sansock::handshake::fields::Field;
use sansock::handshake::request::{Offer, OriginRelation, check_upgrade, key};
use sansock::handshake::{accept_for, fields};

fn list<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<Field<'a>> {
    pairs.iter().map(|(name, value)| Field { name: name.as_bytes(), value: value.as_bytes() }).collect()
}

#[test]
fn an_extended_connect_request() {
    let fields = list(&[
        ("sec-websocket-version", "13"),
        ("origin", "https://example.com"),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
    ]);
    let offer = Offer::read(&fields, b"example.com").unwrap();
    assert_eq!(offer.origin, Some(&b"https://example.com"[..]));
    assert_eq!(offer.origin_relation, OriginRelation::Same);
    assert_eq!(offer.subprotocols, [&b"chat"[..], b"superchat"]);
    assert_eq!(offer.extensions, [&b"permessage-deflate; client_max_window_bits"[..]]);
    assert_eq!(Offer::read(&fields, b"example.org").unwrap().origin_relation, OriginRelation::Cross);
}

#[test]
fn the_least_request() {
    let fields = list(&[("Sec-WebSocket-Version", "13")]);
    let offer = Offer::read(&fields, b"a").unwrap();
    assert_eq!((offer.origin, offer.origin_relation), (None, OriginRelation::Absent));
    assert!(offer.subprotocols.is_empty() && offer.extensions.is_empty());
}

#[test]
fn faults_of_the_fields() {
    let version = ("Sec-WebSocket-Version", "13");
    let table: [(&[(&str, &str)], FaultKind); 9] = [
        (&[], FaultKind::BadVersion),
        (&[version, version], FaultKind::BadVersion),
        (&[("Sec-WebSocket-Version", "8")], FaultKind::UnsupportedVersion),
        (&[version, ("Origin", "")], FaultKind::BadOrigin),
        (&[version, ("Origin", "null"), ("Origin", "null")], FaultKind::BadOrigin),
        (&[version, ("Sec-WebSocket-Protocol", "a b")], FaultKind::BadSubprotocol),
        (&[version, ("Sec-WebSocket-Protocol", "a"), ("Sec-WebSocket-Protocol", "b, a")], FaultKind::BadSubprotocol),
        (&[version, ("Sec-WebSocket-Extensions", "a;")], FaultKind::BadExtensions),
        (&[version, ("Sec-WebSocket-Extensions", "")], FaultKind::BadExtensions),
    ];
    for (pairs, fault) in table {
        assert_eq!(Offer::read(&list(pairs), b"a").err(), Some(fault), "{pairs:?}");
    }
}

#[test]
fn what_http_1_1_adds() {
    let good = [
        ("Upgrade", "h2c, WebSocket"),
        ("Connection", "keep-alive"),
        ("connection", "upgrade"),
        ("Content-Length", "0"),
    ];
    assert_eq!(check_upgrade(&list(&good)), Ok(()));
    assert_eq!(check_upgrade(&list(&good[..2])), Err(FaultKind::NotAnUpgrade));
    assert_eq!(check_upgrade(&list(&good[1..])), Err(FaultKind::NotAnUpgrade));
    let body = [&good[..3], &[("Content-Length", "1")]].concat();
    assert_eq!(check_upgrade(&list(&body)), Err(FaultKind::UnexpectedBody));
    let coded = [&good[..3], &[("Transfer-Encoding", "chunked")]].concat();
    assert_eq!(check_upgrade(&list(&coded)), Err(FaultKind::UnexpectedBody));
}

#[test]
fn the_example_of_section_1_3() {
    let pair = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(key(&list(&[pair])), Ok(pair.1.as_bytes()));
    assert_eq!(key(&list(&[])), Err(FaultKind::BadKey));
    assert_eq!(key(&list(&[pair, pair])), Err(FaultKind::BadKey));
    assert_eq!(&accept_for(pair.1.as_bytes()), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn limits_of_lists() {
    let offer = |name: &str, count: usize| {
        let value = (0..count).map(|number| format!("x{number}")).collect::<Vec<_>>().join(",");
        Offer::read(&list(&[("Sec-WebSocket-Version", "13"), (name, &value)]), b"a").err()
    };
    assert_eq!(offer("Sec-WebSocket-Protocol", fields::MAX_SUBPROTOCOLS), None);
    assert_eq!(offer("Sec-WebSocket-Protocol", fields::MAX_SUBPROTOCOLS + 1), Some(FaultKind::BadSubprotocol));
    assert_eq!(offer("Sec-WebSocket-Extensions", fields::MAX_EXTENSIONS), None);
    assert_eq!(offer("Sec-WebSocket-Extensions", fields::MAX_EXTENSIONS + 1), Some(FaultKind::BadExtensions));
}
