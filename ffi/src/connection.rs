//! The connection: each export checks its pointers, calls the engine once, and refreshes the block.

use alloc::string::String;
use core::ffi::c_char;
use core::fmt::Write as _;
use core::mem::{self, size_of};
use core::ptr;

use sansock::boundary::{self, Error};
use sansock::{Fault, Role};

use crate::guard::{bytes, bytes_mut, slice, status, write};
use crate::handle::{Handle, Kind};
use crate::types::{Block, Config, Conn, Prepared, Record};
use crate::version::random_seed;

/// The block as C sees it: the engine's, and behind it what the host writes between calls.
#[repr(C)]
pub(crate) struct SharedBlock {
    pub(crate) engine: boundary::Block,
    written: u64,
}

impl SharedBlock {
    pub(crate) const EMPTY: SharedBlock = SharedBlock { engine: boundary::Block::EMPTY, written: 0 };

    /// A host that follows the block closes the transport; no pointer leads into what is broken.
    pub(crate) fn poison(&mut self) {
        *self = SharedBlock::EMPTY;
        self.engine.status = Error::Poisoned.number();
        self.engine.transport = boundary::transport::CLOSE;
        self.engine.state = boundary::state::CLOSED;
    }
}

/// What ended a connection or a tunnel, followed by NUL; written when it ends.
#[derive(Default)]
pub(crate) struct FaultText(String);

impl FaultText {
    /// Writes the text of a fault, once.
    pub(crate) fn write(&mut self, fault: Option<Fault>) {
        const ROOM: usize = 192;
        let Some(fault) = fault.filter(|_| self.0.is_empty()) else { return };
        // Without memory for it the text stays empty; the number still names the fault.
        if self.0.try_reserve_exact(ROOM).is_ok() {
            let _ = write!(self.0, "{fault}\0");
        }
    }

    /// Where the text is, and its length without NUL.
    pub(crate) fn place(&self) -> (*const u8, usize) {
        let text = if self.0.is_empty() { Self::EMPTY } else { &self.0 };
        (text.as_ptr(), text.len() - 1)
    }

    const EMPTY: &str = "\0";

    /// The result of a call that returns the text; an empty one for an error.
    ///
    /// # Safety
    /// `len` is null, or a `size_t` can be written there.
    pub(crate) unsafe fn give(text: Result<(*const u8, usize), Error>, len: *mut usize) -> *const c_char {
        let (text, text_len) = text.unwrap_or((Self::EMPTY.as_ptr(), 0));
        // SAFETY: promised by the caller.
        unsafe { write(len, text_len) };
        text.cast()
    }
}

/// What is behind a connection's handle.
pub(crate) struct Inner {
    pub(crate) connection: sansock::boundary::Connection,
    block: SharedBlock,
    /// The bytes of the last receive: the input region.
    input: (*const u8, usize),
    /// How many of them were consumed.
    consumed: usize,
    /// The buffer of `receive_read_buffer`.
    read_buffer: (*mut u8, usize),
    /// How many bytes of the engine's memory are lent for the transport to be read to.
    lent: usize,
    fault_text: FaultText,
}

impl Kind for Inner {
    const MAGIC: u64 = u64::from_ne_bytes(*b"sanconnx");

    fn poison(&mut self) {
        self.block.poison();
    }
}

/// Not null: C must not add even 0 to a null pointer.
const NO_INPUT: (*const u8, usize) = (ptr::dangling(), 0);

impl Inner {
    /// After an input call other than receive, no payload lies in the input, and nothing is lent.
    pub(crate) fn forget_input(&mut self) {
        self.input = NO_INPUT;
        self.lent = 0;
    }

    /// # Safety
    /// As for [`bytes_mut`].
    unsafe fn receive(&mut self, data: *mut u8, len: usize, now: u64) -> Result<(), Error> {
        // SAFETY: promised by the caller.
        let input = unsafe { bytes_mut(data, len) }?;
        self.lent = 0;
        self.consumed = self.connection.receive(input, now);
        self.input = if data.is_null() { NO_INPUT } else { (data, len) };
        Ok(())
    }

    /// Reports the output that the host says it has written, before every call.
    fn report_written(&mut self) -> Result<(), Error> {
        match mem::take(&mut self.block.written) {
            0 => Ok(()),
            written => self.connection.written(written.try_into().map_err(|_| Error::InvalidArgument)?),
        }
    }

    /// Brings the block up to date, after every call.
    fn refresh(&mut self, status: i32) {
        let (input, len) = self.input;
        self.connection.block(&mut self.block.engine, input, len, self.consumed, status);
        if self.block.engine.fault != 0 {
            self.fault_text.write(self.connection.fault());
        }
    }
}

/// Bytes to send. Those of the connection's own output would move while they are copied: they are refused.
///
/// # Safety
/// As for [`bytes`].
unsafe fn to_send<'a, T>(inner: &Inner, data: *const T, len: usize) -> Result<&'a [u8], Error> {
    // SAFETY: promised by the caller.
    let bytes = unsafe { bytes(data, len) }?;
    if lies_in(bytes, inner.connection.output()) { Err(Error::InvalidArgument) } else { Ok(bytes) }
}

/// Whether bytes that were passed in lie, at least in part, in a buffer of the library's.
pub(crate) fn lies_in(given: &[u8], own: &[u8]) -> bool {
    let (given, own) = (given.as_ptr_range(), own.as_ptr_range());
    given.start < own.end && own.start < given.end
}

/// Runs one call on a connection and refreshes its block.
///
/// # Safety
/// `conn` as for [`Handle::open`].
pub(crate) unsafe fn call(conn: *mut Conn, body: impl FnOnce(&mut Inner) -> Result<(), Error>) -> i32 {
    // SAFETY: promised by the caller.
    let handle = unsafe { Handle::<Inner>::open(conn.cast()) };
    status(handle.and_then(|handle| {
        handle.change(|inner| {
            let result = inner.report_written().and_then(|()| body(inner));
            inner.refresh(status(result));
            result
        })
    }))
}

/// Creates a connection.
///
/// `seed`: 32 unpredictable bytes for a client's handshake key and masks, used for this connection only; NULL asks the
/// operating system for them (SANSOCK_ERR_ENTROPY if it has none). A server draws nothing from them. `now`: see Time, above. `out`: receives the handle;
/// free it with sansock_conn_free. A client has its request in the output at once: read the block before anything else.
/// SANSOCK_ERR_INVALID_ARGUMENT if a client has no URL, unless it starts open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_new(
    config: *const Config,
    seed: *const u8,
    now: u64,
    out: *mut *mut Conn,
) -> i32 {
    // SAFETY: null or a handle by the rules of the header.
    let config = unsafe { crate::config::open(config) };
    status(config.and_then(|config| {
        config.read(|config| {
            if out.is_null() {
                return Err(Error::InvalidArgument);
            }
            let seed = match config.role() {
                Role::Server => [0; 32],
                Role::Client if seed.is_null() => random_seed()?,
                // SAFETY: 32 readable bytes by the rules of the header; bytes need no alignment.
                Role::Client => unsafe { seed.cast::<[u8; 32]>().read() },
            };
            let mut inner = Inner {
                connection: sansock::boundary::Connection::new(config, seed, now)?,
                block: SharedBlock::EMPTY,
                input: NO_INPUT,
                consumed: 0,
                read_buffer: (ptr::null_mut(), 0),
                lent: 0,
                fault_text: FaultText::default(),
            };
            inner.refresh(0);
            let handle = Handle::create(inner)?;
            // SAFETY: `out` is not null, and room for a pointer by the rules of the header.
            unsafe { write(out, handle.cast()) };
            Ok(())
        })
    }))
}

/// Frees a connection. NULL does nothing, and a handle in use by another thread is left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_free(conn: *mut Conn) {
    // SAFETY: null or a handle by the rules of the header.
    unsafe { Handle::<Inner>::destroy(conn.cast()) }
}

/// Returns the block of a connection, or NULL for a bad handle. It stays at one address until the connection is freed,
/// and every call on the connection brings it up to date. The engine reads only `written` from it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_block(conn: *const Conn) -> *mut Block {
    // SAFETY: null or a handle by the rules of the header.
    match unsafe { Handle::<Inner>::open(conn.cast()) } {
        // SAFETY: a place inside a live handle; no reference is made.
        Ok(handle) => unsafe { &raw mut (*handle.value()).block }.cast(),
        Err(_) => ptr::null_mut(),
    }
}

/// Receives bytes that were read from the transport. Replaces the events.
///
/// `data` is unmasked in place, and payloads in the input region point into it: keep it until you have handled the
/// events. If the block's `consumed` is less than `len`, handle the events, then pass the rest. If nothing was
/// consumed, no event has come and nothing is waiting (sansock_block_has_more), answer the request first: 64 KiB behind
/// it are kept for that time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_receive(conn: *mut Conn, data: *mut u8, len: usize, now: u64) -> i32 {
    // SAFETY: a handle, and a buffer that nobody else uses, by the rules of the header.
    unsafe { call(conn, |inner| inner.receive(data, len, now)) }
}

/// Sets the buffer that sansock_conn_receive_read_buffer receives from. It is not copied, and must live until another
/// is set or the connection is freed. The connections of one thread may share one. (NULL, 0) unsets it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_set_read_buffer(conn: *mut Conn, data: *mut u8, capacity: usize) -> i32 {
    // SAFETY: a handle by the rules of the header. The buffer is only remembered.
    unsafe {
        call(conn, |inner| {
            if capacity > isize::MAX as usize || (data.is_null() && capacity != 0) {
                return Err(Error::InvalidArgument);
            }
            inner.read_buffer = (data, capacity);
            Ok(())
        })
    }
}

/// The same as sansock_conn_receive with the first `len` bytes of the read buffer. If it is shorter:
/// SANSOCK_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_receive_read_buffer(conn: *mut Conn, len: usize, now: u64) -> i32 {
    // SAFETY: a handle, and a read buffer that nobody else uses meanwhile, by the rules of the header.
    unsafe {
        call(conn, |inner| {
            let (data, capacity) = inner.read_buffer;
            if len > capacity {
                return Err(Error::InvalidArgument);
            }
            inner.receive(data, len, now)
        })
    }
}

/// Lends memory to read the transport straight to, without waiting: where the payload of the message under way belongs. That
/// saves a copy of large messages. `place` receives where, and `room` how many bytes may be written there: at least `min`, and at least
/// one. The events are dropped, as by an input call. Next: sansock_conn_receive_lent with what was read, or any other call;
/// the next input call ends the loan.
///
/// Otherwise they receive NULL and 0, and nothing has changed: read to a buffer of your own, and call
/// sansock_conn_receive. There is room while much of a message is missing that is delivered whole and was not compressed:
/// about as much as has come of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_lend(conn: *mut Conn, min: usize, place: *mut *mut u8, room: *mut usize) -> i32 {
    // SAFETY: a handle, and places to write to or NULL, by the rules of the header.
    unsafe {
        call(conn, |inner| {
            if place.is_null() || room.is_null() {
                return Err(Error::InvalidArgument);
            }
            let lent = inner.connection.lend(min.max(1));
            let (start, most) =
                lent.map_or((ptr::null_mut(), 0), |(store, most)| (store.spare_capacity_mut().as_mut_ptr(), most));
            if most > 0 {
                inner.forget_input();
            }
            inner.lent = most;
            write(place, start.cast());
            write(room, most);
            Ok(())
        })
    }
}

/// The same as sansock_conn_receive with the first `len` bytes of what was lent, which have been written there. All of
/// them are consumed. SANSOCK_ERR_INVALID_ARGUMENT if there was less room; SANSOCK_ERR_INVALID_STATE if nothing is lent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_receive_lent(conn: *mut Conn, len: usize, now: u64) -> i32 {
    // SAFETY: a handle, and bytes that were written to what was lent, by the rules of the header. The loan has not ended, so
    // that the store is as it was, and has room for them behind its end.
    unsafe {
        call(conn, |inner| {
            match inner.lent {
                0 => return Err(Error::InvalidState),
                room if len > room => return Err(Error::InvalidArgument),
                _ => {}
            }
            inner.forget_input();
            inner.connection.receive_lent(|store| store.set_len(store.len() + len), now);
            Ok(())
        })
    }
}

/// Client only: reads just the header of a message whose payload you read from the transport yourself. The counterpart
/// of sansock_conn_send_header.
///
/// `data` is the start of what has arrived; 10 bytes are enough. If an uncompressed binary message in one frame starts
/// there, within the limits and with a payload of at least `min_payload` bytes, and nothing else is under way, then
/// `header_len` and `payload_len` receive the lengths of its header and its payload in bytes: read both from the
/// transport, in as many reads as it takes, and pass on only what follows; or pass the message to receive after all.
/// Otherwise they receive 0: pass everything to receive. The events stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_receive_header(
    conn: *mut Conn,
    data: *const u8,
    len: usize,
    min_payload: u64,
    now: u64,
    header_len: *mut usize,
    payload_len: *mut u64,
) -> i32 {
    // SAFETY: a handle, a readable buffer, and places to write to or NULL, by the rules of the header.
    unsafe {
        call(conn, |inner| {
            if header_len.is_null() || payload_len.is_null() {
                return Err(Error::InvalidArgument);
            }
            let (header, payload) =
                inner.connection.receive_header(bytes(data, len)?, min_payload, now).unwrap_or_default();
            write(header_len, header);
            write(payload_len, payload);
            Ok(())
        })
    }
}

/// Reports that the peer has ended its stream: a read returned 0, or failed. Allowed in every state, and again.
/// Replaces the events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_receive_eof(conn: *mut Conn, now: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.receive_eof(now);
            inner.forget_input();
            Ok(())
        })
    }
}

/// Acts on the deadlines that have passed. Call it when `next_deadline` has come; too early, it is harmless. Replaces
/// the events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_timeout(conn: *mut Conn, now: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.timeout(now);
            inner.forget_input();
            Ok(())
        })
    }
}

/// Drops the events, which you have handled, and gives back the memory that they hold: at once, and not with the next
/// input call. For hosts that copy what they keep.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_release(conn: *mut Conn) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.release();
            Ok(())
        })
    }
}

/// Sends a text message. Like everything that is sent, it is copied to the output, and the events stay.
///
/// SANSOCK_ERR_INVALID_ARGUMENT if it is not UTF-8, or lies in this connection's own output. SANSOCK_ERR_INVALID_STATE
/// before the connection is open, after our own Close, and while a message is being sent in parts.
/// SANSOCK_ERR_WOULD_BLOCK or SANSOCK_ERR_TOO_LARGE if the output would exceed its hard limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_send_text(conn: *mut Conn, text: *const c_char, len: usize) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.send_text(to_send(inner, text, len)?)) }
}

/// Sends a binary message. Errors as for sansock_conn_send_text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_send_binary(conn: *mut Conn, data: *const u8, len: usize) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.send_binary(to_send(inner, data, len)?)) }
}

/// Sends a part of a message, as one frame of several. A part of a text message may end inside a code point.
///
/// `kind`: SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY, the same for all parts (else SANSOCK_ERR_INVALID_STATE). `last`: 1
/// if the message ends with it, else 0. Otherwise as sansock_conn_send_text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_send_part(
    conn: *mut Conn,
    kind: u8,
    data: *const u8,
    len: usize,
    last: u8,
) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.send_part(kind, to_send(inner, data, len)?, boolean(last)?)) }
}

/// Sends a message that was made for many connections (sansock_prepared_new).
///
/// It is compressed where sansock_conn_send_text would compress it, and then refers to no message before: the same bytes
/// serve all connections that agreed to the same window and have the same options of compression (RFC 7692 section 7.1.1).
/// Errors as for sansock_conn_send_text; SANSOCK_ERR_BAD_HANDLE also for the message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_send_prepared(conn: *mut Conn, prepared: *const Prepared) -> i32 {
    // SAFETY: two handles by the rules of the header.
    unsafe {
        call(conn, |inner| crate::prepared::open(prepared)?.read(|message| inner.connection.send_prepared(message)))
    }
}

/// Sends many messages: records of kind TEXT, BINARY, PING or PONG, with `offset` and `len` into `data`.
///
/// Stops at the first that cannot be sent, and returns its error. `sent` receives the number of messages that were
/// queued, in that case too; it is not written if the handle or a pointer is refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_send_batch(
    conn: *mut Conn,
    records: *const Record,
    count: usize,
    data: *const u8,
    len: usize,
    sent: *mut usize,
) -> i32 {
    // SAFETY: a handle, two readable buffers, and room for a size_t by the rules of the header.
    unsafe {
        call(conn, |inner| {
            if sent.is_null() {
                return Err(Error::InvalidArgument);
            }
            let (records, data) = (slice(records.cast(), count)?, to_send(inner, data, len)?);
            let (queued, result) = inner.connection.send_batch(records, data);
            write(sent, queued);
            result
        })
    }
}

/// Sends many messages of one kind, SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY. Their payloads lie in `data` one after
/// the other, and `lens` holds the length of each in bytes.
///
/// Stops at the first that cannot be sent, and returns its error. `sent`: as for sansock_conn_send_batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_send_many(
    conn: *mut Conn,
    kind: u8,
    lens: *const usize,
    count: usize,
    data: *const u8,
    len: usize,
    sent: *mut usize,
) -> i32 {
    // SAFETY: a handle, readable arrays and a place to write to, by the rules of the header.
    unsafe {
        call(conn, |inner| {
            if sent.is_null() {
                return Err(Error::InvalidArgument);
            }
            let (lens, data) = (slice(lens, count)?, to_send(inner, data, len)?);
            let (queued, result) = inner.connection.send_many(kind, lens, data);
            write(sent, queued);
            result
        })
    }
}

/// Server only: queues just the header of a frame. Write all of the output, then the payload unchanged, before any
/// other call that adds output. The payload is neither copied nor compressed, and text is not checked.
///
/// `payload_len` is in bytes. SANSOCK_ERR_INVALID_STATE on a client. Otherwise as sansock_conn_send_part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_send_header(conn: *mut Conn, kind: u8, payload_len: u64, last: u8) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.send_header(kind, payload_len, boolean(last)?)) }
}

/// Server only: says whether a whole message may be sent by sansock_conn_send_header in place of sansock_conn_send_text or
/// sansock_conn_send_binary, so that its payload is not copied.
///
/// SANSOCK_OK if it may: it would not be compressed, and has room below the option output_hard_limit, which
/// sansock_conn_send_header does not ask for. SANSOCK_ERR_INVALID_STATE on a client, if it would be compressed, and where
/// those calls return it; SANSOCK_ERR_WOULD_BLOCK and SANSOCK_ERR_TOO_LARGE as from them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_check_header(conn: *mut Conn, kind: u8, payload_len: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.check_header(kind, payload_len)) }
}

/// Server only: copies the rest of such a payload to the output, if the transport has not taken all of it. Call it before
/// any other call that adds output; and then sansock_conn_written with what was written of the output before it.
///
/// SANSOCK_ERR_INVALID_STATE on a client, and if the output is empty: there is no header in front of the rest.
/// SANSOCK_ERR_WOULD_BLOCK if the output would exceed its hard limit, which sansock_conn_check_header foretells.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_send_rest(conn: *mut Conn, data: *const u8, len: usize) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.send_rest(to_send(inner, data, len)?)) }
}

/// Server only: reports that a piece of such a payload has been written, so that the option write_timeout starts anew.
///
/// For hosts whose transport takes a payload in several writes. Report the last byte of its header (sansock_conn_written)
/// only when all of it is written: while the engine knows of output, it has that deadline, and those of a ping or a Close
/// behind the payload wait for it. If there is no output, this does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_payload_written(conn: *mut Conn) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.payload_written();
            Ok(())
        })
    }
}

/// Sends a ping with a payload of at most 125 bytes. The pong that answers it has the round-trip time.
///
/// Errors as for sansock_conn_send_text, but a message may be under way in parts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_ping(conn: *mut Conn, data: *const u8, len: usize, now: u64) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.ping(to_send(inner, data, len)?, now)) }
}

/// Sends a pong with a payload of at most 125 bytes: the answer to a ping where automatic pongs are off, or an
/// unsolicited one. Errors as for sansock_conn_ping.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_pong(conn: *mut Conn, data: *const u8, len: usize) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.pong(to_send(inner, data, len)?)) }
}

/// Starts the closing handshake, or answers the peer's Close; does nothing if our Close was sent already. Go on
/// receiving until CLOSED. During the opening handshake it ends the connection at once.
///
/// `code`: 1000 or another code that may be sent (RFC 6455 section 7.4), or 0 for none, and then no reason. `reason`:
/// UTF-8, at most 123 bytes. Others are refused with SANSOCK_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_close(
    conn: *mut Conn,
    code: u16,
    reason: *const c_char,
    len: usize,
    now: u64,
) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.close(code, to_send(inner, reason, len)?, now)) }
}

/// Fails the connection (RFC 6455 section 7.1.7): sends Close unless it was sent, and does not wait for the peer's.
/// CLOSED is waiting then: the next input call, which is due at once, brings it.
///
/// Arguments as for sansock_conn_close. SANSOCK_ERR_INVALID_STATE if the connection has ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_fail(
    conn: *mut Conn,
    code: u16,
    reason: *const c_char,
    len: usize,
    now: u64,
) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.fail(code, to_send(inner, reason, len)?, now)) }
}

/// Chooses whether the messages that follow are compressed, where that was agreed and they are long enough: 1, the
/// default, or 0. Do not compress secrets together with text that an attacker chooses (RFC 7692 section 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_set_compression(conn: *mut Conn, on: u8) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.set_compression(boolean(on)?);
            Ok(())
        })
    }
}

/// Reports that you stop reading from the transport. The pong deadline stands still until sansock_conn_resume. Either may
/// be called again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_pause(conn: *mut Conn, now: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.pause(now);
            Ok(())
        })
    }
}

/// Reports that you read from the transport again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_resume(conn: *mut Conn, now: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.resume(now);
            Ok(())
        })
    }
}

/// Reports that the first `n` bytes of the output were written. If there are fewer: SANSOCK_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_written(conn: *mut Conn, n: usize) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.written(n)) }
}

/// Returns the number of bytes that the connection occupies. 0 if the handle is bad, busy or poisoned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_memory_usage(conn: *const Conn) -> usize {
    // SAFETY: null or a handle by the rules of the header.
    let handle = unsafe { Handle::<Inner>::open(conn.cast()) };
    let usage = handle.and_then(|handle| {
        handle.read(|inner| {
            let around = size_of::<Handle<Inner>>() - size_of::<sansock::boundary::Connection>();
            Ok(inner.connection.memory_usage() + around + inner.fault_text.0.capacity())
        })
    });
    usage.unwrap_or(0)
}

/// Returns what ended the connection: one sentence with the numbers of the case, and no byte of the peer's. `len`,
/// which may be NULL, receives its length in bytes.
///
/// Never NULL, ends with NUL; "" if there was no fault, or the handle is bad, busy or poisoned. Valid until the
/// connection is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_fault_text(conn: *const Conn, len: *mut usize) -> *const c_char {
    // SAFETY: null or a handle by the rules of the header.
    let handle = unsafe { Handle::<Inner>::open(conn.cast()) };
    let text = handle.and_then(|handle| handle.read(|inner| Ok(inner.fault_text.place())));
    // SAFETY: null, or room for a size_t by the rules of the header.
    unsafe { FaultText::give(text, len) }
}

/// A boolean argument: 0 or 1.
fn boolean(value: u8) -> Result<bool, Error> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::InvalidArgument),
    }
}
