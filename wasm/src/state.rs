//! Everything the module keeps between calls, and the forms that results take.

use std::cell::RefCell;

use sansock::Fault;
#[cfg(feature = "tunnel")]
use sansock::boundary::TunnelConfig;
use sansock::boundary::{Config, Error, PreparedMessage, status_of};

use crate::connection::Connection;
use crate::slots::Slots;
use crate::transfer::TransferBuffer;
#[cfg(feature = "tunnel")]
use crate::tunnel::Tunnel;

pub(crate) struct State {
    pub(crate) transfer: TransferBuffer,
    pub(crate) configs: Slots<Config>,
    /// Boxed, so that the block of each stays where it is.
    pub(crate) connections: Slots<Box<Connection>>,
    pub(crate) prepared: Slots<PreparedMessage>,
    #[cfg(feature = "tunnel")]
    pub(crate) tunnel_configs: Slots<TunnelConfig>,
    #[cfg(feature = "tunnel")]
    pub(crate) tunnels: Slots<Box<Tunnel>>,
    #[cfg(feature = "inspect")]
    pub(crate) inspectors: Slots<sansock_inspect::Inspector>,
    pub(crate) status: i32,
    pub(crate) count: u32,
}

impl State {
    /// The fault of a connection, or of a tunnel.
    pub(crate) fn fault(&mut self, handle: u32) -> Result<Option<Fault>, Error> {
        #[cfg(feature = "tunnel")]
        if let Ok(tunnel) = self.tunnels.get_mut(handle) {
            return Ok(tunnel.fault());
        }
        Ok(self.connections.get_mut(handle)?.engine.fault())
    }
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State {
            transfer: TransferBuffer::new(),
            configs: Slots::new(0),
            connections: Slots::new(1),
            prepared: Slots::new(5),
            #[cfg(feature = "tunnel")]
            tunnel_configs: Slots::new(2),
            #[cfg(feature = "tunnel")]
            tunnels: Slots::new(3),
            #[cfg(feature = "inspect")]
            inspectors: Slots::new(4),
            status: 0,
            count: 0,
        })
    };
}

pub(crate) fn with<R>(body: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(body)
}

/// Runs a call whose result is a status.
pub(crate) fn call(body: impl FnOnce(&mut State) -> Result<(), Error>) -> i32 {
    with(|state| status_of(body(state)))
}

/// Runs a call whose result is a number, 0 on failure.
pub(crate) fn produce(body: impl FnOnce(&mut State) -> Result<u32, Error>) -> u32 {
    with(|state| {
        let result = body(state);
        state.status = status_of(result.map(|_| ()));
        result.unwrap_or(0)
    })
}

/// A time in milliseconds, up to the largest integer that a JavaScript number holds exactly.
pub(crate) fn milliseconds(now: f64) -> Result<u64, Error> {
    const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
    if (0.0..=MAX_SAFE_INTEGER).contains(&now) { Ok(now as u64) } else { Err(Error::InvalidArgument) }
}

/// The value of an option or a length: a whole number; infinity is the largest.
pub(crate) fn whole(value: f64) -> Result<u64, Error> {
    if value == f64::INFINITY {
        return Ok(u64::MAX);
    }
    milliseconds(value).and_then(|whole| if whole as f64 == value { Ok(whole) } else { Err(Error::InvalidArgument) })
}
