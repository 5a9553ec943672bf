//! Close frames (RFC 6455 §5.5.1, §7.4): every code, received and sent.

use sansock::{CloseCode, Config, Error, Role};

use crate::common::bytes::show;
use crate::common::drive::{Host, ms, opened};
use crate::common::frames::{self, CLOSE, FIN};
use crate::{proved, whole};

/// Lengths of payloads.
const LENGTHS: [usize; 5] = [0, 1, 2, 3, 125];

/// §7.4.1, §7.4.2 and the registry: what is defined for use in a frame, and what libraries and applications may define.
fn may_be_sent(code: u16) -> bool {
    const DEFINED: [u16; 12] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    DEFINED.contains(&code) || (3000..5000).contains(&code)
}

/// All codes; or those around the ends of ranges, and a few of the others.
fn codes() -> impl Iterator<Item = u16> {
    let all = whole();
    let is_in_share = |code: &u16| matches!(code, 998..=1017 | 2999..=3001 | 4998..=5001) || code.is_multiple_of(997);
    (0..=u16::MAX).filter(move |code| all || is_in_share(code))
}

/// A payload of this length. A reason that is no text is spoilt in its last byte.
fn payload(code: u16, len: usize, is_text: bool) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.resize(len, b'a');
    if let (false, 3.., Some(last)) = (is_text, len, payload.last_mut()) {
        *last = 0xff;
    }
    payload
}

/// The first event, or the fault and the code of the answer.
fn expected(payload: &[u8]) -> Result<(u16, &[u8]), (&'static str, u16)> {
    match payload {
        [] => Ok((1005, b"")),
        [_] => Err(("CLOSE_TOO_SHORT", 1002)),
        [high, low, reason @ ..] => match u16::from_be_bytes([*high, *low]) {
            code if !may_be_sent(code) => Err(("BAD_CLOSE_CODE", 1002)),
            _ if reason.contains(&0xff) => Err(("BAD_CLOSE_REASON", 1007)),
            code => Ok((code, reason)),
        },
    }
}

fn check_received(config: &Config, payload: &[u8]) {
    let case = || format!("{:?} receives {payload:02x?}", config.role());
    let mut host = Host::of(config);
    host.receive(&frames::to(config.role(), FIN | CLOSE, payload));
    let sent = frames::read_all(&host.take_output());
    let [sent] = &sent[..] else { panic!("{}: {sent:?}", case()) };
    assert_eq!(sent.first, FIN | CLOSE, "{}", case());
    match expected(payload) {
        Ok((code, reason)) => {
            assert_eq!(sent.payload, payload, "{}", case());
            let reason = show(reason);
            let end = format!("closed {code} {reason} clean by-peer sent={code}");
            assert_eq!(host.events, [format!("closing {code} {reason}"), end], "{}", case());
        }
        Err((name, code)) => {
            assert_eq!(sent.payload[..2], code.to_be_bytes(), "{}", case());
            let end = format!("closed 1006 \"\" unclean by-peer sent={code} fault={name}");
            assert_eq!(host.events, [end], "{}", case());
        }
    }
}

#[test]
fn every_close_frame_is_judged_by_its_code_and_reason() {
    let mut cases = 0;
    for role in [Role::Client, Role::Server] {
        let config = opened(role).build().expect("a good configuration");
        for code in codes() {
            for len in LENGTHS {
                for is_text in [true, false] {
                    check_received(&config, &payload(code, len, is_text));
                    cases += 1;
                }
            }
        }
    }
    proved("Close received: codes x lengths 0, 1, 2, 3, 125 x reasons x roles", cases);
}

/// How a host says that it closes.
#[derive(Clone, Copy, Debug)]
enum Call {
    Close,
    Fail,
}

fn check_sent(config: &Config, call: Call, code: u16, reason: &str) {
    let case = || format!("{:?} of {code} with a reason of {} bytes", call, reason.len());
    let mut host = Host::of(config);
    let result = match call {
        Call::Close => host.connection.close(CloseCode::from(code), reason, ms(0)),
        Call::Fail => host.connection.fail(CloseCode::from(code), reason, ms(0)),
    };
    let may_be_sent = may_be_sent(code) && reason.len() <= 123;
    assert_eq!(result, if may_be_sent { Ok(()) } else { Err(Error::InvalidArgument) }, "{}", case());
    let sent = frames::read_all(&host.take_output());
    if may_be_sent {
        let [sent] = &sent[..] else { panic!("{}: {sent:?}", case()) };
        assert_eq!(sent.first, FIN | CLOSE, "{}", case());
        assert_eq!(sent.payload, frames::close(code, reason), "{}", case());
    } else {
        assert!(sent.is_empty(), "{}", case());
        assert_eq!(host.connection.send_text("goes on"), Ok(()), "{}", case());
    }
}

#[test]
fn every_code_is_sent_or_refused() {
    let mut cases = 0;
    let long = "a".repeat(124);
    for role in [Role::Client, Role::Server] {
        let config = opened(role).build().expect("a good configuration");
        for code in codes() {
            for call in [Call::Close, Call::Fail] {
                for len in [0, 1, 123, 124] {
                    check_sent(&config, call, code, &long[..len]);
                    cases += 1;
                }
            }
        }
    }
    proved("Close sent: codes x calls x reasons of 0, 1, 123, 124 bytes x roles", cases);
}
