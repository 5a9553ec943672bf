//! The opening handshake where hosts, text and fields meet: what a configuration refuses, and what is read as what
//! (RFC 6455 §4, RFC 8441, RFC 9112).

mod common;

use common::drive::{HEADERS, Host, client, client_and_answer, head, request_with, verdict};
use common::frames::{self, FIN, TEXT};
use sansock::handshake::fields::MAX_SUBPROTOCOLS;
use sansock::{Config, FaultKind, Role};

/// RFC 9110 §11.6.2: one Authorization field, whether it comes from the URL or from the host.
#[test]
fn credentials_are_given_once() {
    let bare = || Config::client("ws://a/");
    let with_credentials = || Config::client("ws://me:secret@a/");
    let basic = "Basic bWU6c2VjcmV0";
    assert!(bare().header("Authorization", basic).build().is_ok());
    assert!(with_credentials().header("X-Authorization", basic).build().is_ok());
    for repeated in [
        with_credentials().header("authorization", basic),
        bare().header("Authorization", basic).header("AUTHORIZATION", basic),
    ] {
        assert_eq!(repeated.build().expect_err("it is repeated").option(), "header");
    }
    let late = Config::builder(Role::Client).header("Authorization", basic).url("ws://me@a/");
    assert_eq!(late.build().expect_err("it is repeated").option(), "url");
    let mut host = Host::new(bare().header("Authorization", basic).url("ws://b/"));
    let request = String::from_utf8(host.take_output()).expect("text");
    assert!(request.contains("\r\nHost: b\r\n") && request.contains("\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"));
}

#[test]
fn a_configuration_has_so_many_subprotocols() {
    let with = |count: usize| (0..count).fold(client(), |config, number| config.subprotocol(&format!("x{number}")));
    assert!(with(MAX_SUBPROTOCOLS).build().is_ok());
    assert_eq!(with(MAX_SUBPROTOCOLS + 1).build().expect_err("one too many").option(), "subprotocol");
    for bad in ["x0", "", "a b", "a,b"] {
        assert!(with(2).subprotocol(bad).build().is_err(), "{bad:?}");
    }
}

/// RFC 9112 §5: a line without a colon is no field, among few fields and among many.
#[test]
fn section_5_a_field_without_a_colon() {
    for count in [0, 10, 18, 19, 20, 60] {
        let filling = vec!["A: b"; count];
        assert_eq!(verdict(Config::server(), &request_with(&filling)), None, "{count} more fields");
        for bad in ["nothing", "nothing b", ": b", "a b: c"] {
            let lines = [&filling[..], &[bad]].concat();
            assert_eq!(
                verdict(Config::server(), &request_with(&lines)),
                Some(FaultKind::BadHeader),
                "{bad} of {count}"
            );
        }
    }
}

/// RFC 9112 §7.1: a chunk begins with its size.
#[test]
fn section_7_1_a_chunk_has_a_size() {
    let refusal = |body: &str| {
        let (mut client, _) = client_and_answer(client());
        let head = head("HTTP/1.1 404 Not Found", &["Transfer-Encoding: chunked"]);
        client.receive(&[&head, body.as_bytes()].concat());
        client.fault()
    };
    for bad in [";a=b\r\n", " \r\n", "\t1\r\n", "\r\n", "g\r\n", "-1\r\n", "1 1\r\n", "1;\n", "11111111111111111\r\n"] {
        assert_eq!(refusal(bad), Some(FaultKind::BadBody), "{bad:?}");
    }
    for good in ["0\r\n\r\n", "2;a=b\r\nno\r\n0\r\n\r\n", "2 \t;a\r\nno\r\n0\r\n\r\n", "02\r\nno\r\n0;\r\nA: b\r\n\r\n"]
    {
        assert_eq!(refusal(good), Some(FaultKind::HttpStatus), "{good:?}");
    }
}

/// RFC 6454 §5: origins are the same if scheme, host and port are, in whatever letters.
#[test]
fn origins_that_are_the_same_in_other_letters() {
    let relation = |host: &str, origin: &str| {
        let (host, origin) = (format!("Host: {host}"), format!("Origin: {origin}"));
        let lines = [&[&*host, &*origin], &HEADERS[1..]].concat();
        let mut server = Host::new(Config::server());
        server.receive(&head("GET / HTTP/1.1", &lines));
        let events = server.take_events().join("\n");
        assert!(events.starts_with("request"), "{events}");
        let (same, cross) = (events.contains("origin=same"), events.contains("origin=cross"));
        assert!(same != cross, "{events}");
        same
    };
    for (host, origin, same) in [
        ("example.com", "http://example.com", true),
        ("example.com", "http://EXAMPLE.com", true),
        ("example.com", "HTTP://example.com:80", true),
        ("example.com:80", "http://example.com", true),
        ("example.com:443", "https://example.com", true),
        ("example.com", "http://example.com:8080", false),
        ("example.com:8080", "http://example.com", false),
        ("example.com", "http://example.org", false),
        ("example.com", "http://a:b:c", false),
        ("example.com", "ftp://example.com", false),
        ("example.com", "null", false),
    ] {
        assert_eq!(relation(host, origin), same, "{origin} to {host}");
    }
}

/// What came behind the request is read when it has been accepted, and a fault in it ends the connection in its turn: also in
/// the call of a host that obeys the deadline.
#[test]
fn a_fault_behind_more_than_a_batch() {
    for late in [false, true] {
        let mut host = Host::new(Config::server());
        host.receive(common::drive::REQUEST.as_bytes());
        let message = frames::to(Role::Server, FIN | TEXT, b"x");
        host.receive(&[message.repeat(300), frames::to(Role::Client, FIN | TEXT, b"unmasked")].concat());
        host.accept();
        assert_eq!((host.fault(), host.next_deadline()), (None, Some(0)));
        if late {
            host.timeout();
        }
        host.take_more();
        assert_eq!(host.events.iter().filter(|event| *event == "text \"x\"").count(), 300);
        assert_eq!(host.fault(), Some(FaultKind::Unmasked));
    }
}

#[cfg(feature = "fields")]
mod fields {
    use sansock::handshake::fields::Field;
    use sansock::{Error, HttpVersion};

    use super::common::drive::ms;
    use super::*;

    fn list<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<Field<'a>> {
        pairs.iter().map(|(name, value)| Field { name: name.as_bytes(), value: value.as_bytes() }).collect()
    }

    /// An opening request over HTTP/2 (RFC 8441 §4).
    const CONNECT: [(&str, &str); 6] = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":path", "/chat"),
        (":authority", "example.com"),
        ("sec-websocket-version", "13"),
    ];

    /// A server that has received these fields.
    fn asked(config: sansock::ConfigBuilder, pairs: &[(&str, &str)]) -> Host {
        let mut host = Host::new(config);
        let fields = list(pairs);
        host.input(|connection, now| connection.receive_request(HttpVersion::Http2, &fields, now)).expect("the first");
        host
    }

    fn without(name: &str) -> Vec<(&'static str, &'static str)> {
        CONNECT.into_iter().filter(|(other, _)| *other != name).collect()
    }

    fn with(name: &str, value: &'static str) -> Vec<(&'static str, &'static str)> {
        CONNECT.into_iter().map(|(other, old)| (other, if other == name { value } else { old })).collect()
    }

    /// RFC 8441 §4: an extended CONNECT has all of them; RFC 9113 §8.3.1: any other request has a scheme.
    #[test]
    fn rfc_8441_section_4_pseudo_header_fields_of_a_request() {
        assert_eq!(asked(Config::server(), &CONNECT).fault(), None);
        for (pairs, fault) in [
            (without(":protocol"), FaultKind::NotExtendedConnect),
            (without(":scheme"), FaultKind::BadPseudoHeaders),
            (without(":path"), FaultKind::BadPseudoHeaders),
            (without(":method"), FaultKind::BadPseudoHeaders),
            (with(":method", "GET"), FaultKind::BadPseudoHeaders),
            (with(":protocol", "connect-udp"), FaultKind::UnsupportedProtocol),
            (with(":scheme", "ftp"), FaultKind::BadPseudoHeaders),
            (with(":path", "chat"), FaultKind::BadTarget),
        ] {
            assert_eq!(asked(Config::server(), &pairs).fault(), Some(fault), "{pairs:?}");
        }
        // A plain CONNECT has neither scheme nor protocol, and is no request to a page.
        let plain: Vec<_> = without(":scheme").into_iter().filter(|(name, _)| *name != ":protocol").collect();
        for deliver in [false, true] {
            let host = asked(Config::server().deliver_http(deliver), &plain);
            assert_eq!(host.fault(), Some(FaultKind::BadPseudoHeaders));
        }
    }

    /// RFC 9113 §8.3.1: Host must not contradict `:authority`.
    #[test]
    fn rfc_9113_section_8_3_1_host_beside_authority() {
        for (host, fault) in [
            ("example.com", None),
            ("EXAMPLE.com", None),
            ("example.org", Some(FaultKind::BadHost)),
            ("", Some(FaultKind::BadHost)),
        ] {
            let pairs = [&CONNECT[..], &[("host", host)]].concat();
            assert_eq!(asked(Config::server(), &pairs).fault(), fault, "{host:?}");
        }
    }

    /// RFC 9110 §15.5.22: a 426 names the protocol in Upgrade; RFC 9113 §8.2.2: HTTP/2 has no such field.
    #[test]
    fn a_response_426_names_an_upgrade_where_there_is_one() {
        let mut text = Host::new(Config::server());
        text.receive(super::common::drive::REQUEST.as_bytes());
        text.input(|connection, now| connection.reject(426, "", now)).expect("a decision");
        let output = String::from_utf8(text.take_output()).expect("text");
        assert!(output.contains("\r\nUpgrade: websocket\r\n") && output.contains("\r\nConnection: Upgrade, close\r\n"));
        assert!(output.contains("\r\nSec-WebSocket-Version: 13\r\n"));

        let mut carried = asked(Config::server(), &CONNECT);
        carried.take_events();
        carried.input(|connection, now| connection.reject(426, "", now)).expect("a decision");
        let head = carried.take_events().join("\n").to_ascii_lowercase();
        assert!(head.contains("426") && head.contains("sec-websocket-version"), "{head}");
        assert!(!head.contains("upgrade") && !head.contains("connection"), "{head}");
    }

    /// RFC 9110 §15: a refusal has the status that the host has read, whichever that is.
    #[test]
    fn rfc_9110_section_15_every_status_of_a_refusal() {
        for status in (0..100).chain(300..700) {
            let mut client = Host::holding(&client().build().expect("a configuration"), true);
            let head = client.input(|connection, now| connection.request_fields(HttpVersion::Http2, now));
            head.expect("nothing is written");
            client.take_events();
            let fields = list(&[("content-length", "0")]);
            let result = client.input(|connection, now| connection.receive_response(status, &fields, now));
            result.expect("a response is awaited");
            client.take_more();
            let events = client.take_events();
            let is_status = (100..=599).contains(&status);
            assert_eq!(events[0].starts_with(&format!("rejected {status}")), is_status, "{events:?}");
            let fault = if is_status { FaultKind::HttpStatus } else { FaultKind::BadStatusLine };
            assert_eq!(client.fault(), Some(fault), "{status}");
        }
    }

    /// Once the handshake has failed, nothing is read from fields any more.
    #[test]
    fn fields_come_too_late_when_the_time_is_up() {
        let mut server = Host::new(Config::server());
        server.run_to(10_000);
        assert_eq!(server.fault(), Some(FaultKind::HandshakeTimeout));
        let fields = list(&CONNECT);
        let result = server.connection.receive_request(HttpVersion::Http2, &fields, ms(10_001)).map(drop);
        assert_eq!(result, Err(Error::InvalidState));

        let mut client = Host::holding(&client().build().expect("a configuration"), true);
        client.run_to(10_000);
        assert_eq!(client.fault(), Some(FaultKind::HandshakeTimeout));
        let result = client.connection.request_fields(HttpVersion::Http2, ms(10_001)).map(drop);
        assert_eq!(result, Err(Error::InvalidState));
        let result = client.connection.receive_response(200, &[], ms(10_001)).map(drop);
        assert_eq!(result, Err(Error::InvalidState));
    }
}
