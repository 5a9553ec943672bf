//! Every export, as a host calls it.

use super::*;

/// A handle that frees itself.
struct Held(*mut sansock_inspector);

impl Held {
    fn new() -> Self {
        Self::with(256, &[])
    }

    fn with(preview: usize, whole: &[u64]) -> Self {
        let mut out = ptr::null_mut();
        // SAFETY: a live slice, and room for a pointer.
        assert_eq!(unsafe { sansock_inspector_new(preview, whole.as_ptr(), whole.len(), &mut out) }, 0);
        Held(out)
    }

    fn push(&self, data: &[u8]) -> i32 {
        // SAFETY: a live handle and slice; so it is in all that follow.
        unsafe { sansock_inspector_push(self.0, data.as_ptr().cast(), data.len()) }
    }

    fn push_from(&self, from: u32, data: &[u8]) -> i32 {
        // SAFETY: as above.
        unsafe { sansock_inspector_push_from(self.0, from, data.as_ptr().cast(), data.len()) }
    }

    fn assume(&self, extensions: &[u8]) -> i32 {
        // SAFETY: as above.
        unsafe { sansock_inspector_assume(self.0, extensions.as_ptr().cast(), extensions.len()) }
    }

    fn begin(&self, client: &[u8], server: &[u8]) -> (i32, u32) {
        let (client, client_len) = (client.as_ptr().cast(), client.len());
        let (server, server_len) = (server.as_ptr().cast(), server.len());
        let mut number = 77;
        // SAFETY: as above, and a live number.
        let status = unsafe { sansock_inspector_begin(self.0, client, client_len, server, server_len, 5, &mut number) };
        (status, number)
    }

    fn feed(&self, connection: u32, from: u32, data: &[u8], time: u64) -> i32 {
        // SAFETY: as above.
        unsafe { sansock_inspector_feed(self.0, connection, from, data.as_ptr().cast(), data.len(), time) }
    }

    fn skip(&self, connection: u32, from: u32, data: &[u8]) -> i32 {
        // SAFETY: as above.
        unsafe { sansock_inspector_skip(self.0, connection, from, data.as_ptr().cast(), data.len(), 7) }
    }

    fn tell_skipped(&self) -> i32 {
        // SAFETY: as above.
        unsafe { sansock_inspector_tell_skipped(self.0, 8) }
    }

    fn end(&self, connection: u32, from: u32) -> i32 {
        // SAFETY: as above.
        unsafe { sansock_inspector_end(self.0, connection, from, 9) }
    }

    fn finish(&self) -> Result<String, i32> {
        // SAFETY: as above.
        said(|out, len| unsafe { sansock_inspector_finish(self.0, out, len) })
    }

    fn take(&self, form: u32, limit: usize) -> Result<String, i32> {
        // SAFETY: as above.
        said(|out, len| unsafe { sansock_inspector_take(self.0, form, limit, out, len) })
    }

    fn faults(&self) -> u64 {
        let mut faults = 77;
        // SAFETY: as above.
        assert_eq!(unsafe { sansock_inspector_faults(self.0, &mut faults) }, 0);
        faults
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: a handle from `sansock_inspector_new`.
        unsafe { sansock_inspector_free(self.0) };
    }
}

/// The text that a call gives, or its status.
fn said(call: impl FnOnce(*mut *const c_char, *mut usize) -> i32) -> Result<String, i32> {
    let (mut out, mut len) = (ptr::null(), usize::MAX);
    match call(&mut out, &mut len) {
        0 if len == 0 => {
            assert!(out.is_null(), "an empty text has no address");
            Ok(String::new())
        }
        0 => {
            // SAFETY: the call says that the text is there, and no other call came.
            let bytes = unsafe { std::slice::from_raw_parts(out.cast::<u8>(), len) };
            Ok(str::from_utf8(bytes).expect("UTF-8").to_owned())
        }
        status => {
            assert!(out.is_null() && len == usize::MAX, "a call that fails writes nothing");
            Err(status)
        }
    }
}

const CAPTURE: &[u8] = b"< 81 02 68 69\n< c1 00";

#[test]
fn a_capture_becomes_lines_and_json() {
    let text = Held::new();
    assert_eq!(text.push(&CAPTURE[..5]), 0);
    assert_eq!(text.push(&CAPTURE[5..]), 0);
    assert_eq!(text.finish(), Ok(String::new()));
    let lines = text.take(0, 1 << 20).expect("lines");
    assert!(lines.ends_with('\n') && lines.contains("< text message of 2 bytes: hi\n"), "{lines}");
    assert_eq!(text.take(0, 1 << 20), Ok(String::new()));

    let json = Held::new();
    assert_eq!(json.push(CAPTURE), 0);
    assert_eq!(json.finish(), Ok(String::new()));
    let mut one_by_one = Vec::new();
    loop {
        let line = json.take(1, 1).expect("a line");
        if line.is_empty() {
            break;
        }
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.starts_with("{\"id\":") && !line.contains("\"line\":"), "{line}");
        one_by_one.push(line);
    }
    assert!(one_by_one.len() >= 3, "{one_by_one:?}");

    let both = Held::new();
    assert_eq!(both.push(CAPTURE), 0);
    assert_eq!(both.finish(), Ok(String::new()));
    let both = both.take(2, 1 << 20).expect("lines");
    assert_eq!(both, format!("{}\0{lines}", one_by_one.concat()));
}

#[test]
fn both_ends_have_files_of_their_own() {
    let held = Held::new();
    assert_eq!(held.push_from(0, b"\x81\x82\0\0\0\0hi"), 0);
    assert_eq!(held.push_from(1, b"\x81\x02ho"), 0);
    assert_eq!(held.finish(), Ok(String::new()));
    let lines = held.take(0, 1 << 20).expect("lines");
    assert!(lines.contains("> text message of 2 bytes: hi\n"), "{lines}");
    assert!(lines.contains("< text message of 2 bytes: ho\n"), "{lines}");
    assert_eq!(held.faults(), 0);
}

#[test]
fn connections_under_way_have_numbers_and_times() {
    let held = Held::new();
    assert_eq!(held.begin(b"here:1", "dört:2".as_bytes()), (0, 1));
    assert_eq!(held.begin(b"", b""), (0, 2));
    assert_eq!(held.feed(1, 0, b"GET / HTTP/1.1\r\n", 7), 0);
    assert_eq!(held.end(1, 0), 0);
    assert_eq!(held.end(1, 1), 0);
    let json = held.take(1, 1 << 20).expect("lines");
    assert!(json.contains("\"client\":\"here:1\",\"server\":\"dört:2\""), "{json}");
    assert!(json.contains("\"connection\":2,"), "{json}");
    assert!(json.contains("\"time\":5,") && json.contains("\"time\":9,\"type\":\"incomplete\""), "{json}");
    assert!(held.faults() > 0);
}

#[test]
fn what_is_agreed_on_is_taken_from_the_host() {
    let outcome = |extensions: &[u8]| {
        let held = Held::new();
        assert_eq!(held.assume(extensions), 0);
        assert_eq!(held.push(b"\xc1\x01\x00"), 0);
        assert_eq!(held.finish(), Ok(String::new()));
        held.take(0, 1 << 20).expect("lines")
    };
    assert!(outcome(b"").contains("fault RESERVED_BITS"), "{}", outcome(b""));
    assert!(!outcome(b"permessage-deflate").contains("fault RESERVED_BITS"));
}

#[test]
fn entries_carry_as_much_as_was_asked_for() {
    let shown = |preview, whole: &[u64]| {
        let held = Held::with(preview, whole);
        assert_eq!(held.push(b"\x82\x04\x01\x02\x03\x04"), 0);
        assert_eq!(held.finish(), Ok(String::new()));
        held.take(1, 1 << 20).expect("lines")
    };
    assert!(shown(2, &[]).contains("\"hex\":\"0102\""), "{}", shown(2, &[]));
    assert!(!shown(2, &[]).contains("\"hex\":\"01020304\""));
    assert!(shown(2, &[1, 2, 3]).contains("\"hex\":\"01020304\""));
}

#[test]
fn a_broken_file_is_said_to_be_broken() {
    let held = Held::new();
    // The magic number of a pcap file, and nothing that could follow it.
    assert_eq!(held.push(&[0xd4, 0xc3, 0xb2, 0xa1, 0xff, 0xff]), 0);
    let wrong = held.finish().expect("a call that works");
    assert!(!wrong.is_empty());
    assert_eq!(held.push(b"more"), 0);
}

#[test]
fn misuse_is_an_error_and_changes_nothing() {
    let held = Held::new();
    let invalid = Error::InvalidArgument.number();
    let mut out = ptr::null_mut();
    // SAFETY: null where the call must see it; never read.
    unsafe {
        assert_eq!(sansock_inspector_new(1, ptr::null(), 1, &mut out), invalid);
        assert_eq!(sansock_inspector_new(1, ptr::null(), usize::MAX, &mut out), invalid);
        assert_eq!(sansock_inspector_new(1, ptr::null(), 0, ptr::null_mut()), invalid);
        assert_eq!(sansock_inspector_push(held.0, ptr::null(), 1), invalid);
        assert_eq!(sansock_inspector_push(held.0, ptr::NonNull::dangling().as_ptr(), usize::MAX), invalid);
        assert_eq!(sansock_inspector_push(held.0, ptr::null(), 0), 0);
        assert_eq!(sansock_inspector_take(held.0, 0, 1, ptr::null_mut(), &mut 0), invalid);
        assert_eq!(sansock_inspector_take(held.0, 0, 1, &mut ptr::null(), ptr::null_mut()), invalid);
    }
    assert!(out.is_null());
    assert_eq!(held.push_from(2, b"x"), invalid);
    assert_eq!(held.assume(b"\xff"), invalid);
    assert_eq!(held.begin(b"\xff", b""), (invalid, 77));
    assert_eq!(held.begin(b"", b"\xff"), (invalid, 77));
    assert_eq!(held.feed(1, 2, b"x", 0), invalid);
    assert_eq!(held.end(1, 2), invalid);
    assert_eq!(held.take(3, 1), Err(invalid));
    assert_eq!(held.take(0, 0), Err(invalid));
    assert_eq!(held.take(1, 1), Ok(String::new()), "nothing was read");
    // What is not wanted need not be written.
    // SAFETY: a live handle.
    unsafe {
        assert_eq!(sansock_inspector_finish(held.0, ptr::null_mut(), ptr::null_mut()), 0);
        assert_eq!(sansock_inspector_faults(held.0, ptr::null_mut()), 0);
    }
}

#[test]
fn null_is_no_inspector() {
    let held = Held(ptr::null_mut());
    let bad = Error::BadHandle.number();
    assert_eq!(held.push(b"x"), bad);
    assert_eq!(held.push_from(0, b"x"), bad);
    assert_eq!(held.assume(b""), bad);
    assert_eq!(held.begin(b"", b""), (bad, 77));
    assert_eq!(held.feed(1, 0, b"x", 0), bad);
    assert_eq!(held.end(1, 0), bad);
    assert_eq!(held.finish(), Err(bad));
    assert_eq!(held.take(0, 1), Err(bad));
    // Memory that is no inspector.
    let other = [0_u64; 64];
    let place = Held(other.as_ptr().cast_mut().cast());
    assert_eq!(place.take(0, 1), Err(bad));
}

#[test]
fn of_two_calls_at_once_the_second_is_refused() {
    let held = Held::new();
    // SAFETY: a live handle.
    let handle = unsafe { Handle::<Inner>::open(held.0.cast()) }.expect("a handle");
    let outcome = handle.change(|_| {
        assert_eq!(held.push(b"x"), Error::Busy.number());
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    assert_eq!(held.push(b"x"), 0);
}

#[test]
fn the_machines_are_a_text() {
    let held = Held::new();
    // SAFETY: a live handle, and room for pointer and length.
    let text = said(|out, len| unsafe { sansock_inspector_machines(held.0, out, len) });
    assert_eq!(text, Ok(sansock_inspect::machines()));
    // SAFETY: null is no handle, and nothing is written.
    let status = unsafe { sansock_inspector_machines(ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(status, Error::BadHandle.number());
}

#[test]
fn the_interface_has_a_number() {
    assert_eq!(sansock_inspector_abi_version(), 1);
}

#[test]
fn a_panic_stops_at_the_boundary() {
    let held = Held::new();
    let poisoned = Error::Poisoned.number();
    // SAFETY: a live handle.
    let handle = unsafe { Handle::<Inner>::open(held.0.cast()) }.expect("a handle");
    let outcome = handle.change(|_| -> Result<(), Error> { panic!("in the middle of a call") });
    assert_eq!(outcome, Err(Error::Poisoned));
    assert_eq!(held.push(b"x"), poisoned);
    assert_eq!(held.take(0, 1), Err(poisoned));
    assert_eq!(held.finish(), Err(poisoned));
}

#[test]
fn what_is_passed_over_is_said_and_what_is_not_is_taken_in_between() {
    let inspector = Held::new();
    assert_eq!(inspector.assume(b""), 0);
    let text = [&[0x82, 126, 1, 0][..], &[7; 256]].concat();
    // What the first says is that the connection begins. The first frames are in doubt.
    assert_eq!(inspector.skip(1, 1, &text), 1);
    assert!(inspector.take(1, 1000).is_ok_and(|json| json.contains("connection")));
    assert_eq!(inspector.skip(1, 1, &text.repeat(10_000)), 0);
    assert_eq!(inspector.take(1, 1000).as_deref(), Ok(""));
    assert_eq!((inspector.tell_skipped(), inspector.tell_skipped()), (0, 0));
    let said = inspector.take(0, 1000).expect("a note");
    assert!(said.ends_with("note: passed over without a look: 10001 messages in 10001 frames\n"), "{said}");
    // Of pings 64 KiB are read, and then they are to be taken.
    let pings = [0x89, 0].repeat(60_000);
    assert_eq!(inspector.skip(1, 1, &pings), (pings.len() - SLICE) as i32 + 1);
    assert_eq!(inspector.skip(1, 2, &text), Error::InvalidArgument.number());
    assert_eq!(inspector.skip(9, 1, b""), 0);
}
