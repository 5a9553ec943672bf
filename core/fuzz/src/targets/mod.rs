//! The targets, one function for each.

mod abi;
mod calls;
mod cuts;
mod deflate;
mod fields;
mod inspections;
mod peers;
mod portable;
mod sequences;
mod shared;
mod streams;
mod texts;
mod tunnels;

/// A target.
pub struct Target {
    pub name: &'static str,
    /// The longest input that a run makes up.
    pub max_len: usize,
    /// A dictionary of `core/fuzz/dictionaries`, without its ending.
    pub dictionary: Option<&'static str>,
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($(#[doc = $doc:literal])+ $module:ident::$name:ident, $max_len:expr, $dictionary:expr;)*) => {
        /// Every target.
        pub const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            max_len: $max_len,
            dictionary: $dictionary,
            run: $module::$name,
        },)*];

        $($(#[doc = $doc])+ pub use $module::$name;)*
    };
}

targets! {
    /// Bytes to a server that is open.
    streams::open_server, 4096, None;
    /// Bytes to a client that is open.
    streams::open_client, 4096, None;
    /// A request as text, the host's answer to it, and what follows.
    streams::request_text, 4096, Some("http");
    /// A response as text, and what follows.
    streams::response_text, 4096, Some("http");
    /// A request as fields, of HTTP/1.1, HTTP/2 or HTTP/3.
    fields::request_fields, 2048, Some("fields");
    /// Responses as fields.
    fields::response_fields, 2048, Some("fields");
    /// What an HTTP proxy answers, whole and cut.
    tunnels::tunnel_http, 2048, Some("http");
    /// What a SOCKS proxy answers, whole and cut.
    tunnels::tunnel_socks, 512, None;
    /// Lists of extensions to both ends, and whether what is agreed follows from what was offered.
    texts::extensions, 512, Some("http");
    /// URLs, texts of configurations, single frames and close codes.
    texts::texts, 512, Some("urls");
    /// Compressed messages of hostile bytes, beside another inflater.
    deflate::inflate, 2048, None;
    /// What one engine compresses and another inflates, beside an inflater with the agreed window.
    deflate::deflate_pair, 1024, None;
    /// Messages, parts and frames of the same bytes.
    cuts::frames_mode, 4096, None;
    /// The same bytes in one read, in reads of one byte, and cut at random.
    cuts::cuts, 4096, Some("http");
    /// Frames to a server, most of them good.
    sequences::frames_server, 2048, None;
    /// Frames to a client, most of them good.
    sequences::frames_client, 2048, None;
    /// Every call of a host, in any order, on two ends that are connected, with their clocks.
    calls::calls, 4096, None;
    /// The calls of a connection over the C ABI, in any order.
    abi::abi_connection, 4096, Some("http");
    /// The calls of a tunnel over the C ABI, and those without a handle.
    abi::abi_tunnel, 512, Some("urls");
    /// The same bytes for the crate `tungstenite`.
    peers::tungstenite, 1024, None;
    /// The same bytes for `wsproto`, a package of Python, with and without compression.
    peers::wsproto, 1024, None;
    /// The same bytes for the engine without the standard library.
    portable::portable, 2048, Some("http");
    /// Connections of one configuration, each of which does what it would do alone.
    shared::shared, 1024, None;
    /// A file of any kind for the inspector, whole and cut.
    inspections::inspect, 6144, None;
    /// Connections that are under way for the inspector, whole and cut.
    inspections::inspect_feed, 2048, Some("http");
}
