//! The values of `server_max_window_bits` and `client_max_window_bits` (RFC 7692 §7.1.2), in offers and in answers: decimal
//! integers from 8 to 15 without leading zeros, each a token or a quoted string that is a token once unquoted (RFC 6455 §9.1).

use sansock::Config;

use crate::common::drive::{Host, client, client_and_answer, request_with};
use crate::{proved, whole};

const ALPHABET: &[u8; 19] = b"01256789a-+.\"\\ \t;,=";
const PARAMETERS: [&str; 2] = ["server_max_window_bits", "client_max_window_bits"];
const NAME: &str = "permessage-deflate";

/// An extension with its parameters.
#[derive(Debug)]
struct Extension {
    name: String,
    parameters: Vec<(String, Option<String>)>,
}

/// Reads `1#extension` (RFC 6455 §9.1, RFC 9110 §5.6.1).
struct Parser<'a>(&'a [u8]);

impl Parser<'_> {
    fn list(mut self) -> Option<Vec<Extension>> {
        let mut list = Vec::new();
        loop {
            match self.peek() {
                None => return Some(list),
                Some(b',') => self.skip(),
                Some(_) => {
                    list.push(self.extension()?);
                    if !matches!(self.peek(), None | Some(b',')) {
                        return None;
                    }
                }
            }
        }
    }

    fn extension(&mut self) -> Option<Extension> {
        let mut extension = Extension { name: self.token()?, parameters: Vec::new() };
        while self.peek() == Some(b';') {
            self.skip();
            let name = self.token()?;
            let value = match self.peek() {
                Some(b'=') => {
                    self.skip();
                    Some(self.value()?)
                }
                _ => None,
            };
            extension.parameters.push((name, value));
        }
        Some(extension)
    }

    fn value(&mut self) -> Option<String> {
        if self.peek() != Some(b'"') {
            return self.token();
        }
        self.skip();
        let mut value = Vec::new();
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            match byte {
                b'"' => break,
                b'\\' => {
                    let (byte, rest) = self.0.split_first()?;
                    self.0 = rest;
                    value.push(*byte);
                }
                byte => value.push(*byte),
            }
        }
        let mut inner = Parser(&value);
        let token = inner.bare_token()?;
        inner.0.is_empty().then_some(token)
    }

    /// The next byte behind white space.
    fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
        self.0.first().copied()
    }

    fn skip(&mut self) {
        self.0 = &self.0[1..];
    }

    fn token(&mut self) -> Option<String> {
        self.peek();
        self.bare_token()
    }

    fn bare_token(&mut self) -> Option<String> {
        let is_delimiter = |byte: &u8| !byte.is_ascii_graphic() || b"\"(),/:;<=>?@[\\]{}".contains(byte);
        let len = self.0.iter().position(is_delimiter).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(len);
        self.0 = rest;
        (len > 0).then(|| String::from_utf8(token.to_vec()).expect("ASCII"))
    }
}

/// The number of bits that a parameter states; `None` if an extension is not permessage-deflate with that one parameter.
fn bits(extension: &Extension, parameter: &str) -> Option<u32> {
    let [(name, Some(value))] = &extension.parameters[..] else { return None };
    let is_wanted = extension.name == NAME && name == parameter;
    (8..=15).find(|bits| is_wanted && bits.to_string() == *value)
}

/// What a server answers to this offer: the extension that it agrees to, if any; `Err` for a refusal.
fn expected_answer(offer: &str, parameter: &str) -> Result<Option<String>, ()> {
    let list = Parser(offer.as_bytes()).list().ok_or(())?;
    let answer = |bits: u32| match (parameter == PARAMETERS[0], bits) {
        // It cannot compress in such a window, and declines.
        (true, 8) => None,
        (false, 15) => Some(NAME.to_owned()),
        _ => Some(format!("{NAME}; {parameter}={bits}")),
    };
    let plain = |extension: &Extension| extension.name == NAME && extension.parameters.is_empty();
    let mut answers = list.iter().filter_map(|extension| {
        if plain(extension) { Some(NAME.to_owned()) } else { bits(extension, parameter).and_then(answer) }
    });
    Ok(answers.next())
}

fn check_server(config: &Config, offer: &str, parameter: &str) {
    let mut host = Host::of(config);
    host.receive(&request_with(&[&format!("Sec-WebSocket-Extensions: {offer}")]));
    let actual = match host.fault() {
        Some(fault) => {
            assert_eq!(fault.name(), "BAD_EXTENSIONS", "{offer}");
            Err(())
        }
        None => {
            host.accept();
            let answer = String::from_utf8(host.take_output()).expect("a text");
            Ok(answer.split("\r\n").find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: ")).map(str::to_owned))
        }
    };
    assert_eq!(actual, expected_answer(offer, parameter), "{offer}");
}

/// Whether a client that offered compression accepts this answer.
fn is_answer(answer: &str, parameter: &str) -> bool {
    match Parser(answer.as_bytes()).list().as_deref() {
        Some([extension]) => bits(extension, parameter).is_some(),
        _ => false,
    }
}

/// A client, and the answer to its request up to the last line.
fn check_client(config: &Config, start: &[u8], answer: &str, parameter: &str) {
    let mut host = Host::of(config);
    host.receive(&[start, format!("Sec-WebSocket-Extensions: {answer}\r\n\r\n").as_bytes()].concat());
    let is_open = host.events.first().is_some_and(|event| event == "open");
    assert_eq!(is_open, is_answer(answer, parameter), "{answer}: {:?}", host.events);
    assert_eq!(is_open, host.fault().is_none(), "{answer}: {:?}", host.events);
}

/// All strings of up to three characters, and all numbers of up to three digits.
fn values() -> Vec<String> {
    let mut values = vec![String::new()];
    let mut shorter = 0;
    for _ in 0..3 {
        let longer = values.len();
        for index in shorter..longer {
            let extended = ALPHABET.map(|byte| format!("{}{}", values[index], char::from(byte)));
            values.extend(extended);
        }
        shorter = longer;
    }
    values.extend((0..=999).map(|number| number.to_string()));
    values
}

#[test]
fn every_value_of_a_window_is_judged() {
    let server = Config::server().deflate(true).build().expect("a good configuration");
    let offering = client().deflate(true).build().expect("a good configuration");
    let (_, answer) = client_and_answer(client());
    let start = answer.strip_suffix(b"\r\n").expect("the end of a head");
    let mut cases = 0;
    let (all, values) = (whole(), values());
    let is_in_share =
        |index: &usize| all || index.is_multiple_of(31) || values[*index].parse().is_ok_and(|bits: u32| bits < 20);
    for value in (0..values.len()).filter(is_in_share).map(|index| &values[index]) {
        for value in [value.clone(), format!("\"{value}\"")] {
            for parameter in PARAMETERS {
                let extension = format!("{NAME}; {parameter}={value}");
                check_server(&server, &extension, parameter);
                check_client(&offering, start, &extension, parameter);
                cases += 2;
            }
        }
    }
    proved("*_max_window_bits: strings of up to 3 of 19 characters and 0 to 999, bare and quoted, both roles", cases);
}
