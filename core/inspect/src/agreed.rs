//! What the opening handshake agrees on, as far as it decides how frames are read.

use sansock::{Config, ConfigBuilder, Role};

use crate::entry::Side;

/// How messages may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    /// The response is not in the capture: messages are read as if permessage-deflate with its defaults had been agreed on.
    Guessed,
    /// Not at all.
    Plain,
    /// By permessage-deflate (RFC 7692 §7.1).
    Deflate(Parameters),
}

/// The parameters of permessage-deflate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) server_no_context_takeover: bool,
    pub(crate) client_no_context_takeover: bool,
    pub(crate) server_max_window_bits: u8,
    pub(crate) client_max_window_bits: u8,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: 15,
            client_max_window_bits: 15,
        }
    }
}

impl Parameters {
    /// What an extension with its parameters says, if it is permessage-deflate. Its grammar has been checked.
    pub(crate) fn of(extension: &str) -> Option<Self> {
        let mut parts = extension.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
            return None;
        }
        let mut parameters = Parameters::default();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let bits = value.trim_matches([' ', '"']).parse().unwrap_or(15);
            match name.trim().to_ascii_lowercase().as_str() {
                "server_no_context_takeover" => parameters.server_no_context_takeover = true,
                "client_no_context_takeover" => parameters.client_no_context_takeover = true,
                "server_max_window_bits" => parameters.server_max_window_bits = bits,
                "client_max_window_bits" => parameters.client_max_window_bits = bits,
                _ => {}
            }
        }
        Some(parameters)
    }

    pub(crate) fn set(self, builder: ConfigBuilder) -> ConfigBuilder {
        builder
            .deflate(true)
            .server_no_context_takeover(self.server_no_context_takeover)
            .client_no_context_takeover(self.client_no_context_takeover)
            .server_max_window_bits(self.server_max_window_bits)
            .client_max_window_bits(self.client_max_window_bits)
    }
}

impl Agreed {
    /// What the value of Sec-WebSocket-Extensions in a response says.
    pub(crate) fn of(extensions: &str) -> Self {
        extensions.split(',').find_map(Parameters::of).map_or(Agreed::Plain, Agreed::Deflate)
    }

    pub(crate) fn is_guessed(self) -> bool {
        self == Agreed::Guessed
    }

    /// What of it decides how this end's frames are read.
    fn of_end(self, from: Side) -> Self {
        let all = Parameters::default();
        match self {
            Agreed::Plain => Agreed::Plain,
            Agreed::Guessed => Agreed::Deflate(all),
            Agreed::Deflate(own) if from == Side::Client => Agreed::Deflate(Parameters {
                client_no_context_takeover: own.client_no_context_takeover,
                client_max_window_bits: own.client_max_window_bits,
                ..all
            }),
            Agreed::Deflate(own) => Agreed::Deflate(Parameters {
                server_no_context_takeover: own.server_no_context_takeover,
                server_max_window_bits: own.server_max_window_bits,
                ..all
            }),
        }
    }

    /// The configuration of an engine that reads frames, and answers as one does that reads messages. It has no limits: those of
    /// the ends are not known.
    fn config(self, role: Role) -> Option<Config> {
        let builder = Config::builder(role)
            .start_open(true)
            .frames(true)
            .auto_pong(true)
            .auto_close(true)
            .auto_fail(true)
            .receive_while_closing(true)
            .max_message_size(u64::MAX)
            .max_frame_size(u64::MAX)
            .max_fragments(u64::MAX);
        let builder = match self {
            Agreed::Plain => builder,
            Agreed::Guessed => Parameters::default().set(builder),
            Agreed::Deflate(parameters) => parameters.set(builder),
        };
        builder.build().ok()
    }
}

/// The configurations of the engines so far. Those of one configuration share the buffers that wait for their next use: with one for
/// each connection there would be buffers for each.
#[derive(Debug, Default)]
pub(crate) struct Configs(Vec<(Side, Agreed, Config)>);

impl Configs {
    /// The one for the frames of this end.
    pub(crate) fn get(&mut self, from: Side, agreed: Agreed) -> Option<Config> {
        let agreed = agreed.of_end(from);
        if let Some((.., config)) = self.0.iter().find(|(end, known, _)| (*end, *known) == (from, agreed)) {
            return Some(config.clone());
        }
        let config = agreed.config(if from == Side::Client { Role::Server } else { Role::Client })?;
        self.0.push((from, agreed, config.clone()));
        Some(config)
    }
}
