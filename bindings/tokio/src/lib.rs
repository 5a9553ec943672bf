//! WebSocket for tokio, and for other runtimes: servers, clients, TLS, proxies, hyper and axum, over the engine of
//! [Sansock](sansock), which knows the protocol (RFC 6455, RFC 7692) and has every limit and deadline.
//!
//! - A server: [`accept`], or an [`Acceptor`] with options, origins and decisions, which can also [serve](Acceptor::serve) a listener.
//!   With the feature `hyper` [`Acceptor::upgrade`] answers requests that hyper has read, and with `axum` there is the extractor
//!   [`WebSocketUpgrade`].
//! - A client: [`connect`], or a [`Connector`] with options, TLS and proxies.
//! - Both have a [`WebSocket`], which can be [split](WebSocket::split). It says what drives a connection, what may be dropped, and
//!   what waits for what.
//! - Other runtimes, such as smol: the feature `futures` has [`Futures`] with a [`Timer`] of yours. Everything but `connect` and
//!   `serve` is the same.
//!
//! Options are those of the engine: [`Config::server`] and [`Config::client`] begin them. Of these `frames`, `auto_pong`, `auto_close` and `auto_fail` are
//! for hosts that answer for themselves, and mean nothing good here; `parts` is turned on, for a `WebSocket` joins parts itself.
//!
//! # Features
//!
//! `tokio` and `deflate` are on by default. `rustls` adds TLS, `webpki-roots` and `native-certs` certificate authorities for it; `hyper`, `axum`
//! and `futures` are described above.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Pages link to what features add.
#![cfg_attr(not(all(feature = "axum", feature = "futures")), allow(rustdoc::broken_intra_doc_links))]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod client;
mod driver;
mod error;
mod events;
mod handshake;
mod io;
mod message;
mod server;
mod session;
mod socket;
mod split;
mod wakers;
mod websocket;

pub use client::Connector;
#[cfg(feature = "tokio")]
pub use client::{ClientStream, connect};
pub use error::{Closed, Error};
pub use events::Event;
pub use handshake::{Answer, Refusal, Request, Response};
#[cfg(not(feature = "tokio"))]
pub use io::NoRuntime;
#[cfg(feature = "tokio")]
pub use io::Tokio;
#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
pub use io::set_up_tcp;
pub use io::{ByteStream, DefaultRuntime, Runtime};
#[cfg(feature = "futures")]
pub use io::{Futures, Timer};
pub use message::{Message, Utf8Bytes};
pub use sansock::config::ConfigBuilder;
pub use sansock::{
    CloseCode, Config, ConfigError, DeflateLimit, Fault, FaultKind, MessageKind, PreparedMessage, Role, State,
};
#[cfg(feature = "tokio")]
pub use server::accept;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use server::axum::{UpgradedWebSocket, WebSocketUpgrade};
#[cfg(feature = "hyper")]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
pub use server::hyper::Upgrade;
pub use server::{Acceptor, Incoming};

pub use split::{Receiver, Sender};
pub use websocket::WebSocket;

/// The programs of the page are compiled.
#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;
