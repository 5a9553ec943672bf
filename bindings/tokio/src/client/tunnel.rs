//! The way through a proxy.

use std::time::Duration;

use sansock::event::Events;
use sansock::{State, Tunnel, TunnelConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::ClientStream;
use crate::error::Error;

/// Has the proxy open a tunnel. Nothing behind its answer is read: the answer is read byte by byte, which is short.
pub(super) async fn open(mut stream: ClientStream, config: &TunnelConfig) -> Result<ClientStream, Error> {
    let start = Instant::now();
    let mut tunnel = Tunnel::new(config, Duration::ZERO)?;
    while tunnel.state() == State::Connecting {
        if !tunnel.output().is_empty() {
            let count = stream.write(tunnel.output()).await?;
            tunnel.written(count)?;
            continue;
        }
        stream.flush().await?;
        let mut byte = [0];
        let reading = stream.read(&mut byte);
        let read = match tunnel.next_deadline() {
            Some(deadline) => timeout_at(start + deadline, reading).await.ok(),
            None => Some(reading.await),
        };
        let now = start.elapsed();
        settle(match read {
            None => tunnel.timeout(now).events,
            Some(Ok(1..)) => tunnel.receive(&byte, now).events,
            Some(Ok(0) | Err(_)) => tunnel.receive_eof(now).events,
        });
    }
    match tunnel.fault() {
        Some(fault) => Err(Error::Proxy(fault)),
        None => Ok(stream),
    }
}

/// Reads the events, which say no more than the state does.
fn settle(events: Events<'_>) {
    let _ = events.count();
}
