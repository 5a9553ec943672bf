//! The opening handshake (RFC 6455 §4).
//!
//! [`fields`] and [`request`] hold the rules on header fields, whatever carried them; the modules that read and write the
//! text of HTTP/1.1 (RFC 9112) stand above them. A host that speaks HTTP/2 or HTTP/3 (RFC 8441, RFC 9220), or has read the
//! request by other means, passes the fields to
//! [`Connection::receive_request`](crate::Connection::receive_request), and a client takes those of its request from
//! [`Connection::request_fields`](crate::Connection::request_fields).

mod body;
mod carried;
pub(crate) mod deliver;
pub mod fields;
pub(crate) mod head;
pub(crate) mod opening;
pub mod request;
pub(crate) mod response;
pub(crate) mod url;
pub(crate) mod write;

use alloc::string::String;
use alloc::vec::Vec;

use sha1::{Digest, Sha1};

use crate::buffers::reserve_text;
use crate::error::Error;
use crate::syntax;
use crate::text::base64_array;
pub use url::Url;

/// Appended to the key before hashing (RFC 6455 §1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (RFC 6455 §4.2.2).
pub fn accept_for(key: &[u8]) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    base64_array(&digest)
}

/// `Sec-WebSocket-Key` for 16 random bytes (RFC 6455 §4.1).
fn key_for(nonce: [u8; 16]) -> [u8; 24] {
    base64_array(&nonce)
}

/// What the host chose for the handshake.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandshakeConfig {
    /// A client's.
    pub(crate) url: Option<Url>,
    /// A client's.
    pub(crate) origin: Option<String>,
    /// A client's, if it is not to be random.
    pub(crate) key: Option<[u8; 24]>,
    /// What a client offers, or a server picks from: a list as it stands in a header, the preferred one first.
    subprotocols: Vec<u8>,
    /// Header lines that are added to a client's request, or to every response of a server.
    headers: Vec<u8>,
    /// One of them is Authorization.
    has_authorization: bool,
}

impl HandshakeConfig {
    /// Adds a subprotocol, unless it is not a token, is there already, or is one too many.
    pub(crate) fn add_subprotocol(&mut self, name: &str) -> Result<(), Error> {
        let name = name.as_bytes();
        let is_new = !self.subprotocols().any(|other| other == name);
        if !is_new || !syntax::is_token(name) || self.subprotocols().count() >= fields::MAX_SUBPROTOCOLS {
            return Err(Error::InvalidArgument);
        }
        if !self.subprotocols.is_empty() {
            self.subprotocols.extend_from_slice(fields::SEPARATOR);
        }
        self.subprotocols.extend_from_slice(name);
        Ok(())
    }

    /// Sets the URL of a client, unless it has credentials and so has a header.
    pub(crate) fn set_url(&mut self, url: Url) -> Result<(), Error> {
        if url.authorization.is_some() && self.has_authorization {
            return Err(Error::InvalidArgument);
        }
        self.url = Some(url);
        Ok(())
    }

    /// Adds a header: see [`add_header`]. The Authorization header of a URL cannot be repeated.
    pub(crate) fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        let is_authorization = name.eq_ignore_ascii_case(b"Authorization");
        let is_set = self.url.as_ref().is_some_and(|url| url.authorization.is_some());
        if is_authorization && (is_set || self.has_authorization) {
            return Err(Error::InvalidArgument);
        }
        add_header(&mut self.headers, name, value, fields::RESERVED)?;
        self.has_authorization |= is_authorization;
        Ok(())
    }

    fn subprotocols(&self) -> fields::Elements<'_> {
        fields::elements(&self.subprotocols)
    }

    /// The first subprotocol of the host's list that is in the list of those offered, as it stands there.
    fn preferred<'a>(&self, offered: &'a [u8]) -> Option<&'a [u8]> {
        self.subprotocols().find_map(|name| offer_of(offered, name))
    }
}

/// The element of a list of subprotocols offered that has this name.
fn offer_of<'a>(offered: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    fields::elements(offered).find(|offer| *offer == name)
}

/// Appends the line of a header that the host adds. Nothing in it may end the line, and it may not be one of the reserved ones,
/// which the handshake itself writes.
fn add_header(lines: &mut Vec<u8>, name: &[u8], value: &[u8], reserved: &[&str]) -> Result<(), Error> {
    let reserved = reserved.iter().any(|reserved| name.eq_ignore_ascii_case(reserved.as_bytes()));
    if reserved || !syntax::is_token(name) || !syntax::is_value(value) {
        return Err(Error::InvalidArgument);
    }
    reserve_text(lines, name.len() + value.len() + 4)?;
    write::header(lines, name, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    /// RFC 6455 §1.3.
    #[test]
    fn accept_of_the_example_in_the_rfc() {
        assert_eq!(super::accept_for(b"dGhlIHNhbXBsZSBub25jZQ=="), *b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
