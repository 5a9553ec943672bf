//! The targets, one function for each.

mod streams;

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
}
