//! Compressed messages.

use miniz_oxide::inflate::stream::{InflateState, inflate as miniz};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};
use sansock::{MessageKind, PreparedMessage, Role};
use zlib_rs::{Inflate, InflateFlush};

use crate::host::Host;
use crate::input::Input;
use crate::plan::{PLAN_LEN, Plan, Start, bit};
use crate::wire::{self, BINARY, CONTINUATION, FIN, Frame, RSV1, TEXT};

const END: &[u8] = &[0, 0, 0xff, 0xff];

/// Messages of hostile bytes: what is delivered is what another inflater makes of them.
pub fn inflate(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let role = if input.byte() & 1 == 0 { Role::Server } else { Role::Client };
    let mut plan: [u8; PLAN_LEN] = std::array::from_fn(|_| input.byte());
    plan[0] |= bit::DEFLATE;
    let plan = Plan::of(role, Start::Open, plan);
    let mut host = Host::new(&plan);
    let alone = plan_is_alone(role, bytes);
    let mut other = Other::new();
    let mut expected = Vec::new();
    while !input.is_empty() && !host.seen.is_closed {
        let (how, len) = (input.byte(), input.byte());
        let payload = input.take(usize::from(len) << if how & 8 == 0 { 0 } else { 4 });
        if alone {
            other = Other::new();
        }
        expected.extend(other.message(payload, plan.max_message as usize));
        let kind = if how & 1 == 0 { BINARY } else { TEXT };
        let mut stream = Vec::new();
        let cut = if how & 2 == 0 { payload.len() } else { payload.len() / 2 };
        let last = if cut == payload.len() { FIN } else { 0 };
        wire::write(role, last | kind | RSV1, &payload[..cut], [how, 1, 2, 3], &mut stream);
        if last == 0 {
            wire::write(role, FIN | CONTINUATION, &payload[cut..], [how; 4], &mut stream);
        }
        host.receive(&stream);
        if other.is_lost {
            break;
        }
    }
    let delivered: Vec<Vec<u8>> = host.seen.messages().into_iter().map(|(_, message)| message).collect();
    assert!(delivered.len() <= expected.len() || other.is_lost, "a message that does not inflate");
    for (delivered, expected) in delivered.iter().zip(&expected) {
        assert!(delivered == expected, "{} bytes, and {} of the other inflater", delivered.len(), expected.len());
    }
    host.finish();
}

/// Whether each message from the peer stands alone.
fn plan_is_alone(role: Role, bytes: &[u8]) -> bool {
    let switch = if role == Role::Server { bit::CLIENT_ALONE } else { bit::SERVER_ALONE };
    bytes.get(1).is_some_and(|first| first & switch != 0)
}

/// An inflater that is not the engine's.
struct Other {
    state: Box<InflateState>,
    /// An error, a final block or an open one has come, behind which the two may go different ways.
    is_lost: bool,
}

impl Other {
    fn new() -> Self {
        Other { state: InflateState::new_boxed(DataFormat::Raw), is_lost: false }
    }

    /// Whether a block begins next. Where a message ends inside a block, what the next one means is not said anywhere.
    fn is_between_blocks(&self) -> bool {
        let mut room = [0; 16];
        let result = miniz(&mut self.state.clone(), b"\0\x01\0\xfe\xffX", &mut room, MZFlush::None);
        result.bytes_written == 1 && room[0] == b'X'
    }

    /// What a message becomes; `None` if nothing.
    fn message(&mut self, payload: &[u8], limit: usize) -> Option<Vec<u8>> {
        let input = [payload, END].concat();
        let (mut at, mut output, mut room) = (0, Vec::new(), vec![0; 64 * 1024]);
        loop {
            let result = miniz(&mut self.state, &input[at..], &mut room, MZFlush::None);
            at += result.bytes_consumed;
            output.extend_from_slice(&room[..result.bytes_written]);
            match result.status {
                Ok(MZStatus::Ok) if output.len() <= limit && (at < input.len() || result.bytes_written > 0) => {}
                Ok(MZStatus::Ok) | Err(MZError::Buf) if output.len() <= limit && at == input.len() => {
                    self.is_lost = !self.is_between_blocks();
                    return Some(output);
                }
                _ => {
                    self.is_lost = true;
                    return None;
                }
            }
        }
    }
}

/// What one engine compresses, the other inflates to the same; and so does an inflater with the window that was agreed on.
pub fn deflate_pair(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut plan: [u8; PLAN_LEN] = std::array::from_fn(|_| input.byte());
    plan[0] = plan[0] & (bit::SERVER_ALONE | bit::CLIENT_ALONE | bit::PARTS) | bit::DEFLATE;
    plan[1] &= bit::NO_REASON;
    (plan[3], plan[4]) = (0, plan[4] & 0xc0);
    let mut ends = [Role::Client, Role::Server].map(|role| Pair::new(role, plan));
    let mut most = 1 << 18;
    while !input.is_empty() && most > 0 {
        let (how, len) = (input.byte(), input.word());
        most -= i32::from(len) + 1000;
        let from = usize::from(how & 1);
        let message = message(&mut input, how, usize::from(len));
        send(&mut ends[from].host, how, &message);
        let stream = std::mem::take(&mut ends[from].host.wire.all);
        let frames = std::mem::take(&mut ends[from].host.wire.frames);
        let from_client = from == 0;
        assert!(ends[from].window.inflate(&frames).is_none_or(|inflated| inflated == message), "with the window alone");
        let to = &mut ends[usize::from(from_client)];
        to.host.receive(&stream);
        let got = to.host.seen.messages();
        assert!(
            got.len() == 1 && got[0].1 == message,
            "{} bytes became {:?}",
            message.len(),
            to.host.seen.items.first()
        );
        to.host.seen.items.clear();
    }
    ends.into_iter().for_each(|mut end| end.host.finish());
}

/// Bytes as they are, repeated, or of a short alphabet.
fn message(input: &mut Input<'_>, how: u8, len: usize) -> Vec<u8> {
    match how >> 1 & 3 {
        0 => input.take(len.min(300)).to_vec(),
        1 => input.take(usize::from(how >> 5) + 1).iter().copied().cycle().take(len).collect(),
        2 => {
            let mut state = u64::from(how) << 8 | len as u64 | 1;
            let draw = |_| {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (state >> 33) as u8 & (how >> 3)
            };
            (0..len).map(draw).collect()
        }
        _ => [&vec![how; len][..], input.take(40)].concat(),
    }
}

fn send(host: &mut Host, how: u8, message: &[u8]) {
    host.call(|connection, _| connection.set_compression(how & 0xe0 != 0xe0));
    let (first, rest) = message.split_at(message.len() / 3);
    if how & 0x18 == 0x18 {
        for (part, last) in [(first, false), (rest, true)] {
            host.call(|connection, _| connection.send_part(MessageKind::Binary, part, last)).expect("there is room");
        }
    } else if how & 0x18 == 0x10 {
        let message = PreparedMessage::binary(message).expect("there is memory");
        host.call(|connection, _| connection.send_prepared(&message)).expect("there is room");
    } else {
        host.call(|connection, _| connection.send_binary(message)).expect("there is room");
    }
}

struct Pair {
    host: Host,
    /// What the messages of this end are inflated with.
    window: Window,
}

impl Pair {
    fn new(role: Role, plan: [u8; PLAN_LEN]) -> Self {
        let shift = if role == Role::Server { 0 } else { 3 };
        let alone = if role == Role::Server { bit::SERVER_ALONE } else { bit::CLIENT_ALONE };
        // 9 is used for 8.
        let bits = (15 - (plan[2] >> shift & 7)).max(9);
        let window = Window { inflate: Inflate::new(false, bits), bits, is_alone: plan[0] & alone != 0 };
        Pair { host: Host::new(&Plan::of(role, Start::Open, plan)), window }
    }
}

/// An inflater with no more memory than the window that was agreed on.
struct Window {
    inflate: Inflate,
    bits: u8,
    is_alone: bool,
}

impl Window {
    /// The message of these frames; `None` if it is not compressed.
    fn inflate(&mut self, frames: &[Frame]) -> Option<Vec<u8>> {
        if frames.first()?.first & RSV1 == 0 {
            return None;
        }
        if self.is_alone {
            self.inflate = Inflate::new(false, self.bits);
        }
        let mut input: Vec<u8> = frames.iter().flat_map(|frame| frame.payload.iter().copied()).collect();
        input.extend_from_slice(END);
        let (mut output, mut room, start) = (Vec::new(), vec![0; 16 * 1024], self.inflate.total_in());
        loop {
            let (at, before) = ((self.inflate.total_in() - start) as usize, self.inflate.total_out());
            let _ =
                self.inflate.decompress(&input[at..], &mut room, InflateFlush::SyncFlush).expect("within the window");
            let count = (self.inflate.total_out() - before) as usize;
            output.extend_from_slice(&room[..count]);
            if count < room.len() && (self.inflate.total_in() - start) as usize == input.len() {
                return Some(output);
            }
        }
    }
}
