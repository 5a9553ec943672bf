//! WebSocket URLs (RFC 6455 §3, RFC 3986).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::error::Error;
use crate::handshake::fields;

/// A `ws://` or `wss://` URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Url {
    /// Whether the scheme is `wss`: the transport must be TLS.
    pub secure: bool,
    /// The host to connect to: a name or an address, IPv6 without brackets.
    pub host: String,
    /// The port to connect to: 80 or 443 if the URL names none.
    pub port: u16,
    /// The path and query to ask for.
    pub target: String,
    /// The value of the Host header: the port is left out where it is the scheme's own.
    pub authority: String,
    /// The value of the Authorization header for the name and password in the URL, if it has them (RFC 7617).
    pub authorization: Option<String>,
}

impl Url {
    /// Takes a URL apart.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the scheme is neither `ws` nor `wss`, the host is missing or malformed, the port is
    /// not one to 65535, there is a fragment (RFC 6455 §3), or a character that must be percent-encoded is not.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let invalid = Error::InvalidArgument;
        let (scheme, rest) = url.split_once("://").ok_or(invalid)?;
        let secure = match scheme {
            _ if scheme.eq_ignore_ascii_case("ws") => false,
            _ if scheme.eq_ignore_ascii_case("wss") => true,
            _ => return Err(invalid),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(userinfo), authority),
            None => (None, authority),
        };
        if !fields::is_target(target.as_bytes()) {
            return Err(invalid);
        }
        let parts = fields::Authority::parse(authority.as_bytes()).ok_or(invalid)?;
        let own_port = if secure { 443 } else { 80 };
        let port = parts.port.unwrap_or(own_port);
        if port == 0 {
            return Err(invalid);
        }
        let host = core::str::from_utf8(parts.host).map_err(|_| invalid)?;
        let mut name = String::from(host);
        if port != own_port {
            name.push(':');
            name.push_str(&port.to_string());
        }
        let mut path = String::new();
        if !target.starts_with('/') {
            path.push('/');
        }
        path.push_str(target);
        Ok(Url {
            secure,
            host: host.trim_start_matches('[').trim_end_matches(']').into(),
            port,
            target: path,
            authority: name,
            authorization: userinfo.map(basic).transpose()?,
        })
    }
}

/// The Basic credentials for the userinfo of a URL (RFC 7617 §2).
fn basic(userinfo: &str) -> Result<String, Error> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut pair = percent_decode(user)?;
    if pair.contains(&b':') {
        return Err(Error::InvalidArgument);
    }
    pair.push(b':');
    pair.extend(percent_decode(password)?);
    let mut header = String::from("Basic ");
    BASE64.encode_string(&pair, &mut header);
    Ok(header)
}

fn percent_decode(text: &str) -> Result<Vec<u8>, Error> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit(), digit());
                let (Some(high), Some(low)) = (high, low) else { return Err(Error::InvalidArgument) };
                decoded.push((high << 4 | low) as u8);
            }
            b'!'..=b'~' => decoded.push(byte),
            _ => return Err(Error::InvalidArgument),
        }
    }
    // RFC 7617 §2: neither part has control characters.
    if decoded.iter().any(u8::is_ascii_control) { Err(Error::InvalidArgument) } else { Ok(decoded) }
}
