//! What is said of errors and faults in words.

mod common;

use common::drive::{Host, head, opened};
use common::frames::{self, FIN, TEXT};
use sansock::{CloseCode, Config, Error, FaultKind, Role};

/// The fault of a server after these bytes, in words.
fn told(mut host: Host, bytes: &[u8]) -> (FaultKind, String) {
    host.receive(bytes);
    let fault = host.connection.fault().expect("a fault");
    assert_eq!(fault.to_string(), fault.to_text());
    (fault.kind, fault.to_text())
}

#[test]
fn a_fault_is_told_with_its_numbers_as_far_as_it_has_any() {
    let unmasked = frames::to(Role::Client, FIN | TEXT, b"a");
    let (kind, text) = told(Host::open(Role::Server), &unmasked);
    assert_eq!((kind, text.as_str()), (FaultKind::Unmasked, kind.text()), "neither number");

    let large = frames::to(Role::Server, FIN | TEXT, &[b'a'; 11]);
    let (kind, text) = told(Host::new(opened(Role::Server).max_message_size(10)), &large);
    assert_eq!((kind, text), (FaultKind::MessageTooBig, format!("{}: 11, limit 10", kind.text())));

    let (kind, text) = told(Host::new(opened(Role::Server).max_frame_size(10)), &large);
    assert_eq!((kind, text), (FaultKind::FrameTooBig, format!("{}: 11, limit 10", kind.text())));

    let (kind, text) = told(Host::new(Config::server().max_head_size(50)), &head("GET / HTTP/1.1", &["A: b"; 20]));
    assert_eq!((kind, text), (FaultKind::HeadTooLarge, format!("{}: limit 50", kind.text())));

    let (kind, text) = told(Host::open(Role::Server), &frames::to(Role::Server, 0xb3, b""));
    assert_eq!((kind, text), (FaultKind::ReservedBits, format!("{}: 3", kind.text())));
}

#[test]
fn errors_are_told_apart_in_words() {
    let errors = [
        Error::InvalidArgument,
        Error::InvalidState,
        Error::WouldBlock,
        Error::TooLarge,
        Error::NoMemory,
        Error::Entropy,
    ];
    let mut texts: Vec<String> = errors.iter().map(Error::to_string).collect();
    assert!(texts.iter().zip(errors).all(|(text, error)| text == error.text() && text.len() > 10));
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), errors.len());
}

#[test]
fn close_codes_and_errors_of_configurations_are_told() {
    assert_eq!(CloseCode::NORMAL_CLOSURE.to_string(), "1000 (Normal Closure)");
    let error = Config::server().max_headers(0).build().expect_err("out of range");
    let text = error.to_string();
    assert!(text.contains("max_headers") && text.contains("out of range"), "{text}");
}
