//! Measures this engine and its peers in memory, on one thread.

pub mod cells;
pub mod codec;
pub mod entries;
pub mod handshake;
pub mod idle;
pub mod measure;
pub mod report;
pub mod serve;
pub mod tally;
pub mod transport;
pub mod wire;
