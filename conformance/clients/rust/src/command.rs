//! Commands as lines of standard input.

use std::str;

use sansock::batch::kind;

/// One line of standard input, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    /// `text STR`
    Text(&'a [u8]),
    /// `binary HEX`
    Binary(Vec<u8>),
    /// `parts KIND N STR`: the bytes of STR in N parts of nearly the same length.
    Parts(u8, Vec<&'a [u8]>),
    /// `ping STR`
    Ping(&'a [u8]),
    /// `pong STR`
    Pong(&'a [u8]),
    /// `close CODE REASON`
    Close(u16, &'a [u8]),
    /// `wait EVENT`: do nothing until such an event was printed that no earlier `wait` was for.
    Wait(&'a str),
}

impl<'a> Command<'a> {
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, String> {
        let (name, rest) = cut(line);
        Ok(match name {
            b"text" => Command::Text(rest),
            b"binary" => Command::Binary(from_hex(rest).ok_or("binary takes hexadecimal digits")?),
            b"parts" => {
                let (kind, rest) = cut(rest);
                let kind = match kind {
                    b"text" => kind::TEXT,
                    b"binary" => kind::BINARY,
                    _ => return Err("parts takes text or binary".into()),
                };
                let (count, data) = cut(rest);
                let count = number(count).filter(|count| *count > 0).ok_or("parts takes a number of parts")?;
                Command::Parts(kind, split(data, count))
            }
            b"ping" => Command::Ping(rest),
            b"pong" => Command::Pong(rest),
            b"close" => {
                let (code, reason) = cut(rest);
                Command::Close(number(code).ok_or("close takes a code")?, reason)
            }
            b"wait" => Command::Wait(str::from_utf8(rest).map_err(|_| "wait takes the name of an event")?),
            _ => return Err(format!("unknown command: {}", String::from_utf8_lossy(name))),
        })
    }
}

/// What is before and after the first space.
fn cut(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == b' ') {
        Some(space) => (&line[..space], &line[space + 1..]),
        None => (line, &[]),
    }
}

fn number<N: str::FromStr>(digits: &[u8]) -> Option<N> {
    str::from_utf8(digits).ok()?.parse().ok()
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
        assert_eq!(Command::parse("text a ✓ ".as_bytes()), Ok(Command::Text("a ✓ ".as_bytes())));
        assert_eq!(Command::parse(b"text"), Ok(Command::Text(b"")));
        assert_eq!(Command::parse(b"binary 00fFa9"), Ok(Command::Binary(vec![0, 255, 169])));
        assert_eq!(Command::parse(b"ping p q"), Ok(Command::Ping(b"p q")));
        assert_eq!(Command::parse(b"pong"), Ok(Command::Pong(b"")));
        assert_eq!(Command::parse(b"close 4001 so long"), Ok(Command::Close(4001, b"so long")));
        assert_eq!(Command::parse(b"wait open"), Ok(Command::Wait("open")));
    }

    #[test]
    fn parts_cut_anywhere() {
        let parts = Command::parse("parts text 3 aé b".as_bytes());
        assert_eq!(parts, Ok(Command::Parts(kind::TEXT, vec![b"a", b"\xc3\xa9", b" b"])));
        let more_than_bytes = Command::parse(b"parts binary 3 a");
        assert_eq!(more_than_bytes, Ok(Command::Parts(kind::BINARY, vec![b"", b"", b"a"])));
    }

    #[test]
    fn what_is_no_command() {
        for line in ["", "shout", "binary 0", "binary 0x", "parts text 0 a", "parts ping 1 a", "close", "close 70000"] {
            assert!(Command::parse(line.as_bytes()).is_err(), "{line}");
        }
    }
}
