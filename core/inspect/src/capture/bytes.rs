//! Bytes that are written as text.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::CaptureError;

/// How much may be left out of a dump because it repeats the line before.
const MAX_REPEATED: usize = 1 << 20;

/// The bytes of a dump; of anything else, the thing itself.
pub(super) fn decode(data: Vec<u8>) -> Result<Vec<u8>, CaptureError> {
    let text = core::str::from_utf8(&data).ok().filter(|text| !text.trim().is_empty() && !is_http(text));
    let Some(text) = text else { return Ok(data) };
    // Offsets without a colon are hexadecimal too: they are offsets if they are right.
    if let Some(bytes) = dump(text).and_then(Result::ok).filter(|_| is_from_zero(text)) {
        return Ok(bytes);
    }
    if let Some(bytes) = plain(text) {
        return Ok(bytes);
    }
    if let Some(outcome) = dump(text) {
        return outcome;
    }
    match from_base64(text) {
        Some(bytes) => Ok(bytes),
        None if text.chars().any(|character| character.is_control() && !character.is_whitespace()) => Ok(data),
        None => Err(CaptureError(format!("line {} is in no form that is known", first_that_is_not_plain(text)))),
    }
}

/// Whether a text is the head of an HTTP message as it is on the wire.
pub(super) fn is_http(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let is_method = first.split(' ').next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()));
    first.starts_with("HTTP/") || is_method && first.contains(" HTTP/")
}

fn first_that_is_not_plain(text: &str) -> usize {
    let wrong = text.lines().position(|line| !line.trim().is_empty() && plain(line).is_none());
    wrong.map_or(1, |at| at + 1)
}

/// Nothing but hexadecimal digits, in pairs, with white space, `:`, `,`, `0x` or `\x` between them.
pub(super) fn plain(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for word in text.split(|separator: char| separator.is_whitespace() || ":,;".contains(separator)) {
        for word in word.split("\\x") {
            let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
            if digits.len() % 2 != 0 || !digits.is_ascii() {
                return None;
            }
            for at in (0..digits.len()).step_by(2) {
                let pair = &digits[at..at + 2];
                bytes.push(u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))?);
            }
        }
    }
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

/// The lines that say something, with their numbers.
fn filled(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())).filter(|(_, line)| !line.is_empty())
}

/// A line of a dump in two: its offset, and what is behind that.
fn split(line: &str) -> (&str, &str) {
    let end = line.find([' ', ':', '\t']).unwrap_or(line.len());
    (line[..end].strip_prefix("0x").unwrap_or(&line[..end]), &line[end..])
}

/// Whether the first line begins with zeros, and others or a colon show that these are an offset.
fn is_from_zero(text: &str) -> bool {
    let mut lines = filled(text);
    let (offset, rest) = lines.next().map_or(("", ""), |(_, line)| split(line));
    let is_zero = offset.len() >= 4 && offset.bytes().all(|digit| digit == b'0');
    is_zero && (rest.starts_with(':') || lines.next().is_some())
}

/// Lines as of `xxd`, `hexdump -C`, `od -t x1` and Wireshark: an offset, bytes, and the same as characters. None if the first line
/// is not one of them.
fn dump(text: &str) -> Option<Result<Vec<u8>, CaptureError>> {
    let (_, first) = filled(text).next()?;
    let (offset, rest) = split(first);
    let begin = u64::from_str_radix(offset, 16).ok().filter(|_| offset.len() >= 4 && !offset.starts_with('+'))?;
    let is_hexadecimal = rest.starts_with(':') || rest.contains('|');
    if begin != 0 && !is_hexadecimal || columns(rest).is_ok_and(|bytes| bytes.is_empty()) {
        return None;
    }
    // `od` counts in octal, or as it is told. A number is the larger the larger its base: a wrong one is beyond what there is.
    let outcome = Lines::read(text, 16);
    if outcome.is_ok() || is_hexadecimal {
        return Some(outcome);
    }
    Some([10, 8].iter().find_map(|radix| Lines::read(text, *radix).ok()).map_or(outcome, Ok))
}

/// What has been read of a dump.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Where the last line begins in them.
    last: usize,
    /// The offset of the first.
    begin: Option<u64>,
    /// Whether lines were left out.
    is_repeated: bool,
    /// How many bytes that was so far.
    repeated: usize,
}

impl Lines {
    fn read(text: &str, radix: u32) -> Result<Vec<u8>, CaptureError> {
        let mut lines = Lines::default();
        for (number, line) in filled(text) {
            lines.add(line, radix).map_err(|what| CaptureError(format!("line {number} {what}")))?;
        }
        Ok(lines.bytes)
    }

    fn add(&mut self, line: &str, radix: u32) -> Result<(), String> {
        if line == "*" {
            self.is_repeated = true;
            return Ok(());
        }
        let (offset, rest) = split(line);
        let at = u64::from_str_radix(offset, radix).map_err(|_| "does not begin with an offset".to_owned())?;
        let at = at.checked_sub(*self.begin.get_or_insert(at)).and_then(|at| usize::try_from(at).ok());
        let at = at.ok_or("has an offset before that of the first line")?;
        if core::mem::take(&mut self.is_repeated) {
            self.repeat_to(at)?;
        }
        // Characters behind 8 bytes may look like bytes: the next offset tells.
        if at == self.last + 8 {
            self.bytes.truncate(at);
        }
        if at != self.bytes.len() {
            return Err(format!("has offset {at}, but {} bytes are before it", self.bytes.len()));
        }
        if !rest.starts_with(':')
            && matches!(rest.split_whitespace().next(), Some(word) if word.len() > 2 && plain(word).is_some())
        {
            return Err(
                "has words in the order of the machine that wrote them: write bytes, as of hexdump -C".to_owned()
            );
        }
        self.last = at;
        self.bytes.extend(columns(rest)?);
        Ok(())
    }

    fn repeat_to(&mut self, at: usize) -> Result<(), String> {
        let line = self.bytes[self.last..].to_vec();
        self.repeated += at.saturating_sub(self.bytes.len()).min(MAX_REPEATED + 1);
        if line.is_empty() || self.repeated > MAX_REPEATED {
            return Err("repeats too much".to_owned());
        }
        while self.bytes.len() < at {
            self.bytes.extend_from_slice(&line[..line.len().min(at - self.bytes.len())]);
        }
        self.last = at.saturating_sub(line.len());
        Ok(())
    }
}

/// The bytes of one line: what comes before two spaces in a row, but for those in the middle of `hexdump -C`.
pub(super) fn columns(line: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut spaces = 0;
    for word in line.trim_start_matches([' ', ':', '\t']).split([' ', '\t']) {
        if word.is_empty() {
            spaces += 1;
            continue;
        }
        let is_middle = spaces == 1 && bytes.len() == 8 && word.len() == 2;
        if spaces > 0 && !is_middle {
            break;
        }
        match plain(word).filter(|pairs| word.len() == pairs.len() * 2) {
            Some(pairs) => bytes.extend(pairs),
            None if spaces > 0 => break,
            None => return Err(format!("has {word:?}, which is no byte")),
        }
        spaces = 0;
    }
    Ok(bytes)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
    engines.iter().find_map(|engine| engine.decode(&text).ok())
}
