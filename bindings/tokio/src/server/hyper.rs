//! Requests that hyper has read, over HTTP/1.1 and HTTP/2.

use std::fmt;

use bytes::Bytes;
use http::{Method, Response, StatusCode, Version};
use hyper::ext::Protocol;
use hyper::upgrade::{OnUpgrade, Upgraded, on};
use hyper_util::rt::TokioIo;
use sansock::HttpVersion;
use sansock::handshake::fields::Field;

use super::Acceptor;
use crate::error::Error;
use crate::handshake::Answer;
use crate::io::{Runtime, Tokio};
use crate::session::{Head, Opening, Session};
use crate::socket::Socket;
use crate::websocket::WebSocket;

impl Acceptor<Tokio> {
    /// Answers a request that hyper has read, over HTTP/1.1 or HTTP/2 (RFC 8441, where the server has `enable_connect_protocol`).
    /// Send the response; if the second value is there, it becomes the connection then. What the client sent behind its request
    /// is not lost.
    ///
    /// `answer` is given by the caller, who has the request. It is not asked where the request breaks a rule or comes from a page
    /// that may not connect: the response then refuses, with the status that is due. A body is [`Bytes`], or made of them:
    /// `Full<Bytes>`, or axum's `Body`.
    ///
    /// ```no_run
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use hyper::body::Incoming;
    /// use sansock_tokio::{Acceptor, Answer, Error};
    ///
    /// async fn serve(acceptor: Acceptor, mut request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Error> {
    ///     let (response, upgrade) = acceptor.upgrade(&mut request, Answer::accept());
    ///     if let Some(upgrade) = upgrade {
    ///         tokio::spawn(async move {
    ///             let mut websocket = upgrade.websocket().await?;
    ///             websocket.send("hello").await?;
    ///             websocket.close(1000, "").await
    ///         });
    ///     }
    ///     Ok(response)
    /// }
    /// ```
    pub fn upgrade<B, T: From<Bytes>>(
        &self,
        request: &mut http::Request<B>,
        answer: Answer,
    ) -> (Response<T>, Option<Upgrade>) {
        let on_upgrade = on(&mut *request);
        let protocol = request.extensions().get::<Protocol>().map(|protocol| protocol.as_ref().to_vec());
        let head = RequestHead {
            method: request.method(),
            version: request.version(),
            uri: request.uri(),
            headers: request.headers(),
            protocol: protocol.as_deref(),
        };
        let (response, opened) = self.answer_head(&head, answer);
        (response, opened.map(|opened| opened.upgrade(on_upgrade)))
    }

    /// The response to a request, and the connection that it opens.
    pub(crate) fn answer_head<T: From<Bytes>>(
        &self,
        head: &RequestHead<'_>,
        answer: Answer,
    ) -> (Response<T>, Option<Opened>) {
        let Some(version) = head.version() else {
            return (plain(StatusCode::HTTP_VERSION_NOT_SUPPORTED), None);
        };
        let clock = Tokio::start();
        let Ok(mut session) = self.answered(version, head, answer, &clock) else {
            return (plain(StatusCode::INTERNAL_SERVER_ERROR), None); // no memory, or a configuration of another kind
        };
        let response = session.inbox.head.take().map_or_else(|| plain(StatusCode::BAD_REQUEST), response);
        let is_open = matches!(session.opening(), Opening::Open);
        (response, is_open.then_some(Opened { session, clock }))
    }

    /// A session whose request has been answered.
    fn answered(
        &self,
        version: HttpVersion,
        head: &RequestHead<'_>,
        answer: Answer,
        clock: &Tokio,
    ) -> Result<Session, Error> {
        let mut session = Session::new(self.config(), clock.elapsed())?;
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        session.receive_request(version, &head.fields(path), clock.elapsed())?;
        if let Opening::Request(request) = session.opening() {
            let answer = match request.fault {
                _ if !self.allows(&request) => Answer::reject(403, ""),
                Some(fault) if answer.status.is_none() => Answer::reject(super::status_for(fault), ""),
                _ => answer,
            };
            if session.answer(&answer, clock.elapsed()).is_err() {
                session.answer(&Answer::reject(500, ""), clock.elapsed())?;
            }
        }
        Ok(session)
    }
}

/// A connection whose stream is still hyper's.
pub(crate) struct Opened {
    session: Session,
    clock: Tokio,
}

impl Opened {
    pub(crate) fn upgrade(self, on_upgrade: OnUpgrade) -> Upgrade {
        Upgrade { session: self.session, clock: self.clock, on_upgrade }
    }
}

/// A connection to be, once its response has been sent.
#[must_use = "without it the connection ends when its response has been sent"]
pub struct Upgrade {
    session: Session,
    clock: Tokio,
    on_upgrade: OnUpgrade,
}

impl Upgrade {
    /// Waits until the response has been sent, and gives the connection. hyper's server must be told that there are upgrades
    /// (`with_upgrades`), and this runs beside it, in a task.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the client was gone, or hyper makes no upgrades here.
    pub async fn websocket(self) -> Result<WebSocket<TokioIo<Upgraded>>, Error> {
        let upgraded = self.on_upgrade.await.map_err(std::io::Error::other)?;
        Ok(WebSocket { socket: Socket::with_session(TokioIo::new(upgraded), self.session, self.clock) })
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}

/// The head of a request as the crate `http` has it.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'a Method,
    pub(crate) version: Version,
    pub(crate) uri: &'a http::Uri,
    pub(crate) headers: &'a http::HeaderMap,
    /// `:protocol`, over HTTP/2.
    pub(crate) protocol: Option<&'a [u8]>,
}

impl<'a> RequestHead<'a> {
    /// `None` for a version that has no upgrade.
    fn version(&self) -> Option<HttpVersion> {
        match self.version {
            Version::HTTP_11 => Some(HttpVersion::Http11),
            Version::HTTP_2 => Some(HttpVersion::Http2),
            Version::HTTP_3 => Some(HttpVersion::Http3),
            _ => None,
        }
    }

    /// As the engine takes them: pseudo-header fields first.
    fn fields(&self, path: &'a str) -> Vec<Field<'a>> {
        let method: &'a Method = self.method;
        let mut fields = vec![field(":method", method.as_str()), field(":path", path)];
        if self.version != Version::HTTP_11 {
            let protocol = self.protocol.map(|value| Field { name: b":protocol", value });
            let scheme = self.uri.scheme_str().map(|scheme| field(":scheme", scheme));
            let authority = self.uri.authority().map(|authority| field(":authority", authority.as_str()));
            fields.extend([protocol, scheme, authority].into_iter().flatten());
        }
        let headers = self.headers.iter();
        fields.extend(headers.map(|(name, value)| Field { name: name.as_str().as_bytes(), value: value.as_bytes() }));
        fields
    }
}

fn field<'a>(name: &'a str, value: &'a str) -> Field<'a> {
    Field { name: name.as_bytes(), value: value.as_bytes() }
}

fn response<T: From<Bytes>>(head: Head) -> Response<T> {
    let mut response = Response::new(T::from(head.body));
    let status = head.status.and_then(|status| StatusCode::from_u16(status).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = head.headers;
    response
}

fn plain<T: From<Bytes>>(status: StatusCode) -> Response<T> {
    let mut response = Response::new(T::from(Bytes::new()));
    *response.status_mut() = status;
    response
}
