//! Captures as text that say who sent what: marked lines, `tcpdump -X`, C arrays.

use super::packets::Link;
use super::{CaptureError, Content, Piece, bytes};
use crate::entry::Side;

/// A packet of a dump.
pub(super) struct Packet {
    pub(super) link: Link,
    pub(super) bytes: Vec<u8>,
    pub(super) time: Option<u64>,
}

/// What is in a file that is read as a whole.
pub(super) fn decode(data: Vec<u8>) -> Result<Content, CaptureError> {
    if let Some(text) = core::str::from_utf8(&data).ok().filter(|text| !bytes::is_http(text)) {
        if let Some(pieces) = marked(text)? {
            return Ok(Content::Pieces(pieces));
        }
        if let Some(packets) = packets(text)? {
            return Ok(Content::Packets(packets));
        }
        if let Some(pieces) = arrays(text)? {
            return Ok(Content::Pieces(pieces));
        }
    }
    Ok(Content::Pieces(vec![Piece { from: None, bytes: bytes::decode(data)? }]))
}

/// Lines that begin with `>` if the client sent them, and with `<` if the server did. Lines that begin with `#` are comments.
fn marked(text: &str) -> Result<Option<Vec<Piece>>, CaptureError> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut pieces = Vec::new();
    for (number, line) in lines {
        let from = match (line.as_bytes()[0], pieces.is_empty()) {
            (b'>', _) => Side::Client,
            (b'<', _) => Side::Server,
            (_, true) => return Ok(None),
            (_, false) => return Err(CaptureError(format!("line {number} begins neither with > nor with <"))),
        };
        match bytes::plain(line[1..].trim()) {
            Some(bytes) => pieces.push(Piece { from: Some(from), bytes }),
            None if line.len() == 1 => {}
            None => return Err(CaptureError(format!("line {number} is not in hexadecimal"))),
        }
    }
    Ok(Some(pieces).filter(|pieces| !pieces.is_empty()))
}

/// What `tcpdump -x`, `-X`, `-xx` and `-XX` write: a line that says when, then lines with `0x0000:` and so on.
fn packets(text: &str) -> Result<Option<Vec<Packet>>, CaptureError> {
    let mut packets: Vec<Packet> = Vec::new();
    let mut time = None;
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        let Some((offset, rest)) = line.trim_start().strip_prefix("0x").and_then(|line| line.split_once(':')) else {
            time = clock(line).or(time);
            continue;
        };
        let offset = usize::from_str_radix(offset, 16);
        if offset == Ok(0) {
            packets.push(Packet { link: Link::Skip(0), bytes: Vec::new(), time });
        }
        let Some(packet) = packets.last_mut() else { return Ok(None) };
        if offset != Ok(packet.bytes.len()) {
            let text =
                format!("line {number} does not follow: {} bytes of its packet are before it", packet.bytes.len());
            return Err(CaptureError(text));
        }
        packet.bytes.extend(bytes::columns(rest).map_err(|what| CaptureError(format!("line {number} {what}")))?);
    }
    for packet in &mut packets {
        packet.link = link_of(&packet.bytes);
    }
    Ok(Some(packets).filter(|packets| !packets.is_empty()))
}

/// What is below the internet protocol in a packet, of which nothing is said: where there is a header that says what is in it,
/// which is so.
fn link_of(packet: &[u8]) -> Link {
    let is_ip = |kind: usize, ip: usize| {
        let version = packet.get(ip).map(|first| first >> 4);
        matches!((packet.get(kind..kind + 2), version), (Some([0x08, 0x00]), Some(4)) | (Some([0x86, 0xdd]), Some(6)))
    };
    match packet.first().map(|first| first >> 4) {
        _ if is_ip(12, 14) || is_ip(16, 18) => Link::Ethernet,
        _ if is_ip(14, 16) => Link::Skip(16),
        _ if is_ip(0, 20) => Link::Skip(20),
        Some(4 | 6) => Link::Skip(0),
        _ => Link::Ethernet,
    }
}

/// The time at which a line of tcpdump begins, in microseconds: `12:34:56.789012`, or seconds.
fn clock(line: &str) -> Option<u64> {
    let word = line.split_whitespace().find(|word| word.contains(['.', ':']))?;
    let (whole, fraction) = word.split_once('.').unwrap_or((word, "0"));
    let seconds =
        whole.split(':').try_fold(0_u64, |sum, part| part.parse::<u64>().ok()?.checked_add(sum.checked_mul(60)?))?;
    let digits = fraction.get(..fraction.len().min(6))?;
    let scale = 10_u64.pow(6 - digits.len() as u32);
    seconds.checked_mul(1_000_000)?.checked_add(digits.parse::<u64>().ok()? * scale)
}

/// C arrays, as Wireshark saves a stream: `char peer0_0[] = { 0x81, 0x05 };`. Peer 0 is the one that began.
fn arrays(text: &str) -> Result<Option<Vec<Piece>>, CaptureError> {
    if !(text.contains("[]") || text.contains("] = {")) {
        return Ok(None);
    }
    let text = without_comments(text);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = &text[..];
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, behind)) = after.split_once('}') else {
            return Err(CaptureError("an array has no end".to_owned()));
        };
        let name = before.rsplit([';', '}']).next().unwrap_or_default();
        let from = if name.contains("peer0") {
            Some(Side::Client)
        } else if name.contains("peer1") {
            Some(Side::Server)
        } else {
            None
        };
        let bytes: Option<Vec<u8>> =
            inside.split(',').map(str::trim).filter(|word| !word.is_empty()).map(number).collect();
        let bytes = bytes.ok_or_else(|| {
            let line = 1 + text[..text.len() - behind.len()].matches('\n').count() - inside.matches('\n').count();
            CaptureError(format!("the array that begins in line {line} has something that is no byte"))
        })?;
        match pieces.last_mut() {
            Some(last) if from.is_none() && last.from.is_none() => last.bytes.extend(bytes),
            _ => pieces.push(Piece { from, bytes }),
        }
        rest = behind;
    }
    Ok(Some(pieces).filter(|pieces| !pieces.is_empty()))
}

fn number(word: &str) -> Option<u8> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => u8::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        kept.push_str(before);
        let (comment, behind) = after.split_once("*/").unwrap_or((after, ""));
        kept.extend(comment.matches('\n'));
        rest = behind;
    }
    kept.push_str(rest);
    kept
}
