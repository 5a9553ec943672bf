//! WebSocket for tokio, and for other runtimes: servers, clients, TLS, proxies, hyper and axum, over the engine of
//! [Sansock](sansock), which knows the protocol (RFC 6455, RFC 7692) and has every limit and deadline.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod client;
mod driver;
mod error;
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
pub use handshake::{Answer, Refusal, Request, Response};
#[cfg(not(feature = "tokio"))]
pub use io::NoRuntime;
#[cfg(feature = "tokio")]
pub use io::Tokio;
pub use io::{DefaultRuntime, Runtime, Stream};
#[cfg(feature = "futures")]
pub use io::{Futures, Timer};
pub use message::{Message, Utf8Bytes};
pub use sansock::config::ConfigBuilder;
pub use sansock::{CloseCode, Config, ConfigError, Fault, FaultKind, Role, State};
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
