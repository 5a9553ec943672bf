//! The functions of the C library, called from Rust as C calls them, so that Miri sees every pointer on both sides. What the
//! calls mean is tested in C (`ffi/tests/c`); here it is what becomes of the memory that crosses.

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

use sansock_ffi::config::*;
use sansock_ffi::connection::*;
use sansock_ffi::handshake::*;
use sansock_ffi::numbers::*;
use sansock_ffi::tunnel::*;
use sansock_ffi::types::{Block, Config, Conn, Field, Proxy, Record, Tunnel, TunnelConfig, Url};
use sansock_ffi::version::*;

const SEED: [u8; 32] = [7; 32];
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, echo\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// What C passes as text.
fn text(bytes: &[u8]) -> (*const c_char, usize) {
    (bytes.as_ptr().cast(), bytes.len())
}

fn config(role: u32, options: &[(u32, u64)]) -> *mut Config {
    let mut config = null_mut();
    // SAFETY: the out-parameter is writable, and the handle is alive.
    unsafe {
        assert_eq!(sansock_config_new(role, &raw mut config), SANSOCK_OK);
        for &(option, value) in options {
            assert_eq!(sansock_config_set(config, option, value), SANSOCK_OK, "option {option}");
        }
    }
    config
}

/// A connection, freed with what it lends.
struct Host(*mut Conn);

impl Host {
    fn of(config: *mut Config) -> Self {
        let mut conn = null_mut();
        // SAFETY: the configuration is alive until it is freed here; the seed has 32 bytes.
        unsafe {
            assert_eq!(sansock_conn_new(config, SEED.as_ptr(), 0, &raw mut conn), SANSOCK_OK);
            sansock_config_free(config);
        }
        Host(conn)
    }

    fn open(role: u32, options: &[(u32, u64)]) -> Self {
        Host::of(config(role, &[options, &[(SANSOCK_OPTION_START_OPEN, 1)]].concat()))
    }

    /// Read anew each time, as C reads it: through the pointer, while no call runs.
    fn block(&self) -> *const Block {
        // SAFETY: the handle is alive.
        unsafe { sansock_conn_block(self.0) }
    }

    fn events(&self) -> &[Record] {
        // SAFETY: the records are valid until the next input call, which needs this borrow to have ended.
        unsafe { slice((*self.block()).events, (*self.block()).event_count as usize) }
    }

    fn payload(&self, record: &Record) -> Vec<u8> {
        let region = usize::from(record.flags & SANSOCK_FLAG_REGION);
        // SAFETY: as for the events.
        let bytes = unsafe { slice((*self.block()).regions[region], (*self.block()).region_lens[region]) };
        bytes[record.offset as usize..][..record.len as usize].to_vec()
    }

    fn received(&self) -> Vec<(u8, Vec<u8>)> {
        self.events().iter().map(|record| (record.kind, self.payload(record))).collect()
    }

    fn output(&self) -> Vec<u8> {
        // SAFETY: the output is valid until the next call.
        unsafe { slice((*self.block()).output, (*self.block()).output_len) }.to_vec()
    }

    fn take_output(&mut self) -> Vec<u8> {
        let output = self.output();
        // SAFETY: the handle is alive.
        assert_eq!(unsafe { sansock_conn_written(self.0, output.len()) }, SANSOCK_OK);
        output
    }

    /// Receives from memory of exactly this size.
    fn receive(&mut self, input: &mut [u8]) {
        // SAFETY: the handle is alive; the caller keeps the input until the events have been read.
        assert_eq!(unsafe { sansock_conn_receive(self.0, input.as_mut_ptr(), input.len(), 1) }, SANSOCK_OK);
    }

    fn state(&self) -> u8 {
        // SAFETY: the block lives as long as the handle.
        unsafe { (*self.block()).state }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: nothing that the handle lent is alive.
        unsafe { sansock_conn_free(self.0) }
    }
}

/// # Safety
/// `count` values can be read at `start` during `'a`, or `count` is 0.
unsafe fn slice<'a, T>(start: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts(start, count) }
}

/// Passes output on until there is none, each time in a buffer of its own.
fn settle(one: &mut Host, other: &mut Host, received: &mut Vec<(u8, Vec<u8>)>) {
    loop {
        let mut sent = one.take_output();
        if sent.is_empty() {
            return;
        }
        let mut rest = &mut sent[..];
        while !rest.is_empty() {
            other.receive(rest);
            received.append(&mut other.received());
            // SAFETY: the block lives as long as the handle.
            let consumed = unsafe { (*other.block()).consumed } as usize;
            rest = &mut rest[consumed..];
        }
    }
}

#[test]
fn a_conversation_from_the_request_to_the_end() {
    let client = config(SANSOCK_ROLE_CLIENT, &[(SANSOCK_OPTION_DEFLATE, 1)]);
    for (option, value) in [(SANSOCK_TEXT_URL, &b"ws://example.com/chat"[..]), (SANSOCK_TEXT_SUBPROTOCOL, b"chat")] {
        let (value, len) = text(value);
        // SAFETY: the handle is alive, and the text has this length.
        assert_eq!(unsafe { sansock_config_set_text(client, option, value, len) }, SANSOCK_OK);
    }
    let (mut client, mut server) =
        (Host::of(client), Host::of(config(SANSOCK_ROLE_SERVER, &[(SANSOCK_OPTION_DEFLATE, 1)])));
    let (mut of_client, mut of_server) = (Vec::new(), Vec::new());
    settle(&mut client, &mut server, &mut of_server);
    assert_eq!(of_server[0], (SANSOCK_KIND_REQUEST, b"/chat".to_vec()));
    let (chat, len) = text(b"chat");
    // SAFETY: the handle is alive, and the text has this length.
    assert_eq!(unsafe { sansock_conn_accept(server.0, chat, len, 1) }, SANSOCK_OK);
    settle(&mut server, &mut client, &mut of_client);
    assert_eq!(of_client[0].0, SANSOCK_KIND_OPEN);

    let (hello, len) = text("hello, hello, hello, 世界".as_bytes());
    // SAFETY: as above.
    unsafe {
        assert_eq!(sansock_conn_send_text(client.0, hello, len), SANSOCK_OK);
        assert_eq!(sansock_conn_ping(client.0, b"?".as_ptr(), 1, 1), SANSOCK_OK);
        assert_eq!(sansock_conn_send_part(client.0, SANSOCK_KIND_BINARY, b"\0\x01".as_ptr(), 2, 0), SANSOCK_OK);
        assert_eq!(sansock_conn_send_part(client.0, SANSOCK_KIND_BINARY, b"\x02".as_ptr(), 1, 1), SANSOCK_OK);
        assert_eq!(sansock_conn_close(client.0, 1000, null(), 0, 1), SANSOCK_OK);
    }
    of_server.clear();
    settle(&mut client, &mut server, &mut of_server);
    let wanted = [
        (SANSOCK_KIND_TEXT, "hello, hello, hello, 世界".as_bytes().to_vec()),
        (SANSOCK_KIND_PING, b"?".to_vec()),
        (SANSOCK_KIND_BINARY, vec![0, 1, 2]),
        (SANSOCK_KIND_CLOSING, Vec::new()),
    ];
    assert_eq!(of_server, wanted);
    server.receive(&mut []);
    assert_eq!(server.received()[0].0, SANSOCK_KIND_CLOSED);
    settle(&mut server, &mut client, &mut of_client);
    assert_eq!((client.state(), server.state()), (SANSOCK_STATE_CLOSED, SANSOCK_STATE_CLOSED));
    // SAFETY: the handle is alive.
    assert_eq!(unsafe { sansock_conn_receive_eof(client.0, 2) }, SANSOCK_OK);
}

#[test]
fn bytes_one_by_one_each_from_memory_of_its_own() {
    let mut server = Host::of(config(SANSOCK_ROLE_SERVER, &[]));
    let kinds = |server: &Host| server.events().iter().map(|record| record.kind).collect::<Vec<_>>();
    let mut seen = Vec::new();
    for byte in REQUEST {
        let mut input = vec![*byte];
        server.receive(&mut input);
        seen.extend(server.received().into_iter().take(1));
    }
    assert_eq!(seen, [(SANSOCK_KIND_REQUEST, b"/chat".to_vec())]);
    // SAFETY: the handle is alive.
    assert_eq!(unsafe { sansock_conn_accept(server.0, null(), 0, 1) }, SANSOCK_OK);
    assert_eq!(kinds(&server)[0], SANSOCK_KIND_OPEN);
    server.take_output();
    seen.clear();
    for byte in b"\x01\x83\0\0\0\0abc\x89\x81\0\0\0\0?\x80\x83\x01\x02\x03\x04eeg" {
        let mut input = vec![*byte];
        server.receive(&mut input);
        seen.extend(server.received());
    }
    assert_eq!(seen, [(SANSOCK_KIND_PING, b"?".to_vec()), (SANSOCK_KIND_TEXT, b"abcdgd".to_vec())]);
}

#[test]
fn the_read_buffer_and_the_written_field_are_shared_with_the_host() {
    let mut server = Host::open(SANSOCK_ROLE_SERVER, &[]);
    let mut buffer = vec![0_u8; 64].into_boxed_slice();
    let start = buffer.as_mut_ptr();
    // SAFETY: the buffer outlives the handle's use of it, and is reached through this pointer only.
    unsafe {
        assert_eq!(sansock_conn_set_read_buffer(server.0, start, 64), SANSOCK_OK);
        for round in 0..3_u8 {
            let frame = [0x89, 0x81, 1, 1, 1, 1, round];
            start.copy_from(frame.as_ptr(), frame.len());
            assert_eq!(sansock_conn_receive_read_buffer(server.0, frame.len(), 1), SANSOCK_OK);
            assert_eq!(server.received(), [(SANSOCK_KIND_PING, vec![round ^ 1])]);
            assert_eq!(server.output(), [0x8a, 1, round ^ 1]);
            let block = sansock_conn_block(server.0);
            if (*block).flags & SANSOCK_BLOCK_DEFER_WRITTEN != 0 {
                (*block).written = 3;
            } else {
                server.take_output();
            }
        }
        assert_eq!(sansock_conn_receive_read_buffer(server.0, 65, 1), SANSOCK_ERR_INVALID_ARGUMENT);
        assert_eq!(sansock_conn_set_read_buffer(server.0, null_mut(), 0), SANSOCK_OK);
    }
    assert_eq!(server.output(), []);
}

/// A message that is read to what the connection lends, in pieces, while it sends.
#[test]
fn a_host_writes_to_memory_that_is_lent() {
    let mut server = Host::open(SANSOCK_ROLE_SERVER, &[]);
    let payload: Vec<u8> = (0..600_u32).map(|at| at as u8).collect();
    let mut start = [&[0x82, 0xfe, 0x02, 0x58, 0, 0, 0, 0], &payload[..100]].concat();
    server.receive(&mut start);
    drop(start);
    let mut here = 100;
    while here < payload.len() {
        let (mut place, mut room) = (null_mut(), 0);
        // SAFETY: the handle is alive, and both places can be written.
        assert_eq!(unsafe { sansock_conn_lend(server.0, 1, &raw mut place, &raw mut room) }, SANSOCK_OK);
        assert!(room > 0 && server.events().is_empty());
        let read = room.min(150);
        // SAFETY: so many bytes may be written there until the next input call; a ping is none.
        unsafe {
            assert_eq!(sansock_conn_ping(server.0, null(), 0, 1), SANSOCK_OK);
            place.copy_from_nonoverlapping(payload[here..].as_ptr(), read);
            assert_eq!(sansock_conn_receive_lent(server.0, read, 1), SANSOCK_OK);
        }
        here += read;
    }
    assert_eq!(server.received(), [(SANSOCK_KIND_BINARY, payload)]);
    // SAFETY: the handle is alive.
    assert_eq!(unsafe { sansock_conn_receive_lent(server.0, 1, 1) }, SANSOCK_ERR_INVALID_STATE);
}

#[test]
fn batches_are_sent_from_records_of_the_host() {
    let (mut server, mut client) = (Host::open(SANSOCK_ROLE_SERVER, &[]), Host::open(SANSOCK_ROLE_CLIENT, &[]));
    let data = b"onetwo".to_vec();
    let mut sent = 0;
    let lens = [3_usize, 3];
    // SAFETY: the arrays have these lengths; the out-parameter is writable.
    unsafe {
        let status = sansock_conn_send_many(
            server.0,
            SANSOCK_KIND_TEXT,
            lens.as_ptr(),
            2,
            data.as_ptr(),
            data.len(),
            &raw mut sent,
        );
        assert_eq!((status, sent), (SANSOCK_OK, 2));
        let status =
            sansock_conn_send_many(server.0, SANSOCK_KIND_TEXT, null(), 2, data.as_ptr(), data.len(), &raw mut sent);
        assert_eq!(status, SANSOCK_ERR_INVALID_ARGUMENT);
    }
    let mut received = Vec::new();
    settle(&mut server, &mut client, &mut received);
    assert_eq!(received, [(SANSOCK_KIND_TEXT, b"one".to_vec()), (SANSOCK_KIND_TEXT, b"two".to_vec())]);

    let mut frames = client_frames(&mut client);
    server.receive(&mut frames);
    let records = server.events().as_ptr();
    // SAFETY: an echo of the events that the block holds, from the input that they lie in.
    let status = unsafe { sansock_conn_send_batch(server.0, records, 2, frames.as_ptr(), frames.len(), &raw mut sent) };
    assert_eq!((status, sent), (SANSOCK_OK, 2));
    received.clear();
    settle(&mut server, &mut client, &mut received);
    assert_eq!(received, [(SANSOCK_KIND_TEXT, b"three".to_vec()), (SANSOCK_KIND_BINARY, b"four".to_vec())]);
}

fn client_frames(client: &mut Host) -> Vec<u8> {
    let (three, len) = text(b"three");
    // SAFETY: the handle is alive, and the payloads have these lengths.
    unsafe {
        assert_eq!(sansock_conn_send_text(client.0, three, len), SANSOCK_OK);
        assert_eq!(sansock_conn_send_binary(client.0, b"four".as_ptr(), 4), SANSOCK_OK);
    }
    client.take_output()
}

#[test]
fn handshakes_of_fields_and_responses_of_the_host() {
    let mut server = Host::of(config(SANSOCK_ROLE_SERVER, &[]));
    let fields: Vec<Field> = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":path", "/chat"),
        (":authority", "example.com"),
        ("sec-websocket-version", "13"),
    ]
    .map(|(name, value)| Field {
        name: name.as_ptr().cast(),
        name_len: name.len(),
        value: value.as_ptr().cast(),
        value_len: value.len(),
    })
    .into();
    let ((name, name_len), (value, value_len)) = (text(b"X-Test"), text(b"yes"));
    // SAFETY: the handle is alive, and everything has the length that is said.
    unsafe {
        assert_eq!(
            sansock_conn_receive_request(server.0, SANSOCK_HTTP_VERSION_2, fields.as_ptr(), fields.len(), 1),
            SANSOCK_OK
        );
        assert_eq!(server.received()[0], (SANSOCK_KIND_REQUEST, b"/chat".to_vec()));
        assert_eq!(sansock_conn_add_response_header(server.0, name, name_len, value, value_len), SANSOCK_OK);
        assert_eq!(sansock_conn_clear_response(server.0), SANSOCK_OK);
        assert_eq!(sansock_conn_reject(server.0, 403, b"no".as_ptr().cast(), 2, 1), SANSOCK_OK);
    }
    assert!(server.events().iter().any(|record| record.kind == SANSOCK_KIND_HEAD));
    server.take_output();
}

#[test]
fn a_tunnel_and_what_it_leaves() {
    let ((proxy, proxy_len), (host, host_len)) = (text(b"http://me:secret@proxy:8080"), text(b"example.com"));
    let (mut config, mut tunnel): (*mut TunnelConfig, *mut Tunnel) = (null_mut(), null_mut());
    let answer = b"HTTP/1.1 200 OK\r\nVia: b\r\n\r\nnext".to_vec();
    // SAFETY: handles are alive, lengths are true, out-parameters are writable.
    unsafe {
        assert_eq!(sansock_tunnel_config_new(proxy, proxy_len, host, host_len, 443, &raw mut config), SANSOCK_OK);
        assert_eq!(sansock_tunnel_new(config, 0, &raw mut tunnel), SANSOCK_OK);
        sansock_tunnel_config_free(config);
        let block = sansock_tunnel_block(tunnel);
        assert_eq!(sansock_tunnel_written(tunnel, (*block).output_len), SANSOCK_OK);
        assert_eq!(sansock_tunnel_receive(tunnel, answer.as_ptr(), answer.len(), 1), SANSOCK_OK);
        drop(answer);
        assert_eq!(((*block).event_count, (*block).state), (2, SANSOCK_STATE_OPEN));
        let header = &slice((*block).events, 2)[1];
        let region = usize::from(header.flags & SANSOCK_FLAG_REGION);
        let bytes = slice((*block).regions[region], (*block).region_lens[region]);
        assert_eq!(&bytes[header.extra as usize..][..header.len as usize], b"b");
        sansock_tunnel_free(tunnel);
        sansock_tunnel_free(null_mut());
        sansock_tunnel_config_free(null_mut());
    }
}

#[test]
fn no_call_follows_null() {
    let (mut conn, mut len) = (null_mut(), 0);
    // SAFETY: null is allowed everywhere.
    unsafe {
        assert_eq!(sansock_config_new(SANSOCK_ROLE_SERVER, null_mut()), SANSOCK_ERR_INVALID_ARGUMENT);
        assert_eq!(sansock_conn_new(null(), SEED.as_ptr(), 0, &raw mut conn), SANSOCK_ERR_BAD_HANDLE);
        assert!(conn.is_null() && sansock_conn_block(null()).is_null());
        assert_eq!(sansock_conn_receive(null_mut(), null_mut(), 0, 0), SANSOCK_ERR_BAD_HANDLE);
        assert_eq!(sansock_conn_memory_usage(null()), 0);
        sansock_conn_fault_text(null(), &raw mut len);
        sansock_conn_free(null_mut());
        sansock_config_free(null_mut());
        assert_eq!(sansock_random_seed(null_mut()), SANSOCK_ERR_INVALID_ARGUMENT);
        let server = Host::open(SANSOCK_ROLE_SERVER, &[]);
        assert_eq!(sansock_conn_receive(server.0, null_mut(), 1, 0), SANSOCK_ERR_INVALID_ARGUMENT);
        assert_eq!(sansock_conn_receive(server.0, null_mut(), 0, 0), SANSOCK_OK);
        assert_eq!(sansock_conn_send_batch(server.0, null(), 1, null(), 0, null_mut()), SANSOCK_ERR_INVALID_ARGUMENT);
        assert_eq!(
            sansock_conn_send_binary(server.0, b"x".as_ptr(), isize::MAX as usize + 1),
            SANSOCK_ERR_INVALID_ARGUMENT
        );
    }
}

#[test]
fn a_handle_of_another_kind_is_no_handle() {
    let config = config(SANSOCK_ROLE_SERVER, &[]);
    let memory = Box::new([0_u64; 512]);
    // SAFETY: readable memory that holds no connection.
    unsafe {
        let conn = memory.as_ptr().cast_mut().cast::<Conn>();
        assert_eq!(sansock_conn_written(conn, 0), SANSOCK_ERR_BAD_HANDLE);
        let odd = conn.cast::<u8>().add(1).cast::<Conn>();
        assert_eq!(sansock_conn_written(odd, 0), SANSOCK_ERR_BAD_HANDLE);
        sansock_config_free(config);
    }
}

/// A handle that may be used by several threads, which is for the library to refuse.
#[derive(Clone, Copy)]
struct Shared<T>(*mut T);

// SAFETY: the library promises BUSY for calls at once on one connection, and reads of one configuration at once.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn get(&self) -> *mut T {
        self.0
    }
}

#[test]
fn calls_at_once_get_busy_and_one_configuration_serves_all_threads() {
    let shared = Shared(config(SANSOCK_ROLE_SERVER, &[(SANSOCK_OPTION_START_OPEN, 1), (SANSOCK_OPTION_DEFLATE, 1)]));
    let mut conn = null_mut();
    // SAFETY: the handle is alive, and the seed has 32 bytes.
    assert_eq!(unsafe { sansock_conn_new(shared.get(), SEED.as_ptr(), 0, &raw mut conn) }, SANSOCK_OK);
    let one = Shared(conn);
    let sent = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut conn = null_mut();
                // SAFETY: handles are alive until the scope ends.
                unsafe {
                    assert_eq!(sansock_conn_new(shared.get(), SEED.as_ptr(), 0, &raw mut conn), SANSOCK_OK);
                    let mut own = Host(conn);
                    assert_eq!(sansock_conn_send_binary(own.0, b"own".as_ptr(), 3), SANSOCK_OK);
                    assert_eq!(own.take_output(), b"\x82\x03own");
                    for _ in 0..10 {
                        match sansock_conn_send_binary(one.get(), b"x".as_ptr(), 1) {
                            SANSOCK_OK => sent.fetch_add(1, Ordering::Relaxed),
                            status => {
                                assert_eq!(status, SANSOCK_ERR_BUSY);
                                0
                            }
                        };
                    }
                }
            });
        }
    });
    let mut one = Host(one.get());
    assert_eq!(one.take_output(), b"\x82\x01x".repeat(sent.load(Ordering::Relaxed) as usize));
    // SAFETY: no other thread uses it any more.
    unsafe { sansock_config_free(shared.get()) };
}

#[test]
fn texts_and_urls() {
    let mut url = Url { secure: 0, port: 0, host_offset: 0, host_len: 0 };
    let mut proxy = Proxy { secure: 0, resolves_names: 0, port: 0, host_offset: 0, host_len: 0 };
    let (address, len) = text(b"wss://[::1]/");
    let (at, at_len) = text(b"socks5h://a");
    let mut seed = [0; 32];
    // SAFETY: lengths are true, out-parameters are writable, and texts end with a zero.
    unsafe {
        assert_eq!(sansock_url_parse(address, len, &raw mut url), SANSOCK_OK);
        assert_eq!(sansock_proxy_parse(at, at_len, &raw mut proxy), SANSOCK_OK);
        assert_eq!(CStr::from_ptr(sansock_version()).to_bytes(), env!("CARGO_PKG_VERSION").as_bytes());
        for number in [0, 1, 101, u32::MAX] {
            CStr::from_ptr(sansock_fault_name(number)).to_str().expect("a text");
            CStr::from_ptr(sansock_fault_text(number)).to_str().expect("a text");
        }
        assert_eq!(sansock_random_seed(seed.as_mut_ptr()), SANSOCK_OK);
    }
    assert_eq!((url.secure, url.port, url.host_offset, url.host_len), (1, 443, 7, 3));
    assert_eq!((proxy.port, proxy.resolves_names), (1080, 1));
    assert_ne!(seed, [0; 32]);
}
