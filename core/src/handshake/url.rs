//! WebSocket URLs (RFC 6455 §3, RFC 3986).

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Error;
use crate::syntax::{Authority, is_target, percent_decoded};
use crate::text::{ascii, base64, decimal};

/// A `ws:` or `wss:` URL in its parts.
///
/// ```
/// use sansock::Url;
///
/// let url = Url::parse("wss://example.com/chat?room=1")?;
/// assert_eq!((url.secure, url.host.as_str(), url.port), (true, "example.com", 443));
/// assert_eq!(url.target, "/chat?room=1");
/// # Ok::<(), sansock::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Url {
    /// Whether the scheme is `wss`: the transport must be TLS.
    pub secure: bool,
    /// The host to connect to: a name or an address, IPv6 without brackets.
    pub host: String,
    /// The port to connect to: 80 or 443 if the URL names none.
    pub port: u16,
    /// The path and query to request.
    pub target: String,
    /// The value of the Host header. It has no port if that is the default port of the scheme.
    pub authority: String,
    /// The value of the Authorization header: Basic credentials made of `user:password@` in the URL, if it has that
    /// (RFC 7617).
    pub authorization: Option<String>,
}

impl Url {
    /// Parses a URL. A user name and password in it become [`authorization`](Self::authorization).
    ///
    /// ```
    /// use sansock::Url;
    ///
    /// let url = Url::parse("wss://me:secret@[::1]/chat?room=1")?;
    /// assert_eq!((url.host.as_str(), url.port, url.secure), ("::1", 443, true));
    /// assert_eq!(url.target, "/chat?room=1");
    /// assert_eq!(url.authorization.as_deref(), Some("Basic bWU6c2VjcmV0"));
    /// # Ok::<(), sansock::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the scheme is neither `ws` nor `wss`, the host is missing or malformed, the port is
    /// not one to 65535, there is a fragment (RFC 6455 §3), or a character that must be percent-encoded is not.
    pub fn parse(url: &str) -> Result<Self, Error> {
        // On bytes: the search functions of strings would add much code to the WebAssembly module.
        Self::parse_bytes(url.as_bytes()).ok_or(Error::InvalidArgument)
    }

    fn parse_bytes(url: &[u8]) -> Option<Self> {
        let schemes: [(&[u8], bool, u16); 2] = [(b"ws://", false, 80), (b"wss://", true, 443)];
        let (rest, secure, own_port) = schemes.iter().find_map(|(scheme, secure, port)| {
            let (start, rest) = url.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some((rest, *secure, *port))
        })?;
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end)?;
        let (userinfo, authority) = match authority.iter().rposition(|byte| *byte == b'@') {
            Some(at) => (Some(&authority[..at]), &authority[at + 1..]),
            None => (None, authority),
        };
        let parts = Authority::parse(authority)?;
        let port = parts.port.unwrap_or(own_port);
        if port == 0 || !is_target(target) {
            return None;
        }
        let slash = if target.first() == Some(&b'/') { "" } else { "/" };
        let mut authority = ascii(parts.host);
        if port != own_port {
            authority.push(':');
            authority.push_str(&decimal(port.into()));
        }
        let name = match parts.host {
            [b'[', address @ .., b']'] => address,
            name => name,
        };
        Some(Url {
            secure,
            host: ascii(name),
            port,
            target: String::from(slash) + &ascii(target),
            authority,
            authorization: match userinfo {
                // Neither a name nor a password.
                Some(b"" | b":") => None,
                Some(userinfo) => Some(basic(userinfo)?),
                None => None,
            },
        })
    }
}

/// The Basic credentials for the userinfo of a URL (RFC 7617 §2).
fn basic(userinfo: &[u8]) -> Option<String> {
    let colon = userinfo.iter().position(|byte| *byte == b':').unwrap_or(userinfo.len());
    let (user, password) = userinfo.split_at_checked(colon)?;
    let mut pair = Vec::with_capacity(userinfo.len() + 1);
    decode_visible(user, &mut pair)?;
    if pair.contains(&b':') {
        return None;
    }
    pair.push(b':');
    decode_visible(password.get(1..).unwrap_or_default(), &mut pair)?;
    // Neither part may have control characters.
    if pair.iter().any(u8::is_ascii_control) {
        return None;
    }
    Some(String::from("Basic ") + &base64(&pair))
}

/// Decodes a text whose characters are visible.
pub(crate) fn decode_visible(text: &[u8], decoded: &mut Vec<u8>) -> Option<()> {
    if !text.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    percent_decoded(text).try_for_each(|byte| byte.map(|byte| decoded.push(byte)))
}
