//! Header fields: finding them, and the lists that their values hold (RFC 9110 §5.6.1, RFC 6455 §9.1).

use core::slice;

use crate::abi::http;
use crate::syntax::{is_token_byte, split_token, trim};

/// How many subprotocols a list may have.
pub const MAX_SUBPROTOCOLS: usize = 64;
/// How many extension offers a list may have.
pub const MAX_EXTENSIONS: usize = 16;
/// What stands between the elements of a list that is written.
pub(crate) const SEPARATOR: &[u8] = b", ";
/// How many parameters an extension offer may have.
pub const MAX_PARAMETERS: usize = 8;

/// The version of HTTP whose header fields carry an opening handshake, where the host has its own HTTP.
///
/// ```
/// # #[cfg(feature = "fields")] {
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, HttpVersion};
/// # use sansock::handshake::fields::Field;
/// # let now = Duration::ZERO;
/// # let mut server = Connection::new(&Config::server().build()?, [0; 32], now)?;
/// // The fields of an extended CONNECT, as an implementation of HTTP/2 delivers them (RFC 8441 §5.1).
/// let fields = [
///     (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"),
///     (":authority", "server.example.com"), ("sec-websocket-version", "13"),
/// ];
/// let fields = fields.map(|(name, value)| Field { name: name.as_bytes(), value: value.as_bytes() });
/// let mut events = server.receive_request(HttpVersion::Http2, &fields, now)?.events;
/// assert!(matches!(events.next(), Some(Event::Request(request)) if request.target == "/chat"));
///
/// let mut events = server.accept(None, now)?.events;
/// let Some(Event::Head(head)) = events.next() else { panic!("the response to send") };
/// assert_eq!(head.status, Some(200));
/// # events.for_each(drop);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum HttpVersion {
    /// HTTP/1.1: the request asks for an upgrade, and 101 accepts it (RFC 6455 §4).
    Http11 = http::VERSION_1_1,
    /// HTTP/2: the request is an extended CONNECT, and 200 accepts it (RFC 8441).
    Http2 = http::VERSION_2,
    /// HTTP/3: likewise (RFC 9220).
    Http3 = http::VERSION_3,
}

impl HttpVersion {
    /// The status of a response that accepts.
    pub(crate) fn accepting_status(self) -> u16 {
        if self == HttpVersion::Http11 { 101 } else { 200 }
    }
}

/// Headers that the handshake writes itself, in requests and in all responses.
pub(crate) const RESERVED: &[&str] = &[
    "Host",
    "Connection",
    "Upgrade",
    "Content-Length",
    "Transfer-Encoding",
    "Trailer",
    "Origin",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Allow",
];

/// A header field as received, without the white space around its value.
///
/// ```
/// use sansock::handshake::fields::Field;
/// use sansock::handshake::request;
///
/// // "Upgrade: websocket" and "Connection: Upgrade", as an HTTP server has read them
/// let fields = [Field { name: b"upgrade", value: b"websocket" }, Field { name: b"connection", value: b"Upgrade" }];
/// assert_eq!(request::check_upgrade(&fields), Ok(()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name, whose case is not significant.
    pub name: &'a [u8],
    /// The value.
    pub value: &'a [u8],
}

/// The name of a field that the handshake reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Host,
    Origin,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Accept,
    Version,
    Protocol,
    Extensions,
}

impl Name {
    fn text(self) -> &'static str {
        TEXTS[self as usize]
    }

    /// The name of a field, if it is one of these: of those of its length.
    #[cfg(not(target_family = "wasm"))]
    fn of(field: &Field<'_>) -> Option<Self> {
        let is = |name: Self| equal(field.name, name.text()).then_some(name);
        match field.name.len() {
            4 => is(Name::Host),
            6 => is(Name::Origin),
            7 => is(Name::Upgrade),
            10 => is(Name::Connection),
            14 => is(Name::ContentLength),
            17 => is(Name::Key).or_else(|| is(Name::TransferEncoding)),
            20 => is(Name::Accept),
            21 => is(Name::Version),
            22 => is(Name::Protocol),
            24 => is(Name::Extensions),
            _ => None,
        }
    }
}

/// The names in their order.
const TEXTS: [&str; Name::Extensions as usize + 1] = [
    "Host",
    "Origin",
    "Upgrade",
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
];

/// The fields of a head. Those that the handshake reads are found in one search; in WebAssembly, where the size of the code
/// counts for more, each time in one of its own.
pub(crate) struct Fields<'a> {
    pub(crate) all: &'a [Field<'a>],
    /// For each name the index of its first field, and how many there are.
    #[cfg(not(target_family = "wasm"))]
    places: [(usize, usize); TEXTS.len()],
}

impl<'a> Fields<'a> {
    #[cfg(target_family = "wasm")]
    pub(crate) fn new(all: &'a [Field<'a>]) -> Self {
        Fields { all }
    }

    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn new(all: &'a [Field<'a>]) -> Self {
        let mut places = [(0, 0); TEXTS.len()];
        for (index, field) in all.iter().enumerate() {
            if let Some(name) = Name::of(field) {
                let (first, count) = &mut places[name as usize];
                *first = if *count == 0 { index } else { *first };
                *count += 1;
            }
        }
        Fields { all, places }
    }

    /// The values of every field of this name, in order.
    #[cfg(target_family = "wasm")]
    pub(crate) fn values(&self, name: Name) -> Values<'a> {
        Values { fields: self.all.iter(), name }
    }

    /// The values of every field of this name, in order.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn values(&self, name: Name) -> Values<'a> {
        let (first, count) = self.places[name as usize];
        // One field needs no search for others behind it.
        let end = if count > 1 { self.all.len() } else { first + count };
        Values { fields: self.all[first..end].iter(), name }
    }

    /// The value of the field of this name: `Ok(None)` if there is none, `Err` if there are several.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn single(&self, name: Name) -> Result<Option<&'a [u8]>, Repeated> {
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() { Err(Repeated) } else { Ok(first) }
    }

    /// Whether the list of this name, over all its fields, contains this token. Case is not significant.
    pub(crate) fn list_has(&self, name: Name, token: &str) -> bool {
        self.values(name).any(|value| elements(value).any(|element| equal(element, token)))
    }
}

/// Whether both are the same but for the case of letters. Most are the same, and are compared in words.
#[inline]
fn equal(bytes: &[u8], text: &str) -> bool {
    !cfg!(target_family = "wasm") && bytes == text.as_bytes() || bytes.eq_ignore_ascii_case(text.as_bytes())
}

/// See [`Fields::values`].
pub(crate) struct Values<'a> {
    fields: slice::Iter<'a, Field<'a>>,
    name: Name,
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    // The WebAssembly module has one copy of the search for all names.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.name.text();
        self.fields.find(|field| equal(field.name, text)).map(|field| field.value)
    }
}

/// A field that may occur once occurs more than once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeated;

/// The elements of a list of tokens, without empty ones (RFC 9110 §5.6.1.2).
pub(crate) fn elements(value: &[u8]) -> Elements<'_> {
    Elements(value)
}

/// See [`elements`].
pub(crate) struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    #[inline(never)]
    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.0.is_empty() {
            let len = self.0.iter().position(|byte| *byte == b',').unwrap_or(self.0.len());
            let (element, rest) = self.0.split_at_checked(len)?;
            self.0 = rest.get(1..).unwrap_or_default();
            let element = trim(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// The extensions of one `Sec-WebSocket-Extensions` field (RFC 6455 §9.1), each with its parameters.
///
/// Yields `Err` once, as the last item, where the list is malformed or an extension has too many parameters.
pub(crate) struct Extensions<'a> {
    rest: &'a [u8],
    failed: bool,
}

impl<'a> Extensions<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Extensions { rest: value, failed: false }
    }

    /// Reads one element up to its comma. `Ok(None)` for an empty one.
    fn element(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        self.white();
        let start = self.rest;
        if matches!(start.first(), None | Some(b',')) {
            return Ok(None);
        }
        self.token()?;
        let mut end = start.len() - self.rest.len();
        let mut parameters = 0;
        loop {
            self.white();
            match self.rest.first() {
                None | Some(b',') => return Ok(Some(&start[..end])),
                Some(b';') if parameters < MAX_PARAMETERS => parameters += 1,
                Some(_) => return Err(Malformed),
            }
            self.rest = &self.rest[1..];
            self.white();
            self.token()?;
            end = start.len() - self.rest.len();
            self.white();
            if self.rest.first() == Some(&b'=') {
                self.rest = &self.rest[1..];
                self.white();
                self.parameter_value()?;
                end = start.len() - self.rest.len();
            }
        }
    }

    fn white(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn token(&mut self) -> Result<(), Malformed> {
        let (token, rest) = split_token(self.rest);
        self.rest = rest;
        if token.is_empty() { Err(Malformed) } else { Ok(()) }
    }

    /// A token, or a quoted string that is a token once unquoted (RFC 6455 §9.1).
    fn parameter_value(&mut self) -> Result<(), Malformed> {
        let [b'"', rest @ ..] = self.rest else { return self.token() };
        self.rest = rest;
        let mut len = 0;
        loop {
            self.rest = match self.rest {
                [b'"', rest @ ..] if len > 0 => {
                    self.rest = rest;
                    return Ok(());
                }
                [b'\\', byte, rest @ ..] if is_token_byte(*byte) => rest,
                [byte, rest @ ..] if is_token_byte(*byte) => rest,
                _ => return Err(Malformed),
            };
            len += 1;
        }
    }
}

/// A list breaks its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Iterator for Extensions<'a> {
    type Item = Result<&'a [u8], Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed && !self.rest.is_empty() {
            let element = self.element();
            if let [b',', rest @ ..] = self.rest {
                self.rest = rest;
            }
            match element {
                Ok(Some(element)) => return Some(Ok(element)),
                Ok(None) => {}
                Err(malformed) => {
                    self.failed = true;
                    return Some(Err(malformed));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn extensions(value: &str) -> Result<Vec<&[u8]>, Malformed> {
        Extensions::new(value.as_bytes()).collect()
    }

    #[test]
    fn extension_lists_follow_the_grammar_of_rfc_6455_9_1() {
        assert_eq!(extensions("foo"), Ok(alloc::vec![&b"foo"[..]]));
        assert_eq!(extensions("a , b;c ;d=1; e=\"x\\y\" ,"), Ok(alloc::vec![&b"a"[..], b"b;c ;d=1; e=\"x\\y\""]));
        assert_eq!(extensions(", ,a"), Ok(alloc::vec![&b"a"[..]]));
        for bad in
            [";;=", "a;", "a;=", "a=1", "a;b=\"", "a;b=\"\"", "a;b=\"c d\"", "a b", "\u{e9}", "a;b=,c", "a;b=\"\\"]
        {
            assert_eq!(extensions(bad), Err(Malformed), "{bad}");
        }
        assert!(extensions(&(alloc::string::String::from("a") + &";b".repeat(8))).is_ok());
        assert!(extensions(&(alloc::string::String::from("a") + &";b".repeat(9))).is_err());
    }
}
