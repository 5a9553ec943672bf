//! Calls over the C ABI: any order, any state, any number, and pointers that are what they are said to be.
#![allow(unsafe_code)]

use std::ptr;

use sansock::boundary::{block, flag, kind, region, state, status, transport};
use sansock_ffi::config::*;
use sansock_ffi::connection::*;
use sansock_ffi::handshake::*;
use sansock_ffi::prepared::*;
use sansock_ffi::tunnel::*;
use sansock_ffi::types::{Block, Config, Conn, Field, Proxy, Record, Tunnel, TunnelConfig, Url};
use sansock_ffi::version::*;

use crate::input::Input;
use crate::plan::KEY;

/// How many bytes the longest call passes.
const LONGEST: usize = 70_000;

/// A connection over the ABI. Buffers live as long as what may refer to them.
struct Host {
    conn: *mut Conn,
    block: *mut Block,
    input: Box<[u8]>,
    read_buffer: Box<[u8]>,
    now: u64,
    /// The call was one that replaces the events.
    is_input: bool,
    closed: u32,
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: the handle is live, and is not used again.
        unsafe { sansock_conn_free(self.conn) }
    }
}

/// Numbers at the ends of their ranges, and small ones.
fn number(input: &mut Input<'_>) -> u64 {
    match input.byte() {
        255 => u64::MAX,
        254 => u64::MAX - 1,
        253 => u64::MAX / 4,
        252 => 1 << 32,
        251 => input.long(),
        200..=250 => u64::from(input.word()),
        small => u64::from(small),
    }
}

/// Bytes of the input, or as many of one value.
fn data<'a>(input: &mut Input<'a>) -> std::borrow::Cow<'a, [u8]> {
    match input.byte() {
        255 => vec![input.byte(); usize::from(input.word()).min(LONGEST)].into(),
        len => input.take(len.into()).into(),
    }
}

pub fn abi_connection(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let Some(mut host) = Host::new(&mut input) else { return };
    while !input.is_empty() {
        // SAFETY: the handle is live, and all that is passed is what the call asks for.
        let result = unsafe { host.call(&mut input) };
        host.check(result);
    }
    host.finish();
}

impl Host {
    fn new(input: &mut Input<'_>) -> Option<Self> {
        let role = u32::from(input.byte() & 1);
        let (mut config, mut conn) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: places for handles; buffers that are as long as is said; the configuration is live until it is freed.
        unsafe {
            assert_eq!(sansock_config_new(role, &raw mut config), status::OK);
            let url = "ws://a/";
            sansock_config_set_text(config, 1, url.as_ptr().cast(), url.len());
            if role == 0 {
                sansock_config_set_text(config, 3, KEY.as_ptr().cast(), KEY.len());
            }
            configure(config, input);
            let seed = crate::host::seed();
            let result = sansock_conn_new(config, seed.as_ptr(), number(input) / 2, &raw mut conn);
            sansock_config_free(config);
            if result != status::OK {
                return None;
            }
            let block = sansock_conn_block(conn);
            assert!(!block.is_null());
            Some(Host {
                conn,
                block,
                input: Box::default(),
                read_buffer: vec![0; 4096].into(),
                now: 0,
                is_input: false,
                closed: 0,
            })
        }
    }

    /// # Safety
    ///
    /// The handle is live.
    unsafe fn call(&mut self, input: &mut Input<'_>) -> i32 {
        let which = input.byte();
        self.is_input = matches!(which % 33, 0..=5 | 13..=15 | 18..=22 | 32);
        // SAFETY: says the caller; each call passes pointers to live buffers with their lengths.
        unsafe {
            match which % 33 {
                0..=5 => return self.receive(input),
                6..=12 => return self.send(which, input),
                13..=19 => return self.answer(which, input),
                _ => {}
            }
            let conn = self.conn;
            match which % 33 {
                20 => {
                    self.now = self.now.max(number(input));
                    sansock_conn_timeout(conn, self.now)
                }
                21 => sansock_conn_timeout(conn, number(input)),
                22 => sansock_conn_receive_eof(conn, self.now),
                23 => sansock_conn_pause(conn, number(input) / 2),
                24 => sansock_conn_resume(conn, number(input) / 2),
                25 => sansock_conn_release(conn),
                26 => sansock_conn_written(conn, number(input) as usize),
                27 => sansock_conn_written(conn, (*self.block).output_len),
                28 => self.defer(input),
                29 => sansock_conn_set_compression(conn, input.byte() % 3),
                30 => {
                    let (code, reason) = (input.word(), data(input));
                    sansock_conn_close(conn, code, reason.as_ptr().cast(), reason.len(), self.now)
                }
                31 => {
                    let (code, reason) = (input.word(), data(input));
                    sansock_conn_fail(conn, code, reason.as_ptr().cast(), reason.len(), self.now)
                }
                _ => {
                    self.now = (*self.block).next_deadline.min(u64::MAX / 2).max(self.now);
                    sansock_conn_timeout(conn, self.now)
                }
            }
        }
    }

    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn receive(&mut self, input: &mut Input<'_>) -> i32 {
        let (how, bytes) = (input.byte(), data(input));
        let conn = self.conn;
        // SAFETY: says the caller. The last input lives until the call has replaced the events.
        unsafe {
            match how % 8 {
                0 => {
                    let len = bytes.len().min(self.read_buffer.len());
                    self.read_buffer[..len].copy_from_slice(&bytes[..len]);
                    assert_eq!(
                        sansock_conn_set_read_buffer(conn, self.read_buffer.as_mut_ptr(), self.read_buffer.len()),
                        0
                    );
                    sansock_conn_receive_read_buffer(conn, len, self.now)
                }
                1 => {
                    let result = sansock_conn_receive_read_buffer(conn, 1 << 20, self.now);
                    assert_eq!(result, status::INVALID_ARGUMENT);
                    result
                }
                2 => {
                    self.is_input = false;
                    let (mut header, mut payload) = (0, 0);
                    let least = number(input);
                    let places = (&raw mut header, &raw mut payload);
                    sansock_conn_receive_header(conn, bytes.as_ptr(), bytes.len(), least, self.now, places.0, places.1)
                }
                3 => sansock_conn_receive(conn, ptr::null_mut(), (how / 8).into(), self.now),
                4 => self.receive_lent(&bytes, how.into()),
                _ => {
                    let mut bytes: Box<[u8]> = bytes.into_owned().into();
                    let result = sansock_conn_receive(conn, bytes.as_mut_ptr(), bytes.len(), self.now);
                    self.input = bytes;
                    result
                }
            }
        }
    }

    /// Receives bytes where the engine lends memory for them, and otherwise as they are.
    ///
    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn receive_lent(&mut self, bytes: &[u8], min: usize) -> i32 {
        let conn = self.conn;
        let (mut place, mut room) = (ptr::null_mut(), 0);
        // SAFETY: says the caller. So many bytes may be written where the engine says.
        unsafe {
            let result = sansock_conn_lend(conn, min, &raw mut place, &raw mut room);
            if result != status::OK || room == 0 {
                let result = sansock_conn_receive_lent(conn, bytes.len(), self.now);
                assert_ne!(result, status::OK);
                return result;
            }
            assert!(room >= min);
            assert_eq!(sansock_conn_receive_lent(conn, room + 1, self.now), status::INVALID_ARGUMENT);
            let len = bytes.len().min(room);
            ptr::copy_nonoverlapping(bytes.as_ptr(), place, len);
            sansock_conn_receive_lent(conn, len, self.now)
        }
    }

    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn send(&mut self, which: u8, input: &mut Input<'_>) -> i32 {
        let (conn, bytes) = (self.conn, data(input));
        let (start, len) = (bytes.as_ptr(), bytes.len());
        let mut sent = usize::MAX;
        // SAFETY: says the caller; the buffer is as long as is said, and so are the lists.
        let result = unsafe {
            match which % 33 {
                6 => sansock_conn_send_text(conn, start.cast(), len),
                7 => sansock_conn_send_binary(conn, start, len),
                8 => sansock_conn_send_part(conn, input.byte() % 8, start, len, input.byte() % 3),
                9 => return self.send_header(input, &bytes),
                10 => {
                    let lens: Vec<usize> = (0..input.byte() % 8).map(|_| number(input) as usize).collect();
                    sansock_conn_send_many(conn, input.byte() % 8, lens.as_ptr(), lens.len(), start, len, &raw mut sent)
                }
                11 => {
                    let records: Vec<Record> = (0..input.byte() % 8).map(|_| record(input)).collect();
                    sansock_conn_send_batch(conn, records.as_ptr(), records.len(), start, len, &raw mut sent)
                }
                _ => match input.byte() % 4 {
                    0 | 2 => sansock_conn_ping(conn, start, len, self.now),
                    1 => sansock_conn_pong(conn, start, len),
                    _ => return self.send_prepared(input, &bytes),
                },
            }
        };
        assert!(sent == usize::MAX || sent < 8);
        result
    }

    /// Sends a message that was made for many connections.
    ///
    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn send_prepared(&mut self, input: &mut Input<'_>, bytes: &[u8]) -> i32 {
        let mut prepared = ptr::null_mut();
        // SAFETY: says the caller; the buffer is as long as is said, and the message is live until it is freed.
        unsafe {
            let refused = sansock_prepared_new(input.byte() % 8, bytes.as_ptr(), bytes.len(), &raw mut prepared);
            if refused != status::OK {
                assert!(prepared.is_null());
                return (*self.block).status;
            }
            let result = sansock_conn_send_prepared(self.conn, prepared);
            assert!(sansock_prepared_memory_usage(prepared) >= bytes.len());
            sansock_prepared_free(prepared);
            result
        }
    }

    /// Announces a frame whose payload would be the host's to write, asks whether it may, or leaves the rest to the engine.
    ///
    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn send_header(&mut self, input: &mut Input<'_>, bytes: &[u8]) -> i32 {
        let (which, len, last) = (input.byte(), number(input), input.byte() % 3);
        let kind = which % 8;
        // SAFETY: says the caller; the buffer is as long as is said.
        unsafe {
            match which / 8 % 4 {
                0 | 1 => sansock_conn_send_header(self.conn, kind, len, last),
                2 => sansock_conn_check_header(self.conn, kind, len),
                _ => sansock_conn_send_rest(self.conn, bytes.as_ptr(), bytes.len()),
            }
        }
    }

    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn answer(&mut self, which: u8, input: &mut Input<'_>) -> i32 {
        let (conn, now) = (self.conn, self.now);
        let bytes = data(input);
        let (start, len) = (bytes.as_ptr().cast(), bytes.len());
        // SAFETY: says the caller; the buffers are as long as is said.
        unsafe {
            match which % 33 {
                13 => sansock_conn_accept(conn, start, if input.byte() & 1 == 0 { 0 } else { len }, now),
                14 => sansock_conn_reject(conn, input.word() % 700, start, len, now),
                15 => {
                    let body = data(input);
                    sansock_conn_respond(conn, input.word() % 700, start, len, body.as_ptr().cast(), body.len(), now)
                }
                16 => {
                    let value = data(input);
                    sansock_conn_add_response_header(conn, start, len, value.as_ptr().cast(), value.len())
                }
                17 if input.byte() & 1 == 0 => sansock_conn_clear_response(conn),
                17 => sansock_conn_limit_deflate(conn, 20 + number(input) as u32 % 6, number(input)),
                18 => sansock_conn_request_fields(conn, number(input) as u32, now),
                _ => {
                    let lines = super::fields::lines(&mut Input::new(&bytes));
                    let field = |field: &sansock::handshake::fields::Field<'_>| Field {
                        name: field.name.as_ptr().cast(),
                        name_len: field.name.len(),
                        value: field.value.as_ptr().cast(),
                        value_len: field.value.len(),
                    };
                    let fields: Vec<Field> = lines.iter().map(field).collect();
                    match input.byte() {
                        even if even & 1 == 0 => {
                            let version = u32::from(even >> 1) % 5;
                            sansock_conn_receive_request(conn, version, fields.as_ptr(), fields.len(), now)
                        }
                        _ => {
                            sansock_conn_receive_response(conn, input.word() % 700, fields.as_ptr(), fields.len(), now)
                        }
                    }
                }
            }
        }
    }

    /// Reports output as written by a number in the block, where that is allowed.
    ///
    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn defer(&mut self, input: &mut Input<'_>) -> i32 {
        // SAFETY: says the caller; the field is the host's to write.
        unsafe {
            if (*self.block).flags & block::DEFER_WRITTEN == 0 {
                return (*self.block).status;
            }
            let len = (*self.block).output_len as u64;
            let written = if input.byte() & 7 == 7 { number(input) } else { len };
            (*self.block).written = written;
            let result = sansock_conn_ping(self.conn, ptr::null(), 0, self.now);
            assert!(written <= len || result == status::INVALID_ARGUMENT);
            result
        }
    }

    /// What the block says is so, and all that it points to can be read.
    fn check(&mut self, result: i32) {
        // SAFETY: the block is in the live handle, and its pointers are valid until the next call.
        unsafe {
            let block = &*self.block;
            assert_eq!(block.status, result);
            assert!(
                (-9..=0).contains(&result) && result != status::POISONED && result != status::BAD_HANDLE,
                "{result}"
            );
            assert!(block.transport <= transport::CLOSE && block.state <= state::CLOSED);
            assert_eq!(block.fault != 0, !self.fault_text().is_empty());
            let mut sum = read(block.output, block.output_len);
            let records = slice(block.events, block.event_count as usize);
            for record in records {
                sum += self.read_record(block, record);
            }
            if self.is_input && result == status::OK {
                assert!(self.closed == 0 || records.is_empty(), "an event follows Closed");
                self.closed += records.iter().filter(|record| record.kind == kind::CLOSED).count() as u32;
            }
            assert!(sum < u64::MAX);
            let memory = sansock_conn_memory_usage(self.conn);
            assert!(memory > 0 && memory < 64 << 20, "{memory}");
        }
    }

    /// # Safety
    ///
    /// The record is one of the block's, which is up to date.
    unsafe fn read_record(&mut self, block: &Block, record: &Record) -> u64 {
        let at = usize::from(record.flags & flag::REGION);
        assert!(at <= usize::from(region::SCRATCH));
        let (start, len) =
            if record.kind == kind::HEADER { (record.extra, record.len) } else { (record.offset, record.len) };
        let end = start.checked_add(len).expect("no overflow");
        assert!(end <= block.region_lens[at] as u64, "a payload outside its region");
        if len == 0 {
            return 0;
        }
        // SAFETY: within the region, as was asserted.
        unsafe { read(block.regions[at].add(start as usize), len as usize) }
    }

    fn fault_text(&self) -> &str {
        let mut len = 0;
        // SAFETY: a live handle; the text ends with NUL, and lives until the handle is freed.
        unsafe {
            let text = sansock_conn_fault_text(self.conn, &raw mut len);
            let text = std::ffi::CStr::from_ptr(text);
            assert_eq!(text.count_bytes(), len);
            text.to_str().expect("text")
        }
    }

    /// The stream ends and the clock runs out: the block says that all is over.
    fn finish(&mut self) {
        let now = self.now.max(u64::MAX / 2);
        self.is_input = true;
        for _ in 0..4 {
            // SAFETY: the handle is live, and so is its block.
            unsafe {
                let result = sansock_conn_receive_eof(self.conn, now);
                self.check(result);
                sansock_conn_written(self.conn, (*self.block).output_len);
                let result = sansock_conn_timeout(self.conn, u64::MAX - 2);
                self.check(result);
            }
        }
        // SAFETY: the block is in the live handle.
        let block = unsafe { &*self.block };
        assert_eq!((block.state, block.transport), (state::CLOSED, transport::CLOSE));
        assert_eq!(self.closed, 1, "one Closed");
    }
}

/// # Safety
///
/// `count` values can be read there, or it is 0.
unsafe fn slice<'a, T>(start: *const T, count: usize) -> &'a [T] {
    // SAFETY: says the caller.
    if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(start, count) } }
}

/// Reads every byte, so that a sanitizer sees it.
///
/// # Safety
///
/// As for [`slice`].
unsafe fn read(start: *const u8, len: usize) -> u64 {
    // SAFETY: says the caller.
    unsafe { slice(start, len) }.iter().map(|byte| u64::from(*byte)).sum()
}

fn record(input: &mut Input<'_>) -> Record {
    let (kind, offset, len) = (input.byte() % 12, number(input), number(input));
    Record { kind, flags: 0, code: 0, aux: 0, offset, len, extra: 0 }
}

/// Sets options, texts and headers.
///
/// # Safety
///
/// The handle is live.
unsafe fn configure(config: *mut Config, input: &mut Input<'_>) {
    let how = input.byte();
    // SAFETY: says the caller; the buffers are as long as is said.
    unsafe {
        sansock_config_set(config, 1, u64::from(how & 1));
        sansock_config_set(config, 20, u64::from(how >> 1 & 1));
        for _ in 0..how >> 4 {
            let (option, value) = (u32::from(input.byte()) % 36, number(input));
            sansock_config_set(config, option, value);
        }
        // Times and sizes within reach: an input is no longer than a few messages.
        sansock_config_set(config, 2, 1 << 20);
        sansock_config_set(config, 9, 1 << 20);
        if how & 4 != 0 {
            let text = data(input);
            sansock_config_set_text(config, 1 + u32::from(how >> 3) % 5, text.as_ptr().cast(), text.len());
        }
        if how & 8 != 0 {
            let (name, value) = (data(input), data(input));
            let (name_start, value_start) = (name.as_ptr().cast(), value.as_ptr().cast());
            sansock_config_add_header(config, name_start, name.len(), value_start, value.len());
        }
    }
}

/// A tunnel over the ABI, and the calls that have no handle.
pub fn abi_tunnel(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (url, host) = (input.until(b'\n'), input.until(b'\n'));
    // SAFETY: buffers that are as long as is said, and places for what is written.
    unsafe {
        alone(url, &mut input);
        let (mut config, mut tunnel) = (ptr::null_mut::<TunnelConfig>(), ptr::null_mut::<Tunnel>());
        let (start, at) = (url.as_ptr().cast(), host.as_ptr().cast());
        if sansock_tunnel_config_new(start, url.len(), at, host.len(), input.word(), &raw mut config) != status::OK {
            assert!(config.is_null());
            return;
        }
        sansock_tunnel_config_set(config, u32::from(input.byte()), number(&mut input));
        let name = data(&mut input);
        sansock_tunnel_config_add_header(config, name.as_ptr().cast(), name.len(), start, url.len());
        assert_eq!(sansock_tunnel_new(config, 0, &raw mut tunnel), status::OK);
        sansock_tunnel_config_free(config);
        drive(tunnel, &mut input);
        sansock_tunnel_free(tunnel);
    }
}

/// # Safety
///
/// The handle is live.
unsafe fn drive(tunnel: *mut Tunnel, input: &mut Input<'_>) {
    let mut outcomes = 0;
    // SAFETY: says the caller; the buffers are as long as is said.
    unsafe {
        let block = &*sansock_tunnel_block(tunnel);
        let mut step = |result: i32, is_input: bool| {
            assert_eq!(block.status, result);
            read(block.output, block.output_len);
            let records = slice(block.events, block.event_count as usize);
            for record in records {
                assert!(record.offset + record.len <= block.region_lens[2] as u64 || record.kind == kind::HEADER);
            }
            if is_input {
                outcomes += records.iter().filter(|record| matches!(record.kind, kind::OPEN | kind::CLOSED)).count();
            }
        };
        while !input.is_empty() {
            match input.byte() % 8 {
                0 => step(sansock_tunnel_timeout(tunnel, number(input)), true),
                1 => step(sansock_tunnel_written(tunnel, number(input) as usize), false),
                2 => step(sansock_tunnel_receive_eof(tunnel, number(input)), true),
                _ => {
                    let bytes: Box<[u8]> = data(input).into_owned().into();
                    step(sansock_tunnel_receive(tunnel, bytes.as_ptr(), bytes.len(), 0), true);
                    assert!(block.consumed <= bytes.len() as u64);
                }
            }
        }
        step(sansock_tunnel_receive_eof(tunnel, 0), true);
        let mut len = 0;
        let text = std::ffi::CStr::from_ptr(sansock_tunnel_fault_text(tunnel, &raw mut len));
        assert_eq!(text.count_bytes(), len);
    }
    assert_eq!(outcomes, 1);
}

/// # Safety
///
/// Always safe: all that is passed is its own.
unsafe fn alone(url: &[u8], input: &mut Input<'_>) {
    // SAFETY: null, or buffers that are as long as is said.
    unsafe {
        let start = url.as_ptr().cast();
        let mut place = Url { secure: 0, port: 0, host_offset: 0, host_len: 0 };
        if sansock_url_parse(start, url.len(), &raw mut place) == status::OK {
            assert!(place.host_offset + place.host_len <= url.len());
        }
        let mut place = Proxy { secure: 0, resolves_names: 0, port: 0, host_offset: 0, host_len: 0 };
        if sansock_proxy_parse(start, url.len(), &raw mut place) == status::OK {
            assert!(place.host_offset + place.host_len <= url.len());
        }
        let number = number(input) as u32;
        for text in [sansock_error_text(number as i32), sansock_fault_name(number), sansock_fault_text(number)] {
            assert!(std::ffi::CStr::from_ptr(text).to_str().is_ok());
        }
        let none = ptr::null_mut();
        assert_eq!(sansock_conn_receive(none, ptr::null_mut(), 0, 0), status::BAD_HANDLE);
        assert!(sansock_conn_block(none).is_null() && sansock_tunnel_block(ptr::null()).is_null());
        sansock_conn_free(none);
    }
}
