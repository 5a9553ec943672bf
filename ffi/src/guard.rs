//! What stands between C and the engine: panics, and pointers with lengths.

#[cfg(feature = "std")]
use std::panic::{AssertUnwindSafe, catch_unwind};

use sansock::boundary::Error;

/// Runs `body`, and turns a panic into [`Error::Poisoned`].
///
/// The closures borrow handles across the unwind: the caller poisons the handle it lent, so nobody sees a half-changed
/// one.
#[cfg(feature = "std")]
pub(crate) fn guard<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(|| {
        #[cfg(feature = "panic-hook")]
        hook::panic_if_armed();
        body()
    }))
    .unwrap_or_else(|payload| {
        // Dropping a payload may itself panic; what that throws is not dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(std::mem::forget);
        Err(Error::Poisoned)
    })
}

/// Runs `body`. A panic aborts: nothing can be unwound without a standard library.
#[cfg(not(feature = "std"))]
pub(crate) fn guard<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    body()
}

/// The status that C sees.
pub(crate) fn status(result: Result<(), Error>) -> i32 {
    match result {
        Ok(()) => crate::numbers::SANSOCK_OK,
        Err(error) => error.number(),
    }
}

/// The bytes at `data`.
///
/// # Safety
/// If `len` is not 0 and `data` is not null, `len` bytes at `data` can be read, and nobody writes them during `'a`.
pub(crate) unsafe fn bytes<'a, T>(data: *const T, len: usize) -> Result<&'a [u8], Error> {
    match checked(data.cast(), len)? {
        // SAFETY: not null, not longer than an object can be; the rest is promised by the caller.
        Some(data) => Ok(unsafe { core::slice::from_raw_parts(data, len) }),
        None => Ok(&[]),
    }
}

/// The `count` values at `values`, which must be aligned.
///
/// # Safety
/// If `count` is not 0 and `values` is not null, as many of a plain type can be read there, and nobody writes them during `'a`.
pub(crate) unsafe fn slice<'a, T>(values: *const T, count: usize) -> Result<&'a [T], Error> {
    let size = count.checked_mul(size_of::<T>()).ok_or(Error::InvalidArgument)?;
    if !values.is_aligned() {
        return Err(Error::InvalidArgument);
    }
    match checked(values.cast(), size)? {
        // SAFETY: not null, aligned, not longer than an object can be; the rest is promised by the caller.
        Some(values) => Ok(unsafe { core::slice::from_raw_parts(values.cast(), count) }),
        None => Ok(&[]),
    }
}

/// The bytes at `data`, to be changed in place.
///
/// # Safety
/// If `len` is not 0 and `data` is not null, `len` bytes at `data` can be read and written, by nobody else during `'a`.
pub(crate) unsafe fn bytes_mut<'a>(data: *mut u8, len: usize) -> Result<&'a mut [u8], Error> {
    match checked(data, len)? {
        // SAFETY: not null, not longer than an object can be; the rest is promised by the caller.
        Some(data) => Ok(unsafe { core::slice::from_raw_parts_mut(data.cast_mut(), len) }),
        None => Ok(&mut []),
    }
}

/// None for an empty buffer, whatever its address.
fn checked(data: *const u8, len: usize) -> Result<Option<*const u8>, Error> {
    match (data.is_null(), len) {
        (_, 0) => Ok(None),
        (true, _) => Err(Error::InvalidArgument),
        (false, len) if len > isize::MAX as usize => Err(Error::InvalidArgument),
        (false, _) => Ok(Some(data)),
    }
}

/// Writes an out-parameter.
///
/// # Safety
/// If `out` is not null, a `T` can be written there.
pub(crate) unsafe fn write<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not null; that a `T` fits is promised by the caller, and C may pass it unaligned.
        unsafe { out.write_unaligned(value) };
    }
}

#[cfg(feature = "panic-hook")]
mod hook {
    use std::sync::atomic::{AtomicBool, Ordering};

    static ARMED: AtomicBool = AtomicBool::new(false);

    /// Makes the next guarded call panic. Only in builds for tests.
    #[allow(unreachable_pub)]
    #[unsafe(no_mangle)]
    pub extern "C" fn sansock_panic_next() {
        ARMED.store(true, Ordering::SeqCst);
    }

    pub(super) fn panic_if_armed() {
        assert!(!ARMED.swap(false, Ordering::SeqCst), "a panic was asked for by the test");
    }
}
