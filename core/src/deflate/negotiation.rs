//! The parameters of permessage-deflate (RFC 7692 §5, §7.1).
//!
//! A server answers the first offer that it can accept (§5.1):
//!
//! | offered | configured | answer | the server sends | the client sends |
//! | --- | --- | --- | --- | --- |
//! | an unknown parameter, one twice, a bad value | any | declined | | |
//! | `server_no_context_takeover` | any | the same | without takeover | |
//! | nothing | `server_no_context_takeover` | `server_no_context_takeover` | without takeover | |
//! | `client_no_context_takeover` | any | the same | | without takeover |
//! | nothing | `client_no_context_takeover` | `client_no_context_takeover` | | without takeover |
//! | `server_max_window_bits=8` | any | declined: zlib-rs cannot compress with it | | |
//! | `server_max_window_bits=N` | M | the smaller, at least 9 | in that window | |
//! | nothing | M < 15 | M, at least 9 | in that window | |
//! | `client_max_window_bits` | M < 15 | M | | in that window |
//! | `client_max_window_bits=N` | M | the smaller, if below 15 | | in that window |
//! | nothing | M | nothing (§7.1.2.2 forbids it) | | in a window of 15 bits |
//!
//! A client compares the answer with its offer:
//!
//! | answer | the client |
//! | --- | --- |
//! | an unknown parameter, one twice, a bad or missing value | fails the connection |
//! | lacks `server_no_context_takeover` that was offered | fails the connection |
//! | lacks `server_max_window_bits` that was offered, or has a larger one | fails the connection |
//! | `server_max_window_bits=N` that was not offered | inflates in that window |
//! | `client_max_window_bits=N` above the one offered | compresses in the window that it offered |
//! | `client_max_window_bits=8` | sends uncompressed |
//! | `client_no_context_takeover` | compresses each message alone |

use alloc::string::String;

use super::{Agreement, Direction};
use crate::settings::{Role, Settings};
use crate::syntax::trim;
use crate::text::decimal;

const NAME: &[u8] = b"permessage-deflate";
const MIN_BITS: u8 = 8;
const MAX_BITS: u8 = 15;
/// The smallest window that we compress with.
const MIN_SEND_BITS: u8 = 9;

/// The parameters of one offer or answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: Option<ClientBits>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientBits {
    /// Without a value, which only an offer may have: the client understands the parameter.
    Understood,
    Bits(u8),
}

/// The parameters of an answer or offer do not follow RFC 7692.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unusable;

/// Whether an extension is ours.
pub(crate) fn is_deflate(extension: &[u8]) -> bool {
    extension.split(|byte| *byte == b';').next().is_some_and(|name| trim(name) == NAME)
}

/// What a client offers.
pub(crate) fn offer(settings: &Settings) -> String {
    let mut text = String::from("permessage-deflate");
    if settings.server_no_context_takeover {
        text.push_str("; server_no_context_takeover");
    }
    if settings.client_no_context_takeover {
        text.push_str("; client_no_context_takeover");
    }
    let (server, client) = (bits(settings.server_max_window_bits), bits(settings.client_max_window_bits));
    if server < MAX_BITS {
        push_bits(&mut text, "; server_max_window_bits=", server);
    }
    if client < MAX_BITS {
        push_bits(&mut text, "; client_max_window_bits=", client.max(MIN_SEND_BITS));
    } else {
        text.push_str("; client_max_window_bits");
    }
    text
}

/// A server's answer to one offer, if it can accept it.
pub(crate) fn answer(offer: &[u8], settings: &Settings) -> Result<(String, Agreement), Unusable> {
    let offer = parse(offer)?;
    let server_alone = offer.server_no_context_takeover || settings.server_no_context_takeover;
    let client_alone = offer.client_no_context_takeover || settings.client_no_context_takeover;
    if offer.server_max_window_bits == Some(MIN_BITS) {
        return Err(Unusable);
    }
    let server =
        bits(settings.server_max_window_bits).max(MIN_SEND_BITS).min(offer.server_max_window_bits.unwrap_or(MAX_BITS));
    let client = match offer.client_max_window_bits {
        None => MAX_BITS,
        Some(ClientBits::Understood) => bits(settings.client_max_window_bits),
        Some(ClientBits::Bits(offered)) => bits(settings.client_max_window_bits).min(offered),
    };
    let mut text = String::from("permessage-deflate");
    if server_alone {
        text.push_str("; server_no_context_takeover");
    }
    if client_alone {
        text.push_str("; client_no_context_takeover");
    }
    if server < MAX_BITS || offer.server_max_window_bits.is_some() {
        push_bits(&mut text, "; server_max_window_bits=", server);
    }
    if client < MAX_BITS {
        push_bits(&mut text, "; client_max_window_bits=", client);
    }
    let agreement = Agreement {
        send: Direction { window_bits: server, takeover: !server_alone },
        receive: Direction { window_bits: client, takeover: !client_alone },
    };
    Ok((text, agreement))
}

/// What a client takes from the server's answer to its offer.
pub(crate) fn check(answer: &[u8], settings: &Settings) -> Result<Agreement, Unusable> {
    let answer = parse(answer)?;
    let server_offered = bits(settings.server_max_window_bits);
    let client_offered = bits(settings.client_max_window_bits).max(MIN_SEND_BITS);
    if settings.server_no_context_takeover && !answer.server_no_context_takeover {
        return Err(Unusable);
    }
    let server = answer.server_max_window_bits.unwrap_or(MAX_BITS);
    let client = match answer.client_max_window_bits {
        None => client_offered,
        Some(ClientBits::Bits(bits)) => bits.min(client_offered),
        Some(ClientBits::Understood) => return Err(Unusable),
    };
    if server > server_offered {
        return Err(Unusable);
    }
    let client_alone = answer.client_no_context_takeover || settings.client_no_context_takeover;
    Ok(Agreement {
        send: Direction { window_bits: client, takeover: !client_alone },
        receive: Direction { window_bits: server, takeover: !answer.server_no_context_takeover },
    })
}

/// What is agreed on a stream that starts open: what the options say.
pub(crate) fn agreed(role: Role, settings: &Settings) -> Agreement {
    let direction = |option, alone: bool| Direction { window_bits: bits(option), takeover: !alone };
    let server = direction(settings.server_max_window_bits, settings.server_no_context_takeover);
    let client = direction(settings.client_max_window_bits, settings.client_no_context_takeover);
    match role {
        Role::Server => Agreement { send: server, receive: client },
        Role::Client => Agreement { send: client, receive: server },
    }
}

/// Reads the parameters of an extension whose syntax is known to be valid.
fn parse(extension: &[u8]) -> Result<Parameters, Unusable> {
    let mut parameters = Parameters::default();
    for part in extension.split(|byte| *byte == b';').skip(1) {
        let mut sides = part.splitn(2, |byte| *byte == b'=');
        let name = trim(sides.next().unwrap_or_default());
        let value = sides.next().map(trim);
        let repeated = match (name, value) {
            (b"server_no_context_takeover", None) => {
                core::mem::replace(&mut parameters.server_no_context_takeover, true)
            }
            (b"client_no_context_takeover", None) => {
                core::mem::replace(&mut parameters.client_no_context_takeover, true)
            }
            (b"server_max_window_bits", Some(value)) => {
                parameters.server_max_window_bits.replace(parse_bits(value)?).is_some()
            }
            (b"client_max_window_bits", value) => {
                let bits = value.map_or(Ok(ClientBits::Understood), |value| parse_bits(value).map(ClientBits::Bits))?;
                parameters.client_max_window_bits.replace(bits).is_some()
            }
            _ => return Err(Unusable),
        };
        if repeated {
            return Err(Unusable);
        }
    }
    Ok(parameters)
}

/// §7.1.2: a decimal integer from 8 to 15 without leading zeros, as a token or in quotes.
fn parse_bits(value: &[u8]) -> Result<u8, Unusable> {
    let mut digits = [0; 2];
    let mut len = 0;
    for byte in value.iter().filter(|byte| !matches!(byte, b'"' | b'\\')) {
        *digits.get_mut(len).ok_or(Unusable)? = *byte;
        len += 1;
    }
    match &digits[..len] {
        [digit @ b'8'..=b'9'] => Ok(digit - b'0'),
        [b'1', digit @ b'0'..=b'5'] => Ok(10 + digit - b'0'),
        _ => Err(Unusable),
    }
}

fn bits(option: u64) -> u8 {
    option.clamp(MIN_BITS.into(), MAX_BITS.into()) as u8
}

fn push_bits(text: &mut String, parameter: &str, bits: u8) {
    text.push_str(parameter);
    text.push_str(&decimal(bits.into()));
}
