//! The configuration of a connection, drawn from an input.

use std::time::Duration;

use sansock::{Config, ConfigBuilder, Role};

use crate::common::options;
use crate::formula::{Setup, sum};
use crate::input::{Cuts, Input};

/// The key of RFC 6455 §1.3, so that a response can be written down.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

const MESSAGE_SIZES: [u64; 8] = [1 << 20, 70_000, 1000, 125, 5, 300_000, 65_535, 1];
const FRAME_SIZES: [u64; 4] = [u64::MAX, 1000, 126, 70_000];
const FRAGMENTS: [u64; 4] = [131_072, 2, 1, 100];
const HARD_LIMITS: [u64; 4] = [1 << 20, 100_000, 500, 131];
const SOFT_LIMITS: [u64; 4] = [64 * 1024, 500, 1, 200];
const STEPS: [u64; 4] = [0, 1, 3_000, 30_000];

/// Limits of an opening handshake.
const SMALL: &[(&str, u64)] = &[("max_head_size", 400), ("max_headers", 8), ("max_body_size", 20)];

/// How a connection begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Open,
    Text,
    Fields,
}

/// What is drawn before the bytes of the peer.
#[derive(Clone)]
pub struct Plan {
    pub role: Role,
    pub start: Start,
    pub config: Config,
    /// The options that memory depends on.
    pub(crate) setup: Setup,
    pub max_message: u64,
    pub deflate: bool,
    pub frames: bool,
    pub parts: bool,
    pub cuts: Cuts,
    /// The host sends every message back.
    pub echo: bool,
    /// The host leaves the output in the engine until the end.
    pub held: bool,
    /// Milliseconds between two reads.
    pub step: u64,
    /// The host closes when half of the stream has come.
    pub closes: bool,
    /// The host does not ask for more events before the end of the stream.
    pub hasty: bool,
    /// Several connections have the configuration, and use what the others have left.
    pub shared: bool,
}

/// How many bytes a plan takes.
pub const PLAN_LEN: usize = 8;

/// The switches of the first bytes of a plan, for those who write seeds.
pub mod bit {
    pub const DEFLATE: u8 = 0x01;
    pub const SERVER_ALONE: u8 = 0x02;
    pub const CLIENT_ALONE: u8 = 0x04;
    pub const PARTS: u8 = 0x08;
    pub const FRAMES: u8 = 0x10;
    pub const WHILE_CLOSING: u8 = 0x20;
    pub const NON_MINIMAL: u8 = 0x40;
    pub const REQUIRE_PONG: u8 = 0x80;

    pub const FLIP_PONG: u8 = 0x01;
    pub const FLIP_CLOSE: u8 = 0x02;
    pub const FLIP_FAIL: u8 = 0x04;
    pub const NO_REASON: u8 = 0x08;
    pub const HTTP: u8 = 0x10;
    pub const KEEPALIVE: u8 = 0x20;
    pub const ECHO: u8 = 0x40;
    pub const HELD: u8 = 0x80;
}

impl Plan {
    pub fn draw(role: Role, start: Start, input: &mut Input<'_>) -> Self {
        let bytes: [u8; PLAN_LEN] = std::array::from_fn(|_| input.byte());
        Plan::of(role, start, bytes)
    }

    pub fn of(role: Role, start: Start, bytes: [u8; PLAN_LEN]) -> Self {
        let [first, second, windows, sizes, limits, cuts, third, names] = bytes;
        let on = |bit: u8| first & bit != 0;
        let also = |bit: u8| second & bit != 0;
        let (deflate, frames) = (on(bit::DEFLATE), on(bit::FRAMES));
        let max_message = MESSAGE_SIZES[usize::from(sizes & 7)];
        let hard_limit = HARD_LIMITS[usize::from(limits & 3)];
        let mut config = Config::builder(role)
            .start_open(start == Start::Open)
            .deflate(deflate)
            .server_no_context_takeover(on(bit::SERVER_ALONE))
            .client_no_context_takeover(on(bit::CLIENT_ALONE))
            .server_max_window_bits(15 - (windows & 7))
            .client_max_window_bits(15 - (windows >> 3 & 7))
            .deflate_level([6, 1, 9, 3][usize::from(windows >> 6)])
            .deflate_mem_level([8, 1, 9, 4][usize::from(limits >> 6)])
            .deflate_threshold(if third & 4 == 0 { 64 } else { 1 })
            .parts(on(bit::PARTS))
            .frames(frames)
            .receive_while_closing(on(bit::WHILE_CLOSING))
            .allow_non_minimal_length(on(bit::NON_MINIMAL))
            .require_pong(on(bit::REQUIRE_PONG))
            .auto_pong(also(bit::FLIP_PONG) == frames)
            .auto_close(also(bit::FLIP_CLOSE) == frames)
            .auto_fail(also(bit::FLIP_FAIL) == frames)
            .close_reason(!also(bit::NO_REASON))
            .max_message_size(max_message)
            .max_frame_size(FRAME_SIZES[usize::from(sizes >> 3 & 3)])
            .max_fragments(FRAGMENTS[usize::from(sizes >> 5 & 3)])
            .output_hard_limit(hard_limit)
            .output_soft_limit(SOFT_LIMITS[usize::from(limits >> 2 & 3)]);
        if also(bit::KEEPALIVE) {
            config = config.ping_interval(Duration::from_secs(7)).pong_timeout(Duration::from_secs(5));
        }
        if start != Start::Open {
            config = handshake(config, role, also(bit::HTTP), sizes >> 7 != 0, names);
        }
        let setup = Setup::new(role).with(&[
            ("start_open", u64::from(start == Start::Open)),
            ("deflate", u64::from(deflate)),
            ("server_max_window_bits", u64::from(15 - (windows & 7))),
            ("client_max_window_bits", u64::from(15 - (windows >> 3 & 7))),
            ("parts", u64::from(on(bit::PARTS))),
            ("frames", u64::from(frames)),
            ("max_message_size", max_message),
            ("output_hard_limit", hard_limit),
        ]);
        let small = if start != Start::Open && sizes >> 7 != 0 { SMALL } else { &[] };
        Plan {
            role,
            start,
            config: config.build().expect("a good configuration"),
            setup: setup.with(small),
            max_message,
            deflate,
            frames,
            parts: on(bit::PARTS) || frames,
            cuts: Cuts::of(cuts),
            echo: also(bit::ECHO),
            held: also(bit::HELD),
            step: STEPS[usize::from(third & 3)],
            closes: third & 8 != 0,
            hasty: third & 16 != 0,
            shared: false,
        }
    }

    /// What a connection may hold whose host passes so many bytes in one call, as SECURITY.md says.
    pub fn memory(&self, passed: u64) -> u64 {
        let mut setup = self.setup.clone();
        setup.passed = passed;
        setup.warm = self.shared;
        sum(&setup.connection())
    }
}

fn handshake(mut config: ConfigBuilder, role: Role, http: bool, small: bool, names: u8) -> ConfigBuilder {
    if small {
        config =
            SMALL.iter().fold(config, |config, (name, value)| options::set(config, name, *value)).max_line_size(120);
    }
    if names & 1 != 0 {
        config = config.subprotocol("chat").subprotocol("v2.chat");
    }
    if names & 2 != 0 {
        config = config.header("X-Extra", "some value");
    }
    if role == Role::Server {
        config = if names & 4 != 0 { config.secure(names & 8 != 0) } else { config };
        return config.deliver_http(http);
    }
    config = config.key(KEY).url(if names & 4 != 0 { "wss://me:secret@a:444/chat?x=y" } else { "ws://a/" });
    if names & 8 != 0 { config.origin("http://a") } else { config }
}
