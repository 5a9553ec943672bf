//! Each export checks its pointers and calls one method of the inspector.

use std::ffi::c_char;
use std::ptr;

use sansock::boundary::Error;
use sansock_inspect::{Form, Inspector, Side};

use crate::guard::{bytes, guard, slice, status, write};
use crate::handle::{Handle, Kind};

/// The number of this interface. It goes up when a function is gone or means something else.
const ABI_VERSION: u32 = 1;

/// An inspector with the text of its last call.
struct Inner {
    inspector: Inspector,
    text: String,
}

impl Kind for Inner {
    const MAGIC: u64 = u64::from_ne_bytes(*b"saninspc");

    fn poison(&mut self) {}
}

/// What callers hold.
#[allow(non_camel_case_types)]
pub struct sansock_inspector {
    _private: [u8; 0],
}

/// Runs one call on an inspector.
///
/// # Safety
/// `inspector` as for [`Handle::open`].
unsafe fn call(inspector: *mut sansock_inspector, body: impl FnOnce(&mut Inner) -> Result<(), Error>) -> i32 {
    // SAFETY: promised by the caller.
    let handle = unsafe { Handle::<Inner>::open(inspector.cast()) };
    status(handle.and_then(|handle| handle.change(body)))
}

/// The text at `data`, which must be UTF-8.
///
/// # Safety
/// As for [`bytes`].
unsafe fn text<'a>(data: *const c_char, len: usize) -> Result<&'a str, Error> {
    // SAFETY: promised by the caller.
    let bytes = unsafe { bytes(data, len) }?;
    str::from_utf8(bytes).map_err(|_| Error::InvalidArgument)
}

fn side(number: u32) -> Result<Side, Error> {
    match number {
        0 => Ok(Side::Client),
        1 => Ok(Side::Server),
        _ => Err(Error::InvalidArgument),
    }
}

/// Returns the number of this interface.
#[unsafe(no_mangle)]
pub extern "C" fn sansock_inspector_abi_version() -> u32 {
    ABI_VERSION
}

/// Creates an inspector whose entries carry the first `preview` bytes of payloads; those with the `count` numbers at `whole`
/// carry all of it, up to 64 MiB. Free it with `sansock_inspector_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_new(
    preview: usize,
    whole: *const u64,
    count: usize,
    out: *mut *mut sansock_inspector,
) -> i32 {
    status(guard(|| {
        if out.is_null() {
            return Err(Error::InvalidArgument);
        }
        // SAFETY: readable numbers, by the rules for buffers.
        let whole = unsafe { slice(whole, count) }?;
        let inspector = Inspector::with(preview, whole.iter().copied());
        let handle = Handle::create(Inner { inspector, text: String::new() })?;
        // SAFETY: not null, and room for a pointer by the rules for out-parameters.
        unsafe { write(out, handle.cast()) };
        Ok(())
    }))
}

/// Frees an inspector. Does nothing with null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_free(inspector: *mut sansock_inspector) {
    // SAFETY: null or a handle, by the rules for handles.
    unsafe { Handle::<Inner>::destroy(inspector.cast()) };
}

/// Says what had been agreed on where a capture has no opening handshake: the value of Sec-WebSocket-Extensions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_assume(
    inspector: *mut sansock_inspector,
    extensions: *const c_char,
    len: usize,
) -> i32 {
    let body = |inner: &mut Inner| {
        // SAFETY: a readable buffer, by the rules for buffers.
        inner.inspector.assume(unsafe { text(extensions, len) }?);
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// Reads the next bytes of a capture file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_push(
    inspector: *mut sansock_inspector,
    data: *const c_char,
    len: usize,
) -> i32 {
    let body = |inner: &mut Inner| {
        // SAFETY: a readable buffer, by the rules for buffers.
        inner.inspector.push(unsafe { bytes(data, len) }?);
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// Reads the next bytes of a file with what one end has sent. The client's come first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_push_from(
    inspector: *mut sansock_inspector,
    from: u32,
    data: *const c_char,
    len: usize,
) -> i32 {
    let body = |inner: &mut Inner| {
        // SAFETY: a readable buffer, by the rules for buffers.
        inner.inspector.push_from(side(from)?, unsafe { bytes(data, len) }?);
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// The capture is over. The text is what is wrong with the file, and empty if nothing is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_finish(
    inspector: *mut sansock_inspector,
    out: *mut *const c_char,
    out_len: *mut usize,
) -> i32 {
    let body = |inner: &mut Inner| {
        let outcome = inner.inspector.finish();
        inner.text = outcome.err().map_or(String::new(), |error| error.to_string());
        // SAFETY: null or room for them, by the rules for out-parameters.
        unsafe { put(&inner.text, out, out_len) };
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// A connection begins, between these addresses, with the opening handshake. Writes its number: 1, 2, 3 and so on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_begin(
    inspector: *mut sansock_inspector,
    client: *const c_char,
    client_len: usize,
    server: *const c_char,
    server_len: usize,
    time: u64,
    out: *mut u32,
) -> i32 {
    let body = |inner: &mut Inner| {
        // SAFETY: readable buffers, by the rules for buffers.
        let (client, server) = unsafe { (text(client, client_len)?, text(server, server_len)?) };
        let number = inner.inspector.begin(client, server, time);
        // SAFETY: null or room for it, by the rules for out-parameters.
        unsafe { write(out, number) };
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// Reads what one end of a connection has sent, which is under way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_feed(
    inspector: *mut sansock_inspector,
    connection: u32,
    from: u32,
    data: *const c_char,
    len: usize,
    time: u64,
) -> i32 {
    let body = |inner: &mut Inner| {
        // SAFETY: a readable buffer, by the rules for buffers.
        inner.inspector.feed(connection, side(from)?, unsafe { bytes(data, len) }?, time);
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// How much is passed over between two looks at what there is to take, in bytes.
const SLICE: usize = 64 << 10;

/// Passes over what one end of a connection has sent: messages become no entries. Returns 0 if all of it has been read and there is
/// nothing to take; one more than the number of bytes that are left, if there is; or the negative number of an error. A length
/// has at most 31 bits. Of more than 64 KiB
/// something is left only if there are entries to take first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_skip(
    inspector: *mut sansock_inspector,
    connection: u32,
    from: u32,
    data: *const c_char,
    len: usize,
    time: u64,
) -> i32 {
    let mut rest = 0;
    let body = |inner: &mut Inner| {
        // SAFETY: a readable buffer, by the rules for buffers.
        let (bytes, from) = (unsafe { bytes(data, len) }?, side(from)?);
        i32::try_from(len).map_err(|_| Error::InvalidArgument)?;
        let mut left = len;
        for piece in bytes.chunks(SLICE) {
            left -= piece.len();
            if inner.inspector.skip(connection, from, piece, time) {
                rest = left as i32 + 1;
                break;
            }
        }
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    match unsafe { call(inspector, body) } {
        0 => rest,
        error => error,
    }
}

/// Says of all connections under way what has been passed over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_tell_skipped(inspector: *mut sansock_inspector, time: u64) -> i32 {
    let body = |inner: &mut Inner| {
        inner.inspector.tell_skipped(time);
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// One end of a connection sends nothing more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_end(
    inspector: *mut sansock_inspector,
    connection: u32,
    from: u32,
    time: u64,
) -> i32 {
    let body = |inner: &mut Inner| {
        inner.inspector.end(connection, side(from)?, time);
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// Writes how many entries so far were faults, or said that the capture ends inside something.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_faults(inspector: *mut sansock_inspector, out: *mut u64) -> i32 {
    let body = |inner: &mut Inner| {
        // SAFETY: null or room for it, by the rules for out-parameters.
        unsafe { write(out, inner.inspector.faults()) };
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// Takes entries, each as a line that ends with a line feed, until there are no more or the text has `limit` bytes: if there
/// are any, at least one comes, and `limit` must not be 0. The text is empty if there are none. `form` is 0 for lines that
/// people read, of which the head of a message has several; 1 for JSON; and 2 for JSON, a NUL, and these lines.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_take(
    inspector: *mut sansock_inspector,
    form: u32,
    limit: usize,
    out: *mut *const c_char,
    out_len: *mut usize,
) -> i32 {
    let body = |inner: &mut Inner| {
        let form = [Form::Text, Form::Json, Form::Both].get(form as usize).ok_or(Error::InvalidArgument)?;
        if limit == 0 || out.is_null() || out_len.is_null() {
            return Err(Error::InvalidArgument);
        }
        if inner.text.capacity() / 2 > limit {
            // An entry was larger than the limit: its memory is given back.
            inner.text = String::new();
        }
        inner.text.clear();
        inner.inspector.take_lines(*form, limit, &mut inner.text);
        // SAFETY: not null, and room for them by the rules for out-parameters.
        unsafe { put(&inner.text, out, out_len) };
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// Says where the machines of a connection are, as JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_inspector_machines(
    inspector: *mut sansock_inspector,
    out: *mut *const c_char,
    out_len: *mut usize,
) -> i32 {
    let body = |inner: &mut Inner| {
        inner.text = sansock_inspect::machines();
        // SAFETY: null or room for them, by the rules for out-parameters.
        unsafe { put(&inner.text, out, out_len) };
        Ok(())
    };
    // SAFETY: a handle, by the rules for handles.
    unsafe { call(inspector, body) }
}

/// Says where a text is.
///
/// # Safety
/// As for [`write`].
unsafe fn put(text: &str, out: *mut *const c_char, out_len: *mut usize) {
    let start = if text.is_empty() { ptr::null() } else { text.as_ptr().cast() };
    // SAFETY: promised by the caller.
    unsafe {
        write(out, start);
        write(out_len, text.len());
    }
}

#[cfg(test)]
mod tests;
