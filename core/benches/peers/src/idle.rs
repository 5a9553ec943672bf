//! What connections are asked for before they idle, and their memory is counted.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::cells::Receive;
use crate::codec::Compressor;
use crate::serve::{Echo, SMALL_BUFFER, Window};
use crate::wire::{Kind, Role, WireBuilder, ascii, json};

/// Connections of one configuration, over which an average is taken.
pub const CONNECTIONS: usize = 200;

/// The windows that are compared, by the base-2 logarithm of their size.
pub const WINDOW_BITS: RangeInclusive<u8> = 9..=15;

#[derive(Clone, Copy)]
pub enum Compression {
    Off,
    Agreed,
    Used,
}

use Compression::{Agreed, Off, Used};

/// Cases without a window of their own.
pub const CASES: &[(&str, Compression)] =
    &[("without compression", Off), ("compression agreed, not used", Agreed), ("compression used once each way", Used)];

/// The name of a window's case.
pub fn window_name(window: Window) -> String {
    let takeover = if window.takeover { "" } else { ", no context takeover" };
    format!("window of {} bits{takeover}", window.bits)
}

/// The echo after which the connections of each case are idle, by name.
pub fn all() -> impl Iterator<Item = (String, Echo)> {
    let cases = CASES.iter().map(|(name, compression)| (name.to_string(), echo(*compression, Window::default(), None)));
    let windows = WINDOW_BITS.flat_map(|bits| [true, false].map(|takeover| Window { bits, takeover }));
    cases.chain(windows.map(|window| (window_name(window), echo(Used, window, Some(SMALL_BUFFER)))))
}

fn echo(compression: Compression, window: Window, buffer: Option<usize>) -> Echo {
    let mut wire = WireBuilder::to(Role::Server);
    match compression {
        Off | Agreed => wire.message(Kind::Text, &ascii(20), usize::MAX),
        Used => {
            let message = json(1);
            let mut data = vec![0; 4096];
            let len = Compressor::new(window.bits).compress(&message, &mut data);
            wire.compressed(Kind::Text, &data[..len], &message);
        }
    }
    let deflate = !matches!(compression, Off);
    let compress = matches!(compression, Used);
    let task = Receive { role: Role::Server, kind: Kind::Text, wire: wire.build(), read: 64 * 1024, deflate };
    Echo { task, compress, window, buffer, sink: Arc::default() }
}
