//! A tunnel through a proxy.

use std::cell::RefCell;
use std::time::Duration;

use js_sys::Array;
use sansock::boundary::Error;
use sansock::tunnel::TunnelReceived;
use sansock::{Proxy, TunnelConfig};
use wasm_bindgen::prelude::*;

use super::arguments::{integer, integer_or_infinity, properties, string, time, url_text};
use super::bytes::{array, bytes};
use super::errors::{invalid, refused};
use super::events::{Reading, complete, fault_object, nullable};
use super::headers::headers;
use super::output::{output_limit, state_name, transport_name};

/// One tunnel through a proxy, without its transport: HTTP CONNECT, SOCKS5 or SOCKS4a. Connect the transport to what
/// `parseProxy` says of the proxy's URL.
///
/// It is driven as a `Connection` is: pass in what the transport receives (`receive`, `receiveEof`) and the passing of time
/// (`timeout`). After any call: handle the events that it returned, write the output (`takeOutput`), set a timer to
/// `nextDeadline`, and obey `transport`. `free` the tunnel when it is open or closed.
///
/// The outcome is one of these, once:
///
/// - `open`: the tunnel is through. The `unconsumed` bytes at the end of the last chunk, and all that arrive from now on, are
///   for the next layer: TLS, or a `Connection`.
/// - `rejected`, then `closed`: the proxy refused.
/// - `closed`: anything else went wrong, which its `fault` names.
#[wasm_bindgen]
pub struct Tunnel(RefCell<Engine>);

struct Engine {
    engine: sansock::Tunnel,
    unconsumed: usize,
}

#[wasm_bindgen]
impl Tunnel {
    /// Creates a tunnel. Its first message to the proxy is in the output at once.
    ///
    /// The name and password in the URL of the proxy are sent to it. `host` is what the tunnel leads to: a name, which the proxy
    /// resolves, or an address. `port` is the port there.
    ///
    /// Throws `INVALID_ARGUMENT` if an argument or an option is not allowed, or the option `now` is missing; a name is not allowed
    /// with `socks5:`, an IPv6 address with `socks4a:`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "string | UrlObject")] proxy: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] host: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] port: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "TunnelOptions")] options: &JsValue,
    ) -> Result<Tunnel, JsValue> {
        let options = properties("options", options)?;
        let (proxy, host) = (url_text("proxy", proxy)?, string("host", host)?);
        let port = integer("port", port, 1, u64::from(u16::MAX))? as u16;
        let config = Proxy::parse(&proxy).and_then(|proxy| TunnelConfig::new(&proxy, &host, port));
        let (config, now) = configure(config.map_err(|error| refused(error, "proxy, host"))?, options)?;
        let engine = sansock::Tunnel::new(&config, now).map_err(|error| refused(error, ""))?;
        Ok(Tunnel(RefCell::new(Engine { engine, unconsumed: 0 })))
    }

    /// Takes in bytes from the transport, up to the last one of the proxy's answer: see `unconsumed`. The chunk is copied and not
    /// changed. Returns the events.
    ///
    /// Throws `INVALID_ARGUMENT` if the chunk is not bytes, its buffer is detached or shared, or it is out of bounds of its buffer;
    /// `NO_MEMORY` if there is no room for it.
    #[wasm_bindgen(unchecked_return_type = "TunnelEvent[]")]
    pub fn receive(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Bytes")] chunk: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        let now = time(now)?;
        let chunk = bytes("chunk", chunk, "bytes")?;
        self.with(|engine| {
            let (events, consumed) = read(&mut engine.engine, |engine| engine.receive(&chunk, now));
            engine.unconsumed = chunk.len() - consumed;
            events
        })
    }

    /// Takes in the end of the transport's stream. Allowed in every state, and more than once. Returns the events.
    #[wasm_bindgen(js_name = receiveEof, unchecked_return_type = "TunnelEvent[]")]
    pub fn receive_eof(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        let now = time(now)?;
        self.with(|engine| read(&mut engine.engine, |engine| engine.receive_eof(now)).0)
    }

    /// Acts on the deadline, if it has passed. Returns the events. Call it when `nextDeadline` has come; too early it does no harm.
    #[wasm_bindgen(unchecked_return_type = "TunnelEvent[]")]
    pub fn timeout(&self, #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue) -> Result<Array, JsValue> {
        let now = time(now)?;
        self.with(|engine| read(&mut engine.engine, |engine| engine.timeout(now)).0)
    }

    /// A copy of the bytes to write to the transport, or of the first `limit`. Report what you wrote with `written`.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array")]
    pub fn output(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] limit: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let limit = output_limit(limit)?;
        self.with(|engine| {
            let output = engine.engine.output();
            array(&output[..limit.min(output.len())])
        })?
    }

    /// Reports the first `count` bytes of the output as written.
    ///
    /// Throws `INVALID_ARGUMENT` if there are fewer.
    pub fn written(&self, #[wasm_bindgen(unchecked_param_type = "number")] count: &JsValue) -> Result<(), JsValue> {
        let count = integer("count", count, 0, u64::from(u32::MAX))? as usize;
        self.with(|engine| engine.engine.written(count))?.map_err(|error| refused(error, "count"))
    }

    /// The bytes to write to the transport, which are yours now and count as written.
    #[wasm_bindgen(js_name = takeOutput, unchecked_return_type = "Uint8Array")]
    pub fn take_output(&self) -> Result<JsValue, JsValue> {
        let (output, len) = self.with(|engine| (array(engine.engine.output()), engine.engine.output().len()))?;
        let output = output?;
        self.with(|engine| engine.engine.written(len))?.map_err(|error| refused(error, ""))?;
        Ok(output)
    }

    /// When to call `timeout`, in milliseconds of the clock of `now`; null for never.
    #[wasm_bindgen(getter, js_name = nextDeadline, unchecked_return_type = "number | null")]
    pub fn next_deadline(&self) -> Result<JsValue, JsValue> {
        let deadline = self.with(|engine| engine.engine.next_deadline())?;
        Ok(nullable(deadline.map(|deadline| deadline.as_millis() as f64)))
    }

    /// What to do with the transport once all output is written: `close` if there is no tunnel, otherwise `open`.
    #[wasm_bindgen(getter, unchecked_return_type = "TransportInstruction")]
    pub fn transport(&self) -> Result<String, JsValue> {
        self.with(|engine| transport_name(engine.engine.transport()))
    }

    /// `connecting` until there is an outcome, then `open` or `closed`.
    #[wasm_bindgen(getter, unchecked_return_type = "ConnectionState")]
    pub fn state(&self) -> Result<String, JsValue> {
        self.with(|engine| state_name(engine.engine.state()))
    }

    /// How many bytes of output wait to be written.
    #[wasm_bindgen(getter, js_name = pendingOutput)]
    pub fn pending_output(&self) -> Result<u32, JsValue> {
        self.with(|engine| engine.engine.output().len() as u32)
    }

    /// How many bytes at the end of the last chunk `receive` did not consume: they are for the next layer.
    #[wasm_bindgen(getter)]
    pub fn unconsumed(&self) -> Result<u32, JsValue> {
        self.with(|engine| engine.unconsumed as u32)
    }

    /// Why there is no tunnel; null if nothing went wrong.
    #[wasm_bindgen(getter, unchecked_return_type = "Fault | null")]
    pub fn fault(&self) -> Result<JsValue, JsValue> {
        self.with(|engine| nullable(engine.engine.fault().as_ref().map(fault_object)))
    }
}

impl Tunnel {
    /// Borrows the engine. It stays borrowed only where a call has trapped.
    fn with<R>(&self, call: impl FnOnce(&mut Engine) -> R) -> Result<R, JsValue> {
        let mut engine = self.0.try_borrow_mut().map_err(|_| refused(Error::Poisoned, ""))?;
        Ok(call(&mut engine))
    }
}

/// Makes an input call. Returns its events, and how many bytes it consumed.
fn read(engine: &mut sansock::Tunnel, call: impl FnOnce(&mut sansock::Tunnel) -> TunnelReceived<'_>) -> (Array, usize) {
    let list = Array::new();
    let received = call(engine);
    let consumed = received.consumed;
    // These events are small; where even they find no memory, `state` and `fault` tell the outcome.
    let _ = Reading { text_as_bytes: false, fault: None }.read(received.events, &list);
    if let Some(fault) = engine.fault() {
        complete(&list, &fault);
    }
    (list, consumed)
}

/// Reads the options of a tunnel, and the time.
fn configure(mut config: TunnelConfig, options: Vec<(String, JsValue)>) -> Result<(TunnelConfig, Duration), JsValue> {
    let mut now = None;
    for (name, value) in options {
        if !["headers", "now", "timeout", "maxHeadSize", "maxLineSize", "maxHeaders"].contains(&name.as_str()) {
            return Err(invalid(&name, "there is no such option"));
        }
        if value.is_undefined() {
            continue;
        }
        let number = || integer_or_infinity(&name, &value);
        let result = match name.as_str() {
            "now" => {
                now = Some(time(&value)?);
                Ok(())
            }
            "headers" => {
                for header in headers("headers", &value)? {
                    let added = config.add_header(header.name_text()?, &header.value);
                    added.map_err(|error| refused(error, &header.label))?;
                }
                Ok(())
            }
            "timeout" => config.set_timeout(Duration::from_millis(number()?)),
            "maxHeadSize" => config.set_max_head_size(number()?),
            "maxLineSize" => config.set_max_line_size(number()?),
            _ => config.set_max_headers(number()?),
        };
        result.map_err(|error| refused(error, &name))?;
    }
    let now = now.ok_or_else(|| invalid("now", "must be a number of milliseconds, 0 or more"))?;
    Ok((config, now))
}
