//! Shows what is on the wire. Bytes of a capture go in, in pieces of any size; entries come out: heads with each line judged,
//! frames field by field, the messages that a host gets, the rules that are broken, and what their breaker is answered. The
//! protocol is the engine's; here is only what is shown of it.
//!
//! ```
//! use sansock_inspect::{Inspector, What};
//!
//! let mut inspector = Inspector::new();
//! inspector.push(b"< 81 02 68 69\n< c1 00");
//! inspector.finish()?;
//! let entries: Vec<_> = inspector.take().collect();
//! let is_hi = |what: &What| matches!(what, What::Message(message) if message.payload.text.as_deref() == Some("hi"));
//! assert!(entries.iter().any(|entry| is_hi(&entry.what)));
//! # Ok::<(), sansock_inspect::CaptureError>(())
//! ```
//!
//! # Memory
//!
//! Payloads are not held, whatever they inflate to: entries carry the first bytes of them. An inspector whose entries are taken as
//! they come holds at most, in bytes:
//!
//! - [`ENTRY`] and 8 times the preview for each entry that has not been taken, and what the lines of heads are long;
//! - [`OPEN`] for each connection under way, and [`ENDED`] for each that is over, also of TCP without any data;
//! - [`SHARED`] for each kind of compression that was agreed on: those differ in the end, in the window and in whether it is kept, and
//!   there is one more without compression;
//! - what waits: 16 KiB for lines of the chunked coding, 256 requests without a response, 5 MiB for packets of one end that are out of
//!   order, 1 MiB for a head that has not ended, 512 KiB for frames before the
//!   response, which are then read at once;
//! - one packet of the file, 16 MiB at most, and the piece that is pushed;
//! - of files that are not of packets all of it, 512 MiB at most, and of an archive (HAR) what it is parsed into.
//!
//! With entries that carry their whole payload, which [`Inspector::with`] asks for, 64 MiB may be held for each of them and for each
//! message under way.

mod agreed;
mod body;
mod capture;
mod conversation;
mod course;
pub mod entry;
mod exchange;
mod frames;
mod gathered;
mod head;
mod header;
mod held;
mod lines;
mod log;
mod machines;
mod skipping;
mod telling;
mod text_end;

use agreed::Agreed;
use capture::Capture;
pub use capture::CaptureError;
use conversation::{Conversation, Origin};
pub use entry::{Entry, Side, What};
pub use lines::line;
use log::Log;
pub use machines::{course, machines};

/// How many bytes of a payload an entry carries unless told otherwise.
pub const PREVIEW: usize = 256;

/// What one entry takes, in bytes, without its preview and the lines of a head.
pub const ENTRY: usize = 1 << 10;

/// What a connection under way takes, in bytes.
pub const OPEN: usize = 768 << 10;

/// What the connections with one kind of compression share at most, in bytes: the engine's buffers that wait for their next use. It has
/// none in WebAssembly.
pub const SHARED: usize = 24 << 20;

/// What is kept of a connection that is over, in bytes.
pub const ENDED: usize = 2 << 10;

/// Reads a capture, or connections that are under way.
pub struct Inspector {
    connections: Connections,
    capture: Capture,
}

/// What has been found so far.
pub(crate) struct Connections {
    log: Log,
    /// By their numbers, from 1; those that have ended are gone.
    open: Vec<Option<Box<Conversation>>>,
    /// What was agreed on before the capture begins, if that is known.
    agreed: Option<Agreed>,
}

/// A form of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What [`line()`] makes of each, for people.
    Text,
    /// A line of JSON for each.
    Json,
    /// The lines of JSON, a NUL, and the lines for people. Neither form has a NUL in it.
    Both,
}

impl Default for Inspector {
    fn default() -> Self {
        Self::new()
    }
}

impl Inspector {
    /// An inspector whose entries carry the first 256 bytes of payloads.
    pub fn new() -> Self {
        Self::with(PREVIEW, [])
    }

    /// An inspector whose entries carry the first `preview` bytes of payloads; those with the numbers in `whole` carry all of
    /// it, up to 64 MiB: numbers of entries are the same each time that a capture is read.
    pub fn with(preview: usize, whole: impl IntoIterator<Item = u64>) -> Self {
        let log = Log::new(preview, whole.into_iter().collect());
        Inspector { connections: Connections { log, open: Vec::new(), agreed: None }, capture: Capture::default() }
    }

    /// Reads the next bytes of a capture file: pcap, pcapng, HAR; dumps as of `xxd`, `tcpdump -X` and Wireshark (C arrays);
    /// hexadecimal, base64, or the bytes themselves. In hexadecimal, lines may begin with `>` if the client sent them and with
    /// `<` if the server did. What it is, is seen from how it begins.
    pub fn push(&mut self, bytes: &[u8]) {
        self.capture.push(bytes, &mut self.connections);
    }

    /// Reads the next bytes of a file with what one end has sent. Push the client's first.
    pub fn push_from(&mut self, from: Side, bytes: &[u8]) {
        self.capture.push_from(from, bytes);
    }

    /// The capture is over.
    ///
    /// # Errors
    ///
    /// A [`CaptureError`] if the file is broken. The entries before are kept.
    pub fn finish(&mut self) -> Result<(), CaptureError> {
        let outcome = self.capture.finish(&mut self.connections);
        self.connections.finish();
        outcome
    }

    /// Says what had been agreed on where the capture has no opening handshake: the value of Sec-WebSocket-Extensions in the
    /// response, which is empty without compression. Otherwise messages are read as if permessage-deflate with its defaults had
    /// been agreed on, and one that cannot be inflated is no fault.
    pub fn assume(&mut self, extensions: &str) {
        self.connections.agreed = Some(Agreed::of(extensions));
    }

    /// A connection begins, between these addresses, with the opening handshake. Returns its number: 1, 2, 3 and so on.
    pub fn begin(&mut self, client: &str, server: &str, time: u64) -> u32 {
        self.connections.begin(Some(client.to_owned()), Some(server.to_owned()), Some(time), Origin::WebSocket)
    }

    /// Reads what an end of a connection sends, which is under way. The first bytes of the next number begin a connection. `time` is in microseconds since any
    /// moment.
    pub fn feed(&mut self, connection: u32, from: Side, bytes: &[u8], time: u64) {
        self.connections.receive(connection, from, bytes, Some(time));
    }

    /// Passes over what an end of a connection sends, as [`feed`](Self::feed) reads it, so that one can begin to look at any time: what
    /// is fed next is read from the next message on. Frames and messages of data become no entries; what has been passed over is a note,
    /// before the next entry of the same sender or by [`tell_skipped`](Self::tell_skipped). All else is told as ever: heads, control
    /// frames, and broken rules as far as headers show them. Of whole messages without compression only headers are read: whether a text
    /// is UTF-8 (RFC 6455 §8.1) is not judged. Compressed ones are inflated, because later ones may refer to them (RFC 7692 §7.2.3.2).
    ///
    /// Returns whether there are entries to take.
    pub fn skip(&mut self, connection: u32, from: Side, bytes: &[u8], time: u64) -> bool {
        self.connections.log.is_quiet = true;
        self.connections.receive(connection, from, bytes, Some(time));
        self.connections.log.is_quiet = false;
        !self.connections.log.entries.is_empty()
    }

    /// Says of all connections under way what has been passed over.
    pub fn tell_skipped(&mut self, time: u64) {
        self.connections.tell_skipped(time);
    }

    /// An end of a connection that is under way sends nothing more.
    pub fn end(&mut self, connection: u32, from: Side, time: u64) {
        self.connections.end(connection, from, Some(time));
    }

    /// Appends entries to `text`, in this form. Stops when it is as long as `limit`, in bytes, and returns whether there are more.
    pub fn take_lines(&mut self, form: Form, limit: usize, text: &mut String) -> bool {
        let mut lines = String::new();
        while text.len() < limit {
            let Some(entry) = self.connections.log.entries.pop_front() else { break };
            if form != Form::Json {
                lines.push_str(&line(&entry));
                lines.push('\n');
            }
            if form == Form::Text {
                text.push_str(&core::mem::take(&mut lines));
            } else {
                // Nothing in an entry is without a form in JSON.
                text.push_str(&serde_json::to_string(&entry).unwrap_or_default());
                text.push('\n');
            }
        }
        if !lines.is_empty() {
            text.push('\0');
            text.push_str(&lines);
        }
        !self.connections.log.entries.is_empty()
    }

    /// How many entries so far were faults, or said that the capture ends inside something.
    pub fn faults(&self) -> u64 {
        self.connections.log.faults
    }

    /// The entries since the last call.
    pub fn take(&mut self) -> impl Iterator<Item = Entry> + '_ {
        self.connections.log.entries.drain(..)
    }
}

impl Connections {
    /// A new connection begins. Returns its number.
    fn begin(&mut self, client: Option<String>, server: Option<String>, time: Option<u64>, origin: Origin) -> u32 {
        let number = self.open.len() as u32 + 1;
        self.log.add_whole(number, time, What::Connection { client, server });
        let begun = (origin != Origin::Unknown && origin != Origin::Middle).then_some(time).flatten();
        self.open.push(Some(Box::new(Conversation::new(number, origin, self.agreed, begun))));
        number
    }

    /// A connection that has not ended.
    fn get(&mut self, number: u32) -> Option<(&mut Conversation, &mut Log)> {
        let conversation = self.open.get_mut((number as usize).wrapping_sub(1))?.as_mut()?;
        Some((conversation, &mut self.log))
    }

    fn receive(&mut self, number: u32, from: Side, bytes: &[u8], time: Option<u64>) {
        if !bytes.is_empty() && number as usize == self.open.len() + 1 {
            self.begin(None, None, time, Origin::Unknown);
        }
        if let Some((conversation, log)) = self.get(number) {
            conversation.receive(from, bytes, time, log);
        }
    }

    fn tell_skipped(&mut self, time: u64) {
        for conversation in self.open.iter_mut().flatten() {
            conversation.tell_skipped(Some(time), &mut self.log);
        }
    }

    fn end(&mut self, number: u32, from: Side, time: Option<u64>) {
        let Some((conversation, log)) = self.get(number) else { return };
        conversation.end(from, true, time, log);
        if conversation.is_over() {
            self.open[number as usize - 1] = None;
        }
    }

    /// Bytes of an end are not in the capture.
    fn lose(&mut self, number: u32, from: Side, missing: u64, time: Option<u64>) {
        if let Some((conversation, log)) = self.get(number) {
            conversation.lose(from, missing, time, log);
        }
    }

    fn finish(&mut self) {
        for conversation in self.open.iter_mut().flatten() {
            conversation.finish(None, &mut self.log);
        }
    }
}
