//! The opening handshake: the answer to a request, and heads as fields.

use alloc::vec::Vec;
use core::ffi::c_char;

use sansock::boundary::{self, Error};

use crate::connection::{call, lies_in};
use crate::guard::{bytes, slice};
use crate::types::{Conn, Field};

/// Adds a header to the response that the next sansock_conn_accept, sansock_conn_reject or sansock_conn_respond sends.
///
/// SANSOCK_ERR_INVALID_STATE unless a request is waiting. Otherwise as sansock_config_add_header; Allow is allowed here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_add_response_header(
    conn: *mut Conn,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> i32 {
    // SAFETY: a handle and two readable buffers by the rules of the header.
    unsafe {
        call(conn, |inner| {
            let (name, value) = (bytes(name, name_len)?, bytes(value, value_len)?);
            inner.connection.add_response_header(name, value)
        })
    }
}

/// Drops all that sansock_conn_add_response_header and sansock_conn_limit_deflate have added. The configuration stays.
///
/// SANSOCK_ERR_INVALID_STATE unless a request is waiting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_clear_response(conn: *mut Conn) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.clear_response()) }
}

/// Declines or narrows the compression of this connection; the next sansock_conn_accept takes all limits together.
///
/// `option` and `value`: SANSOCK_OPTION_DEFLATE and 0 for no compression; one of SANSOCK_OPTION_SERVER_NO_CONTEXT_TAKEOVER
/// and SANSOCK_OPTION_CLIENT_NO_CONTEXT_TAKEOVER, and 1; one of SANSOCK_OPTION_SERVER_MAX_WINDOW_BITS and
/// SANSOCK_OPTION_CLIENT_MAX_WINDOW_BITS, and 8 to 15. Others are refused with SANSOCK_ERR_INVALID_ARGUMENT.
/// SANSOCK_ERR_INVALID_STATE unless a request is waiting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_limit_deflate(conn: *mut Conn, option: u32, value: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe { call(conn, |inner| inner.connection.limit_deflate(option, value)) }
}

/// Accepts the request. Replaces the events: OPEN, then those of what the client has sent behind its request.
///
/// `subprotocol`: one that the client offers; (NULL, 0) for the first of your configured ones that it offers, or none.
/// SANSOCK_ERR_INVALID_ARGUMENT if it was not offered. SANSOCK_ERR_INVALID_STATE unless a request is waiting, and if
/// sansock_record_fault says why it cannot be accepted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_accept(conn: *mut Conn, subprotocol: *const c_char, len: usize, now: u64) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe {
        call(conn, |inner| {
            let subprotocol = match len {
                0 => None,
                _ => Some(bytes(subprotocol, len)?),
            };
            inner.connection.accept(subprotocol, now)?;
            inner.forget_input();
            Ok(())
        })
    }
}

/// Refuses the request with an HTTP status from 200 to 599 and a body. Replaces the events: CLOSED.
///
/// SANSOCK_ERR_INVALID_ARGUMENT for another status, or for a body where the status has none (204, 304).
/// SANSOCK_ERR_INVALID_STATE unless a request is waiting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_reject(
    conn: *mut Conn,
    http_status: u16,
    body: *const c_char,
    len: usize,
    now: u64,
) -> i32 {
    // SAFETY: a handle and a readable buffer by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.respond(http_status, b"", bytes(body, len)?, now)?;
            inner.forget_input();
            Ok(())
        })
    }
}

/// Answers the request with an HTTP response that opens no connection: a page, a health check, a refusal. Replaces the
/// events: CLOSED, with the fault REFUSED. Content-Length and Connection: close are added.
///
/// With SANSOCK_OPTION_DELIVER_HTTP, requests are delivered that are no opening requests; their bodies are not read.
/// If one asks for another version of WebSocket, Sec-WebSocket-Version is added, whatever the status (RFC 6455 §4.4).
/// `http_status`: 200 to 599. `reason`: the reason phrase; (NULL, 0) for the usual one. SANSOCK_ERR_INVALID_ARGUMENT for
/// others, or for a body where the status has none (204, 304). SANSOCK_ERR_INVALID_STATE unless a request is waiting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_respond(
    conn: *mut Conn,
    http_status: u16,
    reason: *const c_char,
    reason_len: usize,
    body: *const c_char,
    len: usize,
    now: u64,
) -> i32 {
    // SAFETY: a handle and two readable buffers by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.respond(http_status, bytes(reason, reason_len)?, bytes(body, len)?, now)?;
            inner.forget_input();
            Ok(())
        })
    }
}

/// Server only: receives a request as fields, from an HTTP implementation of yours, before any other input. Replaces the
/// events: REQUEST, or HEAD with a refusal and CLOSED.
///
/// `version`: one of SANSOCK_HTTP_*. `fields`: pseudo-header fields first: :method and :path (the target), and for
/// HTTP/2 and HTTP/3 :scheme, :authority and :protocol (RFC 8441, RFC 9220). They are copied. Accept, reject and
/// respond then give the response as an event HEAD, and the output holds frames only. Pass on bytes behind the head with
/// sansock_conn_receive. On a stream of HTTP/2 or HTTP/3, SANSOCK_TRANSPORT_SHUTDOWN_WRITE is END_STREAM, and
/// SANSOCK_TRANSPORT_CLOSE too, followed by RST_STREAM with CANCEL if the peer does not end the stream in its turn.
/// SANSOCK_ERR_INVALID_STATE if something was received, or on a client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_receive_request(
    conn: *mut Conn,
    version: u32,
    fields: *const Field,
    count: usize,
    now: u64,
) -> i32 {
    // SAFETY: a handle and readable fields by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.receive_request(version, &views(fields, count)?, now)?;
            inner.forget_input();
            Ok(())
        })
    }
}

/// Client only: gives the request as fields in an event HEAD, in place of the text in the output, for an HTTP
/// implementation of yours to send. Replaces the events. Call it first; the answer goes to
/// sansock_conn_receive_response.
///
/// `version`: one of SANSOCK_HTTP_*. SANSOCK_ERR_INVALID_STATE if output was written or something received, or on a
/// server.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_request_fields(conn: *mut Conn, version: u32, now: u64) -> i32 {
    // SAFETY: a handle by the rules of the header.
    unsafe {
        call(conn, |inner| {
            inner.connection.request_fields(version, now)?;
            inner.forget_input();
            Ok(())
        })
    }
}

/// Client only: receives the response to a request that was sent as fields. Replaces the events: OPEN; or nothing until
/// the body of a refusal has come through sansock_conn_receive and has ended, by its Content-Length or with
/// sansock_conn_receive_eof: then REJECTED and CLOSED.
///
/// `http_status`: that of the response; interim responses may be passed on or left out. `fields`: its fields, with or
/// without :status. They are copied. SANSOCK_ERR_INVALID_ARGUMENT if one lies in the request's event HEAD.
/// SANSOCK_ERR_INVALID_STATE if no response is awaited.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sansock_conn_receive_response(
    conn: *mut Conn,
    http_status: u16,
    fields: *const Field,
    count: usize,
    now: u64,
) -> i32 {
    // SAFETY: a handle and readable fields by the rules of the header.
    unsafe {
        call(conn, |inner| {
            let fields = views(fields, count)?;
            // The response is put behind the request, which moves then.
            let own = inner.connection.region(boundary::region::SCRATCH);
            if fields.iter().any(|field| lies_in(field.name, own) || lies_in(field.value, own)) {
                return Err(Error::InvalidArgument);
            }
            inner.connection.receive_response(http_status, &fields, now)?;
            inner.forget_input();
            Ok(())
        })
    }
}

/// The fields as the engine takes them.
///
/// # Safety
/// As for [`slice`], and each name and value as for [`bytes`].
unsafe fn views<'a>(fields: *const Field, count: usize) -> Result<Vec<boundary::Field<'a>>, Error> {
    // SAFETY: promised by the caller.
    let fields: &'a [Field] = unsafe { slice(fields, count) }?;
    let mut views = Vec::new();
    views.try_reserve_exact(count).map_err(|_| Error::NoMemory)?;
    for field in fields {
        // SAFETY: promised by the caller.
        let (name, value) = unsafe { (bytes(field.name, field.name_len)?, bytes(field.value, field.value_len)?) };
        views.push(boundary::Field { name, value });
    }
    Ok(views)
}
