//! Messages for many connections.

use sansock::boundary::{Error, PreparedMessage, prepare};

use crate::guard::{bytes, guard, status, write};
use crate::handle::{Handle, Kind};
use crate::types::Prepared;

impl Kind for PreparedMessage {
    const MAGIC: u64 = u64::from_ne_bytes(*b"sanprepd");

    fn poison(&mut self) {}
}

/// The engine's message behind a handle.
///
/// # Safety
/// As for [`Handle::open`].
pub(crate) unsafe fn open<'a>(prepared: *const Prepared) -> Result<&'a Handle<PreparedMessage>, Error> {
    // SAFETY: promised by the caller.
    unsafe { Handle::open(prepared.cast()) }
}

/// Creates a message for many connections: each sends it with sansock_conn_send_prepared, and it is compressed once for
/// all that agreed to the same window.
///
/// `kind`: SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY. The data are copied. `out`: receives the handle; free it with
/// sansock_prepared_free. Connections of any configuration may send it, in several threads at once.
/// SANSOCK_ERR_INVALID_ARGUMENT for another kind, and if a text is not UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_prepared_new(kind: u8, data: *const u8, len: usize, out: *mut *mut Prepared) -> i32 {
    status(guard(|| {
        if out.is_null() {
            return Err(Error::InvalidArgument);
        }
        // SAFETY: a readable buffer by the rules of the header.
        let handle = Handle::create(prepare(kind, unsafe { bytes(data, len) }?)?)?;
        // SAFETY: `out` is not null, and room for a pointer by the rules of the header.
        unsafe { write(out, handle.cast()) };
        Ok(())
    }))
}

/// Frees a message. What was sent of it is not affected. NULL does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_prepared_free(prepared: *mut Prepared) {
    // SAFETY: null or a handle by the rules of the header.
    unsafe { Handle::<PreparedMessage>::destroy(prepared.cast()) }
}

/// How many bytes a message holds: what was passed, and what that was compressed to. 0 for a handle that is refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_prepared_memory_usage(prepared: *const Prepared) -> usize {
    // SAFETY: null or a handle by the rules of the header.
    let usage = unsafe { open(prepared) }.and_then(|handle| handle.read(|message| Ok(message.memory_usage())));
    usage.unwrap_or(0)
}
