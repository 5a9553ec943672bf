//! Bytes to a connection.

use sansock::Role;

use crate::host::Host;
use crate::input::Input;
use crate::plan::{Plan, Start};

pub fn open_server(bytes: &[u8]) {
    open(Role::Server, bytes);
}

pub fn open_client(bytes: &[u8]) {
    open(Role::Client, bytes);
}

fn open(role: Role, bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let plan = Plan::draw(role, Start::Open, &mut input);
    let mut host = Host::new(&plan);
    let stream = input.rest();
    let (first, second) = stream.split_at(if plan.closes { stream.len() / 2 } else { 0 });
    assert_eq!(host.receive(first), 0, "an open connection takes all");
    if plan.closes {
        let code = sansock::CloseCode::NORMAL_CLOSURE;
        host.call(|connection, now| connection.close(code, "enough", now)).expect("always legal");
    }
    assert_eq!(host.receive(second), 0, "an open connection takes all");
    host.finish();
}

pub fn request_text(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let plan = Plan::draw(Role::Server, Start::Text, &mut input);
    let answer = Answer::draw(&mut input);
    let mut host = Host::new(&plan);
    let stream = input.rest();
    let left = host.receive(stream);
    if host.seen.asked {
        answer.give(&mut host);
        host.receive(&stream[stream.len() - left..]);
    }
    host.finish();
}

pub fn response_text(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let plan = Plan::draw(Role::Client, Start::Text, &mut input);
    let mut host = Host::new(&plan);
    host.receive(input.rest());
    host.finish();
}

const STATUSES: [u16; 18] = [400, 401, 403, 404, 405, 414, 417, 429, 431, 500, 501, 502, 503, 505, 504, 301, 302, 599];

/// What a host does with a request.
#[derive(Clone, Copy)]
pub(super) struct Answer(u8);

impl Answer {
    pub(super) fn draw(input: &mut Input<'_>) -> Self {
        Answer(input.byte())
    }

    pub(super) fn give(self, host: &mut Host) {
        use sansock::DeflateLimit::{
            ClientMaxWindowBits, ClientNoContextTakeover, Off, ServerMaxWindowBits, ServerNoContextTakeover,
        };
        if self.0 & 1 != 0 {
            let _ = host.call(|connection, _| connection.add_response_header("Set-Cookie", "a=b"));
        }
        if self.0 & 2 != 0 {
            let bits = 8 + (self.0 >> 5);
            let limits = [
                Off,
                ServerNoContextTakeover,
                ClientNoContextTakeover,
                ServerMaxWindowBits(bits),
                ClientMaxWindowBits(bits),
            ];
            let limit = limits[usize::from(self.0 >> 5) % limits.len()];
            host.call(|connection, _| connection.limit_deflate(limit)).expect("a good limit");
        }
        let result = match self.0 >> 2 & 7 {
            0..=2 => host.input(|connection, now| connection.accept(None, now)),
            3 => host.input(|connection, now| connection.accept(Some("chat"), now)),
            4 => {
                let status = STATUSES[usize::from(self.0 >> 5 | (self.0 & 3) << 3) % STATUSES.len()];
                host.input(|connection, now| connection.reject(status, "no such page\n", now))
            }
            5 => host.input(|connection, now| connection.respond(204, "", "", now)),
            6 => host.input(|connection, now| connection.respond(426, "Try again", "x", now)),
            _ => {
                host.call(|connection, _| connection.clear_response()).expect("a request waits");
                host.input(|connection, now| connection.respond(200, "", "page", now))
            }
        };
        if result.is_err() {
            host.input(|connection, now| connection.reject(400, "", now)).expect("a request waits");
        }
    }
}
