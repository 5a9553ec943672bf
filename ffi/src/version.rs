//! What needs no connection: versions, sizes, texts, a seed, a URL.

use core::ffi::c_char;
use core::mem::size_of;

use sansock::FaultKind;
use sansock::boundary::Error;

use crate::guard::{bytes, guard, status, write};
use crate::numbers::SANSOCK_ABI_VERSION;
use crate::types::{Block, Record, Url};

/// A text that ends with NUL, as C wants it.
struct Text([u8; Text::ROOM]);

impl Text {
    const ROOM: usize = 120;

    const fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        assert!(bytes.len() < Self::ROOM, "a static text is longer than its room");
        let mut room = [0; Self::ROOM];
        let mut i = 0;
        while i < bytes.len() {
            room[i] = bytes[i];
            i += 1;
        }
        Text(room)
    }

    const fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }
}

static VERSION: Text = Text::new(sansock::VERSION);
static OK: Text = Text::new("success");
static UNKNOWN_ERROR: Text = Text::new("an error this version does not know");
static NO_FAULT: Text = Text::new("no fault");
static UNKNOWN_FAULT: Text = Text::new("a fault this version does not know");
static NO_NAME: Text = Text::new("");

static ERROR_TEXTS: [Text; Error::ALL.len()] = {
    let mut texts = [const { Text::new("") }; Error::ALL.len()];
    let mut i = 0;
    while i < texts.len() {
        texts[i] = Text::new(Error::ALL[i].text());
        i += 1;
    }
    texts
};

/// A column of the table of faults, each text followed by NUL: made when the library is compiled, without pointers and without gaps.
struct Column<const LEN: usize> {
    bytes: [u8; LEN],
    starts: [u16; FaultKind::ALL.len()],
}

impl<const LEN: usize> Column<LEN> {
    const fn new(texts: &[&str; FaultKind::ALL.len()]) -> Self {
        let mut column = Column { bytes: [0; LEN], starts: [0; FaultKind::ALL.len()] };
        let (mut row, mut end) = (0, 0);
        while row < texts.len() {
            column.starts[row] = end as u16;
            let (text, mut i) = (texts[row].as_bytes(), 0);
            while i < text.len() {
                column.bytes[end + i] = text[i];
                i += 1;
            }
            end += text.len() + 1;
            row += 1;
        }
        assert!(end == LEN && LEN <= u16::MAX as usize, "the column is not as long as its texts");
        column
    }

    fn text(&self, row: usize) -> Option<*const c_char> {
        let start = usize::from(*self.starts.get(row)?);
        self.bytes.get(start..).map(|text| text.as_ptr().cast())
    }
}

/// How many bytes the texts have with their NUL.
const fn len_of(texts: &[&str; FaultKind::ALL.len()]) -> usize {
    let (mut row, mut len) = (0, 0);
    while row < texts.len() {
        len += texts[row].len() + 1;
        row += 1;
    }
    len
}

const NAMES: [&str; FaultKind::ALL.len()] = {
    let mut names = [""; FaultKind::ALL.len()];
    let mut row = 0;
    while row < names.len() {
        names[row] = FaultKind::ALL[row].name();
        row += 1;
    }
    names
};

const TEXTS: [&str; FaultKind::ALL.len()] = {
    let mut texts = [""; FaultKind::ALL.len()];
    let mut row = 0;
    while row < texts.len() {
        texts[row] = FaultKind::ALL[row].text();
        row += 1;
    }
    texts
};

static FAULT_NAMES: Column<{ len_of(&NAMES) }> = Column::new(&NAMES);
static FAULT_TEXTS: Column<{ len_of(&TEXTS) }> = Column::new(&TEXTS);

/// The place of a fault in [`FaultKind::ALL`].
fn fault_index(fault: u32) -> Option<usize> {
    FaultKind::ALL.iter().position(|kind| kind.number() == fault)
}

/// Returns SANSOCK_ABI_VERSION of the library that was loaded.
#[unsafe(no_mangle)]
pub extern "C" fn sansock_abi_version() -> u32 {
    SANSOCK_ABI_VERSION
}

/// Returns the version of the library that was loaded, such as "1.2.3". Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn sansock_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Returns sizeof(sansock_record) in the library that was loaded.
#[unsafe(no_mangle)]
pub extern "C" fn sansock_record_size() -> usize {
    size_of::<Record>()
}

/// Returns sizeof(sansock_block) in the library that was loaded. It is larger than the header's if fields were added.
#[unsafe(no_mangle)]
pub extern "C" fn sansock_block_size() -> usize {
    size_of::<Block>()
}

/// Returns what a status means, in one sentence. Static, never NULL: unknown numbers have a text too.
#[unsafe(no_mangle)]
pub extern "C" fn sansock_error_text(status: i32) -> *const c_char {
    let place = Error::ALL.iter().position(|error| error.number() == status);
    match place {
        Some(place) => ERROR_TEXTS[place].as_ptr(),
        None if status == 0 => OK.as_ptr(),
        None => UNKNOWN_ERROR.as_ptr(),
    }
}

/// Returns the name of a fault, such as "MESSAGE_TOO_BIG". Static, never NULL: "" for 0 and for unknown numbers.
#[unsafe(no_mangle)]
pub extern "C" fn sansock_fault_name(fault: u32) -> *const c_char {
    fault_index(fault).and_then(|row| FAULT_NAMES.text(row)).unwrap_or(NO_NAME.as_ptr())
}

/// Returns what a fault means, in one sentence. Static, never NULL: unknown numbers have a text too.
/// sansock_conn_fault_text adds the numbers of the case.
#[unsafe(no_mangle)]
pub extern "C" fn sansock_fault_text(fault: u32) -> *const c_char {
    match fault_index(fault).and_then(|row| FAULT_TEXTS.text(row)) {
        Some(text) => text,
        None if fault == 0 => NO_FAULT.as_ptr(),
        None => UNKNOWN_FAULT.as_ptr(),
    }
}

/// The bytes of the operating system, where there is one.
#[cfg(feature = "std")]
pub(crate) fn random_seed() -> Result<[u8; 32], Error> {
    Ok(sansock::random_seed()?)
}

#[cfg(not(feature = "std"))]
pub(crate) fn random_seed() -> Result<[u8; 32], Error> {
    Err(Error::Entropy)
}

/// Asks the operating system for the 32 bytes that a connection is created with. SANSOCK_ERR_ENTROPY if it has none.
/// cbindgen:ptrs-as-arrays=[[seed; 32]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_random_seed(seed: *mut u8) -> i32 {
    status(guard(|| {
        if seed.is_null() {
            return Err(Error::InvalidArgument);
        }
        let bytes = random_seed()?;
        // SAFETY: not null, and room for 32 bytes by the rules of the header.
        unsafe { write(seed.cast(), bytes) };
        Ok(())
    }))
}

/// Says where to connect to for a ws: or wss: URL, which may have a `user:password@`: a client configured with it
/// (SANSOCK_TEXT_URL) sends that as Basic authorization. SANSOCK_ERR_INVALID_ARGUMENT if the URL is not valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_url_parse(url: *const c_char, len: usize, out: *mut Url) -> i32 {
    status(guard(|| {
        // SAFETY: a readable buffer by the rules of the header.
        let text = unsafe { bytes(url, len) }?;
        if out.is_null() {
            return Err(Error::InvalidArgument);
        }
        let text = core::str::from_utf8(text).map_err(|_| Error::InvalidArgument)?;
        let url = sansock::Url::parse(text)?;
        let place =
            Url { secure: url.secure.into(), port: url.port, host_offset: host_offset(text), host_len: url.host.len() };
        // SAFETY: not null, and room for the struct by the rules of the header.
        unsafe { write(out, place) };
        Ok(())
    }))
}

/// Where the host begins in a valid URL: behind the scheme, a name and password, and a bracket.
pub(crate) fn host_offset(url: &str) -> usize {
    let scheme = url.find("://").map_or(0, |colon| colon + 3);
    let end = url[scheme..].find(['/', '?', '#']).map_or(url.len(), |len| scheme + len);
    let host = url[scheme..end].rfind('@').map_or(scheme, |at| scheme + at + 1);
    host + usize::from(url[host..].starts_with('['))
}

#[cfg(test)]
mod tests {
    use core::ffi::CStr;

    use super::*;

    fn text(pointer: *const c_char) -> &'static str {
        // SAFETY: every text of this file is static and ends with NUL.
        unsafe { CStr::from_ptr(pointer) }.to_str().unwrap()
    }

    #[test]
    fn texts_are_those_of_the_engine() {
        assert_eq!(text(sansock_version()), env!("CARGO_PKG_VERSION"));
        for error in Error::ALL {
            assert_eq!(text(sansock_error_text(error.number())), error.text());
        }
        for kind in FaultKind::ALL {
            assert_eq!(text(sansock_fault_name(kind.number())), kind.name());
            assert_eq!(text(sansock_fault_text(kind.number())), kind.text());
        }
    }

    #[test]
    fn unknown_numbers_have_a_text() {
        assert_eq!(text(sansock_error_text(0)), "success");
        assert_eq!(text(sansock_error_text(i32::MIN)), "an error this version does not know");
        assert_eq!(text(sansock_fault_name(0)), "");
        assert_eq!(text(sansock_fault_name(u32::MAX)), "");
        assert_eq!(text(sansock_fault_text(0)), "no fault");
        assert_eq!(text(sansock_fault_text(u32::MAX)), "a fault this version does not know");
    }

    #[test]
    fn the_host_of_a_url_is_found_in_it() {
        let parse = |text: &str| {
            let mut url = Url { secure: 9, port: 9, host_offset: 9, host_len: 9 };
            // SAFETY: a str and a live struct.
            let status = unsafe { sansock_url_parse(text.as_ptr().cast(), text.len(), &mut url) };
            let host = text.get(url.host_offset..url.host_offset + url.host_len).unwrap_or_default();
            (status, url.secure, url.port, host.to_owned())
        };
        assert_eq!(parse("ws://example.org/chat"), (0, 0, 80, "example.org".to_owned()));
        assert_eq!(parse("wss://EXAMPLE.org:8443/?q"), (0, 1, 8443, "EXAMPLE.org".to_owned()));
        assert_eq!(parse("ws://[::1]:9000"), (0, 0, 9000, "::1".to_owned()));
        assert_eq!(parse("WS://me:secret@80:80?a@b"), (0, 0, 80, "80".to_owned()));
        assert_eq!(parse("http://example.org").0, Error::InvalidArgument.number());
    }
}
