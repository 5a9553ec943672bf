//! Writes a large capture to standard output: `cargo run --example large FRAMES BYTES`, so many frames, each of a text of so many bytes,
//! from the client and the server in turn, in segments of 1448 bytes.

use std::error::Error;
use std::io::{BufWriter, Write};

/// The request and the response of RFC 6455 §1.3.
const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const SEGMENT: usize = 1448;

/// What has been sent: how many bytes by each end, and in how many packets.
struct Wire<W> {
    file: W,
    sent: [u32; 2],
    packets: u32,
}

impl<W: Write> Wire<W> {
    fn packet(&mut self, from: usize, flags: u8, data: &[u8]) -> Result<(), Box<dyn Error>> {
        let length = 14 + 20 + 20 + data.len();
        let [seconds, micros] = [self.packets / 100_000, self.packets % 100_000 * 10];
        for number in [seconds, micros, length as u32, length as u32] {
            self.file.write_all(&number.to_le_bytes())?;
        }
        self.file.write_all(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0])?;
        let total = (40 + data.len() as u16).to_be_bytes();
        self.file.write_all(&[0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, 6, 0, 0])?;
        let (addresses, ports) = ([[10, 0, 0, 1], [10, 0, 0, 2]], [50_000_u16, 80]);
        self.file.write_all(&[addresses[from], addresses[1 - from]].concat())?;
        self.file.write_all(&[ports[from].to_be_bytes(), ports[1 - from].to_be_bytes()].concat())?;
        self.file.write_all(&self.sent[from].to_be_bytes())?;
        self.file.write_all(&[0, 0, 0, 0, 5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0])?;
        self.file.write_all(data)?;
        self.sent[from] = self.sent[from].wrapping_add(data.len() as u32 + u32::from(flags & 2 != 0));
        self.packets += 1;
        Ok(())
    }

    fn send(&mut self, from: usize, data: &[u8]) -> Result<(), Box<dyn Error>> {
        data.chunks(SEGMENT).try_for_each(|segment| self.packet(from, 0x10, segment))
    }
}

fn frame(is_client: bool, text: &[u8]) -> Vec<u8> {
    let mask = if is_client { 0x80 } else { 0 };
    let mut frame = match text.len() {
        length @ ..126 => vec![0x81, mask | length as u8],
        length @ ..65_536 => [&[0x81, mask | 126][..], &(length as u16).to_be_bytes()].concat(),
        length => [&[0x81, mask | 127][..], &(length as u64).to_be_bytes()].concat(),
    };
    if is_client {
        frame.extend(KEY);
    }
    let key = if is_client { KEY } else { [0; 4] };
    frame.extend(text.iter().zip(key.into_iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|number| number.parse()).collect::<Result<_, _>>()?;
    let [frames, bytes] = numbers[..] else { return Err("say how many FRAMES, of how many BYTES".into()) };
    let mut wire = Wire { file: BufWriter::new(std::io::stdout().lock()), sent: [0; 2], packets: 0 };
    wire.file.write_all(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0])?;
    for (from, flags) in [(0, 2), (1, 0x12)] {
        wire.packet(from, flags, b"")?;
    }
    for (from, head) in [(0, REQUEST), (1, RESPONSE)] {
        wire.send(from, head.as_bytes())?;
    }
    let text: Vec<u8> = "Hello, 世界. ".bytes().cycle().take(bytes).collect();
    let text = core::str::from_utf8(&text).map_or_else(|error| &text[..error.valid_up_to()], |_| &text[..]);
    let both = [frame(true, text), frame(false, text)];
    (0..frames).try_for_each(|at| wire.send(at % 2, &both[at % 2]))?;
    wire.file.flush()?;
    Ok(())
}
