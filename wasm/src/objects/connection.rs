//! A connection: creating it, and its input calls.

use std::cell::RefCell;
use std::time::Duration;

use js_sys::Array;
use sansock::boundary::Error;
use sansock::{CloseCode, DeflateLimit, Received, Role};
use wasm_bindgen::prelude::*;

use super::arguments::{http_version, integer, narrow, properties, string, time, url_text};
use super::bytes::{byte_string, bytes, bytes_or_string};
use super::errors::{invalid, refused};
use super::events::{NoMemory, Reading};
use super::headers::{Header, fields, headers as parse_headers, single};
use super::options::Choices;

/// The memory of messages that have been copied is given back at once from this many bytes on.
const LARGE: usize = 64 * 1024;

/// One WebSocket connection (RFC 6455), without its transport.
///
/// Pass in what the transport receives (`receive`, `receiveEof`), the passing of time (`timeout`), and your own decisions.
/// After any call: handle the events that it returned, write the output (`takeOutput`), set a timer to `nextDeadline`, and
/// obey `transport` once all output is written. When it says `close`, close the transport and `free` the connection.
///
/// Times are in milliseconds of a clock that never goes back, such as `performance.now()`: pass `now` to every call that takes it.
///
/// What the peer does wrong never throws: it is the `fault` of the event `closed`, or with `autoFail` off, of the event `fault`.
/// A call that is refused throws a `SansockError` and changes nothing. Arguments are never coerced: one of the wrong type is refused
/// with `INVALID_ARGUMENT`. A connection that has been freed throws an `Error` of wasm-bindgen's, which has no code.
#[wasm_bindgen]
pub struct Connection {
    role: Role,
    engine: RefCell<Engine>,
}

/// The engine of a connection, and what it does not know.
pub(super) struct Engine {
    pub(super) engine: sansock::Connection,
    pub(super) unconsumed: usize,
    text_as_bytes: bool,
}

#[wasm_bindgen]
impl Connection {
    /// Creates the server's end of a connection. Its first event is the client's `request`.
    ///
    /// Throws `INVALID_ARGUMENT` if an option is unknown, has a value that is not allowed, or is `now` and missing.
    pub fn server(#[wasm_bindgen(unchecked_param_type = "Options")] options: &JsValue) -> Result<Connection, JsValue> {
        Connection::create(Role::Server, None, options)
    }

    /// Creates the client's end of a connection. Its request is in the output at once.
    ///
    /// `url` is a `ws:` or `wss:` URL; connect the transport to what `parseUrl` says of it. `user:password@` in it is sent as a
    /// Basic Authorization header (RFC 7617); no other can be added then. Null is allowed only with `startOpen`.
    ///
    /// Throws as `server`; `INVALID_ARGUMENT` if the URL is not allowed; `ENTROPY` if there are no random bytes.
    pub fn client(
        #[wasm_bindgen(unchecked_param_type = "string | UrlObject | null")] url: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "ClientOptions")] options: &JsValue,
    ) -> Result<Connection, JsValue> {
        let url = if url.is_null() { None } else { Some(url_text("url", url)?) };
        Connection::create(Role::Client, url, options)
    }

    /// Which end of the connection this is.
    #[wasm_bindgen(getter, unchecked_return_type = "\"client\" | \"server\"")]
    pub fn role(&self) -> String {
        String::from(if self.role == Role::Client { "client" } else { "server" })
    }

    /// Takes in bytes from the transport, in chunks of any size. The chunk is copied and not changed. Returns the events. An empty
    /// chunk asks for what is ready.
    ///
    /// The whole chunk is consumed, unless more than 64 KiB follow a request that a server has not answered yet, or a client that
    /// called `requestFields` has not got the response: `unconsumed` then says how many bytes at the end to pass again after
    /// `accept` or `receiveResponse`.
    ///
    /// Throws `INVALID_ARGUMENT` if the chunk is not bytes, its buffer is detached or shared, or it is out of bounds of its buffer;
    /// `NO_MEMORY` if there is no room for it.
    #[wasm_bindgen(unchecked_return_type = "ConnectionEvent[]")]
    pub fn receive(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Bytes")] chunk: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        let now = time(now)?;
        let mut chunk = bytes("chunk", chunk, "bytes")?;
        let events = Array::new();
        self.with(|engine| engine.receive(&mut chunk, now, &events))?;
        Ok(events)
    }

    /// Takes in the end of the transport's stream. Allowed in every state, and more than once. Returns the events.
    #[wasm_bindgen(js_name = receiveEof, unchecked_return_type = "ConnectionEvent[]")]
    pub fn receive_eof(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        let now = time(now)?;
        self.input("", |engine| Ok(engine.receive_eof(now)))
    }

    /// Acts on the deadlines that have passed, and on what is ready while `more` is true. Returns the events. Call it when
    /// `nextDeadline` has come; too early it does no harm.
    #[wasm_bindgen(unchecked_return_type = "ConnectionEvent[]")]
    pub fn timeout(&self, #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue) -> Result<Array, JsValue> {
        let now = time(now)?;
        self.input("", |engine| Ok(engine.timeout(now)))
    }

    /// Accepts the request: the response is in the output. Returns the event `open`, and the events of bytes that followed the
    /// request. If the request was made of fields, the event `head` with the response comes first.
    ///
    /// All or nothing: if the call is refused, no header stays added, not even by `addResponseHeader`, and the request can still be
    /// answered.
    ///
    /// `subprotocol` is one that the client offers; null agrees on the request event's `subprotocol`. `headers` are added to the
    /// response. `limits` is what to decline or narrow of compression for this request; by default nothing.
    ///
    /// Throws `INVALID_STATE` unless a request awaits the answer that can be accepted; `INVALID_ARGUMENT` if the subprotocol was
    /// not offered, a header is not allowed (see the option `headers`), or a limit is unknown or not allowed.
    #[wasm_bindgen(unchecked_return_type = "ConnectionEvent[]")]
    pub fn accept(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | null | undefined")] subprotocol: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "HeadersInput | undefined")] headers: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "DeflateLimits")] limits: &JsValue,
    ) -> Result<Array, JsValue> {
        self.all_or_nothing(|| {
            let none = subprotocol.is_null() || subprotocol.is_undefined();
            let subprotocol = if none { None } else { Some(string("subprotocol", subprotocol)?) };
            let now = time(now)?;
            let limits = deflate_limits(limits)?;
            self.add_headers(&parse_headers("headers", headers)?)?;
            for (name, limit) in limits {
                self.call(&name, |engine| engine.engine.limit_deflate(limit))?;
            }
            self.input("subprotocol", |engine| engine.accept(subprotocol.as_deref(), now))
        })
    }

    /// Adds a header to the response that `accept`, `reject` or `respond` will send, before those that are passed there.
    ///
    /// Throws `INVALID_STATE` unless a request awaits the answer; `INVALID_ARGUMENT` if the header is not allowed: see the option
    /// `headers`. `Allow` is allowed here.
    #[wasm_bindgen(js_name = addResponseHeader)]
    pub fn add_response_header(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string")] value: &JsValue,
    ) -> Result<(), JsValue> {
        self.add_headers(&[single(name, value)?])
    }

    /// Rejects the request: `respond` with the usual reason phrase. All or nothing, as `accept`.
    ///
    /// `status` is an HTTP status from 200 to 599, such as 403 for a foreign origin, or 404 for an unknown target. Statuses 204 and
    /// 304 have no body.
    ///
    /// Throws `INVALID_STATE` unless a request awaits the answer; `INVALID_ARGUMENT` if the status, a header or the body is not
    /// allowed.
    #[wasm_bindgen(unchecked_return_type = "ConnectionEvent[]")]
    pub fn reject(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number")] status: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "HeadersInput | undefined")] headers: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | Bytes | undefined")] body: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        self.respond(status, &JsValue::UNDEFINED, headers, body, now)
    }

    /// Answers the request with an HTTP response that opens no connection: a page, a health check, a refusal. The response is in
    /// the output. Returns the event `closed`, with the fault `REFUSED`. If the request was made of fields, the event `head` with
    /// the response comes first. All or nothing, as `accept`.
    ///
    /// `Content-Length` and `Connection: close` are added, and the answer to a HEAD request gets no body. With the option
    /// `deliverHttp`, requests are delivered that are no opening requests; their bodies are not read. If one asks for another
    /// version of WebSocket, `Sec-WebSocket-Version` is added, whatever the status (RFC 6455 section 4.4).
    ///
    /// `status` is an HTTP status from 200 to 599. `reason` has one character for each byte; an empty one stands for the usual phrase
    /// of the status, and HTTP/2 and HTTP/3 have none. Statuses 204 and 304 have no body.
    ///
    /// Throws `INVALID_STATE` unless a request awaits the answer; `INVALID_ARGUMENT` if the status, the reason, a header or the body
    /// is not allowed.
    #[wasm_bindgen(unchecked_return_type = "ConnectionEvent[]")]
    pub fn respond(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number")] status: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] reason: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "HeadersInput | undefined")] headers: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | Bytes | undefined")] body: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        self.all_or_nothing(|| {
            let status = integer("status", status, 200, 599)? as u16;
            let reason = if reason.is_undefined() { String::new() } else { string("reason", reason)? };
            let reason = byte_string("reason", &reason)?;
            let now = time(now)?;
            let headers = parse_headers("headers", headers)?;
            // Code of the caller's that gives the headers may change the bytes.
            let body = bytes_or_string("body", body)?;
            self.add_headers(&headers)?;
            let about = if reason.is_empty() { "body" } else { "reason, body" };
            self.input(about, |engine| engine.respond(status, reason, body, now))
        })
    }

    /// Takes in a request as fields, on a server, before any other input, for an HTTP implementation of yours. Returns the event
    /// `request`; or `head` with a refusal, and `closed`.
    ///
    /// `accept`, `reject` and `respond` then return the response as the event `head`, for you to send, and the output has only
    /// frames. Pass bytes that you have read behind the head to `receive`.
    ///
    /// On a stream of HTTP/2 or HTTP/3 the output goes into DATA frames (RFC 8441 section 5). When `transport` says
    /// `shutdown-write`, end your side of the stream; when it says `close`, too, and reset the stream with CANCEL unless the peer
    /// has ended its side. The end of the peer's side, and a reset, are `receiveEof`.
    ///
    /// Pseudo-header fields come first: `:method` and `:path`, the target, and over HTTP/2 and HTTP/3 `:authority`, `:scheme` and
    /// `:protocol`.
    ///
    /// Throws `INVALID_STATE` on a client, or when something has been received; `INVALID_ARGUMENT` if these are no fields, or there
    /// is no such version.
    #[wasm_bindgen(js_name = receiveRequest, unchecked_return_type = "ConnectionEvent[]")]
    pub fn receive_request(
        &self,
        #[wasm_bindgen(js_name = httpVersion, unchecked_param_type = "HttpVersion")] version: &JsValue,
        #[wasm_bindgen(js_name = fields, unchecked_param_type = "HeadersInput")] given: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        let version = http_version(version)?;
        if given.is_undefined() {
            return Err(invalid("fields", "must be pairs of strings, or a plain object"));
        }
        let given = parse_headers("fields", given)?;
        let now = time(now)?;
        self.input("fields", |engine| engine.receive_request(version, &fields(&given), now))
    }

    /// Returns a client's request as fields in the event `head`, in place of the text in the output. Call it before anything else,
    /// send the fields, and pass the answer to `receiveResponse`.
    ///
    /// Throws `INVALID_STATE` on a server, or when output has been written or something received; `INVALID_ARGUMENT` if there is no
    /// such version.
    #[wasm_bindgen(js_name = requestFields, unchecked_return_type = "ConnectionEvent[]")]
    pub fn request_fields(
        &self,
        #[wasm_bindgen(js_name = httpVersion, unchecked_param_type = "HttpVersion")] version: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        let (version, now) = (http_version(version)?, time(now)?);
        self.input("httpVersion", |engine| engine.request_fields(version, now))
    }

    /// Takes in the response to a request that was sent as fields. Returns the event `open`; or nothing until the body of a refusal
    /// has come through `receive` and has ended, by its Content-Length or with `receiveEof`: then `rejected` and `closed`.
    ///
    /// `fields` are those of the response, in their order, without `:status`. Interim responses may be passed as well, or left out.
    ///
    /// Throws `INVALID_STATE` unless such a response is awaited; `INVALID_ARGUMENT` if these are no fields, or the status has more
    /// than 16 bits.
    #[wasm_bindgen(js_name = receiveResponse, unchecked_return_type = "ConnectionEvent[]")]
    pub fn receive_response(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number")] status: &JsValue,
        #[wasm_bindgen(js_name = fields, unchecked_param_type = "HeadersInput | undefined")] given: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<Array, JsValue> {
        let status = narrow("status", status)?;
        let given = parse_headers("fields", given)?;
        let now = time(now)?;
        self.input("fields", |engine| engine.receive_response(status, &fields(&given), now))
    }
}

impl Connection {
    fn create(role: Role, url: Option<String>, options: &JsValue) -> Result<Connection, JsValue> {
        let Choices { config, seed, now, text_as_bytes } = Choices::read(role, url, options)?;
        let engine = sansock::Connection::new(&config, seed, now).map_err(|error| refused(error, ""))?;
        Ok(Connection { role, engine: RefCell::new(Engine { engine, unconsumed: 0, text_as_bytes }) })
    }

    /// Borrows the engine. It stays borrowed only where a call has trapped.
    pub(super) fn with<R>(&self, call: impl FnOnce(&mut Engine) -> R) -> Result<R, JsValue> {
        let mut engine = self.engine.try_borrow_mut().map_err(|_| refused(Error::Poisoned, ""))?;
        Ok(call(&mut engine))
    }

    /// Makes a call that may be refused. `about` is the argument that may be the reason.
    pub(super) fn call<R>(
        &self,
        about: &str,
        call: impl FnOnce(&mut Engine) -> Result<R, sansock::Error>,
    ) -> Result<R, JsValue> {
        self.with(call)?.map_err(|error| refused(error, about))
    }

    /// Makes an input call without bytes, and returns its events.
    fn input(
        &self,
        about: &str,
        call: impl FnOnce(&mut sansock::Connection) -> Result<Received<'_>, sansock::Error>,
    ) -> Result<Array, JsValue> {
        let events = Array::new();
        self.call(about, |engine| {
            let received = call(&mut engine.engine)?;
            let copied = read(received, engine.text_as_bytes, &events);
            engine.release(copied);
            Ok(())
        })?;
        Ok(events)
    }

    fn add_headers(&self, headers: &[Header]) -> Result<(), JsValue> {
        for header in headers {
            let name = header.name_text()?;
            self.call(&header.label, |engine| engine.engine.add_response_header(name, &header.value))?;
        }
        Ok(())
    }

    /// Makes the calls of an answer. If one of them is refused, no header and no limit stays added.
    fn all_or_nothing(&self, answer: impl FnOnce() -> Result<Array, JsValue>) -> Result<Array, JsValue> {
        let result = answer();
        if result.is_err() {
            // Without a request there is nothing to drop.
            let _ = self.with(|engine| engine.engine.clear_response());
        }
        result
    }
}

impl Engine {
    /// Receives a chunk in as many calls as its events need.
    fn receive(&mut self, chunk: &mut [u8], now: Duration, events: &Array) {
        let (mut from, mut copied) = (0, 0);
        loop {
            let delivered = events.length();
            let received = self.engine.receive(&mut chunk[from..], now);
            let consumed = received.consumed;
            copied = copied.max(read(received, self.text_as_bytes, events));
            from += consumed;
            if from == chunk.len() || (consumed == 0 && events.length() == delivered) {
                break;
            }
        }
        self.unconsumed = chunk.len() - from;
        self.release(copied);
    }

    /// Gives back the memory of events that have been copied, if it is much.
    fn release(&mut self, copied: usize) {
        if copied >= LARGE {
            self.engine.release();
        }
    }
}

/// Reads the events of a call. Returns how many bytes their messages have.
fn read(received: Received<'_>, text_as_bytes: bool, events: &Array) -> usize {
    let fault = received.sender.fault();
    match (Reading { text_as_bytes, fault }).read(received.events, events) {
        Ok(copied) => copied,
        Err(NoMemory) => {
            // What the peer sends never throws. A connection that is closed refuses this, which does no harm; nor does the time,
            // because the engine's clock does not go back.
            let _ = received.sender.fail(CloseCode::MESSAGE_TOO_BIG, "", Duration::ZERO);
            LARGE
        }
    }
}

/// The limits of compression for one request. An unknown one is refused even if it is undefined.
fn deflate_limits(limits: &JsValue) -> Result<Vec<(String, DeflateLimit)>, JsValue> {
    let mut read = Vec::new();
    for (name, value) in properties("limits", limits)? {
        let only = |allowed: bool| match value.as_bool() == Some(allowed) {
            true => Ok(()),
            false => Err(invalid(&name, if allowed { "must be true" } else { "must be false" })),
        };
        let bits = || integer(&name, &value, 8, 15).map(|bits| bits as u8);
        let is_given = !value.is_undefined();
        let limit = match name.as_str() {
            "deflate" => is_given.then(|| only(false).map(|()| DeflateLimit::Off)),
            "serverNoContextTakeover" => is_given.then(|| only(true).map(|()| DeflateLimit::ServerNoContextTakeover)),
            "clientNoContextTakeover" => is_given.then(|| only(true).map(|()| DeflateLimit::ClientNoContextTakeover)),
            "serverMaxWindowBits" => is_given.then(|| bits().map(DeflateLimit::ServerMaxWindowBits)),
            "clientMaxWindowBits" => is_given.then(|| bits().map(DeflateLimit::ClientMaxWindowBits)),
            _ => return Err(invalid(&name, "there is no such limit")),
        };
        if let Some(limit) = limit.transpose()? {
            read.push((name, limit));
        }
    }
    Ok(read)
}
