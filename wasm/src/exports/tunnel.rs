//! Tunnels through proxies, with a configuration and a block as connections have them. Input calls are `receive`,
//! `receive_eof` and `timeout`.

use sansock::boundary::{Error, TunnelConfig};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::state::{State, call, milliseconds, produce, whole, with};
use crate::tunnel::Tunnel;

/// Takes apart the URL of a proxy in the first `len` bytes of the transfer buffer, and puts
/// `host NUL port NUL secure resolves_names` in its place: the host without brackets, the port in decimal, each of the others
/// as 0 or 1.
#[wasm_bindgen]
pub fn proxy_parse(len: u32) -> i32 {
    call(|state| {
        let text = str::from_utf8(state.transfer.bytes(len)?).map_err(|_| Error::InvalidArgument)?;
        let proxy = sansock::Proxy::parse(text).map_err(Error::from)?;
        let flags = if proxy.resolves_names { ["01", "11"] } else { ["00", "10"] };
        let parts = [proxy.host.as_str(), &proxy.port.to_string(), flags[usize::from(proxy.secure)]];
        state.transfer.put(&parts.join("\0"))?;
        Ok(())
    })
}

/// Creates the configuration of a tunnel: the URL of the proxy, then the host that it leads to, in the transfer buffer, and
/// the port. Free it with `tunnel_config_free`.
#[wasm_bindgen]
pub fn tunnel_config_new(proxy_len: u32, host_len: u32, port: u32) -> u32 {
    produce(|State { transfer, tunnel_configs, .. }| {
        let (proxy, host) = transfer.pair(proxy_len, host_len)?;
        tunnel_configs.insert(TunnelConfig::new(proxy, host, super::narrow(port)?)?)
    })
}

/// Frees the configuration of a tunnel. Tunnels made of it keep what they were created with.
#[wasm_bindgen]
pub fn tunnel_config_free(config: u32) {
    with(|state| state.tunnel_configs.remove(config));
}

/// Sets an option of a tunnel: one of four of [`sansock::boundary::option`].
#[wasm_bindgen]
pub fn tunnel_config_set(config: u32, option: u32, value: f64) -> i32 {
    call(|state| state.tunnel_configs.get_mut(config)?.set(option, whole(value)?))
}

/// Adds a header to the request to an HTTP proxy: its name, then its value, in the transfer buffer.
#[wasm_bindgen]
pub fn tunnel_config_add_header(config: u32, name_len: u32, value_len: u32) -> i32 {
    call(|state| {
        let (name, value) = state.transfer.pair(name_len, value_len)?;
        state.tunnel_configs.get_mut(config)?.add_header(name, value)
    })
}

/// Creates a tunnel of a configuration. Its first message to the proxy is in the output at once. Free it with `conn_free`; `conn_fault_text`
/// has its fault in words.
#[wasm_bindgen]
pub fn tunnel_new(config: u32, now: f64) -> u32 {
    produce(|State { tunnel_configs, tunnels, .. }| {
        tunnels.insert(Tunnel::new(tunnel_configs.get_mut(config)?, milliseconds(now)?)?)
    })
}

/// The address of the tunnel's block, the same until the tunnel is freed; 0 if there is no such tunnel.
#[wasm_bindgen]
pub fn tunnel_block(handle: u32) -> u32 {
    produce(|state| Ok(&raw const state.tunnels.get_mut(handle)?.block as u32))
}

/// Receives bytes from the proxy: the first `len` of the transfer buffer.
#[wasm_bindgen]
pub fn tunnel_receive(handle: u32, len: u32, now: f64) -> i32 {
    call(|State { transfer, tunnels, .. }| {
        tunnels.get_mut(handle)?.act(|tunnel| Ok(tunnel.receive(transfer.bytes(len)?, milliseconds(now)?)))
    })
}

/// The proxy's stream has ended.
#[wasm_bindgen]
pub fn tunnel_receive_eof(handle: u32, now: f64) -> i32 {
    call(|state| {
        state.tunnels.get_mut(handle)?.act(|tunnel| {
            tunnel.receive_eof(milliseconds(now)?);
            Ok(0)
        })
    })
}

/// Acts on the deadline, if it has passed.
#[wasm_bindgen]
pub fn tunnel_timeout(handle: u32, now: f64) -> i32 {
    call(|state| {
        state.tunnels.get_mut(handle)?.act(|tunnel| {
            tunnel.timeout(milliseconds(now)?);
            Ok(0)
        })
    })
}

/// Reports that the first `n` bytes of the output were written.
#[wasm_bindgen]
pub fn tunnel_written(handle: u32, n: u32) -> i32 {
    call(|state| state.tunnels.get_mut(handle)?.act(|tunnel| tunnel.written(n as usize).map(|()| 0)))
}
