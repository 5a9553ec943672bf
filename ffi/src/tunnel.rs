//! Tunnels through proxies: each export checks its pointers, calls the engine once, and refreshes the block.

use core::ffi::c_char;
use core::ptr;

use sansock::boundary::{self, Error};

use crate::connection::{FaultText, SharedBlock};
use crate::guard::{bytes, guard, status, write};
use crate::handle::{Handle, Kind};
use crate::types::{Block, Proxy, Tunnel, TunnelConfig};
use crate::version::host_offset;

impl Kind for boundary::TunnelConfig {
    const MAGIC: u64 = u64::from_ne_bytes(*b"santunco");

    fn poison(&mut self) {}
}

/// What is behind a tunnel's handle.
struct Inner {
    tunnel: boundary::Tunnel,
    block: SharedBlock,
    /// How many bytes of the last receive were consumed.
    consumed: usize,
    fault_text: FaultText,
}

impl Kind for Inner {
    const MAGIC: u64 = u64::from_ne_bytes(*b"santunnl");

    fn poison(&mut self) {
        self.block.poison();
    }
}

impl Inner {
    /// Brings the block up to date, after every call.
    fn refresh(&mut self, status: i32) {
        self.tunnel.block(&mut self.block.engine, self.consumed, status);
        self.fault_text.write(self.tunnel.fault());
    }
}

/// Runs one call on a tunnel and refreshes its block.
///
/// # Safety
/// `tunnel` as for [`Handle::open`].
unsafe fn call(tunnel: *mut Tunnel, body: impl FnOnce(&mut Inner) -> Result<(), Error>) -> i32 {
    // SAFETY: promised by the caller.
    let handle = unsafe { Handle::<Inner>::open(tunnel.cast()) };
    status(handle.and_then(|handle| {
        handle.change(|inner| {
            let result = body(inner);
            inner.refresh(status(result));
            result
        })
    }))
}

/// The engine's configuration behind a handle.
///
/// # Safety
/// As for [`Handle::open`].
unsafe fn open<'a>(config: *const TunnelConfig) -> Result<&'a Handle<boundary::TunnelConfig>, Error> {
    // SAFETY: promised by the caller.
    unsafe { Handle::open(config.cast()) }
}

/// Says what to connect to for the URL of a proxy: http:, https:, socks4a:, socks5: or socks5h:, perhaps with
/// `user:password@`. SANSOCK_ERR_INVALID_ARGUMENT if the URL is not valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_proxy_parse(url: *const c_char, len: usize, out: *mut Proxy) -> i32 {
    status(guard(|| {
        // SAFETY: a readable buffer by the rules of the header.
        let text = unsafe { bytes(url, len) }?;
        if out.is_null() {
            return Err(Error::InvalidArgument);
        }
        let text = core::str::from_utf8(text).map_err(|_| Error::InvalidArgument)?;
        let proxy = sansock::Proxy::parse(text)?;
        let place = Proxy {
            secure: proxy.secure.into(),
            resolves_names: proxy.resolves_names.into(),
            port: proxy.port,
            host_offset: host_offset(text),
            host_len: proxy.host.len(),
        };
        // SAFETY: not null, and room for the struct by the rules of the header.
        unsafe { write(out, place) };
        Ok(())
    }))
}

/// Creates the configuration of a tunnel through a proxy, given by its URL, to a host and port.
///
/// `host`: a name, which the proxy resolves, or an address, IPv6 with or without brackets. `out`: receives the handle;
/// free it with sansock_tunnel_config_free. SANSOCK_ERR_INVALID_ARGUMENT if one of them is not valid, or not together:
/// socks5: takes only addresses (see `resolves_names` of sansock_proxy), and socks4a: no IPv6 address.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_config_new(
    proxy: *const c_char,
    proxy_len: usize,
    host: *const c_char,
    host_len: usize,
    port: u16,
    out: *mut *mut TunnelConfig,
) -> i32 {
    status(guard(|| {
        // SAFETY: two readable buffers by the rules of the header.
        let (proxy, host) = unsafe { (bytes(proxy, proxy_len)?, bytes(host, host_len)?) };
        if out.is_null() {
            return Err(Error::InvalidArgument);
        }
        let handle = Handle::create(boundary::TunnelConfig::new(proxy, host, port)?)?;
        // SAFETY: not null, and room for a pointer by the rules of the header.
        unsafe { write(out, handle.cast()) };
        Ok(())
    }))
}

/// Frees the configuration of a tunnel. Tunnels made from it are not affected. NULL does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_config_free(config: *mut TunnelConfig) {
    // SAFETY: null or a handle by the rules of the header.
    unsafe { Handle::<boundary::TunnelConfig>::destroy(config.cast()) }
}

/// Sets an option of a tunnel: SANSOCK_OPTION_HANDSHAKE_TIMEOUT, the time for the proxy to answer, or
/// SANSOCK_OPTION_MAX_HEAD_SIZE, _MAX_LINE_SIZE or _MAX_HEADERS, the limits of an HTTP answer. Other options, 0, and
/// values out of range are refused with SANSOCK_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_config_set(config: *mut TunnelConfig, option: u32, value: u64) -> i32 {
    // SAFETY: null or a handle by the rules of the header.
    status(unsafe { open(config) }.and_then(|handle| handle.change(|config| config.set(option, value))))
}

/// Adds a header to the request to an HTTP proxy. Name and value are copied.
///
/// SANSOCK_ERR_INVALID_ARGUMENT for other proxies, for malformed ones, and for Host, Content-Length, Transfer-Encoding,
/// Connection, and Proxy-Authorization if the URL has a name and password.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_config_add_header(
    config: *mut TunnelConfig,
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

/// Creates a tunnel. `out`: receives the handle; free it with sansock_tunnel_free. Its first message to the proxy is in
/// the output at once.
///
/// Drive it as a connection, with a block of its own, until one event: OPEN (the tunnel is through: the bytes that were
/// not consumed, and all that follow, are for TLS or the connection behind it), or CLOSED. Before CLOSED comes REJECTED
/// if the proxy refused: sansock_record_http_status then is the HTTP status, or the reply code of SOCKS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_new(config: *const TunnelConfig, now: u64, out: *mut *mut Tunnel) -> i32 {
    // SAFETY: null or a handle by the rules of the header.
    let config = unsafe { open(config) };
    status(config.and_then(|config| {
        config.read(|config| {
            if out.is_null() {
                return Err(Error::InvalidArgument);
            }
            let mut inner = Inner {
                tunnel: boundary::Tunnel::new(config, now)?,
                block: SharedBlock::EMPTY,
                consumed: 0,
                fault_text: FaultText::default(),
            };
            inner.refresh(0);
            let handle = Handle::create(inner)?;
            // SAFETY: not null, and room for a pointer by the rules of the header.
            unsafe { write(out, handle.cast()) };
            Ok(())
        })
    }))
}

/// Frees a tunnel. NULL does nothing, and a handle in use by another thread is left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_free(tunnel: *mut Tunnel) {
    // SAFETY: null or a handle by the rules of the header.
    unsafe { Handle::<Inner>::destroy(tunnel.cast()) }
}

/// Returns the block of a tunnel, or NULL for a bad handle. As sansock_conn_block, but nothing is read from it, and
/// there is never more to ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_block(tunnel: *const Tunnel) -> *const Block {
    // SAFETY: null or a handle by the rules of the header.
    match unsafe { Handle::<Inner>::open(tunnel.cast()) } {
        // SAFETY: a place inside a live handle; no reference is made.
        Ok(handle) => unsafe { &raw const (*handle.value()).block }.cast(),
        Err(_) => ptr::null(),
    }
}

/// Receives bytes that were read from the proxy, up to the last one of its answer, and none once there is an outcome:
/// see `consumed`. Replaces the events. `data` is not changed, and no event refers to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_receive(tunnel: *mut Tunnel, data: *const u8, len: usize, now: u64) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe {
        call(tunnel, |inner| {
            inner.consumed = inner.tunnel.receive(bytes(data, len)?, now);
            Ok(())
        })
    }
}

/// Reports that the proxy has ended its stream. Allowed in every state, and again. Replaces the events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_receive_eof(tunnel: *mut Tunnel, now: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(tunnel, |inner| {
            inner.tunnel.receive_eof(now);
            Ok(())
        })
    }
}

/// Acts on the deadline, if it has passed. Replaces the events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_timeout(tunnel: *mut Tunnel, now: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(tunnel, |inner| {
            inner.tunnel.timeout(now);
            Ok(())
        })
    }
}

/// Reports that the first `n` bytes of the output were written. If there are fewer: SANSOCK_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_written(tunnel: *mut Tunnel, n: usize) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe { call(tunnel, |inner| inner.tunnel.written(n)) }
}

/// Returns why there is no tunnel, as sansock_conn_fault_text does for connections. Valid until the tunnel is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_tunnel_fault_text(tunnel: *const Tunnel, len: *mut usize) -> *const c_char {
    // SAFETY: null or a handle by the rules of the header.
    let handle = unsafe { Handle::<Inner>::open(tunnel.cast()) };
    let text = handle.and_then(|handle| handle.read(|inner| Ok(inner.fault_text.place())));
    // SAFETY: null, or room for a size_t by the rules of the header.
    unsafe { FaultText::give(text, len) }
}
