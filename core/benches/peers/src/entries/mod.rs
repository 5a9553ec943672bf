//! What is measured: this engine, its peers, and the bare work that each of them has to do.

use std::sync::Arc;

use crate::cells::{Receive, Send};
use crate::serve::{Echo, Server};
use crate::tally::Tally;
use crate::transport::Sink;
use crate::wire::Role;

mod fastwebsockets;
mod floors;
mod sansock;
mod sockudo;
mod tokio_websockets;
mod tungstenite;
mod web_socket;
mod yawc;

/// One pass over a task, on a connection that lives as long as the pass is repeated. A receiving pass tells what was
/// delivered, a sending one how many bytes went out.
pub type Pass = Box<dyn FnMut() -> Tally>;

/// A column of the table. What it cannot do it leaves out.
pub trait Entry: Sync {
    fn name(&self) -> &'static str;

    /// Whether it is bare work for comparison, not an implementation.
    fn is_floor(&self) -> bool {
        false
    }

    /// Whether it is another way to use the engine.
    fn is_variant(&self) -> bool {
        false
    }

    fn receive(&self, _task: &Receive, _sink: &Arc<Sink>) -> Option<Pass> {
        None
    }

    fn send(&self, _task: &Send, _sink: &Arc<Sink>) -> Option<Pass> {
        None
    }

    /// `count` opening handshakes, each on a connection of its own. The tally counts the connections opened.
    fn handshake(&self, _role: Role, _count: u64, _sink: &Arc<Sink>) -> Option<Pass> {
        None
    }

    /// A server whose connections read this masked message and send it back.
    fn server(&self, _echo: &Echo) -> Option<Box<dyn Server>> {
        None
    }
}

/// The engine first, other ways to use it behind the peers, floors last.
pub const ALL: &[&dyn Entry] = &[
    &sansock::Sansock,
    &tungstenite::Tungstenite,
    &fastwebsockets::Fastwebsockets,
    &tokio_websockets::TokioWebsockets,
    &sockudo::SockudoStream,
    &sockudo::SockudoCore,
    &yawc::Yawc,
    &web_socket::WebSocketCrate,
    &sansock::SmallReads,
    &sansock::HeadersOnly,
    &floors::Memcpy,
    &floors::Xor,
    &floors::Utf8,
    &floors::Codec,
    &floors::Answer,
    &floors::Seed,
];

/// Whether the entry of this name is bare work for comparison.
pub fn is_floor(name: &str) -> bool {
    ALL.iter().any(|entry| entry.is_floor() && entry.name() == name)
}

/// Whether the entry of this name is another way to use the engine.
pub fn is_variant(name: &str) -> bool {
    ALL.iter().any(|entry| entry.is_variant() && entry.name() == name)
}
