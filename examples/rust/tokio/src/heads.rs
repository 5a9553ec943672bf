//! Heads of HTTP/2, between the engine and the crate `http`.

use h2::ext::Protocol;
use http::{HeaderMap, Request, Response, Uri, Version, request};
use sansock::event::Head;
use sansock::handshake::fields::Field;

/// The fields of a request that has come, with its pseudo-header fields.
pub fn request_fields(parts: &request::Parts) -> Vec<Field<'_>> {
    let protocol = parts.extensions.get::<Protocol>();
    let pseudo = [
        (":method", Some(parts.method.as_str())),
        (":protocol", protocol.map(Protocol::as_str)),
        (":scheme", parts.uri.scheme_str()),
        (":authority", parts.uri.authority().map(|authority| authority.as_str())),
        (":path", parts.uri.path_and_query().map(|path| path.as_str())),
    ];
    let pseudo = pseudo.into_iter().filter_map(|(name, value)| {
        let value = value?.as_bytes();
        Some(Field { name: name.as_bytes(), value })
    });
    pseudo.chain(fields(&parts.headers)).collect()
}

/// The fields of a head, without pseudo-header fields.
pub fn fields(headers: &HeaderMap) -> Vec<Field<'_>> {
    let field = |(name, value)| -> Field<'_> {
        let (name, value): (&http::HeaderName, &http::HeaderValue) = (name, value);
        Field { name: name.as_str().as_bytes(), value: value.as_bytes() }
    };
    headers.iter().map(field).collect()
}

/// The request that a client is to send.
///
/// # Errors
///
/// If it is none that `http` can express.
pub fn request(head: &Head<'_>) -> Result<Request<()>, http::Error> {
    let (mut request, mut uri) = (Request::builder().version(Version::HTTP_2), Uri::builder());
    for header in head.headers() {
        match header.name {
            ":method" => request = request.method(header.value),
            ":protocol" => request = request.extension(Protocol::from(&*String::from_utf8_lossy(header.value))),
            ":scheme" => uri = uri.scheme(header.value),
            ":authority" => uri = uri.authority(header.value),
            ":path" => uri = uri.path_and_query(header.value),
            name => request = request.header(name, header.value),
        }
    }
    request.uri(uri.build()?).body(())
}

/// The response that a server is to send.
///
/// # Errors
///
/// If it is none that `http` can express.
pub fn response(head: &Head<'_>) -> Result<Response<()>, http::Error> {
    let response = Response::builder().status(head.status.unwrap_or(200));
    head.headers().fold(response, |response, header| response.header(header.name, header.value)).body(())
}
