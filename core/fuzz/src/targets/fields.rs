//! Opening handshakes made of fields.

use sansock::handshake::fields::Field;
use sansock::handshake::request;
use sansock::{HttpVersion, Role, State};

use super::streams::Answer;
use crate::host::Host;
use crate::input::Input;
use crate::plan::{Plan, Start};

const VERSIONS: [HttpVersion; 3] = [HttpVersion::Http11, HttpVersion::Http2, HttpVersion::Http3];

/// Lines of `name=value`, up to an empty one.
pub(super) fn lines<'a>(input: &mut Input<'a>) -> Vec<Field<'a>> {
    let mut fields = Vec::new();
    loop {
        let line = input.until(b'\n');
        if line.is_empty() {
            return fields;
        }
        let mut parts = Input::new(line);
        fields.push(Field { name: parts.until(b'='), value: parts.rest() });
    }
}

pub fn request_fields(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let plan = Plan::draw(Role::Server, Start::Fields, &mut input);
    let answer = Answer::draw(&mut input);
    let version = input.pick(&VERSIONS);
    let fields = lines(&mut input);
    read_alone(&fields);
    let mut host = Host::new(&plan);
    host.input(|connection, now| connection.receive_request(version, &fields, now)).expect("nothing came before");
    assert!(host.seen.asked || host.connection.state() == State::Closed, "neither delivered nor refused");
    assert!(host.input(|connection, now| connection.receive_request(version, &fields, now)).is_err());
    if host.seen.asked {
        answer.give(&mut host);
    }
    host.receive(input.rest());
    host.finish();
}

/// The same rules, as programs use them that make their own handshake.
fn read_alone(fields: &[Field<'_>]) {
    let offer = request::Offer::read(fields, b"a");
    let _ = request::check_upgrade(fields);
    if let Ok(key) = request::key(fields) {
        let accept = sansock::handshake::accept_for(key);
        assert!(accept.is_ascii() && accept.ends_with(b"="));
    }
    if let Ok(offer) = offer {
        assert!(offer.subprotocols.iter().all(|name| !name.is_empty()), "an empty name");
    }
}

pub fn response_fields(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let plan = Plan::draw(Role::Client, Start::Fields, &mut input);
    let version = input.pick(&VERSIONS);
    let mut host = Host::new(&plan);
    host.input(|connection, now| connection.request_fields(version, now)).expect("nothing was written");
    assert_eq!(host.seen.count("head"), 1);
    while host.connection.state() == State::Connecting && !input.is_empty() {
        let status = input.word() % 700;
        let fields = lines(&mut input);
        if host.input(|connection, now| connection.receive_response(status, &fields, now)).is_err() {
            break;
        }
    }
    host.receive(input.rest());
    host.finish();
}
