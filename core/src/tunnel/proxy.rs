//! The URL of a proxy.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::handshake::url::decode_visible;
use crate::handshake::write::push;
use crate::syntax::Authority;
use crate::text::{ascii, base64};

/// The protocol that a proxy speaks.
///
/// ```
/// use sansock::{Proxy, tunnel::ProxyKind};
///
/// assert_eq!(Proxy::parse("https://proxy.example")?.kind, ProxyKind::Http);
/// assert_eq!(Proxy::parse("socks5h://proxy.example")?.kind, ProxyKind::Socks5);
/// # Ok::<(), sansock::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyKind {
    /// HTTP CONNECT (RFC 9110 §9.3.6).
    Http,
    /// SOCKS4 with names (4a).
    Socks4a,
    /// SOCKS5 (RFC 1928).
    Socks5,
}

/// The URL of a proxy in its parts.
///
/// | Scheme | Protocol | Port | Names are resolved by |
/// | --- | --- | --- | --- |
/// | `http` | HTTP CONNECT | 80 | the proxy |
/// | `https` | HTTP CONNECT, over TLS to the proxy | 443 | the proxy |
/// | `socks4a` | SOCKS4a | 1080 | the proxy |
/// | `socks5` | SOCKS5 | 1080 | the host program |
/// | `socks5h` | SOCKS5 | 1080 | the proxy |
///
/// ```
/// use sansock::Proxy;
///
/// let proxy = Proxy::parse("https://me:secret@proxy.example:8443")?;
/// assert_eq!((proxy.secure, proxy.host.as_str(), proxy.port), (true, "proxy.example", 8443));
/// assert!(proxy.resolves_names);
/// assert!(!format!("{proxy:?}").contains("secret"));
///
/// assert!(!Proxy::parse("socks5://[::1]")?.resolves_names); // look the name up, and pass the address
/// # Ok::<(), sansock::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proxy {
    /// The protocol.
    pub kind: ProxyKind,
    /// Whether the transport to the proxy must be TLS: the scheme is `https`.
    pub secure: bool,
    /// The host to connect to: a name or an address, IPv6 without brackets.
    pub host: String,
    /// The port to connect to.
    pub port: u16,
    /// Whether the proxy takes names and resolves them. If not, a [`TunnelConfig`](super::TunnelConfig) takes only addresses.
    pub resolves_names: bool,
    pub(super) credentials: Option<Credentials>,
}

/// A user name and a password, decoded.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

/// What the schemes say: protocol, TLS, port, and who resolves names.
const SCHEMES: [(&[u8], ProxyKind, bool, u16, bool); 5] = [
    (b"http://", ProxyKind::Http, false, 80, true),
    (b"https://", ProxyKind::Http, true, 443, true),
    (b"socks4a://", ProxyKind::Socks4a, false, 1080, true),
    (b"socks5://", ProxyKind::Socks5, false, 1080, false),
    (b"socks5h://", ProxyKind::Socks5, false, 1080, true),
];

impl Proxy {
    /// Parses the URL of a proxy: `scheme://host`, perhaps with `user:password@` before the host and `:port` behind it, and
    /// with `/` at the end. Name and password are percent-decoded.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the scheme is none of those above, the host is missing or malformed, the port is not one
    /// to 65535, there is a path, a query or a fragment, or the name and password are not what the protocol can carry: no
    /// control characters; for HTTP no colon in the name (RFC 7617 §2); for SOCKS5 both of 1 to 255 bytes (RFC 1929 §2); for
    /// SOCKS4a a name of at most 255 bytes and no password.
    pub fn parse(url: &str) -> Result<Self, Error> {
        Self::parse_bytes(url.as_bytes()).ok_or(Error::InvalidArgument)
    }

    fn parse_bytes(url: &[u8]) -> Option<Self> {
        let (rest, (_, kind, secure, own_port, resolves_names)) = SCHEMES.iter().find_map(|row| {
            let (start, rest) = url.split_at_checked(row.0.len())?;
            start.eq_ignore_ascii_case(row.0).then_some((rest, *row))
        })?;
        let rest = rest.strip_suffix(b"/").unwrap_or(rest);
        let (userinfo, authority) = match rest.iter().rposition(|byte| *byte == b'@') {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (&b""[..], rest),
        };
        let parts = Authority::parse(authority)?;
        let port = parts.port.unwrap_or(own_port);
        // What may stand in a path may not stand in front of the host.
        if port == 0 || userinfo.iter().any(|byte| matches!(byte, b'/' | b'?' | b'#')) {
            return None;
        }
        let name = match parts.host {
            [b'[', address @ .., b']'] => address,
            name => name,
        };
        let credentials = Credentials::decode(userinfo, kind)?;
        Some(Proxy { kind, secure, host: ascii(name), port, resolves_names, credentials })
    }

    /// Whether the protocol can carry the credentials, whatever has been written to the fields.
    pub(super) fn is_sound(&self) -> bool {
        self.credentials.as_ref().is_none_or(|credentials| credentials.fit(self.kind))
    }
}

/// Shows no credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("kind", &self.kind)
            .field("secure", &self.secure)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("resolves_names", &self.resolves_names)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Those of the part of a URL before `@`; `Some(None)` if there are none in it.
    #[expect(clippy::option_option, reason = "what is malformed, and what is not there")]
    fn decode(userinfo: &[u8], kind: ProxyKind) -> Option<Option<Self>> {
        let colon = userinfo.iter().position(|byte| *byte == b':').unwrap_or(userinfo.len());
        let (user, password) = userinfo.split_at_checked(colon)?;
        let mut credentials = Credentials { user: Vec::new(), password: Vec::new() };
        decode_visible(user, &mut credentials.user)?;
        decode_visible(password.get(1..).unwrap_or_default(), &mut credentials.password)?;
        if credentials.user.is_empty() && credentials.password.is_empty() {
            return Some(None);
        }
        credentials.fit(kind).then_some(Some(credentials))
    }

    fn fit(&self, kind: ProxyKind) -> bool {
        let (user, password) = (&self.user, &self.password);
        let lengths = [user, password].map(|part| part.len());
        let is_plain = !user.iter().chain(password).any(u8::is_ascii_control);
        is_plain
            && match kind {
                ProxyKind::Http => !user.contains(&b':'),
                ProxyKind::Socks4a => lengths[0] <= 255 && lengths[1] == 0,
                ProxyKind::Socks5 => lengths.iter().all(|len| (1..=255).contains(len)),
            }
    }

    /// In base64, as RFC 7617 §2 wants them.
    pub(super) fn basic(&self) -> String {
        let mut pair = Vec::new();
        push(&mut pair, &[&self.user, b":", &self.password]);
        base64(&pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(url: &str) -> Option<(Vec<u8>, Vec<u8>)> {
        Proxy::parse(url).unwrap().credentials.map(|credentials| (credentials.user, credentials.password))
    }

    #[test]
    fn names_and_passwords_are_decoded() {
        assert_eq!(credentials("http://proxy"), None);
        assert_eq!(credentials("http://@proxy"), None);
        assert_eq!(credentials("http://:@proxy"), None);
        assert_eq!(credentials("http://a@proxy"), Some((b"a".to_vec(), Vec::new())));
        assert_eq!(credentials("http://a:b%3a%40:c@d@proxy"), Some((b"a".to_vec(), b"b:@:c@d".to_vec())));
        assert_eq!(credentials("socks5://%ff:%20@proxy"), Some((b"\xff".to_vec(), b" ".to_vec())));
        assert_eq!(credentials("socks4a://user@proxy"), Some((b"user".to_vec(), Vec::new())));
    }

    #[test]
    fn credentials_are_not_shown() {
        let proxy = Proxy::parse("http://Aladdin:opensesame@proxy").unwrap();
        let text = alloc::format!("{proxy:?}");
        assert!(!text.contains("Aladdin") && !text.contains("opensesame") && text.contains("\"proxy\""), "{text}");
    }
}
