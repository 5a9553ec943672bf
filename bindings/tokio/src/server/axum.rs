//! An extractor for axum.

use std::fmt;

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri, Version};
use hyper::ext::Protocol;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;

use super::hyper::RequestHead;
use super::{Acceptor, usual};
use crate::handshake::Answer;
use crate::websocket::WebSocket;

/// The connection that axum's handlers get.
pub type UpgradedWebSocket = WebSocket<TokioIo<Upgraded>>;

/// An extractor for axum: a request that may become a WebSocket. It takes GET over HTTP/1.1 and CONNECT over HTTP/2, so that the
/// route is one for [`any`](https://docs.rs/axum/latest/axum/routing/fn.any.html) method.
///
/// ```
/// use axum::Router;
/// use axum::response::Response;
/// use axum::routing::any;
/// use sansock_tokio::{UpgradedWebSocket, WebSocketUpgrade};
///
/// async fn chat(upgrade: WebSocketUpgrade) -> Response {
///     upgrade.protocols(["chat"]).on_upgrade(echo)
/// }
///
/// async fn echo(mut websocket: UpgradedWebSocket) {
///     while let Some(Ok(message)) = websocket.recv().await {
///         if websocket.send(message).await.is_err() {
///             break;
///         }
///     }
/// }
///
/// let app: Router = Router::new().route("/chat", any(chat));
/// ```
#[must_use = "call `on_upgrade`"]
pub struct WebSocketUpgrade {
    method: Method,
    version: Version,
    uri: Uri,
    headers: HeaderMap,
    protocol: Option<Protocol>,
    on_upgrade: OnUpgrade,
    acceptor: Option<Acceptor>,
    protocols: Vec<String>,
    answer: Answer,
}

impl WebSocketUpgrade {
    /// Uses the options and the origins of this acceptor. Make one for all requests, for example as a part of the state: its
    /// connections share buffers and compressors. Without this every option is at its default.
    pub fn acceptor(mut self, acceptor: &Acceptor) -> Self {
        self.acceptor = Some(acceptor.clone());
        self
    }

    /// The subprotocols that the server speaks, best first: the first that the client offers is agreed on.
    pub fn protocols<I>(mut self, protocols: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a header to the response.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.answer = self.answer.header(name, value);
        self
    }

    /// The headers of the request.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The response, and `handle` in a task of its own, if the request is accepted. It is refused, with the status that is due,
    /// if it breaks a rule or comes from a page that may not connect.
    pub fn on_upgrade<H, F>(self, handle: H) -> Response
    where
        H: FnOnce(UpgradedWebSocket) -> F + Send + 'static,
        F: Future<Output: Send> + Send + 'static,
    {
        self.on_outcome(|websocket| async move {
            // Without one the client was gone before it had the response.
            if let Ok(websocket) = websocket {
                handle(websocket).await;
            }
        })
    }

    /// The same where the handler is told that there is no connection: the client was gone, or nothing in front of the handler
    /// makes upgrades.
    pub fn on_outcome<H, F>(mut self, handle: H) -> Response
    where
        H: FnOnce(Result<UpgradedWebSocket, crate::Error>) -> F + Send + 'static,
        F: Future<Output: Send> + Send + 'static,
    {
        self.choose_protocol();
        let Some(acceptor) = self.acceptor.as_ref().or_else(|| usual().ok()) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let head = RequestHead {
            method: &self.method,
            version: self.version,
            uri: &self.uri,
            headers: &self.headers,
            protocol: self.protocol.as_ref().map(AsRef::as_ref),
        };
        let (response, opened) = acceptor.answer_head::<Body>(&head, self.answer);
        if let Some(opened) = opened {
            let upgrade = opened.upgrade(self.on_upgrade);
            tokio::spawn(async move { handle(upgrade.websocket().await).await });
        }
        response
    }

    /// Agrees on the first of our subprotocols that is offered.
    fn choose_protocol(&mut self) {
        let fields = self.headers.get_all(http::header::SEC_WEBSOCKET_PROTOCOL);
        let offered: Vec<&str> = fields
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(',').map(str::trim))
            .collect();
        if let Some(chosen) = self.protocols.iter().find(|name| offered.contains(&name.as_str())) {
            self.answer.subprotocol = Some(chosen.clone());
        }
    }
}

impl<S: Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let Some(on_upgrade) = parts.extensions.remove::<OnUpgrade>() else {
            let reason = "this connection cannot be upgraded\n";
            return Err((StatusCode::UPGRADE_REQUIRED, [(http::header::UPGRADE, "websocket")], reason).into_response());
        };
        Ok(WebSocketUpgrade {
            method: parts.method.clone(),
            version: parts.version,
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            protocol: parts.extensions.remove::<Protocol>(),
            on_upgrade,
            acceptor: None,
            protocols: Vec::new(),
            answer: Answer::accept(),
        })
    }
}

impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketUpgrade").field("uri", &self.uri).finish_non_exhaustive()
    }
}
