//! What a tunnel leads through, and where to.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::{Proxy, ProxyKind};
use crate::error::Error;
use crate::handshake::write::header;
use crate::send::milliseconds;
use crate::settings::{Settings, option};
use crate::syntax::{Authority, is_ipv6, is_token, is_value};
use crate::text::ascii;

/// The longest name of a host: what SOCKS5 can carry, and more than DNS allows.
const MAX_NAME: usize = 255;

/// Headers that the request writes itself, or that mean nothing in it.
const RESERVED: [&str; 4] = ["Host", "Content-Length", "Transfer-Encoding", "Connection"];
/// Written if the URL of the proxy has credentials.
const AUTHORIZATION: &str = "Proxy-Authorization";

/// The choices for a tunnel: which proxy it leads through, and where to. Any number of tunnels may be made from one.
///
/// ```
/// use core::time::Duration;
/// use sansock::{Proxy, TunnelConfig};
///
/// let proxy = Proxy::parse("http://proxy.example:3128")?;
/// let mut config = TunnelConfig::new(&proxy, "example.com", 443)?;
/// config.add_header("User-Agent", "example/1")?;
/// config.set_timeout(Duration::from_secs(5))?;
/// # Ok::<(), sansock::Error>(())
/// ```
#[derive(Clone)]
pub struct TunnelConfig {
    proxy: Proxy,
    target: Target,
    port: u16,
    /// Header lines that are added to the request.
    headers: Vec<u8>,
    settings: Settings,
}

/// Where a tunnel leads to. An address has its text beside it, without brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Name(String),
    V4([u8; 4], String),
    V6([u8; 16], String),
}

impl TunnelConfig {
    /// A tunnel through this proxy to this host and port, with every option at its default.
    ///
    /// `host` is a name or an address, IPv6 with or without brackets. An address is sent as an address, a name as a name,
    /// which the proxy resolves.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the port is 0, the host is malformed or has more than 255 bytes, it is a name and the
    /// proxy does not resolve names ([`Proxy::resolves_names`]), or it is an address that SOCKS4a cannot carry: IPv6, or
    /// 0.0.0.0/24.
    pub fn new(proxy: &Proxy, host: &str, port: u16) -> Result<Self, Error> {
        let target = Target::parse(host.as_bytes()).ok_or(Error::InvalidArgument)?;
        let can_be_carried = match (&target, proxy.kind) {
            (Target::Name(_), _) => proxy.resolves_names,
            // To SOCKS4a these mean that a name follows.
            (Target::V4([0, 0, 0, _], _) | Target::V6(..), ProxyKind::Socks4a) => false,
            _ => true,
        };
        if port == 0 || !can_be_carried || !proxy.is_sound() {
            return Err(Error::InvalidArgument);
        }
        Ok(TunnelConfig { proxy: proxy.clone(), target, port, headers: Vec::new(), settings: Settings::default() })
    }

    /// Adds a header to the request to an HTTP proxy.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the proxy does not speak HTTP, the name is no token, the value has control characters
    /// (RFC 9110 §5.5), or the header is one of `Host`, `Content-Length`, `Transfer-Encoding`, `Connection`, or
    /// `Proxy-Authorization` if the URL of the proxy has a name and password.
    pub fn add_header(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), Error> {
        let (name, value) = (name.as_bytes(), value.as_ref());
        let is = |reserved: &str| name.eq_ignore_ascii_case(reserved.as_bytes());
        let is_reserved = RESERVED.into_iter().any(is) || (self.proxy.credentials.is_some() && is(AUTHORIZATION));
        if self.proxy.kind != ProxyKind::Http || is_reserved || !is_token(name) || !is_value(value) {
            return Err(Error::InvalidArgument);
        }
        header(&mut self.headers, name, value);
        Ok(())
    }

    /// Time for the proxy to answer, in whole milliseconds. Default: 10 seconds.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if it is less than a millisecond, or 2⁶² of them or more.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        self.set(option::HANDSHAKE_TIMEOUT, milliseconds(timeout))
    }

    /// The largest HTTP head to receive, interim responses included. Default: 16 KiB.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if it is 0, or more than 1 MiB.
    pub fn set_max_head_size(&mut self, bytes: u64) -> Result<(), Error> {
        self.set(option::MAX_HEAD_SIZE, bytes)
    }

    /// The longest line of an HTTP head, without its end. Default: 8 KiB.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if it is 0, or more than 1 MiB.
    pub fn set_max_line_size(&mut self, bytes: u64) -> Result<(), Error> {
        self.set(option::MAX_LINE_SIZE, bytes)
    }

    /// The largest number of headers in an HTTP head. Default: 128.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if it is 0, or more than 10,000.
    pub fn set_max_headers(&mut self, count: u64) -> Result<(), Error> {
        self.set(option::MAX_HEADERS, count)
    }

    /// Sets the option with this number, if it is one that a tunnel has.
    pub(crate) fn set(&mut self, number: u32, value: u64) -> Result<(), Error> {
        use option::{HANDSHAKE_TIMEOUT, MAX_HEAD_SIZE, MAX_HEADERS, MAX_LINE_SIZE};
        match number {
            HANDSHAKE_TIMEOUT | MAX_HEAD_SIZE | MAX_LINE_SIZE | MAX_HEADERS => {
                self.settings.set(number, value).ok_or(Error::InvalidArgument)
            }
            _ => Err(Error::InvalidArgument),
        }
    }

    /// The proxy.
    pub fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// The port that the tunnel leads to.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn headers(&self) -> &[u8] {
        &self.headers
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Shows no header, as one may hold a secret.
impl fmt::Debug for TunnelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TunnelConfig")
            .field("proxy", &self.proxy)
            .field("target", &self.target)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Target {
    fn parse(host: &[u8]) -> Option<Self> {
        if host.len() > MAX_NAME {
            return None;
        }
        let address = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(host);
        if address.contains(&b':') {
            return Some(Target::V6(ipv6(address)?, ascii(address)));
        }
        // It is the whole of an authority, as it has no colon, and stands for itself.
        Authority::parse(host)?;
        match ipv4(host) {
            Some(address) => Some(Target::V4(address, ascii(host))),
            None => (!host.contains(&b'%')).then(|| Target::Name(ascii(host))),
        }
    }

    /// The text, and whether it stands in brackets before a port.
    pub(super) fn text(&self) -> (&str, bool) {
        match self {
            Target::Name(text) | Target::V4(_, text) => (text, false),
            Target::V6(_, text) => (text, true),
        }
    }
}

/// The bytes of an address in its text. The parsers of the standard library would add much code to the WebAssembly module.
fn ipv4(text: &[u8]) -> Option<[u8; 4]> {
    let mut address = [0; 4];
    let mut parts = text.split(|byte| *byte == b'.');
    for byte in &mut address {
        let digits = parts.next()?;
        let leading_zero = digits.len() > 1 && digits[0] == b'0';
        if digits.is_empty() || digits.len() > 3 || leading_zero {
            return None;
        }
        let add = |number: u16, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0'));
        *byte = u8::try_from(digits.iter().try_fold(0, add)?).ok()?;
    }
    parts.next().is_none().then_some(address)
}

fn ipv6(text: &[u8]) -> Option<[u8; 16]> {
    if !is_ipv6(text) {
        return None;
    }
    // What remains is to place the groups. Those behind `::` are moved to the end.
    let mut address = [0; 16];
    let (mut at, mut gap) = (0, None);
    for group in text.split(|byte| *byte == b':') {
        if let Some(last) = ipv4(group) {
            address.get_mut(at..at + 4)?.copy_from_slice(&last);
            at += 4;
        } else if !group.is_empty() {
            let add = |number: u16, digit: &u8| Some(number << 4 | char::from(*digit).to_digit(16)? as u16);
            let group = group.iter().try_fold(0, add)?;
            address.get_mut(at..at + 2)?.copy_from_slice(&group.to_be_bytes());
            at += 2;
        } else if gap.is_none() {
            gap = Some(at);
        }
    }
    if let Some(gap) = gap {
        address[gap..].rotate_right(16 - at);
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use core::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn addresses_are_those_of_the_standard_library() {
        for text in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "2001:db8::ff00:42:8329",
            "::ffff:192.0.2.128",
            "1:2:3:4:5:6:1.2.3.4",
            "a::b",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "64:ff9b::1.2.3.4",
            "1::8",
            "1:2::7:8",
            "FE80::ABCD",
        ] {
            let expected: Ipv6Addr = text.parse().unwrap();
            assert_eq!(Target::parse(text.as_bytes()), Some(Target::V6(expected.octets(), text.into())), "{text}");
            let bracketed = format!("[{text}]");
            assert_eq!(Target::parse(bracketed.as_bytes()), Some(Target::V6(expected.octets(), text.into())), "{text}");
        }
        for text in ["127.0.0.1", "0.0.0.0", "255.255.255.255", "1.20.255.0"] {
            let expected: Ipv4Addr = text.parse().unwrap();
            assert_eq!(Target::parse(text.as_bytes()), Some(Target::V4(expected.octets(), text.into())), "{text}");
        }
        for text in ["256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4a", "example.com", "xn--bcher-kva.example"]
        {
            assert_eq!(Target::parse(text.as_bytes()), Some(Target::Name(text.into())), "{text}");
        }
    }

    #[test]
    fn what_is_no_host() {
        for text in [
            "",
            ".:",
            "a b",
            "a\r\nb",
            "a\0",
            "a:1",
            "a/b",
            "a@b",
            "[::1",
            "::1]",
            "[::1]:1",
            "[a]",
            "1:2",
            "::1%eth0",
            "g::",
            ":::",
            "b\u{fc}cher",
            "a%41",
            "[]",
            "a,b",
        ] {
            assert_eq!(Target::parse(text.as_bytes()), None, "{text:?}");
        }
        let long = "a".repeat(MAX_NAME + 1);
        assert_eq!(Target::parse(long.as_bytes()), None);
        assert!(Target::parse(&long.as_bytes()[1..]).is_some());
    }
}
