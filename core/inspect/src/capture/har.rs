//! HTTP archives, as browsers save them. They have messages, not frames.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::CaptureError;
use crate::Connections;
use crate::conversation::Origin;
use crate::entry::{Message, Side, What};
use crate::gathered::Gathered;
use crate::log::Place;

/// Whether this is JSON.
pub(super) fn is_begun(data: &[u8]) -> bool {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    text.trim_ascii_start().first() == Some(&b'{')
}

/// Reads an archive.
pub(super) fn read(data: &[u8], connections: &mut Connections) -> Result<(), CaptureError> {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let archive: Value = serde_json::from_slice(text)
        .map_err(|error| CaptureError(format!("this is no HTTP archive (HAR): {error}")))?;
    let Some(entries) = archive["log"]["entries"].as_array() else {
        return Err(CaptureError("this is no HTTP archive (HAR): it has no log.entries".to_owned()));
    };
    let times = entries.iter().filter_map(|entry| microseconds(&entry[MESSAGES][0]["time"]));
    let begin = times.min().unwrap_or_default();
    for entry in entries {
        if entry[MESSAGES].is_array() || text_of(&entry["request"]["url"]).starts_with("ws") {
            exchange(entry, begin, connections);
        }
    }
    Ok(())
}

/// Where browsers have what was sent on a WebSocket.
const MESSAGES: &str = "_webSocketMessages";

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A time in seconds, with a fraction.
fn microseconds(seconds: &Value) -> Option<u64> {
    seconds.as_f64().map(|seconds| (seconds * 1e6) as u64)
}

fn exchange(entry: &Value, begin: u64, connections: &mut Connections) {
    let (request, response) = (&entry["request"], &entry["response"]);
    let url = text_of(&request["url"]);
    let number = connections.begin(None, Some(url.to_owned()), None, Origin::Begin);
    let target = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or("/");
    // Over HTTP/2 there is no request for an upgrade, and nothing to judge by the rules of HTTP/1.1.
    if response["status"].as_f64() == Some(101.0) {
        let head = format!("{} {target} HTTP/1.1\r\n{}\r\n", text_of(&request["method"]), headers(&request["headers"]));
        connections.receive(number, Side::Client, head.as_bytes(), None);
        let head =
            format!("HTTP/1.1 101 {}\r\n{}\r\n", text_of(&response["statusText"]), headers(&response["headers"]));
        connections.receive(number, Side::Server, head.as_bytes(), None);
    }
    for sent in entry[MESSAGES].as_array().into_iter().flatten() {
        let from = if text_of(&sent["type"]) == "send" { Side::Client } else { Side::Server };
        let time = microseconds(&sent["time"]).map(|time| time.saturating_sub(begin));
        message(sent, Place { connection: number, from, time }, connections);
    }
}

/// Header lines, without what is not of HTTP/1.1.
fn headers(headers: &Value) -> String {
    let pairs =
        headers.as_array().into_iter().flatten().map(|header| (text_of(&header["name"]), text_of(&header["value"])));
    let pairs = pairs.filter(|(name, _)| !name.starts_with(':'));
    pairs.map(|(name, value)| format!("{name}: {}\r\n", value.replace(['\r', '\n'], " "))).collect()
}

fn message(sent: &Value, place: Place, connections: &mut Connections) {
    let is_text = sent["opcode"].as_f64() == Some(1.0);
    let data = text_of(&sent["data"]);
    let decoded = if is_text { None } else { STANDARD.decode(data).ok() };
    let bytes = decoded.as_deref().unwrap_or(data.as_bytes());
    let log = &mut connections.log;
    let mut gathered = Gathered::default();
    gathered.add(bytes, log.shown());
    let kind = if is_text { "text" } else { "binary" };
    let payload = gathered.payload(is_text, log.shown());
    let size = bytes.len() as u64;
    log.add(place, None, What::Message(Message { kind, frames: 0, size, wire: size, compressed: false, payload }));
}
