//! SOCKS5 (RFC 1928) with user name and password (RFC 1929), and SOCKS4 with its extension 4a: the messages, and the reading
//! of the answers. No answer is kept: it is checked as it arrives.

use alloc::vec::Vec;

use super::config::Target;
use super::proxy::Credentials;
use super::{ProxyKind, Step, TunnelConfig};
use crate::abi::{Record, kind};
use crate::error::{Breach, FaultKind};
use crate::handshake::write::push;
use crate::receive::batch::Batch;

const VERSION_4: u8 = 4;
const VERSION_5: u8 = 5;
/// The version of the negotiation in RFC 1929.
const VERSION_OF_LOGIN: u8 = 1;
const COMMAND_CONNECT: u8 = 1;
const RESERVED: u8 = 0;

const METHOD_NONE: u8 = 0;
const METHOD_PASSWORD: u8 = 2;
const METHOD_REFUSED: u8 = 0xff;

const ADDRESS_V4: u8 = 1;
const ADDRESS_NAME: u8 = 3;
const ADDRESS_V6: u8 = 4;

/// The reply codes of SOCKS4: granted, and the refusals.
const GRANTED: u8 = 90;
const LAST_REFUSAL: u8 = 93;
/// The reply code of SOCKS5 for success.
const SUCCEEDED: u8 = 0;

/// Length of a SOCKS4 reply, and of a SOCKS5 reply before the address and behind it.
const REPLY_4_LEN: usize = 8;
const REPLY_5_HEAD: usize = 4;
const PORT_LEN: usize = 2;

/// Which answer is being read.
#[derive(Clone, Copy)]
enum Stage {
    Reply4,
    Method,
    Login,
    Reply5,
}

/// The answers, as they are read.
pub(super) struct Answer {
    stage: Stage,
    /// How many bytes of this answer have arrived.
    read: usize,
    /// How many it has, as far as that is known.
    len: usize,
    /// The code in it.
    code: u8,
    /// The message with the credentials, if there are any.
    login: Option<Vec<u8>>,
    /// The message that asks for the tunnel.
    request: Vec<u8>,
}

/// The first message, and the reading of the answer to it.
pub(super) fn start(config: &TunnelConfig) -> (Vec<u8>, Answer) {
    let answer = |stage, len, login, request| Answer { stage, read: 0, len, code: 0, login, request };
    let credentials = config.proxy().credentials.as_ref();
    if config.proxy().kind == ProxyKind::Socks4a {
        return (request_4(config, credentials), answer(Stage::Reply4, REPLY_4_LEN, None, Vec::new()));
    }
    let greeting: &[u8] = match credentials {
        Some(_) => &[VERSION_5, 2, METHOD_NONE, METHOD_PASSWORD],
        None => &[VERSION_5, 1, METHOD_NONE],
    };
    (greeting.to_vec(), answer(Stage::Method, 2, credentials.map(login), request_5(config)))
}

/// A name is sent behind an address that cannot be one: 0.0.0.1.
fn request_4(config: &TunnelConfig, credentials: Option<&Credentials>) -> Vec<u8> {
    let user = credentials.map_or(&[][..], |credentials| &credentials.user);
    let (address, name): (&[u8], &[&[u8]]) = match config.target() {
        Target::V4(address, _) => (address, &[]),
        Target::V6(_, name) | Target::Name(name) => (&[0, 0, 0, 1], &[name.as_bytes(), b"\0"]),
    };
    let mut message = Vec::new();
    push(&mut message, &[&[VERSION_4, COMMAND_CONNECT], &config.port().to_be_bytes(), address, user, b"\0"]);
    push(&mut message, name);
    message
}

fn request_5(config: &TunnelConfig) -> Vec<u8> {
    let (kind, address): (&[u8], &[u8]) = match config.target() {
        Target::V4(address, _) => (&[ADDRESS_V4], address),
        Target::V6(address, _) => (&[ADDRESS_V6], address),
        Target::Name(name) => (&[ADDRESS_NAME, name.len() as u8], name.as_bytes()),
    };
    let mut message = Vec::new();
    push(&mut message, &[&[VERSION_5, COMMAND_CONNECT, RESERVED], kind, address, &config.port().to_be_bytes()]);
    message
}

/// RFC 1929 §2. The lengths were checked to be at most 255.
fn login(Credentials { user, password }: &Credentials) -> Vec<u8> {
    let mut message = Vec::new();
    push(&mut message, &[&[VERSION_OF_LOGIN, user.len() as u8], user, &[password.len() as u8], password]);
    message
}

impl Answer {
    pub(super) fn read(&mut self, byte: u8, batch: &mut Batch) -> Result<Step, Breach> {
        self.read += 1;
        match self.stage {
            Stage::Reply4 => self.check_reply_4(byte)?,
            Stage::Method => self.check_short(byte, VERSION_5)?,
            Stage::Login => self.check_short(byte, VERSION_OF_LOGIN)?,
            Stage::Reply5 => self.check_reply_5(byte)?,
        }
        if self.read < self.len {
            return Ok(Step::Wait);
        }
        match self.stage {
            Stage::Method => self.take_method(),
            Stage::Login if self.code == SUCCEEDED => Ok(self.ask()),
            Stage::Login => Err(Breach::with(FaultKind::TunnelAuthentication, self.code.into())),
            Stage::Reply4 => Ok(deliver(self.code, GRANTED, batch)),
            Stage::Reply5 => Ok(deliver(self.code, SUCCEEDED, batch)),
        }
    }

    /// Version 0 of the reply, the code, and an address that means nothing here.
    fn check_reply_4(&mut self, byte: u8) -> Result<(), Breach> {
        match self.read {
            1 => check(byte == 0),
            2 => {
                self.code = byte;
                check((GRANTED..=LAST_REFUSAL).contains(&byte))
            }
            _ => Ok(()),
        }
    }

    /// A version and a code.
    fn check_short(&mut self, byte: u8, version: u8) -> Result<(), Breach> {
        self.code = byte;
        check(self.read > 1 || byte == version)
    }

    /// RFC 1928 §6: version, code, reserved, type of address, and an address that means nothing here.
    fn check_reply_5(&mut self, byte: u8) -> Result<(), Breach> {
        match self.read {
            1 => check(byte == VERSION_5),
            2 => {
                self.code = byte;
                Ok(())
            }
            3 => check(byte == RESERVED),
            4 => {
                let address = match byte {
                    ADDRESS_V4 => 4,
                    ADDRESS_V6 => 16,
                    // Its length comes next, and is added then.
                    ADDRESS_NAME => 1,
                    _ => return check(false),
                };
                self.len = REPLY_5_HEAD + address + PORT_LEN;
                Ok(())
            }
            5 if self.len == REPLY_5_HEAD + 1 + PORT_LEN => {
                self.len += usize::from(byte);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// RFC 1928 §3: the method is one of those offered.
    fn take_method(&mut self) -> Result<Step, Breach> {
        match (self.code, self.login.take()) {
            (METHOD_NONE, _) => Ok(self.ask()),
            (METHOD_PASSWORD, Some(login)) => {
                self.begin(Stage::Login, 2);
                Ok(Step::Send(login))
            }
            (METHOD_REFUSED, _) => Err(Breach::with(FaultKind::TunnelAuthentication, METHOD_REFUSED.into())),
            (method, _) => Err(Breach::with(FaultKind::TunnelBadAnswer, method.into())),
        }
    }

    /// Asks for the tunnel.
    fn ask(&mut self) -> Step {
        self.begin(Stage::Reply5, REPLY_5_HEAD + 1);
        Step::Send(core::mem::take(&mut self.request))
    }

    fn begin(&mut self, stage: Stage, len: usize) {
        (self.stage, self.read, self.len) = (stage, 0, len);
    }
}

fn check(is_good: bool) -> Result<(), Breach> {
    if is_good { Ok(()) } else { Err(FaultKind::TunnelBadAnswer.into()) }
}

/// Delivers what a reply with this code says.
fn deliver(code: u8, success: u8, batch: &mut Batch) -> Step {
    if code == success {
        batch.push(Record { kind: kind::OPEN, ..Record::default() });
        return Step::Open;
    }
    batch.push(Record { kind: kind::REJECTED, code: code.into(), ..Record::default() });
    Step::Refused(FaultKind::TunnelRefused, code.into())
}
