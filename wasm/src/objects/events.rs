//! Events and faults as plain objects, in the shape that `shared.d.ts` declares.

use js_sys::{Array, Object};
use sansock::event::{Closed, Frame, Head, Header, Open, OriginRelation, Pong, Rejected, ReportedFault, Request};
use sansock::{Event, Events, Fault, FaultKind, MessageKind};
use wasm_bindgen::prelude::*;

use super::bytes::{array, characters};

#[wasm_bindgen]
extern "C" {
    /// An event, or a fault. What may lack memory on the side of JavaScript throws.
    #[wasm_bindgen(extends = Object)]
    type Plain;
    #[wasm_bindgen(method, setter, js_name = type)]
    fn set_type(this: &Plain, value: &str);
    #[wasm_bindgen(method, setter, js_name = kind)]
    fn set_kind(this: &Plain, value: &str);
    #[wasm_bindgen(catch, method, setter, js_name = data)]
    fn set_text(this: &Plain, value: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, setter, js_name = data)]
    fn set_data(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = payload)]
    fn set_payload(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = body)]
    fn set_body(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = first)]
    fn set_first(this: &Plain, value: bool);
    #[wasm_bindgen(method, setter, js_name = last)]
    fn set_last(this: &Plain, value: bool);
    #[wasm_bindgen(method, setter, js_name = frameEnd)]
    fn set_frame_end(this: &Plain, value: bool);
    #[wasm_bindgen(method, setter, js_name = compressed)]
    fn set_compressed(this: &Plain, value: bool);
    #[wasm_bindgen(method, setter, js_name = frameLength)]
    fn set_frame_length(this: &Plain, value: f64);
    #[wasm_bindgen(method, setter, js_name = roundTripTime)]
    fn set_round_trip_time(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = code)]
    fn set_code(this: &Plain, value: u16);
    #[wasm_bindgen(method, setter, js_name = reason)]
    fn set_reason(this: &Plain, value: &str);
    #[wasm_bindgen(method, setter, js_name = clean)]
    fn set_clean(this: &Plain, value: bool);
    #[wasm_bindgen(method, setter, js_name = byPeer)]
    fn set_by_peer(this: &Plain, value: bool);
    #[wasm_bindgen(method, setter, js_name = sentCode)]
    fn set_sent_code(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = fault)]
    fn set_fault(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = method)]
    fn set_method(this: &Plain, value: &str);
    #[wasm_bindgen(method, setter, js_name = target)]
    fn set_target(this: &Plain, value: &str);
    #[wasm_bindgen(method, setter, js_name = authority)]
    fn set_authority(this: &Plain, value: &str);
    #[wasm_bindgen(method, setter, js_name = origin)]
    fn set_origin(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = originRelation)]
    fn set_origin_relation(this: &Plain, value: &str);
    #[wasm_bindgen(method, setter, js_name = sameOrigin)]
    fn set_same_origin(this: &Plain, value: bool);
    #[wasm_bindgen(method, setter, js_name = subprotocols)]
    fn set_subprotocols(this: &Plain, value: &Array);
    #[wasm_bindgen(method, setter, js_name = subprotocol)]
    fn set_subprotocol(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = extensions)]
    fn set_extensions(this: &Plain, value: &Array);
    #[wasm_bindgen(method, setter, js_name = headers)]
    fn set_headers(this: &Plain, value: &Array);
    #[wasm_bindgen(method, setter, js_name = status)]
    fn set_status(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = truncated)]
    fn set_truncated(this: &Plain, value: bool);
    #[wasm_bindgen(method, setter, js_name = number)]
    fn set_number(this: &Plain, value: u32);
    #[wasm_bindgen(method, setter, js_name = name)]
    fn set_name(this: &Plain, value: &str);
    #[wasm_bindgen(method, setter, js_name = text)]
    fn set_fault_text(this: &Plain, value: &str);
    #[wasm_bindgen(method, setter, js_name = actual)]
    fn set_actual(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = limit)]
    fn set_limit(this: &Plain, value: &JsValue);
    #[wasm_bindgen(method, setter, js_name = position)]
    fn set_position(this: &Plain, value: &JsValue);
}

/// How events are read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// Whether texts are delivered as their bytes.
    pub(super) text_as_bytes: bool,
    /// The fault of the connection, or of the tunnel.
    pub(super) fault: Option<Fault>,
}

/// There was no memory in JavaScript for an event. It was left out, and so were those behind it, but for the end.
pub(super) struct NoMemory;

impl Reading {
    /// Puts events at the end of a list. Returns how many bytes their messages have.
    pub(super) fn read(self, events: Events<'_>, list: &Array) -> Result<usize, NoMemory> {
        let mut copied = 0;
        let mut result = Ok(());
        for event in events {
            if result.is_err() && !matches!(event, Event::Closing(_) | Event::Closed(_)) {
                continue;
            }
            copied += len(&event);
            match self.object(&event) {
                Ok(Some(object)) => {
                    list.push(&object);
                }
                Ok(None) => {}
                Err(_) => result = Err(NoMemory),
            }
        }
        result.map(|()| copied)
    }

    /// `None` for an event that this version does not know.
    fn object(self, event: &Event<'_>) -> Result<Option<Plain>, JsValue> {
        let object = match event {
            Event::Text(text) if self.text_as_bytes => {
                message("text-bytes", array(text.text.as_bytes())?, text.first, text.last)
            }
            Event::Text(text) => {
                let object = plain("text");
                object.set_text(text.text)?;
                object.set_first(text.first);
                object.set_last(text.last);
                object
            }
            Event::Binary(binary) => message("binary", array(binary.data)?, binary.first, binary.last),
            Event::Frame(frame) => frame_object(frame)?,
            Event::Ping(ping) => {
                let object = plain("ping");
                object.set_payload(&array(ping.payload)?);
                object
            }
            Event::Pong(pong) => pong_object(pong)?,
            Event::Closing(closing) => {
                let object = plain("closing");
                object.set_code(closing.code.get());
                object.set_reason(closing.reason);
                object
            }
            Event::Closed(closed) => self.closed(closed),
            Event::Fault(reported) => self.reported(reported),
            Event::Request(request) => request_object(request),
            Event::Open(open) => open_object(open),
            Event::Rejected(rejected) => rejected_object(rejected)?,
            Event::Head(head) => head_object(head)?,
            _ => return Ok(None),
        };
        Ok(Some(object))
    }

    fn closed(self, closed: &Closed<'_>) -> Plain {
        let object = plain("closed");
        object.set_code(closed.code.get());
        object.set_reason(closed.reason);
        object.set_clean(closed.clean);
        object.set_by_peer(closed.by_peer);
        object.set_sent_code(&nullable(closed.close_sent.map(|code| code.get())));
        object.set_fault(&nullable(closed.fault.map(|kind| self.fault(kind))));
        object
    }

    fn reported(self, reported: &ReportedFault) -> Plain {
        let object = plain("fault");
        object.set_fault(&self.fault(reported.kind));
        object.set_code(reported.code.get());
        object
    }

    /// A fault of this kind, with the numbers of the one that was found.
    fn fault(self, kind: FaultKind) -> JsValue {
        self.fault.filter(|fault| fault.kind == kind).map_or_else(|| of_kind(kind).into(), |fault| fault_object(&fault))
    }
}

/// A fault, with its numbers.
pub(super) fn fault_object(fault: &Fault) -> JsValue {
    let object = of_kind(fault.kind);
    object.set_fault_text(&fault.to_text());
    object.set_actual(&number(fault.actual()));
    object.set_limit(&number(fault.limit()));
    object.set_position(&number(fault.position()));
    object.into()
}

/// Puts a fault, with its numbers, into the event `closed` at the end of a list, if there is one: no other follows it.
pub(super) fn complete(list: &Array, fault: &Fault) {
    if list.length() > 0 {
        let closed: Plain = list.get(list.length() - 1).unchecked_into();
        closed.set_fault(&fault_object(fault));
    }
}

/// Null for none.
pub(super) fn nullable(value: Option<impl Into<JsValue>>) -> JsValue {
    value.map_or(JsValue::NULL, Into::into)
}

/// Exact below 2^53, as all numbers of the engine are but sizes that a peer makes up.
fn number(value: Option<u64>) -> JsValue {
    nullable(value.map(|value| value as f64))
}

fn of_kind(kind: FaultKind) -> Plain {
    let object: Plain = Object::new().unchecked_into();
    object.set_number(kind.number());
    object.set_name(kind.name());
    object.set_fault_text(kind.text());
    object.set_actual(&JsValue::NULL);
    object.set_limit(&JsValue::NULL);
    object.set_position(&JsValue::NULL);
    object
}

fn len(event: &Event<'_>) -> usize {
    match event {
        Event::Text(text) => text.text.len(),
        Event::Binary(binary) => binary.data.len(),
        Event::Frame(frame) => frame.data.len(),
        _ => 0,
    }
}

fn plain(name: &str) -> Plain {
    let object: Plain = Object::new().unchecked_into();
    object.set_type(name);
    object
}

fn message(name: &str, data: JsValue, first: bool, last: bool) -> Plain {
    let object = plain(name);
    object.set_data(&data);
    object.set_first(first);
    object.set_last(last);
    object
}

fn frame_object(frame: &Frame<'_>) -> Result<Plain, JsValue> {
    let object = plain("frame");
    object.set_kind(if frame.kind == MessageKind::Text { "text" } else { "binary" });
    object.set_data(&array(frame.data)?);
    object.set_first(frame.first);
    object.set_last(frame.last);
    object.set_frame_end(frame.frame_end);
    object.set_compressed(frame.compressed);
    object.set_frame_length(frame.frame_len as f64);
    Ok(object)
}

fn pong_object(pong: &Pong<'_>) -> Result<Plain, JsValue> {
    let object = plain("pong");
    object.set_payload(&array(pong.payload)?);
    object.set_round_trip_time(&number(pong.round_trip_time.map(|time| time.as_millis() as u64)));
    Ok(object)
}

fn request_object(request: &Request<'_>) -> Plain {
    let object = plain("request");
    object.set_method(request.method());
    object.set_target(request.target);
    object.set_authority(request.authority());
    object.set_origin(&nullable(request.origin()));
    object.set_origin_relation(match request.origin_relation {
        OriginRelation::Absent => "absent",
        OriginRelation::Same => "same",
        OriginRelation::Cross => "cross",
    });
    object.set_same_origin(request.same_origin());
    object.set_subprotocols(&strings(request.subprotocols()));
    object.set_subprotocol(&nullable(request.preferred_subprotocol()));
    object.set_extensions(&strings(request.extensions()));
    object.set_headers(&pairs(request.headers()));
    object.set_fault(&nullable(request.fault().map(FaultKind::name)));
    object
}

fn open_object(open: &Open<'_>) -> Plain {
    let object = plain("open");
    object.set_subprotocol(&nullable(open.subprotocol()));
    object.set_extensions(&strings(open.extensions()));
    object.set_headers(&pairs(open.headers()));
    object
}

fn rejected_object(rejected: &Rejected<'_>) -> Result<Plain, JsValue> {
    let object = plain("rejected");
    object.set_status(&rejected.status.into());
    object.set_reason(&characters(rejected.reason()));
    object.set_headers(&pairs(rejected.headers()));
    object.set_body(&array(rejected.body)?);
    object.set_truncated(rejected.truncated);
    Ok(object)
}

fn head_object(head: &Head<'_>) -> Result<Plain, JsValue> {
    let object = plain("head");
    object.set_status(&nullable(head.status));
    object.set_headers(&pairs(head.headers()));
    object.set_body(&array(head.body)?);
    Ok(object)
}

fn strings<'a>(items: impl Iterator<Item = &'a str>) -> Array {
    items.map(JsValue::from_str).collect()
}

/// Names and values, each with one character for each byte.
fn pairs<'a>(headers: impl Iterator<Item = Header<'a>>) -> Array {
    let pair = |header: Header<'_>| Array::of2(&header.name.into(), &characters(header.value).into());
    headers.map(pair).collect()
}
