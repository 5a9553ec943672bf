//! The configuration of connections: options by number, texts, headers.

use core::ffi::c_char;

use sansock::boundary::Error;

use crate::guard::{bytes, guard, status, write};
use crate::handle::{Handle, Kind};
use crate::types::Config;

impl Kind for sansock::boundary::Config {
    const MAGIC: u64 = u64::from_ne_bytes(*b"sanconfg");

    fn poison(&mut self) {}
}

/// The engine's configuration behind a handle.
///
/// # Safety
/// As for [`Handle::open`].
pub(crate) unsafe fn open<'a>(config: *const Config) -> Result<&'a Handle<sansock::boundary::Config>, Error> {
    // SAFETY: promised by the caller.
    unsafe { Handle::open(config.cast()) }
}

/// Creates a configuration with every option at its default.
///
/// `role`: SANSOCK_ROLE_CLIENT or SANSOCK_ROLE_SERVER. `out`: receives the handle; free it with sansock_config_free. A
/// client also needs SANSOCK_TEXT_URL, unless it starts open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_config_new(role: u32, out: *mut *mut Config) -> i32 {
    status(guard(|| {
        if out.is_null() {
            return Err(Error::InvalidArgument);
        }
        let handle = Handle::create(sansock::boundary::Config::new(role)?)?;
        // SAFETY: `out` is not null, and room for a pointer by the rules of the header.
        unsafe { write(out, handle.cast()) };
        Ok(())
    }))
}

/// Frees a configuration. Connections made from it are not affected. NULL does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_config_free(config: *mut Config) {
    // SAFETY: null or a handle by the rules of the header.
    unsafe { Handle::<sansock::boundary::Config>::destroy(config.cast()) }
}

/// Sets an option: one of SANSOCK_OPTION_*. Where 0 is not said to be allowed, it is refused with
/// SANSOCK_ERR_INVALID_ARGUMENT, as are other values out of range: it never means "no limit".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_config_set(config: *mut Config, option: u32, value: u64) -> i32 {
    // SAFETY: null or a handle by the rules of the header.
    status(unsafe { open(config) }.and_then(|handle| handle.change(|config| config.set(option, value))))
}

/// Sets a text: one of SANSOCK_TEXT_*. SANSOCK_TEXT_SUBPROTOCOL adds to the list. The text is copied. One that is
/// malformed, or that the role has no use for, is refused with SANSOCK_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_config_set_text(
    config: *mut Config,
    text: u32,
    data: *const c_char,
    len: usize,
) -> i32 {
    // SAFETY: null or a handle by the rules of the header.
    status(unsafe { open(config) }.and_then(|handle| {
        handle.change(|config| {
            // SAFETY: a readable buffer by the rules of the header.
            config.set_text(text, unsafe { bytes(data, len) }?)
        })
    }))
}

/// Adds a header to the request of a client, or to every response of a server. Name and value are copied.
///
/// Malformed ones, and headers that the handshake writes itself, are refused with SANSOCK_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_config_add_header(
    config: *mut Config,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> i32 {
    // SAFETY: null or a handle by the rules of the header.
    status(unsafe { open(config) }.and_then(|handle| {
        handle.change(|config| {
            // SAFETY: two readable buffers by the rules of the header.
            let (name, value) = unsafe { (bytes(name, name_len)?, bytes(value, value_len)?) };
            config.add_header(name, value)
        })
    }))
}
