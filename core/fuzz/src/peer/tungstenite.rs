//! The crate `tungstenite`, behind the handshake.

use std::io::{self, Cursor, Read, Write};

use sansock::{FaultKind, Role};
use tungstenite::error::ProtocolError;
use tungstenite::protocol::{self, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use super::{Difference, End, Verdict, When, compare};

const DIFFERENCES: &[Difference] = &[
    Difference {
        when: When::Fault(FaultKind::NonMinimalLength),
        why: "it takes a length that is not in its shortest form",
    },
    Difference {
        when: When::Fault(FaultKind::ControlTooLong),
        why: "so it takes a control frame of at most 125 bytes whose length has the form of a longer one",
    },
    Difference {
        when: When::Fault(FaultKind::BadCloseCode),
        why: "it answers a code that may not be sent with a Close of its own",
    },
    Difference { when: When::Codes(1014..=1014), why: "it does not know the code that was registered last" },
];

pub fn run(role: Role, stream: &[u8]) {
    compare(role, false, stream, &theirs(role, stream), DIFFERENCES);
}

/// A stream to read, and nowhere to write.
struct Pipe<'a>(Cursor<&'a [u8]>);

impl Read for Pipe<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.0.read(room)
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(role: Role, stream: &[u8]) -> Verdict {
    let role = match role {
        Role::Client => protocol::Role::Client,
        Role::Server => protocol::Role::Server,
    };
    let limits = WebSocketConfig::default().max_message_size(Some(1 << 20)).max_frame_size(Some(1 << 20));
    let mut socket = WebSocket::from_raw_socket(Pipe(Cursor::new(stream)), role, Some(limits));
    let mut items = Vec::new();
    loop {
        let item = match socket.read() {
            Ok(Message::Text(text)) => ("text", text.as_bytes().to_vec()),
            Ok(Message::Binary(data)) => ("binary", data.to_vec()),
            Ok(Message::Ping(payload)) => ("ping", payload.to_vec()),
            Ok(Message::Pong(payload)) => ("pong", payload.to_vec()),
            Ok(Message::Close(frame)) => {
                let code = frame.map_or(1005, |frame| frame.code.into());
                return Verdict { items, end: End::Closed(code) };
            }
            Ok(Message::Frame(_)) => panic!("a frame was read as a message"),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return Verdict { items, end: End::Eof };
            }
            Err(_) => return Verdict { items, end: End::Fault },
        };
        items.push(item);
    }
}
