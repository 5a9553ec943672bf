//! The engine beside other implementations.

use sansock::Role;

use super::sequences::{Cut, Peer};
use crate::input::Input;
use crate::peer;
use crate::wire::{BINARY, RSV1, TEXT};

fn role(which: u8) -> Role {
    if which & 1 == 0 { Role::Server } else { Role::Client }
}

pub fn tungstenite(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let role = role(input.byte());
    peer::tungstenite::run(role, input.rest());
}

/// With compression the messages are good ones: what it makes of final blocks, and of pings between fragments, is known to
/// be wrong.
pub fn wsproto(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let which = input.byte();
    let (role, deflate) = (role(which), which & 2 != 0);
    if !deflate {
        return peer::wsproto::run(role, false, input.rest());
    }
    let mut sender = Peer::new(role, true);
    let mut stream = Vec::new();
    while !input.is_empty() {
        let (how, len) = (input.byte(), input.byte());
        let message = input.take(len.into()).repeat(usize::from(how >> 4) + 1);
        let kind = if how & 1 == 0 { BINARY } else { TEXT };
        let payload = if how & 2 == 0 { sender.compress(&message) } else { message };
        let first = if how & 2 == 0 { kind | RSV1 } else { kind };
        let cut = if how & 4 == 0 { Cut::Whole } else { Cut::InTwo(how >> 3) };
        sender.message(first, &payload, &cut, &mut stream);
    }
    peer::wsproto::run(role, true, &stream);
}
