//! Commands as lines of standard input.

use std::str;

use sansock::MessageKind;

/// One line of standard input, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    /// `text STR`
    Text(&'a str),
    /// `binary HEX`
    Binary(Vec<u8>),
    /// `parts KIND N STR`: the bytes of STR in N parts of nearly the same length.
    Parts(MessageKind, Vec<&'a [u8]>),
    /// `ping STR`
    Ping(&'a str),
    /// `pong STR`
    Pong(&'a str),
    /// `close CODE REASON`
    Close(u16, &'a str),
    /// `wait EVENT`: do nothing until such an event was printed that no earlier `wait` was for.
    Wait(&'a str),
}

impl<'a> Command<'a> {
    pub(crate) fn parse(line: &'a str) -> Result<Self, String> {
        let (name, rest) = cut(line);
        Ok(match name {
            "text" => Command::Text(rest),
            "binary" => Command::Binary(from_hex(rest.as_bytes()).ok_or("binary takes hexadecimal digits")?),
            "parts" => {
                let (kind, rest) = cut(rest);
                let kind = match kind {
                    "text" => MessageKind::Text,
                    "binary" => MessageKind::Binary,
                    _ => return Err("parts takes text or binary".into()),
                };
                let (count, data) = cut(rest);
                let count = number(count).filter(|count| *count > 0).ok_or("parts takes a number of parts")?;
                Command::Parts(kind, split(data.as_bytes(), count))
            }
            "ping" => Command::Ping(rest),
            "pong" => Command::Pong(rest),
            "close" => {
                let (code, reason) = cut(rest);
                Command::Close(number(code).ok_or("close takes a code")?, reason)
            }
            "wait" => Command::Wait(rest),
            _ => return Err(format!("unknown command: {name}")),
        })
    }
}

/// What is before and after the first space.
fn cut(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}

fn number<N: str::FromStr>(digits: &str) -> Option<N> {
    digits.parse().ok()
}

fn split(data: &[u8], count: usize) -> Vec<&[u8]> {
    let border = |index| data.len() * index / count;
    (0..count).map(|index| &data[border(index)..border(index + 1)]).collect()
}

fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let pairs = digits.chunks_exact(2);
    let whole = pairs.remainder().is_empty();
    pairs.map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect::<Option<Vec<u8>>>().filter(|_| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command() {
        assert_eq!(Command::parse("text a ✓ "), Ok(Command::Text("a ✓ ")));
        assert_eq!(Command::parse("text"), Ok(Command::Text("")));
        assert_eq!(Command::parse("binary 00fFa9"), Ok(Command::Binary(vec![0, 255, 169])));
        assert_eq!(Command::parse("ping p q"), Ok(Command::Ping("p q")));
        assert_eq!(Command::parse("pong"), Ok(Command::Pong("")));
        assert_eq!(Command::parse("close 4001 so long"), Ok(Command::Close(4001, "so long")));
        assert_eq!(Command::parse("wait open"), Ok(Command::Wait("open")));
    }

    #[test]
    fn parts_cut_anywhere() {
        let parts = Command::parse("parts text 3 aé b");
        assert_eq!(parts, Ok(Command::Parts(MessageKind::Text, vec![b"a", b"\xc3\xa9", b" b"])));
        let more_than_bytes = Command::parse("parts binary 3 a");
        assert_eq!(more_than_bytes, Ok(Command::Parts(MessageKind::Binary, vec![b"", b"", b"a"])));
    }

    #[test]
    fn what_is_no_command() {
        for line in ["", "shout", "binary 0", "binary 0x", "parts text 0 a", "parts ping 1 a", "close", "close 70000"] {
            assert!(Command::parse(line).is_err(), "{line}");
        }
    }
}
